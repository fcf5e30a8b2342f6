import { err, errorMessage, ok, TickwellError, type Result } from '@tickwell/domain';
import {
  DEFAULT_TIMING,
  FIRST_CONNECT_ATTEMPTS,
  MARKET_DATA_TYPES,
  openIbLink,
  type ConnectionOptions,
  type ConnectionTiming,
} from './connection-options.ts';
import { ibError, judgeIbError } from './ib-errors.ts';
import type { Link } from './ib-link.ts';
import type { IbBroadcast, IbMessage } from './ib-messages.ts';
import {
  describeState,
  hasHistory,
  isFlowing,
  transition,
  type LinkEvent,
  type LinkState,
} from './link-state.ts';
import type { PacedRequest } from './pacing-schedule.ts';
import { logReports, type OnReport } from './report.ts';
import { ServerClock } from './server-clock.ts';
import { Subscription, type SubscriptionSpec } from './subscription.ts';

/** One question with one answer. */
export interface RequestSpec<T> {
  /** Instrument, or whatever an error should name. */
  readonly subject: string;
  readonly pacing: PacedRequest;
  readonly send: (link: Link, reqId: number) => void;
  /** Tells the Gateway that nobody waits any more. */
  readonly cancel?: (link: Link, reqId: number) => void;
  /** The answer, once it is complete. */
  readonly read: (message: IbMessage) => { readonly answer: T } | undefined;
  /** What "no data" means; without it, it is an error. */
  readonly nothing?: T;
}

type Outcome<T> =
  | { readonly kind: 'answer'; readonly answer: T }
  | { readonly kind: 'error'; readonly code: number; readonly text: string }
  | { readonly kind: 'retry'; readonly reason: string };

const MAX_ATTEMPTS = 60;
const CLIENT_ID_IN_USE = 326;
const VERSION_UNSUPPORTED = 506;
const CONTROL: PacedRequest = {
  lane: 'control',
  instrument: '',
  history: 'none',
  weight: 1,
  identity: '',
  group: '',
};

/**
 * A connection to TWS or the Gateway that outlives its sockets: every socket is a fresh instance of the client library, a silent one
 * is dropped, requests in flight are asked again on the next, subscriptions are made anew.
 */
export class IbConnection {
  readonly server: ServerClock;
  readonly #options: ConnectionOptions;
  readonly #timing: ConnectionTiming;
  readonly #end = new AbortController();
  readonly #requests = new Map<number, (message: IbMessage) => void>();
  readonly #subscriptions = new Set<Subscription>();
  readonly #broadcasts = new Set<(broadcast: IbBroadcast) => void>();
  readonly #changes = new Set<(state: LinkState) => void>();
  #state: LinkState = { kind: 'down', reason: 'not connected yet' };
  #link: Link | undefined;
  /** Ends with the socket. */
  #linkEnd = new AbortController();
  #nextReqId = 1;
  #clientIndex = 0;
  #timesAsked = 0;
  #timesAnswered = 0;
  #wasUp = false;
  #isSuspecting = false;
  #suspectedMs = Number.NEGATIVE_INFINITY;
  readonly #report: OnReport;
  #told = '';
  /** How many readers cannot take more. */
  #pauses = 0;
  #accounts: readonly string[] = [];
  #loop: Promise<void> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
    this.#report = logReports(options.logger, options.onReport);
    this.server = new ServerClock(options.clock, this.#timing.maxAheadMs);
  }

  get state(): LinkState {
    return this.#state;
  }

  get accounts(): readonly string[] {
    return this.#accounts;
  }

  get options(): ConnectionOptions {
    return this.#options;
  }

  get timing(): ConnectionTiming {
    return this.#timing;
  }

  /** Resolves once connected. The error says why it will not be, or (retryable) was not. */
  async open(signal?: AbortSignal): Promise<Result<void, TickwellError>> {
    this.#loop ??= this.#run().catch((error: unknown) => {
      this.#move({ kind: 'refused', code: 0, reason: errorMessage(error) });
    });
    for (;;) {
      if (this.#state.kind === 'up') return ok(undefined);
      const failed = this.#terminalError('connection');
      if (failed !== undefined) return err(failed);
      await this.#nextChange(this.#timing.unavailableMs, signal);
    }
  }

  async close(): Promise<void> {
    this.#end.abort(new TickwellError('stopped', 'the IB connection was closed'));
    for (const subscription of this.#subscriptions) subscription.stop();
    this.#subscriptions.clear();
    this.#move({ kind: 'close' });
    this.#drop();
    await this.#loop;
  }

  onBroadcast(listener: (broadcast: IbBroadcast) => void): () => void {
    this.#broadcasts.add(listener);
    return () => {
      this.#broadcasts.delete(listener);
    };
  }

  onState(listener: (state: LinkState) => void): () => void {
    this.#changes.add(listener);
    return () => {
      this.#changes.delete(listener);
    };
  }

  /** Bytes stay in the socket: TCP slows the Gateway down. */
  pause(): void {
    this.#pauses++;
    this.#link?.pause();
  }

  resume(): void {
    this.#pauses = Math.max(0, this.#pauses - 1);
    if (this.#pauses === 0) this.#link?.resume();
  }

  /** Made again with every new socket until its stop, or until IB refuses it for good. */
  subscribe(spec: SubscriptionSpec): Subscription {
    const subscription = new Subscription(spec, {
      clock: this.#options.clock,
      logger: this.#options.logger,
      report: this.#report,
      governor: this.#options.governor,
      timing: this.#timing,
      newReqId: () => this.#nextReqId++,
      register: (reqId, handler) => void this.#requests.set(reqId, handler),
      unregister: (reqId) => void this.#requests.delete(reqId),
      tell: (send) => this.tell(send),
      ended: (ended) => void this.#subscriptions.delete(ended),
    });
    this.#subscriptions.add(subscription);
    if (this.#link !== undefined && this.#state.kind === 'up')
      subscription.start(this.#link, this.#linkEnd.signal);
    return subscription;
  }

  /** Resolves once the Gateway has read everything that was sent before: it answers questions for the time in their order. */
  async roundTrip(signal: AbortSignal): Promise<void> {
    let asked = 0;
    const isAnswered = (): boolean => asked > 0 && this.#timesAnswered >= asked;
    const answered = new AbortController();
    const stop = this.onBroadcast(({ kind }) => {
      if (kind === 'currentTime' && isAnswered()) answered.abort();
    });
    try {
      await this.tell((link) => {
        asked = this.#askTime(link);
      });
      const either = AbortSignal.any([answered.signal, signal]);
      if (!isAnswered()) await this.#sleep(this.#timing.requestMs, either).catch(() => undefined);
      signal.throwIfAborted();
    } finally {
      stop();
    }
  }

  /** Sends a message that has no answer of its own, in its turn; forgotten when the socket ends before. */
  async tell(send: (link: Link) => void): Promise<void> {
    const { signal } = this.#linkEnd;
    const link = this.#link;
    if (link === undefined) return;
    const permit = await this.#options.governor.acquire(CONTROL, signal).catch(() => undefined);
    permit?.finish('given-up');
    if (permit !== undefined && !isAborted(signal)) send(link);
  }

  /**
   * Asks until there is an answer: again after a lost connection, a pacing answer or silence. Errors: what IB refuses, by its code
   * (`ib-200`, ...); `ib-unavailable` (retryable) when there was no connection or no answer for too long.
   * @throws the signal's reason.
   */
  async request<T>(spec: RequestSpec<T>, signal?: AbortSignal): Promise<Result<T, TickwellError>> {
    let reason = 'no connection';
    let told = '';
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const ready = await this.#whenReady(spec, signal);
      if (!ready.ok) return ready;
      const outcome = await this.#ask(spec, signal);
      if (outcome.kind === 'answer') return ok(outcome.answer);
      if (outcome.kind === 'retry') {
        reason = outcome.reason;
        continue;
      }
      const verdict = judgeIbError(outcome.code, outcome.text);
      if (verdict === 'no-data' && spec.nothing !== undefined) return ok(spec.nothing);
      if (verdict !== 'pacing' && verdict !== 'wait' && hasHistory(this.#state))
        return err(ibError(spec.subject, outcome.code, outcome.text));
      const error = ibError(spec.subject, outcome.code, outcome.text);
      reason = error.message;
      if (reason !== told) this.#report({ kind: 'waiting', subject: spec.subject, reason });
      told = reason;
      if (verdict !== 'pacing') await this.#sleep(this.#timing.backoffMs, signal);
    }
    return err(unavailable(spec.subject, `${MAX_ATTEMPTS} attempts, the last: ${reason}`));
  }

  async #whenReady<T>(spec: RequestSpec<T>, signal?: AbortSignal): Promise<Result<void, TickwellError>> {
    const untilMs = this.#options.clock.monotonicMs() + this.#timing.unavailableMs;
    const isReady = (): boolean =>
      spec.pacing.history === 'none' ? this.#state.kind === 'up' : hasHistory(this.#state);
    while (!isReady()) {
      const failed = this.#terminalError(spec.subject);
      if (failed !== undefined) return err(failed);
      const leftMs = untilMs - this.#options.clock.monotonicMs();
      if (leftMs <= 0) return err(unavailable(spec.subject, describeState(this.#state)));
      await this.#nextChange(leftMs, signal);
    }
    return ok(undefined);
  }

  async #ask<T>(spec: RequestSpec<T>, signal?: AbortSignal): Promise<Outcome<T>> {
    const ended = this.#linkEnd.signal;
    const either = signal === undefined ? ended : AbortSignal.any([ended, signal]);
    const permit = await this.#options.governor.acquire(spec.pacing, either).catch((error: unknown) => {
      signal?.throwIfAborted();
      if (!isAborted(ended)) throw error;
    });
    const link = this.#link;
    if (permit === undefined || link === undefined || isAborted(ended)) {
      permit?.finish('given-up');
      return { kind: 'retry', reason: 'the connection was lost' };
    }
    const reqId = this.#nextReqId++;
    try {
      const outcome = await this.#answer(spec, link, reqId, either);
      const isPaced = outcome.kind === 'error' && judgeIbError(outcome.code, outcome.text) === 'pacing';
      permit.finish(isPaced ? 'paced' : outcome.kind === 'answer' ? 'answered' : 'given-up');
      if (outcome.kind === 'retry' && !isAborted(ended))
        void this.tell((current) => spec.cancel?.(current, reqId));
      signal?.throwIfAborted();
      return outcome;
    } finally {
      permit.finish('given-up');
      this.#requests.delete(reqId);
    }
  }

  #answer<T>(spec: RequestSpec<T>, link: Link, reqId: number, signal: AbortSignal): Promise<Outcome<T>> {
    const deadline = new AbortController();
    return new Promise<Outcome<T>>((resolve) => {
      const onAbort = (): void => {
        resolve({ kind: 'retry', reason: 'the connection was lost' });
      };
      signal.addEventListener('abort', onAbort, { once: true, signal: deadline.signal });
      this.#requests.set(reqId, (message) => {
        if (message.kind === 'error') {
          const verdict = judgeIbError(message.code, message.text);
          if (verdict !== 'notice' && verdict !== 'ignored') resolve(message);
          return;
        }
        const read = spec.read(message);
        if (read !== undefined) resolve({ kind: 'answer', answer: read.answer });
      });
      spec.send(link, reqId);
      void this.#options.clock.sleep(this.#timing.requestMs, deadline.signal).then(
        () => {
          resolve({ kind: 'retry', reason: `no answer within ${this.#timing.requestMs} ms` });
        },
        () => undefined,
      );
    }).finally(() => {
      deadline.abort();
    });
  }

  /** Connects again and again. Ends when closed, or when it can never succeed. */
  async #run(): Promise<void> {
    const { clientIds, logger } = this.#options;
    for (let failures = 0; !this.#end.signal.aborted && this.#state.kind !== 'failed';) {
      const lost = await this.#runLink();
      if (isAborted(this.#end.signal)) return;
      if (lost.wasReady) failures = 0;
      if (lost.code === CLIENT_ID_IN_USE && this.#clientIndex < clientIds.length - 1) {
        this.#clientIndex++;
        this.#move({ kind: 'lost', reason: lost.reason });
        continue;
      }
      this.#clientIndex = 0;
      failures++;
      const isHopeless = !this.#wasUp && failures >= FIRST_CONNECT_ATTEMPTS;
      if (lost.code === VERSION_UNSUPPORTED || isHopeless) {
        this.#move({ kind: 'refused', code: lost.code ?? 502, reason: lost.reason });
        return;
      }
      this.#move({ kind: 'lost', reason: lost.reason });
      logger.warn({ failures }, `IB connection: ${lost.reason}; trying again`);
      await this.#sleep(this.#backoffMs(failures), this.#end.signal).catch(() => undefined);
    }
  }

  #backoffMs(failures: number): number {
    const { backoffMs, maxBackoffMs } = this.#timing;
    const random = this.#options.random ?? Math.random;
    return Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(failures - 1, 20)) * (0.5 + random() / 2);
  }

  /** One socket from its opening to its end. */
  async #runLink(): Promise<{
    readonly reason: string;
    readonly code: number | undefined;
    readonly wasReady: boolean;
  }> {
    const { host, port, clientIds, openLink = openIbLink } = this.#options;
    const over = new AbortController();
    let code: number | undefined;
    let reason = '';
    let wasReady = false;
    const link = openLink({
      host,
      port,
      clientId: clientIds[this.#clientIndex] ?? 0,
      onMessage: (message) => this.#requests.get(message.reqId)?.(message),
      onBroadcast: (broadcast) => {
        if (broadcast.kind === 'lost') {
          reason ||= `${host}:${port}: ${broadcast.reason}`;
          over.abort();
        }
        if (broadcast.kind === 'notice' && [CLIENT_ID_IN_USE, VERSION_UNSUPPORTED].includes(broadcast.code)) {
          code = broadcast.code;
          reason = ibError(
            `${host}:${port} client id ${clientIds[this.#clientIndex]}`,
            code,
            broadcast.text,
          ).message;
          over.abort();
        }
        if (broadcast.kind === 'ready') wasReady = true;
        this.#heard(broadcast);
      },
    });
    this.#link = link;
    this.#linkEnd = over;
    this.#timesAsked = 0;
    this.#timesAnswered = 0;
    this.#move({ kind: 'connecting' });
    link.open();
    if (this.#pauses > 0) link.pause();
    const silent = await this.#beat(link, over.signal, () => wasReady);
    reason ||= silent;
    this.#drop();
    return { reason, code, wasReady };
  }

  /** Watches over a socket until it ends, or is found silent; the answer says how. */
  async #beat(link: Link, signal: AbortSignal, isReady: () => boolean): Promise<string> {
    const { connectMs, heartbeatMs, heartbeatDeadlineMs } = this.#timing;
    const { host, port } = this.#options;
    const either = AbortSignal.any([signal, this.#end.signal]);
    const pause = (ms: number): Promise<void> => this.#sleep(ms, either).catch(() => undefined);
    const stopWaiting = new AbortController();
    const stop = this.onBroadcast(({ kind }) => {
      if (kind === 'ready') stopWaiting.abort();
    });
    await this.#sleep(connectMs, AbortSignal.any([either, stopWaiting.signal])).catch(() => undefined);
    stop();
    if (isAborted(either)) return 'closed';
    if (!isReady())
      return `${host}:${port}: no answer within ${connectMs} ms: is it the API port of TWS or the Gateway?`;
    for (;;) {
      const answered = this.#timeAnswer(either);
      await this.tell((current) => {
        this.#askTime(current);
      });
      const deadline = pause(heartbeatDeadlineMs).then(() => false);
      if (!(await Promise.race([answered, deadline])) && !isAborted(either) && this.#pauses === 0)
        return `${host}:${port}: silent for ${heartbeatDeadlineMs} ms: the connection is dead`;
      if (isAborted(either)) return 'closed';
      await pause(heartbeatMs);
      if (this.#link !== link) return 'closed';
    }
  }

  /** The number of the question on this socket. */
  #askTime(link: Link): number {
    link.reqCurrentTime();
    return ++this.#timesAsked;
  }

  #timeAnswer(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const stop = this.onBroadcast(({ kind }) => {
        if (kind !== 'currentTime') return;
        stop();
        signal.removeEventListener('abort', stop);
        resolve(true);
      });
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  #heard(broadcast: IbBroadcast): void {
    const { logger } = this.#options;
    if (broadcast.kind === 'ready') {
      this.#accounts = broadcast.accounts;
      this.#wasUp = true;
      logger.info({ serverVersion: broadcast.serverVersion }, 'IB connection: connected');
      const type = MARKET_DATA_TYPES[this.#options.marketDataType];
      if (type !== 1)
        void this.tell((link) => {
          link.reqMarketDataType(type);
        });
      this.#move({ kind: 'ready' });
    } else if (broadcast.kind === 'notice') {
      const { code, text } = broadcast;
      logger.info({ code }, `IB notice ${code}: ${text}`);
      this.#move({ kind: 'notice', code, text });
    } else if (broadcast.kind === 'undecodable') {
      logger.warn({}, `IB connection: a message could not be decoded and was left out: ${broadcast.reason}`);
      if (broadcast.mayBeData) this.#suspect();
    } else if (broadcast.kind === 'currentTime') {
      this.#timesAnswered++;
      this.server.sample(broadcast.seconds);
    }
    for (const listener of [...this.#broadcasts]) listener(broadcast);
  }

  /** What could not be read may have been a tick: subscriptions ask history for what they miss, at most once in so long. */
  #suspect(): void {
    if (this.#isSuspecting) return;
    this.#isSuspecting = true;
    const { clock } = this.#options;
    const waitMs = Math.max(0, this.#suspectedMs + this.#timing.resubscribeMs - clock.monotonicMs());
    void this.#sleep(waitMs, this.#linkEnd.signal)
      .then(() => {
        this.#suspectedMs = clock.monotonicMs();
        if (!isFlowing(this.#state)) return;
        for (const subscription of [...this.#subscriptions]) {
          subscription.outage('a message of the Gateway could not be read');
          subscription.restored();
        }
      })
      // The socket ended, which is an outage of its own.
      .catch(() => undefined)
      .finally(() => {
        this.#isSuspecting = false;
      });
  }

  #move(event: LinkEvent): void {
    const before = this.#state;
    const { state, effects } = transition(before, event);
    this.#state = state;
    for (const effect of effects) {
      for (const subscription of [...this.#subscriptions]) {
        if (effect === 'outage') subscription.outage(describeState(state));
        else if (effect === 'restored') subscription.restored();
        else if (this.#link !== undefined) subscription.start(this.#link, this.#linkEnd.signal);
      }
    }
    if (state === before) return;
    this.#tell(state);
    for (const listener of [...this.#changes]) listener(state);
  }

  /** Each state once, however often it is tried to leave it. */
  #tell(state: LinkState): void {
    const text = describeState(state);
    if (state.kind === 'connecting' || state.kind === 'closed' || text === this.#told) return;
    this.#told = text;
    this.#report({ kind: 'connection', state: text, isUp: isFlowing(state) });
  }

  #drop(): void {
    const link = this.#link;
    this.#link = undefined;
    this.#linkEnd.abort();
    link?.close();
  }

  #terminalError(subject: string): TickwellError | undefined {
    if (this.#state.kind === 'closed')
      return new TickwellError('stopped', `IB ${subject}: the connection was closed`);
    if (this.#state.kind !== 'failed') return undefined;
    const { code, reason } = this.#state;
    const remedy = code === 502 ? '; start TWS or the Gateway, enable its API and check host and port' : '';
    return new TickwellError(`ib-${code}`, `IB ${subject}: ${reason}${remedy}`, { retryable: code === 502 });
  }

  async #nextChange(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const waiting = new AbortController();
    const either = signal === undefined ? waiting.signal : AbortSignal.any([waiting.signal, signal]);
    const stop = this.onState(() => {
      waiting.abort();
    });
    await this.#sleep(timeoutMs, either).catch(() => undefined);
    stop();
    signal?.throwIfAborted();
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#options.clock.sleep(ms, signal);
  }
}

function unavailable(subject: string, reason: string): TickwellError {
  return new TickwellError('ib-unavailable', `IB ${subject}: ${reason}`, { retryable: true });
}

/** A signal may fire during any wait, which narrowing by the compiler does not know. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
