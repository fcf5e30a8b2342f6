import { create } from '@bufbuild/protobuf';
import type { Calendar } from '@tickwell/calendar';
import { queryV1 } from '@tickwell/contracts';
import { err, ok, parseInterval, type Interval, type Result } from '@tickwell/domain';
import { BEST_SOURCE } from '@tickwell/source-policy';
import { rangeArgument, symbolsArgument } from '../arguments.ts';
import type { AxisJoin } from './align.ts';
import { barNumbersArgument, columnsToRead, type BarNumber } from './bar-numbers.ts';

const MAX_JOINED_SYMBOLS = 2_000;
const MAX_FILL_ROWS = 1_000_000;

export interface AlignPlan {
  readonly symbols: readonly string[];
  readonly interval: Interval;
  readonly columns: readonly BarNumber[];
  readonly startNs: bigint | undefined;
  readonly endNs: bigint | undefined;
  readonly join: AxisJoin | 'sessions';
  readonly fillRows: number;
  readonly calendar: Calendar | undefined;
  /** Of one symbol; the symbol, range and limit are left to be said. */
  readonly bars: queryV1.GetBarsRequest;
}

const JOINS: ReadonlyMap<queryV1.AxisJoin, AlignPlan['join']> = new Map([
  [queryV1.AxisJoin.UNSPECIFIED, 'outer'],
  [queryV1.AxisJoin.INNER, 'inner'],
  [queryV1.AxisJoin.LEFT, 'left'],
  [queryV1.AxisJoin.SESSIONS, 'sessions'],
]);

/** @param calendarOf the calendar of a name, else that of a symbol's instrument. */
export function alignArguments(
  request: queryV1.GetAlignedRequest,
  calendarOf: (symbol: string, named: string) => Result<Calendar, string>,
): Result<AlignPlan, string> {
  const symbols = joinedSymbols('symbols', request.symbols);
  if (!symbols.ok) return symbols;
  const [first = ''] = symbols.value;
  const interval = timeInterval('interval', request.interval);
  if (!interval.ok) return interval;
  const columns = barNumbersArgument('columns', request.columns);
  if (!columns.ok) return columns;
  const range = rangeArgument(request.range);
  if (!range.ok) return range;
  const { startNs, endNs } = range.value;
  const join = JOINS.get(request.join);
  if (join === undefined)
    return err(`join ${request.join} is not known: use AXIS_JOIN_INNER, _LEFT or _SESSIONS, or none`);
  if (request.fillRows > MAX_FILL_ROWS)
    return err(`fill_rows ${request.fillRows} is too large: at most ${MAX_FILL_ROWS}`);
  if (join === 'sessions' && (startNs === undefined || endNs === undefined))
    return err('join AXIS_JOIN_SESSIONS: name both sides of the range');
  const isNeeded = join === 'sessions' || request.calendar !== '';
  const calendar = isNeeded ? calendarOf(first, request.calendar) : undefined;
  if (calendar?.ok === false) return calendar;
  const { source, priceType, adjustment, asOfNs, strict, backAdjustment, resampleFrom, alignment } = request;
  const bars = create(queryV1.GetBarsRequestSchema, {
    interval: request.interval,
    source: source === '' ? BEST_SOURCE : source,
    priceType,
    columns: columnsToRead(columns.value),
    ...{ adjustment, asOfNs, strict, backAdjustment, resampleFrom, alignment },
    calendar: request.calendar,
  });
  return ok({
    symbols: symbols.value,
    interval: interval.value,
    columns: columns.value,
    startNs,
    endNs,
    join,
    fillRows: request.fillRows,
    calendar: calendar?.value,
    bars,
  });
}

export function joinedSymbols(field: string, symbols: readonly string[]): Result<readonly string[], string> {
  if (symbols.length === 0) return err(`${field} is empty: name at least one instrument`);
  if (symbols.length > MAX_JOINED_SYMBOLS)
    return err(
      `${field} has ${symbols.length} entries, at most ${MAX_JOINED_SYMBOLS} go into one call: use several`,
    );
  return symbolsArgument(symbols);
}

/** Only bars of a time have a place on an axis of time. */
function timeInterval(field: string, text: string): Result<Interval, string> {
  if (text === '') return err(`${field} is empty: say for example "1d" or "5m"`);
  const parsed = parseInterval(text);
  return parsed.ok ? parsed : err(`${field}: ${parsed.error}`);
}
