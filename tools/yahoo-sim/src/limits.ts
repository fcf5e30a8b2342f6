/** So many requests a second, with room for those of one second together: the same for all who ask. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #nowMs: () => number;
  #tokens: number;
  #lastMs: number;

  constructor(perSecond: number, nowMs: () => number) {
    this.#perSecond = perSecond;
    this.#nowMs = nowMs;
    this.#tokens = Math.max(1, perSecond);
    this.#lastMs = nowMs();
  }

  /** Whether this request may be served. */
  take(): boolean {
    const nowMs = this.#nowMs();
    const gained = ((nowMs - this.#lastMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(Math.max(1, this.#perSecond), this.#tokens + gained);
    this.#lastMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
