import type { ProviderLimits } from '@tickwell/provider';
import { ProviderError } from '@tickwell/provider';
import type { Clock } from '@tickwell/ports';

const DEFAULT_PER_SECOND = 2;
/** Requests wait for their turn at most so long; beyond it is the business of the next run. */
const MAX_WAIT_MS = 15 * 60_000;
/** Of a vendor's second (minute, hour) we use a little less: its clock is not ours. */
const MARGIN_MS = 50;

interface RateWindow {
  readonly name: string;
  readonly lengthMs: number;
  readonly requests: number;
  /** Starts of the last requests, oldest first; at most `requests`. */
  readonly starts: number[];
}

/** Lets requests through as a vendor allows: so many in a second, minute, hour and day, and so many at once. In order of their coming. */
export class RequestGate {
  readonly #clock: Clock;
  readonly #windows: RateWindow[] = [];
  #parallel = Infinity;
  #running = 0;
  #pausedUntilMs = 0;
  #turn: Promise<void> = Promise.resolve();
  #wake: (() => void)[] = [];

  constructor(limits: ProviderLimits, clock: Clock) {
    this.#clock = clock;
    this.tighten(limits);
  }

  /** Keeps to these limits, too: several providers may share a key. */
  tighten(limits: ProviderLimits): void {
    this.#parallel = Math.min(this.#parallel, limits.parallel ?? 1);
    const { requestsPerSecond, requestsPerMinute, requestsPerHour, requestsPerDay } = limits;
    const none = [requestsPerSecond, requestsPerMinute, requestsPerHour, requestsPerDay].every(
      (limit) => limit === undefined,
    );
    this.#add('second', 1000, none ? DEFAULT_PER_SECOND : requestsPerSecond);
    this.#add('minute', 60_000, requestsPerMinute);
    this.#add('hour', 3_600_000, requestsPerHour);
    this.#add('day', 86_400_000, requestsPerDay);
  }

  /** Nobody starts before the time has passed: the vendor asked for it. */
  pause(ms: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#clock.monotonicMs() + ms);
  }

  /** Runs a request in its turn. Throws `quota` where the turn is more than a quarter of an hour away. */
  async run<T>(signal: AbortSignal, request: () => Promise<T>): Promise<T> {
    await this.#enter(signal);
    try {
      return await request();
    } finally {
      this.#running -= 1;
      for (const wake of this.#wake.splice(0)) wake();
    }
  }

  #add(name: string, lengthMs: number, requests: number | undefined): void {
    if (requests === undefined) return;
    if (this.#windows.some((window) => window.name === name && window.requests <= requests)) return;
    // Less than one in a window is one in a longer window: 0.5 a second is one in two seconds.
    const whole = Math.max(1, Math.floor(requests));
    this.#windows.push({ name, lengthMs: (lengthMs * whole) / requests, requests: whole, starts: [] });
  }

  async #enter(signal: AbortSignal): Promise<void> {
    const before = this.#turn;
    let done = (): void => undefined;
    this.#turn = new Promise((resolve) => {
      done = resolve;
    });
    try {
      await before;
      await this.#free(signal);
      for (let waitMs = this.#waitMs(); waitMs > 0; waitMs = this.#waitMs())
        await this.#clock.sleep(waitMs, signal);
      signal.throwIfAborted();
      const nowMs = this.#clock.monotonicMs();
      for (const window of this.#windows) window.starts.push(nowMs);
      this.#running += 1;
    } finally {
      done();
    }
  }

  /** Resolves when one more may run at once. */
  async #free(signal: AbortSignal): Promise<void> {
    while (this.#running >= this.#parallel) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#wake.push(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
  }

  #waitMs(): number {
    const nowMs = this.#clock.monotonicMs();
    let longest = Math.max(0, this.#pausedUntilMs - nowMs);
    for (const window of this.#windows) {
      while (window.starts.length > window.requests) window.starts.shift();
      const oldest = window.starts.length < window.requests ? undefined : window.starts[0];
      if (oldest === undefined) continue;
      const margin = Math.min(MARGIN_MS, window.lengthMs / 20);
      const waitMs = oldest + window.lengthMs + margin - nowMs;
      if (waitMs > MAX_WAIT_MS) throw used(window, waitMs);
      longest = Math.max(longest, waitMs);
    }
    return longest;
  }
}

function used(window: RateWindow, waitMs: number): ProviderError {
  const minutes = Math.ceil(waitMs / 60_000);
  return new ProviderError(
    'quota',
    `the ${window.requests} requests a ${window.name} are used up; go on in ${minutes} minutes: the next run continues where this one stopped`,
    { retryAfterSeconds: waitMs / 1000 },
  );
}
