import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Session } from './calendar.ts';
import { calendarOf, nsOf } from './fixtures/calendar-of.ts';

/** Calendars that exchange_calendars' own tests hold, and ones generated with it, which are not part of the repository. */
const FOLDER = join(
  process.env['TICKWELL_TEST_DATA'] ?? join(import.meta.dirname, '../../../../shared/data'),
  'exchange_calendars',
);

/**
 * The library's tests of CMES have six days that the released library (4.13.2), the generated files and this calendar do not
 * have: Juneteenth closed at noon. CME-EQUITY and CME-ENERGY have that early close.
 */
const JUNETEENTH = new Set([20220620, 20230619, 20240619, 20250619, 20260619, 20270618]);

const FILES: readonly (readonly [file: string, id: string, sessions: number])[] = [
  ['xnys.csv.gz', 'XNYS', 5796],
  ['xlon.csv.gz', 'XLON', 5986],
  ['xtks.csv.gz', 'XTKS', 6613],
  ['cmes.csv.gz', 'CMES', 7102 - JUNETEENTH.size],
  ['24-7.csv.gz', '24-7', 366],
  ['generated_XNYS_2007_2026.csv.gz', 'XNYS', 5031],
  ['generated_XNAS_2007_2026.csv.gz', 'XNAS', 5031],
  ['generated_XLON_2007_2026.csv.gz', 'XLON', 5054],
  ['generated_XTKS_2007_2026.csv.gz', 'XTKS', 4889],
  ['generated_CMES_2007_2026.csv.gz', 'CMES', 5158],
];

interface Row {
  readonly date: number;
  readonly openNs: bigint;
  readonly closeNs: bigint;
  readonly breaksNs: readonly bigint[];
}

/** From 2000 on. */
function rowsOf(file: string): readonly Row[] {
  const [header = '', ...lines] = gunzipSync(readFileSync(join(FOLDER, file)))
    .toString()
    .trim()
    .split('\n');
  const columns = header.split(',');
  const rows = lines.map((line): Row => {
    const cells = line.trim().split(',');
    const at = (name: string): string => cells[columns.indexOf(name)] ?? '';
    return {
      date: Number((cells[0] ?? '').slice(0, 10).replaceAll('-', '')),
      openNs: nsOf(at('open')),
      closeNs: nsOf(at('close')),
      breaksNs: [at('break_start'), at('break_end')].filter((text) => text !== '').map(nsOf),
    };
  });
  return rows.filter(({ date }) => date >= 20000101);
}

function rowOf({ date, openNs, closeNs, breaks }: Session): Row {
  return { date, openNs, closeNs, breaksNs: breaks.flatMap(({ startNs, endNs }) => [startNs, endNs]) };
}

describe.skipIf(!existsSync(FOLDER))(`every day of ${FOLDER}`, () => {
  it.each(FILES)('%s equals %s', (file, id, count) => {
    const rows = rowsOf(file);
    const sessions = calendarOf(id).sessions(rows[0]?.date ?? 0, rows.at(-1)?.date ?? 0);
    if (!sessions.ok) throw new Error(sessions.error);
    const compared = (row: Row): boolean => file !== 'cmes.csv.gz' || !JUNETEENTH.has(row.date);
    const theirs = rows.filter(compared);
    expect([...sessions.value].map(rowOf).filter(compared)).toEqual(theirs);
    expect(theirs).toHaveLength(count);
  });

  it('cmes.csv.gz closes at noon on Juneteenth, as CME-EQUITY does', () => {
    const days = rowsOf('cmes.csv.gz').filter(({ date }) => JUNETEENTH.has(date));
    const closes = days.map(({ date }) => {
      const session = calendarOf('CME-EQUITY').sessionOn(date);
      return session.ok ? session.value?.closeNs : undefined;
    });
    expect(closes).toEqual(days.map(({ closeNs }) => closeNs));
    expect(days).toHaveLength(6);
  });
});
