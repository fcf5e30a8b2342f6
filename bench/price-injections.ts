/**
 * How well the rules find defects that were put into clean prices at random places, by kind of defect and length of the series:
 * `npm run bench -- price-injections`. It guards against rules that fit the known pairs (price-defects) only. Prices are Yahoo's of files without
 * a known defect, by day and by week, cut into windows at random; seeded, so that two runs print the same. Asserts nothing.
 */
import { join } from 'node:path';
import { tableFrames, validateMarketData, type BarFrame } from '@tickwell/validation';
import { Dice } from './support/dice.ts';
import { DATA_MISSING, PAIRS_DIR, tableOf } from '../tools/cli/src/validate/fixtures/price-defects.ts';

const FILES = ['CALM', 'HSBK-IL', 'IBE-MC', 'KMR-L', 'TISG-MI'].map(
  (name) => `${name}-1d-no-bad-divs.csv.gz`,
);
const WINDOWS = 200;
const LENGTHS = [10, 20, 40, 100, 400];
const ROWS_A_WEEK = 5;
const SPLITS = [2, 3, 4, 5, 10, 20, 0.5, 0.2, 0.1, 0.04, 1.5];

/** One bar that can be changed. */
interface Row {
  timeNs: bigint;
  open: number;
  high: number;
  low: number;
  close: number;
  adjClose: number;
  volume: number;
  dividend: number;
  split: number;
}

/** Changes rows and says which are wrong now. */
type Injection = (rows: Row[], dice: Dice) => ReadonlySet<number>;

const PRICES = ['open', 'high', 'low', 'close', 'adjClose'] as const;

function scale(
  row: Row | undefined,
  factor: number,
  names: readonly (typeof PRICES)[number][] = PRICES,
): void {
  if (row !== undefined) for (const name of names) row[name] *= factor;
}

/** Some rows, never all next to each other. */
function someRows(rows: readonly Row[], dice: Dice): ReadonlySet<number> {
  const count = dice.between(1, Math.max(1, Math.floor(rows.length / 8)));
  return new Set(Array.from({ length: count }, () => dice.between(0, rows.length - 1)));
}

function unadjustedSplit(rows: Row[], dice: Dice, from: (ex: number) => number): ReadonlySet<number> {
  const ratio = dice.of(SPLITS);
  const ex = dice.between(Math.floor(rows.length / 4), rows.length - 2);
  const wrong = new Set<number>();
  for (let at = from(ex); at < ex; at += 1) {
    const row = rows[at];
    scale(row, ratio);
    if (row !== undefined) row.volume /= ratio;
    wrong.add(at);
  }
  const day = rows[ex];
  if (day !== undefined) day.split = ratio;
  return wrong;
}

/** A dividend whose factor was left out of the adjusted closes before it, or is in them without having been paid. */
function wrongDividend(rows: Row[], dice: Dice, isPhantom: boolean): ReadonlySet<number> {
  const ex = dice.between(Math.floor(rows.length / 2), rows.length - 3);
  const [day, before] = [rows[ex], rows[ex - 1]];
  if (day === undefined || before === undefined || rows.some(({ dividend }) => dividend > 0))
    return new Set();
  const amount = before.close * (0.02 + 0.06 * dice.next());
  const wrong = new Set<number>();
  for (const [at, row] of rows.slice(0, ex).entries()) {
    if (isPhantom) row.adjClose *= 1 - amount / before.close;
    wrong.add(at);
  }
  day.dividend = amount;
  // What was paid is gone from the price.
  if (!isPhantom) for (const row of rows.slice(ex)) scale(row, 1 - amount / before.close);
  if (isPhantom) wrong.add(ex);
  return wrong;
}

const INJECTIONS: Readonly<Record<string, Injection>> = {
  nothing: () => new Set(),
  'rows in another unit': (rows, dice) => {
    const wrong = someRows(rows, dice);
    for (const at of wrong) scale(rows[at], dice.of([100, 0.01]));
    return wrong;
  },
  'cells in another unit': (rows, dice) => {
    const wrong = someRows(rows, dice);
    const cells = dice.of([['open'], ['high'], ['low'], ['close', 'adjClose']] as const);
    for (const at of wrong) scale(rows[at], dice.of([100, 0.01]), cells);
    return wrong;
  },
  'all before a split': (rows, dice) => unadjustedSplit(rows, dice, () => 0),
  'days before a split': (rows, dice) =>
    unadjustedSplit(rows, dice, (ex) => Math.max(0, ex - dice.between(1, 5))),
  'a bad tick': (rows, dice) => {
    const at = dice.between(1, rows.length - 2);
    const factor = dice.of([1.5, 2, 5]);
    const where = dice.of(['high', 'low', 'all'] as const);
    if (where === 'all') scale(rows[at], dice.of([factor, 1 / factor]));
    else scale(rows[at], where === 'high' ? factor : 1 / factor, [where]);
    return new Set([at]);
  },
  'a missing dividend': (rows, dice) => wrongDividend(rows, dice, false),
  'a phantom dividend': (rows, dice) => wrongDividend(rows, dice, true),
};

async function rowsOf(file: string): Promise<readonly Row[]> {
  const frames = tableFrames(await tableOf(join(PAIRS_DIR, file)), {});
  const frame = frames.ok ? frames.value.frames[0]?.frame : undefined;
  if (frame === undefined) throw new Error(`${file} cannot be read`);
  const value = (column: Float64Array | undefined, at: number): number => column?.[at] ?? 0;
  return [...frame.timeNs]
    .map((timeNs, at) => ({
      timeNs,
      open: value(frame.open, at),
      high: value(frame.high, at),
      low: value(frame.low, at),
      close: value(frame.close, at),
      adjClose: value(frame.adjClose, at),
      volume: value(frame.volume, at),
      dividend: value(frame.dividends, at),
      split: 0,
    }))
    .filter(({ close }) => close > 0)
    .sort((a, b) => (a.timeNs < b.timeNs ? -1 : 1));
}

function weeksOf(days: readonly Row[]): readonly Row[] {
  const weeks: Row[] = [];
  for (let at = 0; at + ROWS_A_WEEK <= days.length; at += ROWS_A_WEEK) {
    const week = days.slice(at, at + ROWS_A_WEEK);
    const [first, last] = [week[0], week.at(-1)];
    if (first === undefined || last === undefined) continue;
    const sum = (of: (row: Row) => number): number => week.reduce((total, row) => total + of(row), 0);
    weeks.push({
      ...last,
      timeNs: first.timeNs,
      open: first.open,
      high: Math.max(...week.map(({ high }) => high)),
      low: Math.min(...week.map(({ low }) => low)),
      volume: sum(({ volume }) => volume),
      dividend: sum(({ dividend }) => dividend),
    });
  }
  return weeks;
}

function frameOf(rows: readonly Row[]): BarFrame {
  const column = (of: (row: Row) => number): Float64Array => Float64Array.from(rows, of);
  return {
    symbol: 'X',
    timeNs: BigInt64Array.from(rows, ({ timeNs }) => timeNs),
    open: column(({ open }) => open),
    high: column(({ high }) => high),
    low: column(({ low }) => low),
    close: column(({ close }) => close),
    adjClose: column(({ adjClose }) => adjClose),
    volume: column(({ volume }) => volume),
    dividends: column(({ dividend }) => dividend),
    splits: column(({ split }) => split),
  };
}

interface Score {
  defective: number;
  caught: number;
  clean: number;
  flagged: number;
}

function scoreOf(pool: readonly (readonly Row[])[], length: number, inject: Injection, dice: Dice): Score {
  const score = { defective: 0, caught: 0, clean: 0, flagged: 0 };
  for (let window = 0; window < WINDOWS; window += 1) {
    const series = dice.of(pool);
    const size = Math.min(length, series.length);
    const from = dice.between(0, series.length - size);
    const rows = series.slice(from, from + size).map((row) => ({ ...row }));
    const wrong = inject(rows, dice);
    const found = new Set<number>();
    for (const finding of validateMarketData(frameOf(rows)).findings)
      for (let at = finding.from; at <= finding.to; at += 1) found.add(at);
    for (const at of rows.keys()) {
      if (wrong.has(at)) {
        score.defective += 1;
        if (found.has(at)) score.caught += 1;
      } else {
        score.clean += 1;
        if (found.has(at)) score.flagged += 1;
      }
    }
  }
  return score;
}

function share(part: number, of: number): string {
  return of === 0 ? '-' : `${((100 * part) / of).toFixed(2)} %`;
}

if (DATA_MISSING !== undefined) {
  console.log(DATA_MISSING);
} else {
  const days = await Promise.all(FILES.map(rowsOf));
  const dice = new Dice();
  console.log(`${'put in'.padEnd(24)}${'rows'.padEnd(14)}defective    caught    clean  flagged`);
  for (const [step, pool] of [
    ['daily', days],
    ['weekly', days.map(weeksOf)],
  ] as const) {
    for (const [name, inject] of Object.entries(INJECTIONS)) {
      for (const length of LENGTHS) {
        const { defective, caught, clean, flagged } = scoreOf(pool, length, inject, dice);
        const cells = [String(defective), share(caught, defective), String(clean), share(flagged, clean)];
        console.log(
          `${name.padEnd(24)}${`${length} ${step}`.padEnd(13)}${cells.map((cell) => cell.padStart(10)).join('')}`,
        );
      }
    }
  }
}
