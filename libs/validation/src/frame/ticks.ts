import type { BarFrame, FrameFinding } from './bar-frame.ts';
import { valueAt } from './columns.ts';
import { Sink } from './frame-rule.ts';
import {
  PRICE_POSITIVE,
  QUOTE_CROSSED,
  QUOTE_PRICE,
  QUOTE_SPREAD,
  SIZE_NEGATIVE,
  SPREAD_LIMITS,
} from './rules/tick-shape.ts';
import { median } from './robust.ts';
import { TIME_IN_FUTURE, TIME_ORDER, isInFuture } from './rules/order.ts';
import { MISSING_VALUE } from './rules/missing.ts';
import { findBadTicks } from './rules/spike.ts';
import { findUnitErrors } from './rules/unit.ts';
import { PriceSeries } from './series.ts';
import type { FrameReport, ValidateOptions } from './validate.ts';

/** Trades (price) or quotes (bid and ask) of one instrument, in the order of the source. What is missing is NaN. */
export interface TickFrame {
  readonly symbol: string;
  readonly timeNs: BigInt64Array;
  readonly price?: Float64Array | undefined;
  readonly size?: Float64Array | undefined;
  readonly bid?: Float64Array | undefined;
  readonly ask?: Float64Array | undefined;
}

const { minSpread, spreadTimes } = SPREAD_LIMITS;

/**
 * Judges trades or quotes with everything before and after them in view. Equal times and equal rows are no findings: exchanges print
 * several trades within the resolution of a clock. Pure.
 */
export function validateTicks(frame: TickFrame, options: ValidateOptions = {}): FrameReport {
  const sink = new Sink();
  const time = (row: number): bigint => frame.timeNs[row] ?? 0n;
  for (let row = 0; row < frame.timeNs.length; row++) {
    if (row > 0 && time(row) < time(row - 1)) sink.row(TIME_ORDER, row, 'is older than the row before it');
    if (isInFuture(time(row), options.nowNs)) sink.row(TIME_IN_FUTURE, row, 'is in the future');
  }
  const prices = frame.price === undefined ? judgeQuotes(frame, sink) : judgeTrades(frame, sink);
  const bars: BarFrame = { symbol: frame.symbol, timeNs: frame.timeNs, close: prices };
  const series = new PriceSeries(bars);
  const { factors } = findUnitErrors({ series }, sink);
  findBadTicks({ series }, (at) => factors[at] !== 1, sink);
  const findings = sink.findings.sort((a: FrameFinding, b: FrameFinding) => a.from - b.from);
  return { rows: frame.timeNs.length, findings, notes: sink.notes };
}

/** Shapes of trades; returns their prices. */
function judgeTrades(frame: TickFrame, sink: Sink): Float64Array {
  const prices = frame.price ?? new Float64Array(0);
  prices.forEach((price, row) => {
    if (Number.isNaN(price)) sink.row(MISSING_VALUE, row, 'no price');
    else if (!(price > 0) || price === Infinity) sink.row(PRICE_POSITIVE, row, `price is ${price}`);
    const size = valueAt(frame.size, row);
    if (size < 0 || size === Infinity) sink.row(SIZE_NEGATIVE, row, `size is ${size}`);
  });
  return prices;
}

/** Shapes of quotes; returns their middle, NaN where a side is not there. */
function judgeQuotes(frame: TickFrame, sink: Sink): Float64Array {
  const rows = frame.timeNs.length;
  const middle = new Float64Array(rows).fill(NaN);
  const spreads = new Float64Array(rows).fill(NaN);
  let locked = 0;
  let oneSided = 0;
  for (let row = 0; row < rows; row++) {
    const [bid, ask] = [valueAt(frame.bid, row), valueAt(frame.ask, row)];
    if (bid < 0 || ask < 0 || bid === Infinity || ask === Infinity) {
      sink.row(QUOTE_PRICE, row, `bid ${bid}, ask ${ask}: not finite and above 0`);
    } else if (!(bid > 0) || !(ask > 0)) {
      oneSided++;
    } else {
      if (bid > ask) sink.row(QUOTE_CROSSED, row, `bid ${bid} is above ask ${ask}`);
      if (bid === ask) locked++;
      middle[row] = (bid + ask) / 2;
      spreads[row] = (ask - bid) / (middle[row] ?? NaN);
    }
  }
  sink.note(QUOTE_CROSSED, locked, 'locked: bid and ask are the same');
  sink.note(QUOTE_PRICE, oneSided, 'quotes of one side only, or none (empty, or 0)');
  const limit = Math.max(minSpread, spreadTimes * median([...spreads].filter((spread) => spread > 0)));
  spreads.forEach((spread, row) => {
    if (!(spread > limit)) return;
    sink.row(QUOTE_SPREAD, row, `bid ${valueAt(frame.bid, row)}, ask ${valueAt(frame.ask, row)}`);
    // Its middle is nobody's price.
    middle[row] = NaN;
  });
  return middle;
}
