import type { Clock } from '@tickwell/ports';

export interface RequestLimits {
  /** Requests start at this pace; fractions are possible. */
  readonly requestsPerSecond: number;
  /** In any hour; Infinity: no such limit. */
  readonly requestsPerHour: number;
}

const HOUR_MS = 3_600_000;

/**
 * Gives every request its moment: at an even pace that an event loop that was late catches up with, never more than so many in any hour,
 * and nobody while Yahoo has asked everybody to wait.
 */
export class RequestLimiter {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  /** When the requests of the last hour were due, oldest first from `#oldest`; as long as the limit. */
  readonly #lastHour: Float64Array | undefined;
  #oldest = 0;
  #nextMs = Number.NEGATIVE_INFINITY;
  #holdUntilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, { requestsPerSecond, requestsPerHour }: RequestLimits) {
    this.#clock = clock;
    this.#intervalMs = 1000 / requestsPerSecond;
    this.#lastHour = Number.isFinite(requestsPerHour)
      ? new Float64Array(requestsPerHour).fill(Number.NEGATIVE_INFINITY)
      : undefined;
  }

  /** Resolves when the next request may start. */
  async turn(): Promise<void> {
    for (;;) {
      const waitMs = this.#reserve() - this.#clock.monotonicMs();
      if (waitMs > 0) await this.#clock.sleep(waitMs);
      // Who was told to wait meanwhile takes a new place, so that the end of a pause is no rush.
      if (this.#clock.monotonicMs() >= this.#holdUntilMs) return;
    }
  }

  /** Nobody starts in the next so many ms. */
  hold(ms: number): void {
    this.#holdUntilMs = Math.max(this.#holdUntilMs, this.#clock.monotonicMs() + ms);
  }

  #reserve(): number {
    const hourAgo = this.#lastHour?.[this.#oldest] ?? Number.NEGATIVE_INFINITY;
    const due = Math.max(this.#nextMs, this.#clock.monotonicMs(), this.#holdUntilMs, hourAgo + HOUR_MS);
    if (this.#lastHour !== undefined) {
      this.#lastHour[this.#oldest] = due;
      this.#oldest = (this.#oldest + 1) % this.#lastHour.length;
    }
    this.#nextMs = due + this.#intervalMs;
    return due;
  }
}
