import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installPython, pythonFailure, referencePython } from '@tickwell/local-stack';
import { beforeAll, describe, expect, it } from 'vitest';
import { calendarOf } from './fixtures/calendar-of.ts';
import type { Session } from './calendar.ts';

const SCRIPTS = join(import.meta.dirname, '../scripts');

type Row = readonly [
  date: number,
  open: number,
  close: number,
  pauseStart: number | null,
  pauseEnd: number | null,
];

/** Per calendar every session of 2000 to 2030; a text: why there is none. */
let reference: Readonly<Record<string, readonly Row[]>> | string;

async function askLibraries(): Promise<Readonly<Record<string, readonly Row[]>>> {
  const python = await referencePython();
  await installPython(python, join(SCRIPTS, 'requirements.txt'));
  const { stdout } = await promisify(execFile)(python, [join(SCRIPTS, 'reference.py')], {
    maxBuffer: 64 * 1024 * 1024,
    timeout: 240_000,
  });
  return JSON.parse(stdout) as Readonly<Record<string, readonly Row[]>>;
}

beforeAll(async () => {
  reference = await askLibraries().catch((error: unknown) => pythonFailure(error));
}, 600_000);

const seconds = (ns: bigint): number => Number(ns / 1_000_000_000n);

function rowOf({ date, openNs, closeNs, breaks }: Session): Row {
  const pause = breaks[0];
  const ends =
    pause === undefined ? ([null, null] as const) : ([seconds(pause.startNs), seconds(pause.endNs)] as const);
  return [date, seconds(openNs), seconds(closeNs), ...ends];
}

function ours(id: string): readonly Session[] {
  const sessions = calendarOf(id).sessions(20000101, 20301231);
  if (!sessions.ok) throw new Error(sessions.error);
  return [...sessions.value];
}

function theirs(id: string, skip: (reason: string) => never): readonly Row[] {
  if (typeof reference === 'string') return skip(reference);
  return reference[id] ?? [];
}

describe('every session of 2000 to 2030', () => {
  it.for(['XNYS', 'XNAS', 'XLON', 'XETR', 'XTKS', 'CMES', '24-7'])(
    'of %s equals exchange_calendars',
    (id, { skip }) => {
      const rows = theirs(id, skip);
      expect(rows.length).toBeGreaterThan(7500);
      expect(ours(id).map(rowOf)).toEqual(rows);
    },
  );

  // The hours of these are CME Group's (scripts/generate.py); the days and the early closes are the library's.
  it.for([
    ['CME-EQUITY', [20010911, 20010912, 20010913, 20010914, 20181205, 20250109]],
    ['CME-ENERGY', []],
  ] as const)('of %s has the days and early closes of pandas_market_calendars', ([id, known], { skip }) => {
    const rows = theirs(id, skip).filter(([date]) => !known.some((day) => day === date));
    expect(rows.length).toBeGreaterThan(7900);
    const sessions = ours(id).filter(({ date }) => !known.some((day) => day === date));
    expect(sessions.map(({ date }) => date)).toEqual(rows.map(([date]) => date));
    const modern = sessions.filter(({ date }) => date >= 20210628).map(rowOf);
    expect(modern).toEqual(rows.filter(([date]) => date >= 20210628));
    const early = sessions
      .filter(({ isSpecial }) => isSpecial)
      .map(({ date, closeNs }) => [date, seconds(closeNs)]);
    const daily = new Map(rows.map((row) => [row[0], row[2]]));
    expect(early).toEqual(early.map(([date = 0]) => [date, daily.get(date)]));
  });
});
