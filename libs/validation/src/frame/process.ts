import type { BarFrame, FrameFinding } from './bar-frame.ts';
import { takeRows, VALUE_COLUMNS, type ValueColumn } from './columns.ts';
import { examine } from './examine.ts';
import { Sink } from './frame-rule.ts';
import { BAR_PRICE, BAR_RANGE, BAR_VOLUME } from './rules/bar-shape.ts';
import { MISSING_VALUE } from './rules/missing.ts';
import { findOrderErrors, TIME_IN_FUTURE } from './rules/order.ts';
import { BAD_TICK } from './rules/spike.ts';
import { validateMarketData, type FrameReport, type ValidateOptions } from './validate.ts';

/** Rules that say a row is wrong and not what it should be. */
const REMOVED: ReadonlySet<string> = new Set(
  [TIME_IN_FUTURE, MISSING_VALUE, BAR_PRICE, BAR_VOLUME, BAR_RANGE, BAD_TICK].map(({ id }) => id),
);

/** One value that was replaced. `row`: index into the frame that was given. */
export interface FrameChange {
  readonly row: number;
  readonly column: ValueColumn;
  readonly from: number;
  readonly to: number;
}

/** A row that is left out. `row`: index into the frame that was given. */
export interface FrameRemoval {
  readonly row: number;
  readonly rule: string;
  readonly message: string;
}

export interface ProcessedFrame {
  /** In time order, repaired where the findings say what a value should be, without the rows that cannot be. */
  readonly frame: BarFrame;
  /** Index into the frame that was given, of each row that is left. */
  readonly rows: readonly number[];
  readonly changes: readonly FrameChange[];
  readonly removed: readonly FrameRemoval[];
  /** What was wrong before. */
  readonly report: FrameReport;
  /** What is left, in rows of the new frame: findings that say nothing about a value, and notes. */
  readonly remaining: FrameReport;
}

/**
 * Cleans bars. Replaced is only what the evidence gives a value for: prices in another unit or in other shares, adjusted closes,
 * dividends. A row with a price that cannot be is left out, and so is the second of two rows of one time; everything else stays as it is.
 * Pure.
 */
export function processMarketData(frame: BarFrame, options: ValidateOptions = {}): ProcessedFrame {
  const order = findOrderErrors(frame, undefined, new Sink());
  const before = takeRows(frame, order);
  const repaired = examine(before, new Sink());
  const changes = differences(before, repaired, order);
  const { findings } = validateMarketData(repaired, options);
  const wrong = new Map<number, FrameFinding>();
  for (const finding of findings) {
    if (!REMOVED.has(finding.rule) || isVolumeOnly(repaired, finding)) continue;
    for (let row = finding.from; row <= finding.to; row++) wrong.set(row, finding);
  }
  const kept = order.map((_row, index) => index).filter((index) => !wrong.has(index));
  const left = takeRows(repaired, kept);
  return {
    frame: left,
    rows: kept.map((index) => order[index] ?? -1),
    changes,
    removed: [...removals(wrong, order), ...repeats(frame, order)].sort((a, b) => a.row - b.row),
    report: validateMarketData(frame, options),
    remaining: validateMarketData(left, options),
  };
}

/** A bar without a volume is still a bar. */
function isVolumeOnly(frame: BarFrame, { rule, from }: FrameFinding): boolean {
  return (
    rule === MISSING_VALUE.id &&
    [frame.open, frame.high, frame.low, frame.close].every(
      (column) => column === undefined || !Number.isNaN(column[from]),
    )
  );
}

function differences(before: BarFrame, after: BarFrame, order: readonly number[]): readonly FrameChange[] {
  const changes: FrameChange[] = [];
  for (const column of VALUE_COLUMNS) {
    const [old, values] = [before[column], after[column]];
    if (old === undefined || values === undefined || old === values) continue;
    values.forEach((to, index) => {
      const from = old[index] ?? NaN;
      if (!Object.is(from, to)) changes.push({ row: order[index] ?? -1, column, from, to });
    });
  }
  return changes;
}

function removals(
  wrong: ReadonlyMap<number, FrameFinding>,
  order: readonly number[],
): readonly FrameRemoval[] {
  return [...wrong].map(([index, { rule, message }]) => ({ row: order[index] ?? -1, rule, message }));
}

/** Rows that share their time with one that was kept. */
function repeats(frame: BarFrame, order: readonly number[]): readonly FrameRemoval[] {
  const kept = new Set(order);
  const sink = new Sink();
  findOrderErrors(frame, undefined, sink);
  return sink.findings
    .filter(({ rule, from }) => rule.startsWith('duplicate') && !kept.has(from))
    .map(({ rule, from, message }) => ({ row: from, rule, message }));
}
