import {
  err,
  pickTrades,
  readState,
  StateWriter,
  type Interval,
  type Result,
  type TradeColumns,
} from '@tickwell/domain';
import type { ClosedBars, FormingBar, LeftOut } from './bar.ts';
import type { BarBuilder, BarLimits, BarPlan, Settled } from './builder.ts';
import { utcGrid } from './grid.ts';
import { IntervalBars } from './interval-bars.ts';
import { ThresholdBars } from './threshold-bars.ts';

export const DEFAULT_BAR_LIMITS: BarLimits = { retainedBars: 64, formingBars: 256 };

/** Larger numbers are no prices or sizes, and their products would not be finite. */
const MAX_MAGNITUDE = 1e100;
const STATE_VERSION = 3;

export interface TradesInput {
  /** In log order; left out, only the watermark moves. */
  readonly trades?: TradeColumns;
  readonly knownAtNs: bigint;
  /** Every trade before has come, with this input; 0n makes no claim. */
  readonly watermarkNs: bigint;
}

export interface TradeBarsOutcome {
  /** Per plan with bars to put out. */
  readonly closed: readonly ClosedBars[];
  /** Bars that go on, where a plan wants to hear of them. */
  readonly forming: readonly FormingBar[];
  readonly tooLate: readonly LeftOut[];
  /** Trades outside of the sessions. */
  readonly outside: readonly LeftOut[];
  /** Trades that are in no bar because price or size is no finite number up to 1e100, or the size is negative. */
  readonly refused: number;
  /** Plans where more bars, or trades, waited for the watermark than the limit, and how many were closed without it. */
  readonly forced: readonly { readonly interval: string; readonly bars: number }[];
  /** Plans whose empty intervals get no bars from here on, until something trades: too many in a row were empty. */
  readonly unfilled: readonly { readonly interval: string; readonly startNs: bigint }[];
}

/** Bars of an interval by UTC, none of what is empty. */
export function plainBars(interval: Interval): BarPlan {
  return { kind: 'time', grid: utcGrid(interval), empty: 'absent' };
}

/**
 * Bars of one series of trades, of several kinds at once. Bars close by the watermark alone; what is still forming is told where a plan says so.
 *
 * - open and close are the prices first and last by (time, seq); volume is the exact sum of sizes and vwap the exact sum of the products
 *   price × size (each rounded to a double) over it, both rounded once. So a bar does not depend on the order or the batches its trades
 *   came in, nor on restarts. (See {@link TradeBar} for the one limit of exact.)
 * - A trade below the watermark corrects its bar, or makes it, as long as the bar is among the `retainedBars` last closed ones of its
 *   interval; what comes later is counted and reported. The corrected bar goes out once per input, with all of the input's trades.
 * - A bar that begins before the first trade, or the first watermark, that was seen is marked as partial.
 */
export class TradeBars {
  readonly #builders: readonly BarBuilder[];
  #hasBegun = false;

  constructor(plans: readonly BarPlan[], limits: BarLimits = DEFAULT_BAR_LIMITS) {
    this.#builders = plans.map((plan) => {
      const own = plan.retainedBars === undefined ? limits : { ...limits, retainedBars: plan.retainedBars };
      return plan.kind === 'time' ? new IntervalBars(plan, own) : new ThresholdBars(plan, own);
    });
  }

  apply(input: TradesInput): TradeBarsOutcome {
    const given = input.trades;
    const trades = given === undefined ? undefined : usable(given);
    if (!this.#hasBegun) this.#begin(beginOf(trades, input.watermarkNs));
    if (trades !== undefined) this.#add(trades, input.knownAtNs);
    const settled = this.#builders.flatMap((builder) => {
      const one = builder.settle(input.watermarkNs, input.knownAtNs);
      return one === null ? [] : [{ interval: builder.interval.text, ...one }];
    });
    const refused = (given?.timeNs.length ?? 0) - (trades?.timeNs.length ?? 0);
    return { ...outcomeOf(settled), refused };
  }

  /** Everything that later bars depend on, exactly. Equal inputs give equal bytes. */
  snapshot(): Uint8Array<ArrayBuffer> {
    const writer = new StateWriter().uint(STATE_VERSION).uint(this.#builders.length);
    for (const builder of this.#builders) {
      const part = new StateWriter();
      builder.write(part);
      writer.text(builder.id).block(part.finish());
    }
    return writer.finish();
  }

  /**
   * Goes on where a snapshot was taken. A plan that is new since then starts empty, one that is gone is left out. The error is
   * one line: bytes that are damaged, or of a newer version.
   */
  static restore(
    bytes: Uint8Array,
    plans: readonly BarPlan[],
    limits: BarLimits = DEFAULT_BAR_LIMITS,
  ): Result<TradeBars, string> {
    const restored = new TradeBars(plans, limits);
    const parts = partsOf(bytes);
    if (!parts.ok) return parts;
    for (const [version, id, part] of parts.value) {
      const builder = restored.#builders.find((candidate) => candidate.id === id);
      const read =
        builder === undefined
          ? undefined
          : readState(part, (reader) => {
              builder.read(reader, version);
            });
      if (read?.ok === false) return err(`state of ${id} trade bars: ${read.error}`);
    }
    return { ok: true, value: restored };
  }

  #begin(timeNs: bigint | undefined): void {
    if (timeNs === undefined) return;
    for (const builder of this.#builders) builder.begin(timeNs);
    this.#hasBegun = true;
  }

  /** Whether a snapshot is whole, as far as can be said without its plans. */
  static check(bytes: Uint8Array): Result<undefined, string> {
    const parts = partsOf(bytes);
    return parts.ok ? { ok: true, value: undefined } : parts;
  }

  /** Cuts the trades where their order turns back: within a run all that an interval needs to compare are its ends. */
  #add(trades: TradeColumns, knownAtNs: bigint): void {
    const { timeNs, seq } = trades;
    let from = 0;
    for (let index = 1; index <= timeNs.length; index += 1) {
      if (index < timeNs.length && !turnsBack(timeNs, seq, index)) continue;
      for (const builder of this.#builders) builder.addRun(trades, from, index, knownAtNs);
      from = index;
    }
  }
}

/** [version, id, state] of each kind of bars. */
function partsOf(bytes: Uint8Array): Result<readonly (readonly [number, string, Uint8Array])[], string> {
  const parts = readState(bytes, (reader) => {
    const version = reader.uint();
    if (version < 1 || version > STATE_VERSION)
      reader.fail(`version ${version}, this build reads up to ${STATE_VERSION}`);
    return Array.from({ length: reader.count(2) }, () => [version, reader.text(), reader.block()] as const);
  });
  return parts.ok ? parts : err(`state of trade bars: ${parts.error}`);
}

function outcomeOf(
  settled: readonly (Settled & { readonly interval: string })[],
): Omit<TradeBarsOutcome, 'refused'> {
  return {
    closed: settled.flatMap(({ closed }) => closed ?? []),
    forming: settled.flatMap(({ forming }) => forming ?? []),
    tooLate: settled.flatMap(({ tooLate }) => tooLate ?? []),
    outside: settled.flatMap(({ outside }) => outside ?? []),
    forced: settled.flatMap(({ interval, forced }) => (forced > 0 ? [{ interval, bars: forced }] : [])),
    unfilled: settled.flatMap(({ interval, unfilledNs }) =>
      unfilledNs === null ? [] : [{ interval, startNs: unfilledNs }],
    ),
  };
}

/** From when on an input knows the stream; undefined: it says nothing. */
function beginOf(trades: TradeColumns | undefined, watermarkNs: bigint): bigint | undefined {
  let began = watermarkNs > 0n ? watermarkNs : undefined;
  for (const timeNs of trades?.timeNs ?? []) if (began === undefined || timeNs < began) began = timeNs;
  return began;
}

function turnsBack(timeNs: readonly bigint[], seq: readonly bigint[], index: number): boolean {
  const before = timeNs[index - 1] ?? 0n;
  const now = timeNs[index] ?? 0n;
  if (now !== before) return now < before;
  return (seq[index] ?? 0n) < (seq[index - 1] ?? 0n);
}

/** The trades a bar can hold: all of them, as they are, in what a validated topic delivers. */
function usable(trades: TradeColumns): TradeColumns {
  const { price, size } = trades;
  const good: number[] = [];
  for (let index = 0; index < price.length; index += 1) {
    if (isUsable(price[index] ?? NaN, size[index] ?? NaN)) good.push(index);
  }
  return good.length === price.length ? trades : pickTrades(trades, good);
}

function isUsable(price: number, size: number): boolean {
  return Math.abs(price) <= MAX_MAGNITUDE && size >= 0 && size <= MAX_MAGNITUDE;
}
