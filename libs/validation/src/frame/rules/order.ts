import type { BarFrame } from '../bar-frame.ts';
import { VALUE_COLUMNS, valueAt } from '../columns.ts';
import type { FrameRule, Sink } from '../frame-rule.ts';

const ALLOWANCE_HOURS = 24;
const ALLOWANCE_NS = BigInt(ALLOWANCE_HOURS) * 3_600_000_000_000n;

export const TIME_ORDER: FrameRule = {
  id: 'time-order',
  severity: 'flag',
  description:
    'Row is older than the one before it in a file that is oldest first, or newer in one that is newest first.',
  reason: 'A source writes in one direction; a row out of it was added or moved later.',
  example: '`10:01, 10:02, 09:58, 10:03`.',
  parameters: {},
};

export const DUPLICATE: FrameRule = {
  id: 'duplicate',
  severity: 'flag',
  description: 'Row repeats the time and all values of another one.',
  reason: 'An instrument has one bar of an interval at a time.',
  example: 'The same line twice.',
  parameters: {},
};

export const DUPLICATE_CONFLICT: FrameRule = {
  id: 'duplicate-conflict',
  severity: 'reject',
  description: 'Row has the time of another one, and other values.',
  reason:
    'An instrument has one bar of an interval at a time: one of the two is wrong, or they are different series.',
  example: '`2024-05-02 close 101` and `2024-05-02 close 103`.',
  parameters: {},
};

export const TIME_IN_FUTURE: FrameRule = {
  id: 'time-in-future',
  severity: 'reject',
  description: 'Row is further ahead of now than the allowance.',
  reason: 'What has not happened has no price; a day and a month in the wrong order often look like that.',
  example: '`2204-05-02`.',
  parameters: { allowanceHours: ALLOWANCE_HOURS },
};

/** Finds what is wrong with the times; returns the rows in time order, repeats left out. */
export function findOrderErrors(frame: BarFrame, nowNs: bigint | undefined, sink: Sink): readonly number[] {
  const time = (row: number): bigint => frame.timeNs[row] ?? 0n;
  const rows = Array.from(frame.close, (_value, row) => row);
  const falls = rows.filter((row) => row > 0 && time(row) < time(row - 1)).length;
  const isDescending = falls > rows.length / 2;
  for (const row of rows) {
    const isOut = isDescending ? time(row) > time(row - 1) : time(row) < time(row - 1);
    if (row > 0 && isOut)
      sink.row(TIME_ORDER, row, `is ${isDescending ? 'newer' : 'older'} than the row before it`);
  }
  const sorted = [...rows].sort((a, b) => (time(a) < time(b) ? -1 : time(a) > time(b) ? 1 : a - b));
  const kept: number[] = [];
  for (const row of sorted) {
    const last = kept.at(-1);
    if (isInFuture(time(row), nowNs)) sink.row(TIME_IN_FUTURE, row, 'is in the future');
    if (last === undefined || time(last) !== time(row)) kept.push(row);
    else if (isSameRow(frame, last, row)) sink.row(DUPLICATE, row, 'repeats another row');
    else sink.row(DUPLICATE_CONFLICT, row, 'has the time of another row and other values');
  }
  return kept;
}

export function isInFuture(timeNs: bigint, nowNs: bigint | undefined): boolean {
  return nowNs !== undefined && timeNs > nowNs + ALLOWANCE_NS;
}

function isSameRow(frame: BarFrame, a: number, b: number): boolean {
  return VALUE_COLUMNS.every((name) => Object.is(valueAt(frame[name], a), valueAt(frame[name], b)));
}
