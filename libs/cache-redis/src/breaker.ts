export interface BreakerLimits {
  /** Failures in a row after which nothing is tried for a while. */
  readonly failures: number;
  /** Length of the first pause, and of the longest: each that fails at its end is followed by one twice as long. */
  readonly minPauseMs: number;
  readonly maxPauseMs: number;
}

/** Decides when something that fails is tried again: not at all during a pause, then by one call alone. */
export class Breaker {
  readonly #limits: BreakerLimits;
  readonly #nowMs: () => number;
  #failures = 0;
  #pauseMs: number;
  /** Undefined: it works, as far as is known. */
  #openUntilMs: number | undefined;
  #isProbing = false;

  constructor(limits: BreakerLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#pauseMs = limits.minPauseMs;
  }

  get isOpen(): boolean {
    return this.#openUntilMs !== undefined;
  }

  /** Whether a call may be tried now; of those at the end of a pause the first, whose outcome has to be told. */
  tries(): boolean {
    if (this.#openUntilMs === undefined) return true;
    if (this.#isProbing || this.#nowMs() < this.#openUntilMs) return false;
    this.#isProbing = true;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#pauseMs = this.#limits.minPauseMs;
    this.#openUntilMs = undefined;
    this.#isProbing = false;
  }

  /** True: a pause begins with this failure. */
  failed(): boolean {
    this.#failures += 1;
    const wasOpen = this.#openUntilMs !== undefined;
    // What was under way when the pause began says nothing new.
    if (wasOpen && !this.#isProbing) return false;
    if (!wasOpen && this.#failures < this.#limits.failures) return false;
    this.#openUntilMs = this.#nowMs() + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, this.#limits.maxPauseMs);
    this.#isProbing = false;
    return true;
  }
}
