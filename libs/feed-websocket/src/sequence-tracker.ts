import type { SequenceStep } from './definition.ts';

/**
 * What a number says of its message. `gap`: `missing` numbers before it never came; `late`: it is one of those; `repeat`: it came before;
 * `restart`: the feed counts anew.
 */
export type Verdict =
  | { readonly kind: 'next' }
  | { readonly kind: 'gap'; readonly after: bigint; readonly missing: bigint }
  | { readonly kind: 'late' | 'repeat' | 'restart' };

const NEXT: Verdict = { kind: 'next' };
/** Gaps that are remembered, so that what comes late is told from what comes twice. */
const MAX_GAPS = 100;
/** So far back no repeat goes where times do not tell. */
const MAX_REPEAT = 10_000n;

/** Checks one count of a feed. */
export class SequenceTracker {
  readonly #step: SequenceStep;
  #last: bigint | undefined;
  #lastTimeNs = 0n;
  #gaps: { from: bigint; to: bigint }[] = [];

  constructor(step: SequenceStep) {
    this.#step = step;
  }

  /**
   * `timeNs`: of the event. What goes back in number but on in time is a count that began anew; without times (undefined) one that goes
   * back far.
   */
  check(number: bigint, timeNs?: bigint): Verdict {
    const last = this.#last;
    if (last === undefined) return this.#advance(number, timeNs, NEXT);
    if (number > last) {
      const missing = this.#step === 'one' ? number - last - 1n : 0n;
      if (missing === 0n) return this.#advance(number, timeNs, NEXT);
      this.#gaps = [...this.#gaps.slice(1 - MAX_GAPS), { from: last + 1n, to: number - 1n }];
      return this.#advance(number, timeNs, { kind: 'gap', after: last, missing });
    }
    if (number < last && this.#fillsGap(number)) return { kind: 'late' };
    const isNew = timeNs === undefined ? last - number > MAX_REPEAT : timeNs > this.#lastTimeNs;
    if (number === last || !isNew) return { kind: 'repeat' };
    this.#gaps = [];
    return this.#advance(number, timeNs, { kind: 'restart' });
  }

  #advance(number: bigint, timeNs: bigint | undefined, verdict: Verdict): Verdict {
    this.#last = number;
    this.#lastTimeNs = timeNs ?? 0n;
    return verdict;
  }

  #fillsGap(number: bigint): boolean {
    const gap = this.#gaps.find(({ from, to }) => number >= from && number <= to);
    if (gap === undefined) return false;
    const rest = [
      { from: gap.from, to: number - 1n },
      { from: number + 1n, to: gap.to },
    ].filter(({ from, to }) => from <= to);
    this.#gaps = [...this.#gaps.filter((other) => other !== gap), ...rest].slice(-MAX_GAPS);
    return true;
  }
}
