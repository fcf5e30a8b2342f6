import type { BarFrame } from '../bar-frame.ts';
import { scaleCells } from '../scale.ts';
import { valueAt } from '../columns.ts';
import type { FrameContext, FrameRule, Sink } from '../frame-rule.ts';
import type { PriceSeries } from '../series.ts';

const UNIT = 100;
const LOG_UNIT = Math.log(UNIT);
const MAX_STEPS = 2;
/** Between the two prices the market moved, too. */
const LOG_TOLERANCE = Math.log(1.6);
/** Rows at the end of a series that are enough to say which unit it is in now. */
const MIN_NEWEST_ROWS = 5;
/** A series that is in the other unit for so many stretches, of so many rows on average, is quoted in both. */
const MIXED_STRETCHES = 4;
const MIXED_ROWS = 3;

export const UNIT_ERROR: FrameRule = {
  id: 'unit-error',
  severity: 'quarantine',
  description:
    'Prices of a stretch, a row or a single cell are 100 times, or a hundredth of, those around them. What the newest rows are in counts as right, if they are enough; else what most rows are in. Where a long series keeps changing, nothing in it says which is meant: one finding.',
  reason:
    'Pence and pounds, cents and dollars, agorot and shekels: the vendor changed the currency unit. No market moves a hundredfold from one bar to the next and back.',
  example: '`close 34.2, 3423, 34.6`: the second is in cents.',
  parameters: {
    unit: UNIT,
    tolerance: 1.6,
    minNewestRows: MIN_NEWEST_ROWS,
    mixedStretches: MIXED_STRETCHES,
    mixedRows: MIXED_ROWS,
  },
};

export interface UnitRepair {
  /** What close has to be multiplied with, of each place of the series. */
  readonly factors: Float64Array;
  /** The frame with every cell in the unit of the newest rows. */
  readonly frame: BarFrame;
}

/** Finds rows and cells in another currency unit. */
export function findUnitErrors({ series }: FrameContext, sink: Sink): UnitRepair {
  const levels = unitLevels(series);
  const factors = new Float64Array(series.length).fill(1);
  const right = rightLevel(levels.level);
  if (isMixed(levels, right)) {
    reportMixed(series, levels.switchPlaces, sink);
  } else if (levels.switchPlaces.length > 0) {
    for (let at = 0; at < series.length; at++) {
      factors[at] = UNIT ** (right - (levels.level[at] ?? 0));
    }
  }
  findWrongCells(series, factors, sink);
  return { factors, frame: inOneUnit(series, factors) };
}

interface UnitLevels {
  /** Of each place: 0 for the unit of the first row, 1 for 100 times it, -1 for a hundredth. */
  readonly level: Int32Array;
  readonly switchPlaces: readonly number[];
}

function unitLevels(series: PriceSeries): UnitLevels {
  const level = new Int32Array(series.length);
  const switchPlaces: number[] = [];
  for (let at = 1; at < series.length; at++) {
    const step = unitStep(series.returnAt(at));
    level[at] = (level[at - 1] ?? 0) + step;
    if (step !== 0) switchPlaces.push(at);
  }
  return { level, switchPlaces };
}

/** Units between two prices; 2 where one row is a hundredth and the next a hundred times. */
function unitStep(logMove: number): number {
  const steps = Math.round(logMove / LOG_UNIT);
  const isUnit = Math.abs(steps) <= MAX_STEPS && Math.abs(logMove - steps * LOG_UNIT) <= LOG_TOLERANCE;
  return isUnit ? steps : 0;
}

/** Not one stretch before a change of the unit, nor single rows that are wrong, but long stretches by turns. */
function isMixed({ switchPlaces, level }: UnitLevels, right: number): boolean {
  const stretches = switchPlaces.filter((at) => level[at] !== right).length;
  const [first = 0] = switchPlaces;
  const rows = level.subarray(first).filter((value) => value !== right).length;
  return stretches >= MIXED_STRETCHES && rows >= stretches * MIXED_ROWS;
}

function reportMixed(series: PriceSeries, places: readonly number[], sink: Sink): void {
  const [first = 0] = places;
  sink.row(
    UNIT_ERROR,
    series.row(first),
    `from here on prices change ${places.length} times between two units a hundredfold apart (${series.close(first - 1)}, then ${series.close(first)}): say which one is meant, and convert the others`,
  );
}

function rightLevel(level: Int32Array): number {
  const newest = level.at(-1) ?? 0;
  let run = 0;
  while (run < level.length && level[level.length - 1 - run] === newest) run++;
  if (run >= MIN_NEWEST_ROWS) return newest;
  const counts = new Map<number, number>();
  for (const value of level) counts.set(value, (counts.get(value) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return most?.[0] ?? newest;
}

const CELLS = ['open', 'high', 'low', 'close'] as const;

/** Whole rows by their factor, neighbours together; cells by comparison with what the row should be. */
function findWrongCells(series: PriceSeries, factors: Float64Array, sink: Sink): void {
  let stretch: { readonly from: number; readonly to: number } | undefined;
  const report = (): void => {
    if (stretch !== undefined) reportStretch(series, factors, stretch, sink);
    stretch = undefined;
  };
  for (let at = 0; at < series.length; at++) {
    const expected = series.close(at) * (factors[at] ?? 1);
    const wrong = wrongCells(series, at, expected);
    const isWhole = wrong.length === CELLS.length;
    if (stretch !== undefined && !(isWhole && continues(series, factors, stretch.to, at))) report();
    if (isWhole) stretch = { from: stretch?.from ?? at, to: at };
    else if (wrong.length > 0) reportCells(series, at, wrong, expected, sink);
  }
  report();
}

/** A cell may be right in a row whose close is not, so that each is judged by itself. */
function inOneUnit(series: PriceSeries, factors: Float64Array): BarFrame {
  return scaleCells(series, ['open', 'high', 'low', 'close', 'adjClose'], (name, at) => {
    const factor = factors[at] ?? 1;
    if (name === 'close' || name === 'adjClose') return factor;
    const cell = valueAt(series.frame[name], series.row(at));
    return UNIT ** -unitStep(Math.log(cell / (series.close(at) * factor)));
  });
}

type CellName = (typeof CELLS)[number];

function wrongCells(series: PriceSeries, at: number, expected: number): readonly CellName[] {
  const prices = series.prices(at);
  return CELLS.filter((_name, cell) => unitStep(Math.log((prices[cell] ?? NaN) / expected)) !== 0);
}

function continues(series: PriceSeries, factors: Float64Array, last: number, at: number): boolean {
  return factors[last] === factors[at] && series.row(last) === series.row(at) - 1;
}

function reportStretch(
  series: PriceSeries,
  factors: Float64Array,
  { from, to }: { readonly from: number; readonly to: number },
  sink: Sink,
): void {
  const close = series.close(from);
  const expected = close * (factors[from] ?? 1);
  sink.range(
    UNIT_ERROR,
    { from: series.row(from), to: series.row(to) },
    `prices are ${sizeText(close, expected)}: close ${close} where ${short(expected)} was to be expected`,
  );
}

function reportCells(
  series: PriceSeries,
  at: number,
  wrong: readonly CellName[],
  expected: number,
  sink: Sink,
): void {
  const prices = series.prices(at);
  const shown = wrong.map((name) => `${name} ${prices[CELLS.indexOf(name)]}`).join(', ');
  const first = prices[CELLS.findIndex((name) => name === wrong[0])] ?? NaN;
  const verb = wrong.length === 1 ? 'is' : 'are';
  sink.row(
    UNIT_ERROR,
    series.row(at),
    `${shown} ${verb} ${sizeText(first, expected)}: about ${short(expected)} was to be expected`,
  );
}

function sizeText(value: number, expected: number): string {
  return value > expected ? `${UNIT} times too large` : `${UNIT} times too small`;
}

function short(value: number): number {
  return Number(value.toPrecision(6));
}
