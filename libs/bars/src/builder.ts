import type { BarLength, StateReader, StateWriter, TradeColumns } from '@tickwell/domain';
import type { Bar, ClosedBars, FormingBar, LeftOut } from './bar.ts';
import type { BarGrid } from './grid.ts';

/** What an interval in which nothing was traded becomes: no bar, a bar without prices, or one at the last close; of volume 0 either way. */
export type EmptyIntervals = 'absent' | 'none' | 'carried';

interface AnyPlan {
  /** A forming bar goes out once at most in each such step of event time; left out: never. */
  readonly formingStepNs?: bigint | undefined;
  /** Instead of the limit of all bars. */
  readonly retainedBars?: number | undefined;
}

/** One kind of bars to build of a series. */
export type BarPlan =
  | (AnyPlan & {
      readonly kind: 'time';
      readonly grid: BarGrid;
      readonly empty: EmptyIntervals;
    })
  | (AnyPlan & {
      readonly kind: 'threshold';
      readonly length: Extract<BarLength, { kind: 'threshold' }>;
      /** Bars of a day: no bar goes on over the end of one of them. */
      readonly sessions?: BarGrid | undefined;
    });

export interface BarLimits {
  /** How many closed bars of each interval late trades can still correct. */
  readonly retainedBars: number;
  /** How many bars of each interval may wait for the watermark. */
  readonly formingBars: number;
  /** How many trades may wait for the watermark where bars end by what is traded. */
  readonly waitingTrades?: number;
}

/** What one input of the log did to bars of one kind. */
export interface Settled {
  readonly closed: ClosedBars | null;
  /** Closed without the watermark. */
  readonly forced: number;
  readonly tooLate: LeftOut | null;
  readonly outside: LeftOut | null;
  readonly forming: FormingBar | null;
  /** Start of the first empty interval that has no bar, because too many before it were empty. */
  readonly unfilledNs: bigint | null;
}

/** Bars of one kind while they are built. */
export interface BarBuilder {
  /** Of the plan: bars of another have another. */
  readonly id: string;
  readonly interval: BarLength;
  /** The stream is known from this time on; only the first call counts. */
  begin(timeNs: bigint): void;
  /** Adds trades `from` up to, not including, `to`, ascending by (time, seq). */
  addRun(trades: TradeColumns, from: number, to: number, knownAtNs: bigint): void;
  /** Moves the watermark and says what came of the input. Null: nothing. */
  settle(watermarkNs: bigint, knownAtNs: bigint): Settled | null;
  write(writer: StateWriter): void;
  read(reader: StateReader, version: number): void;
}

/** When a bar that goes on is told: once at most in a step of event time, and only what is new. */
export class FormingSteps {
  readonly #stepNs: bigint | undefined;
  /** Event time when a bar was told last: the step may be another one after a restart. */
  #toldNs = 0n;
  #startNs = -1n;
  #tradeCount = 0;

  constructor(stepNs: bigint | undefined) {
    this.#stepNs = stepNs;
  }

  /** Whether a bar goes out now, at this event time; it is then told. */
  take(bar: Pick<Bar, 'startNs' | 'tradeCount'> | undefined, eventNs: bigint): boolean {
    if (this.#stepNs === undefined || bar === undefined) return false;
    if (eventNs / this.#stepNs <= this.#toldNs / this.#stepNs) return false;
    if (bar.startNs === this.#startNs && bar.tradeCount === this.#tradeCount) return false;
    this.#toldNs = eventNs;
    this.#startNs = bar.startNs;
    this.#tradeCount = bar.tradeCount;
    return true;
  }

  get isOn(): boolean {
    return this.#stepNs !== undefined;
  }

  write(writer: StateWriter): void {
    writer.int64(this.#toldNs).int64(this.#startNs).uint(this.#tradeCount);
  }

  read(reader: StateReader, version: number): void {
    const told = reader.int64();
    // Version 2 counted steps and did not say how long they were: better a bar told twice than none ever again.
    this.#toldNs = version === 2 ? 0n : told;
    this.#startNs = reader.int64();
    this.#tradeCount = reader.uint();
  }
}

/** Trades that are in no bar. */
export class LeftOutCount {
  #count = 0;
  #firstNs = 0n;
  #lastNs = 0n;
  #volume = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Trades `from` up to, not including, `to`, ascending by time. */
  add({ timeNs, size }: Pick<TradeColumns, 'timeNs' | 'size'>, from: number, to: number): void {
    const firstNs = timeNs[from] ?? 0n;
    const lastNs = timeNs[to - 1] ?? 0n;
    if (this.#count === 0 || firstNs < this.#firstNs) this.#firstNs = firstNs;
    if (this.#count === 0 || lastNs > this.#lastNs) this.#lastNs = lastNs;
    this.#count += to - from;
    for (let index = from; index < to; index += 1) this.#volume += size[index] ?? 0;
  }

  /** What was counted since the last time; null: nothing. */
  take(interval: string): LeftOut | null {
    if (this.#count === 0) return null;
    const counted = {
      interval,
      count: this.#count,
      firstNs: this.#firstNs,
      lastNs: this.#lastNs,
      volume: this.#volume,
    };
    this.#count = 0;
    this.#volume = 0;
    return counted;
  }
}

/** Index of the first time at or after `wantedNs` among ascending times, between `from` and `to`. */
export function firstFrom(timesNs: readonly bigint[], wantedNs: bigint, from: number, to: number): number {
  // Most often the rest of the run is in the bar.
  if ((timesNs[to - 1] ?? 0n) < wantedNs) return to;
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timesNs[middle] ?? 0n) < wantedNs) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function writeOptional(writer: StateWriter, value: bigint | null): void {
  writer.flag(value !== null);
  if (value !== null) writer.int64(value);
}

export function readOptional(reader: StateReader): bigint | null {
  return reader.flag() ? reader.int64() : null;
}
