import { nsToMs } from '@tickwell/domain';
import type { Clock } from '@tickwell/ports';

const MAX_SAMPLES = 16;

/**
 * The Gateway's time, never ahead of it: it answers in whole seconds, so an answer is a lower bound, and the best of the latest
 * bounds counts.
 */
export class ServerClock {
  readonly #clock: Clock;
  #offsetsMs: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  sample(seconds: number): void {
    this.#offsetsMs.push(seconds * 1000 - nsToMs(this.#clock.nowNs()));
    if (this.#offsetsMs.length > MAX_SAMPLES) this.#offsetsMs.shift();
  }

  /** Something happened at that time of the Gateway's: it is not earlier. A clock that runs faster than ours is followed by it. */
  atLeast(seconds: number): void {
    if (seconds > this.nowSeconds()) this.sample(seconds);
  }

  /** Seconds since the epoch, with a fraction; our own clock until the Gateway has answered. */
  nowSeconds(): number {
    const offsetMs = this.#offsetsMs.length === 0 ? 0 : Math.max(...this.#offsetsMs);
    return (nsToMs(this.#clock.nowNs()) + offsetMs) / 1000;
  }
}
