import type { RowColumn, TableRows } from '@tickwell/ports';

/** The last time QuestDB keeps; see docs of libs/questdb. */
const MAX_TIME_NS = 9_214_646_399_999_999_999n;
const MAX_LONG = 2n ** 63n - 1n;
/** Names are indexed by the store; nobody's symbol is longer. */
const MAX_NAME_LENGTH = 512;

/** Why the store would refuse or change the rows; undefined when it takes them as they are. One column, one line. */
export function notStorable(rows: readonly TableRows[]): string | undefined {
  for (const part of rows) {
    const time = part.timestampNs.find(badTime);
    if (time !== undefined) return `an event time of ${time} ns: the store keeps 1970 to 2261`;
    for (const column of part.columns) {
      const problem = columnProblem(column);
      if (problem !== undefined) return `column ${column.name} ${problem}`;
    }
  }
  return undefined;
}

function columnProblem(column: RowColumn): string | undefined {
  switch (column.type) {
    case 'double':
      return some(column.values, infinite) ? 'holds an infinite number' : undefined;
    case 'timestamp':
      return some(column.values, (time) => time !== null && badTime(time))
        ? 'holds a time the store does not keep'
        : undefined;
    case 'long':
      return some(column.values, badLong) ? 'holds a number beyond 64 bits with sign' : undefined;
    case 'symbol':
      return some(column.values, longName)
        ? `holds a name of more than ${MAX_NAME_LENGTH} characters`
        : undefined;
    case 'varchar':
    case 'boolean':
      return undefined;
  }
}

function some<T>(values: readonly T[] | T, test: (value: T) => boolean): boolean {
  return isList(values) ? values.some(test) : test(values);
}

function isList<T>(values: readonly T[] | T): values is readonly T[] {
  return Array.isArray(values);
}

function badTime(timeNs: bigint): boolean {
  return timeNs < 0n || timeNs > MAX_TIME_NS;
}

function infinite(value: number): boolean {
  return value === Infinity || value === -Infinity;
}

function badLong(value: bigint | number | null): boolean {
  return typeof value === 'bigint' && (value > MAX_LONG || value < -MAX_LONG);
}

function longName(value: string | null): boolean {
  return value !== null && value.length > MAX_NAME_LENGTH;
}
