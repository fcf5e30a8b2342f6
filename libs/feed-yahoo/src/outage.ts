import { TickwellError } from '@tickwell/domain';
import type { Clock } from '@tickwell/ports';

const FAILURES = 10;
const PAUSE_MS = 60_000;
const CODES: ReadonlySet<string> = new Set(['yahoo-rate-limited', 'yahoo-unreachable', 'yahoo-unauthorized']);

/**
 * Keeps a run over thousands of tickers from asking a Yahoo that refuses everything: after ten requests in a row that failed, each with
 * all its attempts, nothing is asked for a minute, then one request at a time finds out.
 */
export class Outage {
  readonly #clock: Clock;
  #failures = 0;
  #untilMs = Number.NEGATIVE_INFINITY;
  #last: TickwellError | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Why nothing is asked at the moment. */
  refusal(): TickwellError | undefined {
    if (this.#last === undefined || this.#failures < FAILURES) return undefined;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= this.#untilMs) {
      // The one that finds out; the others go on being refused.
      this.#untilMs = nowMs + PAUSE_MS;
      return undefined;
    }
    return new TickwellError(
      this.#last.code,
      `not asked: the last ${this.#failures} requests failed, the last one with: ${this.#last.message}`,
      { retryable: true, paced: this.#last.paced },
    );
  }

  note(error: TickwellError | undefined): void {
    if (error === undefined || !CODES.has(error.code)) {
      this.#failures = 0;
      return;
    }
    this.#failures++;
    this.#last = error;
    this.#untilMs = this.#clock.monotonicMs() + PAUSE_MS;
  }
}
