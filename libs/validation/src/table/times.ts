import { parseTimeZone, type Result } from '@tickwell/domain';
import { createTimeParser, showCell, type Cell, type TimeColumn, type TimeParser } from '@tickwell/text';

export interface TimeChoice {
  /** Of times that say none; default UTC. */
  readonly timeZone: string;
  readonly timeFormat: string | undefined;
  readonly column: TimeColumn | undefined;
}

const SLASHES = /^(\d{1,2})\/(\d{1,2})\/\d{4}(.*)$/;

/**
 * A parser for the times of a table, which are all of one format. Dates with slashes are day first or month first by which of the two
 * numbers exceeds 12 somewhere; where neither does, the American order.
 */
export function tableTimes(cells: readonly Cell[], choice: TimeChoice): Result<TimeParser, string> {
  const zone = parseTimeZone(choice.timeZone);
  if (!zone.ok) return zone;
  const sample = cells.find((cell) => typeof cell !== 'string' || cell.trim() !== '');
  const format = choice.timeFormat ?? slashFormat(cells) ?? 'auto';
  return createTimeParser({
    format,
    zone: zone.value,
    column: choice.column,
    sample: readable(cells, sample),
    show: showCell,
  });
}

/** The first time that looks like one: a damaged first row must not cost the file. */
function readable(cells: readonly Cell[], first: Cell): Cell {
  return cells.find((cell) => typeof cell !== 'string' || /\d{4}/.test(cell)) ?? first;
}

function slashFormat(cells: readonly Cell[]): string | undefined {
  let dayFirst = false;
  let rest: string | undefined;
  for (const cell of cells) {
    const match = typeof cell === 'string' ? SLASHES.exec(cell.trim()) : null;
    if (match === null) continue;
    rest ??= match[3] ?? '';
    if (Number(match[1]) > 12) dayFirst = true;
  }
  if (rest === undefined) return undefined;
  const date = dayFirst ? 'D/M/YYYY' : 'M/D/YYYY';
  const seconds = /:\d{2}:\d{2}$/.test(rest) ? ':ss' : '';
  return rest === '' ? date : `${date} H:mm${seconds}`;
}
