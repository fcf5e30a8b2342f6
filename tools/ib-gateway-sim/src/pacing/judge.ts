/** IB's pacing rules as pure judges over simulated time. A refused request counts like any other: storming makes it worse. */
import type { Violation } from '../stats.ts';
import type { PacingLimits } from './limits.ts';

export interface PacedRequest {
  /** Contract and all parameters: two requests with the same text are identical. */
  readonly identity: string;
  /** Contract, exchange and kind of data. */
  readonly family: string;
  readonly weight: number;
}

interface Counted {
  readonly atMs: number;
  readonly weight: number;
}

/** Requests older than every window are forgotten, so its memory is that of one window. */
export class HistoryPacing {
  readonly #limits: PacingLimits;
  #window: Counted[] = [];
  #used = 0;
  readonly #lastAsked = new Map<string, number>();
  readonly #families = new Map<string, number[]>();
  /** At most one entry per instrument and kind. */
  readonly #tickByTick = new Map<string, number>();

  constructor(limits: PacingLimits) {
    this.#limits = limits;
  }

  /** Counts a request and says what it violates, if anything. */
  judge(nowMs: number, request: PacedRequest): Violation | undefined {
    this.#forget(nowMs);
    const identical = this.#lastAsked.has(request.identity);
    this.#lastAsked.delete(request.identity);
    this.#lastAsked.set(request.identity, nowMs);
    const family = this.#families.get(request.family) ?? [];
    family.push(nowMs);
    this.#families.set(request.family, family);
    this.#window.push({ atMs: nowMs, weight: request.weight });
    this.#used += request.weight;
    if (this.#used > this.#limits.historicalRequests) return 'historicalPacing';
    if (identical) return 'identicalRequest';
    return family.length >= this.#limits.sameContractRequests ? 'sameContractBurst' : undefined;
  }

  /** Whether a tick-by-tick subscription of the same kind to the same instrument was asked for too recently. */
  judgeTickByTick(nowMs: number, subject: string): boolean {
    const key = `tick by tick ${subject}`;
    const askedMs = this.#tickByTick.get(key);
    this.#tickByTick.set(key, nowMs);
    return askedMs !== undefined && nowMs - askedMs < this.#limits.tickByTickRepeatMs;
  }

  /** Weight that counts at an instant. */
  usedAt(nowMs: number): number {
    this.#forget(nowMs);
    return this.#used;
  }

  #forget(nowMs: number): void {
    const { historicalWindowMs, identicalWithinMs, sameContractWindowMs } = this.#limits;
    const firstKept = this.#window.findIndex(({ atMs }) => nowMs - atMs < historicalWindowMs);
    const gone = this.#window.splice(0, firstKept === -1 ? this.#window.length : firstKept);
    for (const { weight } of gone) this.#used -= weight;
    // Both maps are in order of their latest entry or small: what is too old stands first.
    for (const [identity, atMs] of this.#lastAsked) {
      if (nowMs - atMs < identicalWithinMs) break;
      this.#lastAsked.delete(identity);
    }
    for (const [name, times] of this.#families) {
      const kept = times.filter((atMs) => nowMs - atMs < sameContractWindowMs);
      if (kept.length === 0) this.#families.delete(name);
      else this.#families.set(name, kept);
    }
  }
}

export type RateVerdict = 'ok' | 'breach' | 'end';

/** Messages per second: the one too many is refused; so many breaches end the session. */
export class MessageRate {
  readonly #limits: PacingLimits;
  #times: number[] = [];
  #breaches = 0;

  constructor(limits: PacingLimits) {
    this.#limits = limits;
  }

  judge(nowMs: number): RateVerdict {
    while (this.#times[0] !== undefined && nowMs - this.#times[0] >= 1000) this.#times.shift();
    this.#times.push(nowMs);
    if (this.#times.length <= this.#limits.messagesPerSecond) return 'ok';
    // One burst is one breach: counting starts again.
    this.#times = [];
    this.#breaches += 1;
    return this.#breaches >= this.#limits.messageRateBreaches ? 'end' : 'breach';
  }
}

/** The longest duration (ms) that IB's table gives for bars of a size. */
export function longestDuration(limits: PacingLimits, barMs: number): number {
  let longest = 0;
  for (const { durationMs, minBarMs } of limits.stepSizes)
    if (barMs >= minBarMs) longest = Math.max(longest, durationMs);
  return longest;
}
