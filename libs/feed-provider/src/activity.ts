import type { Clock } from '@tickwell/ports';

/** What a provider does at the moment: while it waits for its vendor through our fetch, which has limits of its own, it is not silent. */
export class Activity {
  readonly #clock: Clock;
  #running = 0;
  #lastMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastMs = clock.monotonicMs();
  }

  touch(): void {
    this.#lastMs = this.#clock.monotonicMs();
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.touch();
    }
  }

  /** How long nothing has happened, in ms. */
  silentMs(): number {
    return this.#running > 0 ? 0 : this.#clock.monotonicMs() - this.#lastMs;
  }
}
