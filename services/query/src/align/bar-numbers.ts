import { events, type queryV1 } from '@tickwell/contracts';
import { err, ok, type BarColumns, type Result } from '@tickwell/domain';

/** Columns of bars that are numbers, by their names in the schema. */
const NUMBERS = {
  open: 'open',
  high: 'high',
  low: 'low',
  close: 'close',
  volume: 'volume',
  vwap: 'vwap',
  trade_count: 'tradeCount',
} as const satisfies Readonly<Record<string, keyof BarColumns>>;

export type BarNumber = keyof typeof NUMBERS;
const NAMES = Object.keys(NUMBERS);

/** The columns asked for, each once; none: the close. */
export function barNumbersArgument(
  field: string,
  columns: readonly string[],
): Result<readonly BarNumber[], string> {
  const chosen: BarNumber[] = [];
  for (const name of columns) {
    if (!isBarNumber(name))
      return err(`${field}: ${JSON.stringify(name.slice(0, 80))} is not one of ${NAMES.join(', ')}`);
    if (!chosen.includes(name)) chosen.push(name);
  }
  return ok(chosen.length === 0 ? ['close'] : chosen);
}

function isBarNumber(name: string): name is BarNumber {
  return Object.hasOwn(NUMBERS, name);
}

/** Values of one column of a message; undefined where there are none. */
export function barNumbers(
  bars: queryV1.GetBarsResponse['bars'],
  name: BarNumber,
): readonly number[] | undefined {
  const values = bars?.[NUMBERS[name]];
  return values === undefined || values.length === 0 ? undefined : values;
}

/** What has to be read for them: the session date says which day a bar is of. */
export function columnsToRead(names: readonly BarNumber[]): string[] {
  return [...names, events.BarColumnsSchema.field.sessionDate.name];
}
