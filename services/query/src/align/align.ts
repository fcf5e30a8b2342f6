/** One symbol's values within a window, in order of time; no time twice. */
export interface AlignInput {
  readonly timeNs: BigInt64Array;
  /** Of each column the values. */
  readonly columns: readonly Float64Array[];
}

export type AxisJoin = 'outer' | 'inner' | 'left';

/** Times that any, all, or the first of the inputs have, in order. */
export function axisOf(inputs: readonly AlignInput[], join: AxisJoin): BigInt64Array {
  const [first] = inputs;
  if (first === undefined) return new BigInt64Array();
  if (join === 'left') return first.timeNs;
  const all = new BigInt64Array(inputs.reduce((rows, { timeNs }) => rows + timeNs.length, 0));
  let at = 0;
  for (const { timeNs } of inputs) {
    all.set(timeNs, at);
    at += timeNs.length;
  }
  all.sort();
  return runsOf(all, join === 'inner' ? inputs.length : 1);
}

/** Of sorted values those that are there at least so often, each once. */
function runsOf(sorted: BigInt64Array, least: number): BigInt64Array {
  let kept = 0;
  for (let from = 0; from < sorted.length;) {
    const value = sorted[from] ?? 0n;
    let to = from + 1;
    while (sorted[to] === value) to += 1;
    if (to - from >= least) sorted[kept++] = value;
    from = to;
  }
  return sorted.slice(0, kept);
}

/** What is carried on where a symbol has no value. */
export interface Fill {
  /** Rows of the axis that one value is carried on at most; 0: none is. */
  readonly rows: number;
  /** Of a time the session that it is in: nothing is carried from one into another. Left out: there are none. */
  readonly sessionOf?: (timeNs: bigint) => number | undefined;
}

/** Puts the values of one symbol onto the axis, window after window: what is carried goes on in the next one. */
export class OnAxis {
  readonly #fill: Fill;
  /** Of each column the last value and for how many rows it has been carried. */
  readonly #last: { value: number; rows: number }[];
  #session: number | undefined;

  constructor(columns: number, fill: Fill) {
    this.#fill = fill;
    this.#last = Array.from({ length: columns }, () => ({ value: Number.NaN, rows: 0 }));
  }

  /** A value per time of the axis for each column; NaN where there is none. */
  put(axis: BigInt64Array, { timeNs, columns }: AlignInput): readonly Float64Array[] {
    const out = this.#last.map(() => new Float64Array(axis.length).fill(Number.NaN));
    let row = 0;
    for (const [place, time] of axis.entries()) {
      while (row < timeNs.length && (timeNs[row] ?? 0n) < time) row += 1;
      const found = timeNs[row] === time ? row : undefined;
      this.#enter(time);
      for (const [at, last] of this.#last.entries()) {
        const value = found === undefined ? Number.NaN : (columns[at]?.[found] ?? Number.NaN);
        const target = out[at];
        if (target !== undefined) target[place] = this.#carried(last, value);
      }
    }
    return out;
  }

  #enter(timeNs: bigint): void {
    const { sessionOf } = this.#fill;
    if (sessionOf === undefined) return;
    const session = sessionOf(timeNs);
    if (session !== this.#session) for (const last of this.#last) last.value = Number.NaN;
    this.#session = session;
  }

  #carried(last: { value: number; rows: number }, value: number): number {
    if (!Number.isNaN(value)) {
      last.value = value;
      last.rows = 0;
      return value;
    }
    last.rows += 1;
    return last.rows <= this.#fill.rows ? last.value : Number.NaN;
  }
}
