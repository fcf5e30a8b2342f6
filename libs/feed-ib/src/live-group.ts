import { createHash } from 'node:crypto';
import type { TickwellError } from '@tickwell/domain';
import { OpenHole, type Clock, type LiveQueue, type Logger, type QueueLine } from '@tickwell/ports';
import type { IbConnection } from './connection.ts';
import type { ResolvedInstrument } from './contracts.ts';
import type { IbMessage } from './ib-messages.ts';
import { seriesOf, type LiveKind } from './live-kinds.ts';
import { LiveLine, type Numbered, type Timed } from './live-line.ts';
import { secondsToNs, type OnReport } from './report.ts';
import type { Subscription } from './subscription.ts';

export interface LiveSettings {
  /** Live events of one line that wait for history; more are taken from history. */
  readonly maxHeld: number;
  /** A line that hears nothing for so long after its start has nothing to hear. */
  readonly quietMs: number;
  /** History knows a second so long after its end. */
  readonly settleMs: number;
}

export const LIVE_SETTINGS: LiveSettings = { maxHeld: 20_000, quietMs: 10_000, settleMs: 2000 };

export interface LiveContext {
  readonly connection: IbConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly queue: LiveQueue;
  readonly settings: LiveSettings;
  readonly report: OnReport;
  /** Ends with the session. */
  readonly signal: AbortSignal;
  /** A line ended for good. */
  readonly refused: (error: TickwellError) => void;
}

/** Why the hole between the last stored event and a session's beginning is there. */
export const NOT_RUNNING = 'the session was not running';

/** Answers of history that have less than was heard; then what it has must do. */
const MAX_SHORT_ANSWERS = 10;
/** History that live ticks should have delivered, this long after the subscription began, proves that it is deaf. */
const DEAF_SECONDS = 3;

const WAIT_STEP_MS = 1000;

interface Member {
  readonly kind: LiveKind<Timed>;
  readonly line: LiveLine<Timed>;
  readonly out: QueueLine<Numbered<Timed>>;
  /** From history, waiting for the other members. */
  readonly pending: Numbered<Timed>[];
  subscription: Subscription | undefined;
  isSubscribed: boolean;
  /** Nothing was heard of it: what history tells of that time proves it deaf. */
  isAssumed: boolean;
  isDeaf: boolean;
  shortAnswers: number;
  hole: OpenHole | undefined;
}

/**
 * The live lines of one instrument whose events reach the same topic: they hold and repair together, so that none of them gets
 * ahead of what another still has to bring (watermarks of a topic hold for a symbol, whatever the kind of tick).
 */
export class LiveGroup {
  readonly #instrument: ResolvedInstrument;
  readonly #context: LiveContext;
  #members: Member[];
  #repair = new AbortController();
  #wake: (() => void) | undefined;
  #second = 0;

  /** `storedBefore`: by kind, everything before is stored (seconds since the epoch); `reason`: why there is a hole since then. */
  constructor(
    instrument: ResolvedInstrument,
    kinds: readonly LiveKind<Timed>[],
    context: LiveContext,
    storedBefore: (kind: LiveKind<Timed>) => number | undefined,
    reason = NOT_RUNNING,
  ) {
    this.#instrument = instrument;
    this.#context = context;
    this.#members = kinds.map((kind): Member => {
      const doneBeforeSeconds = storedBefore(kind);
      const { unitSeconds } = kind;
      const { maxHeld } = context.settings;
      const hole =
        doneBeforeSeconds === undefined
          ? undefined
          : new OpenHole(reason, secondsToNs(doneBeforeSeconds), context.clock.nowNs());
      return {
        kind,
        line: new LiveLine<Timed>({ unitSeconds, maxHeld, doneBeforeSeconds }),
        out: context.queue.line(kind.chunks(instrument.symbol)),
        pending: [],
        subscription: undefined,
        isSubscribed: false,
        isAssumed: false,
        isDeaf: false,
        shortAnswers: 0,
        hole,
      };
    });
  }

  /** Market data lines that it takes. */
  get lines(): number {
    return this.#members.length;
  }

  /** Nothing is missing of it. */
  get isWhole(): boolean {
    return this.#members.every(({ line }) => line.mode === 'live');
  }

  /** The last second of which something was delivered; undefined: nothing was. */
  get lastSeconds(): number | undefined {
    const times = this.#members.flatMap(({ line }) => line.doneBeforeSeconds ?? []);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  start(): void {
    for (const member of this.#members) {
      const { kind } = member;
      const instrument = this.#instrument;
      member.subscription = this.#context.connection.subscribe({
        subject: `${instrument.symbol} ${kind.name}`,
        pacing: kind.pacing(instrument),
        send: (link, reqId) => {
          kind.send(link, reqId, instrument);
        },
        cancel: kind.cancel,
        onMessage: (message) => {
          this.#heard(member, message);
        },
        onOutage: (reason) => {
          this.#outage(member, reason);
        },
        onActive: () => {
          this.#active(member);
        },
        onRefused: (error) => {
          this.#refused(member, error);
        },
      });
    }
  }

  stop(): void {
    this.#repair.abort();
    for (const member of this.#members) {
      member.subscription?.stop();
      this.#closeHole(member, 'the session ended before; the next one goes on from what is stored');
    }
  }

  #heard(member: Member, message: IbMessage): void {
    const event = member.kind.read(message);
    if (event === undefined) return;
    if (!Number.isSafeInteger(event.time)) {
      this.#refuse('ib-time', event, 'has no time');
      return;
    }
    this.#context.connection.server.atLeast(event.time);
    const { line } = member;
    const wasUnheard = line.firstHeardSeconds === undefined;
    const delivered = line.live(event);
    if (delivered === 'late') this.#refuse('ib-late', event, `comes after later ones of its series`);
    else if (delivered !== undefined) this.#emit(member, delivered);
    else if (wasUnheard) this.#wake?.();
  }

  #emit(member: Member, numbered: Numbered<Timed>): void {
    if (this.#members.length > 1 && numbered.event.time > this.#second) {
      this.#second = numbered.event.time;
      for (const each of this.#members) each.out.seal();
    }
    member.out.add(numbered);
  }

  #outage(member: Member, reason: string): void {
    member.isSubscribed = false;
    this.#hold(reason);
  }

  #active(member: Member): void {
    member.isSubscribed = true;
    this.#hold('the subscription began anew');
    this.#repairSoon();
  }

  /** All members wait: what one of them misses the others must not overtake. */
  #hold(reason: string): void {
    this.#repair.abort();
    this.#wake = undefined;
    const nowNs = this.#context.clock.nowNs();
    for (const member of this.#members) {
      const { line } = member;
      const from = line.doneBeforeSeconds;
      if (from !== undefined) member.hole ??= new OpenHole(reason, secondsToNs(from), nowNs);
      member.isAssumed = false;
      if (member.isSubscribed) line.active();
      else line.outage();
    }
  }

  #refused(member: Member, error: TickwellError): void {
    const { symbol } = this.#instrument;
    this.#members = this.#members.filter((other) => other !== member);
    this.#context.report({ kind: 'refused', symbol, series: member.kind.name, reason: error.message });
    this.#closeHole(member, error.message);
    this.#refuse(error.code, { symbol, kind: member.kind.name }, error.message);
    this.#context.refused(error);
    this.#flush(Number.POSITIVE_INFINITY, member);
    this.#repairSoon();
  }

  #repairSoon(): void {
    if (this.#members.length === 0 || this.#members.some(({ isSubscribed }) => !isSubscribed)) return;
    this.#repair.abort();
    this.#repair = new AbortController();
    const signal = AbortSignal.any([this.#repair.signal, this.#context.signal]);
    void this.#runRepair(signal).catch((error: unknown) => {
      if (!signal.aborted)
        this.#context.logger.error({ err: error }, `IB ${this.#instrument.symbol}: repair failed`);
    });
  }

  /** Brings what is missing, then lets live events through. */
  async #runRepair(signal: AbortSignal): Promise<void> {
    const { connection, settings, queue } = this.#context;
    // A subscription that was not read yet is neither deaf nor quiet.
    await connection.roundTrip(signal);
    const activeSeconds = connection.server.nowSeconds();
    for (;;) {
      await this.#untilHeard(signal);
      const knownBefore = connection.server.nowSeconds() - settings.settleMs / 1000;
      for (const member of this.#members) member.isAssumed ||= member.line.assumeWholeFrom(knownBefore);
      const next = this.#mostBehind(knownBefore);
      if (next === undefined) break;
      const { member, span } = next;
      await this.#untilSettled(span.toSeconds, signal);
      await this.#fetch(member, span, activeSeconds, signal);
      this.#flush(this.#frontier());
      await queue.room();
      signal.throwIfAborted();
    }
    this.#goLive();
  }

  /** In steps: what is heard meanwhile may tell that the Gateway's time is further on than its last answer said. */
  async #untilSettled(toSeconds: number, signal: AbortSignal): Promise<void> {
    const { connection, clock, settings } = this.#context;
    for (;;) {
      const waitMs = Math.ceil((toSeconds - connection.server.nowSeconds()) * 1000 + settings.settleMs);
      if (waitMs <= 0) return;
      await clock.sleep(Math.min(waitMs, WAIT_STEP_MS), signal);
    }
  }

  async #untilHeard(signal: AbortSignal): Promise<void> {
    const { clock, settings } = this.#context;
    const isHeard = (): boolean => this.#members.every(({ line }) => line.firstHeardSeconds !== undefined);
    const untilMs = clock.monotonicMs() + settings.quietMs;
    while (!isHeard() && clock.monotonicMs() < untilMs) {
      const heard = new AbortController();
      this.#wake = () => {
        heard.abort();
      };
      const either = AbortSignal.any([signal, heard.signal]);
      await clock.sleep(untilMs - clock.monotonicMs(), either).catch(() => undefined);
      signal.throwIfAborted();
    }
  }

  #mostBehind(
    knownBefore: number,
  ): { member: Member; span: NonNullable<ReturnType<LiveLine<Timed>['missing']>> } | undefined {
    const behind = this.#members.flatMap((member) => {
      const span = member.line.missing(knownBefore);
      return span === undefined ? [] : [{ member, span }];
    });
    return behind.toSorted((a, b) => a.span.fromSeconds - b.span.fromSeconds)[0];
  }

  async #fetch(
    member: Member,
    span: { readonly fromSeconds: number; readonly toSeconds: number },
    activeSeconds: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { connection, logger, clock } = this.#context;
    const instrument = this.#instrument;
    const { line, kind } = member;
    const part = await kind.fetch({ connection, instrument, lane: 'live', useRth: false, signal }, span);
    signal.throwIfAborted();
    if (!part.ok) {
      if (part.error.retryable) {
        logger.warn({ err: part.error }, part.error.message);
        await clock.sleep(connection.timing.resubscribeMs, signal);
        return;
      }
      line.giveUp();
      this.#closeHole(member, part.error.message);
      return;
    }
    const { events, completeBefore, truncatedSecond } = part.value;
    if (line.isShort(events, completeBefore) && member.shortAnswers++ < MAX_SHORT_ANSWERS) {
      await clock.sleep(this.#context.settings.settleMs * member.shortAnswers, signal);
      return;
    }
    const fresh = line.history(events, completeBefore);
    if (truncatedSecond !== undefined)
      this.#refuse('ib-truncated', { time: truncatedSecond }, 'history cannot give all ticks of this second');
    if (member.hole !== undefined) member.hole.events += fresh.length;
    for (const numbered of fresh) member.pending.push(numbered);
    member.isDeaf ||= member.isAssumed && events.some(({ time }) => time > activeSeconds + DEAF_SECONDS);
  }

  /** Before it nothing more is to come from any member. */
  #frontier(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { line } of this.#members) least = Math.min(least, line.doneBeforeSeconds ?? least);
    return least;
  }

  /** Delivers what waits and is before the frontier, in order of time over all members. */
  #flush(frontier: number, leaving?: Member): void {
    const { queue } = this.#context;
    const members = leaving === undefined ? this.#members : [...this.#members, leaving];
    const due = members.flatMap((member) => {
      const count = member.pending.findIndex(({ event }) => event.time >= frontier);
      const some = member.pending.splice(0, count < 0 ? member.pending.length : count);
      return some.map((numbered) => ({ member, numbered }));
    });
    if (members.length > 1) due.sort((a, b) => a.numbered.event.time - b.numbered.event.time);
    for (const { member, numbered } of due) this.#emit(member, numbered);
    if (due.length > 0) queue.wake();
  }

  #goLive(): void {
    for (const member of this.#members) {
      for (const numbered of member.line.catchUp() ?? []) member.pending.push(numbered);
      const isShort = member.shortAnswers > MAX_SHORT_ANSWERS;
      member.shortAnswers = 0;
      this.#closeHole(member, isShort ? 'history has fewer events than were heard live' : undefined);
    }
    this.#flush(Number.POSITIVE_INFINITY);
    const deaf = this.#members.filter(({ isDeaf }) => isDeaf);
    for (const member of deaf) {
      member.isDeaf = false;
      const { symbol } = this.#instrument;
      this.#context.logger.warn(
        { symbol },
        `IB ${symbol} ${member.kind.name}: the subscription is deaf, it is made anew`,
      );
      member.subscription?.renew();
    }
  }

  #closeHole(member: Member, unrepaired: string | undefined): void {
    const { hole, line, kind } = member;
    if (hole === undefined) return;
    member.hole = undefined;
    const { clock, report } = this.#context;
    const toNs = secondsToNs(line.doneBeforeSeconds ?? 0);
    const { symbol } = this.#instrument;
    report(hole.close({ symbol, ...seriesOf(kind), toNs, nowNs: clock.nowNs(), unrepaired }));
  }

  #refuse(rule: string, input: object, problem: string): void {
    const original = Buffer.from(JSON.stringify(input));
    const { symbol } = this.#instrument;
    this.#context.queue.refuse({
      kind: 'refused',
      rule,
      reason: problem.startsWith('IB ') ? problem : `IB ${symbol}: ${original.toString()} ${problem}`,
      symbol,
      original,
      originalSize: original.length,
      originalSha256: createHash('sha256').update(original).digest('hex'),
    });
  }
}
