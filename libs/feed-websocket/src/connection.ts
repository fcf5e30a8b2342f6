import { TickwellError } from '@tickwell/domain';
import type { Clock } from '@tickwell/ports';
import type { Decoder } from './decoder.ts';
import type { WebsocketDefinition } from './definition.ts';
import type { Outgoing } from './outgoing.ts';
import type { Topic } from './requests.ts';
import { Session, type SessionEnd, type SessionHandlers } from './session.ts';
import type { OpenSocket } from './socket.ts';

interface ConnectionHandlers extends SessionHandlers {
  /** The connection is lost, and is made anew after so long. */
  readonly onLost: (topics: readonly Topic[], end: SessionEnd, retryMs: number) => void;
  /** For good. */
  readonly onFailed: (error: TickwellError) => void;
}

export interface ConnectionOptions {
  readonly definition: WebsocketDefinition;
  readonly decoder: Decoder;
  readonly outgoing: Outgoing;
  readonly clock: Clock;
  readonly open: OpenSocket;
  readonly topics: readonly Topic[];
  readonly handlers: ConnectionHandlers;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
}

/** A connection that stood for so long was well: the next outage begins with a short wait again. */
const STABLE_MS = 60_000;
/** Statuses of a handshake that may be others later. */
const TOO_MANY = 429;
const TRANSIENT: ReadonlySet<number> = new Set([408, 425, TOO_MANY]);

/** Some topics of a feed over one connection at a time: comes back, with bounded and jittered waits, until it is stopped. */
export class FeedConnection {
  readonly #options: ConnectionOptions;
  #topics: readonly Topic[];
  #session: Session | undefined;
  #isPaused = false;
  #wasLive = false;
  #isSessionLive = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#topics = options.topics;
  }

  /** Resolves with the signal, or when it failed for good or has no topic left. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, handlers } = this.#options;
    const isOver = (): boolean => signal.aborted || !this.isServing;
    for (let failures = 0; !isOver();) {
      const startMs = clock.monotonicMs();
      const end = await this.#runSession(signal);
      if (isOver()) return;
      failures = this.#isSessionLive && clock.monotonicMs() - startMs > STABLE_MS ? 1 : failures + 1;
      const failure = this.#failureOf(end, failures);
      if (failure !== undefined) {
        handlers.onFailed(failure);
        return;
      }
      const waitMs = this.#waitMs(failures);
      handlers.onLost(this.#topics, end, waitMs);
      // The signal ends the wait, and with it the loop.
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  /** The feed serves something of it. */
  get isServing(): boolean {
    return this.#topics.length > 0;
  }

  pause(): void {
    this.#isPaused = true;
    this.#session?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#session?.resume();
  }

  resubscribe(topic: Topic): void {
    this.#session?.resubscribe(topic);
  }

  async #runSession(signal: AbortSignal): Promise<SessionEnd> {
    const { definition, decoder, outgoing, clock, open, handlers } = this.#options;
    this.#isSessionLive = false;
    const url = outgoing.url(this.#topics);
    if (!url.ok) return { reason: url.error, status: undefined, isFinal: true };
    const session = new Session({
      definition,
      decoder,
      outgoing,
      clock,
      open,
      topics: this.#topics,
      url: url.value,
      isPaused: this.#isPaused,
      handlers: {
        ...handlers,
        onRejected: (topic, reason) => {
          this.#topics = this.#topics.filter((other) => other !== topic);
          handlers.onRejected(topic, reason);
          if (this.#topics.length === 0) session.close('every subscription was rejected');
        },
        onLive: () => {
          this.#isSessionLive = this.#wasLive = true;
          handlers.onLive();
        },
      },
    });
    this.#session = session;
    const close = (): void => {
      session.close('the session was stopped');
    };
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted) close();
    const end = await session.ended;
    signal.removeEventListener('abort', close);
    this.#session = undefined;
    return end;
  }

  /** Before the first success what looks like a mistake in the definition is one. */
  #failureOf(end: SessionEnd, failures: number): TickwellError | undefined {
    const { definition } = this.#options;
    const { name, url, reconnect } = definition;
    const isRefused =
      end.status !== undefined && end.status >= 400 && end.status < 500 && !TRANSIENT.has(end.status);
    if (end.isFinal || (isRefused && !this.#wasLive)) {
      const remedy = isRefused ? `; check url (${url}) and the credentials in its definition` : '';
      return new TickwellError('websocket-refused', `${name}: ${end.reason}${remedy}`);
    }
    if (this.#wasLive || failures < reconnect.attempts) return undefined;
    return new TickwellError(
      'websocket-unreachable',
      `${name}: ${url} could not be used in ${failures} attempts; the last one: ${end.reason}`,
      { retryable: true, paced: isPaced(end) },
    );
  }

  #waitMs(failures: number): number {
    const { definition, random } = this.#options;
    const { firstMs, maxMs } = definition.reconnect;
    return Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30)) * (0.5 + random() / 2);
  }
}

/** The handshake was answered with "too many requests". */
export function isPaced({ status }: SessionEnd): boolean {
  return status === TOO_MANY;
}
