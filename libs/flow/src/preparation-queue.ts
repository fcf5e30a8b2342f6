const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;
/** After a preparation nothing is prepared for the key for so many times as long as it took, so that records that ask for it again and again cannot keep it busy. */
const REST_FACTOR = 2;

interface Waiting {
  dueMs: number;
  failures: number;
}

/** Keys whose states may lack something, and when each is looked at next; at most one entry a key. */
export class PreparationQueue {
  readonly #waiting = new Map<string, Waiting>();
  /** Until when a key that was prepared rests. */
  readonly #resting = new Map<string, number>();

  add(key: string): void {
    const dueMs = this.#resting.get(key) ?? 0;
    if (!this.#waiting.has(key)) this.#waiting.set(key, { dueMs, failures: 0 });
  }

  /** Up to `most` keys that are due; they stay in the queue until {@link done}. */
  due(most: number, nowMs: number): string[] {
    for (const [key, untilMs] of this.#resting) if (untilMs <= nowMs) this.#resting.delete(key);
    const keys: string[] = [];
    for (const [key, { dueMs }] of this.#waiting) {
      if (keys.length === most) break;
      if (dueMs <= nowMs) keys.push(key);
    }
    return keys;
  }

  /** It lacks nothing more. */
  done(key: string, nowMs: number, tookMs = 0): void {
    this.#waiting.delete(key);
    if (tookMs > 0) this.#resting.set(key, nowMs + tookMs * REST_FACTOR);
  }

  /** It is tried again after a pause that doubles each time; returns how long that is. */
  failed(key: string, nowMs: number): number {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return 0;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** waiting.failures);
    waiting.failures += 1;
    waiting.dueMs = nowMs + pauseMs;
    return pauseMs;
  }

  /** After a success the next failure is the first again. */
  succeeded(key: string): void {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) waiting.failures = 0;
  }
}
