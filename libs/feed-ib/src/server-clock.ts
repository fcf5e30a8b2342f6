import { nsToMs } from '@tickwell/domain';
import type { Clock } from '@tickwell/ports';

const MAX_SAMPLES = 16;

/**
 * The Gateway's time, never ahead of it: it answers in whole seconds, so an answer is a lower bound, and the best of the latest
 * bounds counts.
 */
export class ServerClock {
  readonly #clock: Clock;
  readonly #maxAheadMs: number;
  #samples: { readonly serverMs: number; readonly atMs: number }[] = [];

  /** `maxAheadMs`: its time goes on as ours does for so long without an answer. */
  constructor(clock: Clock, maxAheadMs = Number.POSITIVE_INFINITY) {
    this.#clock = clock;
    this.#maxAheadMs = maxAheadMs;
  }

  sample(seconds: number): void {
    this.#samples.push({ serverMs: seconds * 1000, atMs: nsToMs(this.#clock.nowNs()) });
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
  }

  /** Something happened at that time of the Gateway's: it is not earlier. A clock that runs faster than ours is followed by it. */
  atLeast(seconds: number): void {
    if (seconds > this.nowSeconds()) this.sample(seconds);
  }

  /** Seconds since the epoch, with a fraction; our own clock until the Gateway has answered. */
  nowSeconds(): number {
    const nowMs = nsToMs(this.#clock.nowNs());
    if (this.#samples.length === 0) return nowMs / 1000;
    const bounds = this.#samples.map(
      ({ serverMs, atMs }) => serverMs + Math.min(nowMs - atMs, this.#maxAheadMs),
    );
    return Math.max(...bounds) / 1000;
  }
}
