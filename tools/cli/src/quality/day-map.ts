import type { SeriesCoverage } from '@tickwell/client';

/** Longer ranges are shown month by month. */
const MAX_DAYS = 93;
const MONTHS = 'JFMAMJJASOND';

interface Cell {
  expected: number;
  arrived: number;
}

/** A row of the map. */
interface Row {
  readonly name: string;
  /** By date (yyyymmdd), or by month (yyyymm). */
  readonly cells: ReadonlyMap<number, Cell>;
}

/** From nothing to all of it; where nothing is expected there is a blank. */
export const LEGEND = '█ all  ▓ 90 % and more  ▒ half and more  ░ some  · none';

/** One character per series and day; of long ranges per month. */
export function coverageMap(series: readonly SeriesCoverage[]): readonly string[] {
  const dates = series.flatMap(({ days }) => days.map(({ date }) => date));
  if (dates.length === 0) return [];
  const byMonth = dayNumber(Math.max(...dates)) - dayNumber(Math.min(...dates)) >= MAX_DAYS;
  const rows = series.filter(({ days }) => days.length > 0).map((one) => rowOf(one, byMonth ? 100 : 1));
  const width = Math.max(...rows.map(({ name }) => name.length), 'yyyy-mm'.length);
  const blocks = new Set(dates.map((date) => Math.floor(date / (byMonth ? 10_000 : 100))));
  return [...blocks]
    .sort((a, b) => a - b)
    .flatMap((block) => {
      const length = byMonth ? 12 : daysOfMonth(block);
      const head = byMonth ? MONTHS : Array.from({ length }, (_, day) => (day + 1) % 10).join('');
      const title = byMonth ? `${block}` : `${Math.floor(block / 100)}-${`${block % 100}`.padStart(2, '0')}`;
      const lines = rows.map(({ name, cells }) =>
        `${name.padEnd(width)}  ${Array.from({ length }, (_, at) => shade(cells.get(block * 100 + at + 1))).join('')}`.trimEnd(),
      );
      return [`${title.padEnd(width)}  ${head}`, ...lines];
    });
}

function rowOf({ symbol, source, days }: SeriesCoverage, divisor: number): Row {
  const cells = new Map<number, Cell>();
  for (const { date, expected, arrived } of days) {
    const key = Math.floor(date / divisor);
    const cell = cells.get(key) ?? { expected: 0, arrived: 0 };
    cells.set(key, { expected: cell.expected + expected, arrived: cell.arrived + arrived });
  }
  return { name: `${symbol} ${source === '' ? '-' : source}`, cells };
}

function shade(cell: Cell | undefined): string {
  if (cell === undefined || cell.expected === 0) return ' ';
  const share = cell.arrived / cell.expected;
  if (share >= 1) return '█';
  if (share >= 0.9) return '▓';
  if (share >= 0.5) return '▒';
  return share > 0 ? '░' : '·';
}

/** Of a month as yyyymm. */
function daysOfMonth(month: number): number {
  return new Date(Date.UTC(Math.floor(month / 100), month % 100, 0)).getUTCDate();
}

function dayNumber(date: number): number {
  return Date.UTC(Math.floor(date / 10_000), (Math.floor(date / 100) % 100) - 1, date % 100) / 86_400_000;
}
