import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliHome } from '../support/cli.ts';
import { runIngest } from '../support/ingest.ts';
import { startTestPlatform } from '../support/platform.ts';
import { queryStore } from '../support/store.ts';
import { until } from '../support/wait.ts';

/** Close of a day of a ticker: the two companies that were FB, the second of which became META, and one that the map does not know. */
const ROWS = [
  ['2003-03-26', 'FB', 1.1],
  ['2003-03-27', 'FB', 1.2],
  ['2012-05-18', 'FB', 38.2],
  ['2022-06-08', 'FB', 196.6],
  ['2022-06-09', 'META', 184],
  ['2022-06-10', 'META', 175.6],
  ['2022-06-10', 'AAPL', 137.1],
] as const;

describe('a reused and a renamed ticker', () => {
  let platform: Platform;
  let home: CliHome;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwell-instruments-'));
    home = await CliHome.create();
    platform = await startTestPlatform();
  });
  afterAll(async () => {
    // Absent where it could not start.
    await (platform as Platform | undefined)?.stop();
    home.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const tickwell = (...args: string[]) => home.run('instrument', ...args, '--address', platform.grpcAddress);

  async function importRows(
    dataset: string,
    rows: readonly (readonly [string, string, number])[],
  ): Promise<void> {
    const path = join(folder, `${dataset}-${rows.length}.csv`);
    const lines = rows.map(([day, ticker, close]) => [day, ticker, close, close, close, close].join(','));
    writeFileSync(path, `time,symbol,open,high,low,close\n${lines.join('\n')}\n`);
    const files = [{ path, dataset, kind: 'bars', interval: '1d' }];
    const { code, output } = await runIngest(platform.endpoints, { type: 'files', files }).ended;
    expect(code, output.slice(-2_000)).toBe(0);
  }

  /** What is stored: id and closes, oldest first. */
  async function stored(dataset: string, bars: number): Promise<Readonly<Record<string, readonly number[]>>> {
    const sql = `select symbol, close from (select distinct symbol, ts, close from bars where source = 'file:${dataset}' order by ts)`;
    const rows = await until(
      `bars of ${dataset}`,
      () => queryStore(platform.endpoints, sql).catch(() => []),
      (found) => found.length >= bars,
    );
    const closes = Map.groupBy(rows, ([symbol = '']) => symbol);
    return Object.fromEntries(
      [...closes].map(([symbol, of]) => [symbol, of.map(([, close]) => Number(close))]),
    );
  }

  it('keep their histories apart, and what was stored before the map knew them keeps its id', async () => {
    await importRows('before', ROWS);
    expect(await stored('before', ROWS.length)).toEqual({
      FB: [1.1, 1.2, 38.2, 196.6],
      META: [184, 175.6],
      AAPL: [137.1],
    });

    const source = 'file:mapped';
    const add = async (...args: string[]): Promise<void> => {
      const { code, stderr } = await tickwell('add', ...args);
      expect(code, stderr).toBe(0);
    };
    await add('FB-1999', '--vendor', `${source}=FB`, '--from', '1999-09-29', '--to', '2003-03-28');
    await add('META', '--vendor', `${source}=FB`, '--from', '2012-05-18');
    const taken = await tickwell(
      'add',
      'FBX',
      '--vendor',
      `${source}=FB`,
      '--from',
      '2001-01-01',
      '--to',
      '2013-01-01',
    );
    expect(taken.code).toBe(1);
    expect(taken.stderr).toContain(
      "but it is FB-1999's from 1999-09-29 to 2003-03-28: both would have it from 2001-01-01 to 2003-03-28",
    );
    const renamed = await tickwell('rename', 'META', '--from', 'FB', '--to', 'META', '--on', '2022-06-09');
    expect(renamed.stderr).toBe('');

    await importRows('mapped', ROWS);
    expect(await stored('mapped', ROWS.length)).toEqual({
      'FB-1999': [1.1, 1.2],
      META: [38.2, 196.6, 184, 175.6],
      AAPL: [137.1],
    });
    expect(Object.keys(await stored('before', ROWS.length)).sort()).toEqual(['AAPL', 'FB', 'META']);

    const resolved = await tickwell(
      'resolve',
      'META',
      '--source',
      source,
      '--from',
      '2020-01-01',
      '--to',
      '2023-01-01',
    );
    expect(resolved.stdout).toBe('FB  2020-01-01  2022-06-09\nMETA  2022-06-09  2023-01-01\n');
    const owner = await tickwell('resolve', 'FB', '--ticker', '--source', source, '--on', '2001-06-01');
    expect(owner.stdout).toBe('FB-1999\n');
  });

  it('imported by two people at once are there once each, and the same import again changes nothing', async () => {
    const csv = join(folder, 'instruments.csv');
    const ids = Array.from({ length: 40 }, (_, index) => `IMP${index}`);
    const lines = ids.map((id, index) => `${id},Company ${index},NASDAQ,USD,twice,${id},`);
    writeFileSync(csv, ['id,name,exchange,currency,source,symbol,con_id', ...lines].join('\n'));
    const both = await Promise.all([tickwell('import', csv), tickwell('import', csv)]);
    // Whoever came second to a line is told so, or found everything there.
    for (const { code, stderr } of both)
      if (code !== 0) expect(stderr).toMatch(/line \d+ \(IMP\d+\): .*must not exist yet/);
    const again = await tickwell('import', csv);
    expect(again).toMatchObject({
      code: 0,
      stdout: '40 instruments are in force, 40 are stored just so already\n',
    });
    const versions = await home.run(
      'config',
      'history',
      'instrument',
      'IMP7',
      '--json',
      '--address',
      platform.grpcAddress,
    );
    expect(versions.stdout.trim().split('\n')).toHaveLength(1);
    const listed = await tickwell('list', 'IMP7');
    expect(listed.stdout).toMatch(/IMP7 +stock +Company 7 +NASDAQ +USD +twice=IMP7/);
  });

  it('are not imported at all where one line contradicts what is stored', async () => {
    const csv = join(folder, 'contradiction.csv');
    writeFileSync(csv, 'id,source,symbol,con_id\nFREE,twice,FREE,\nTHIEF,twice,IMP3,\nAAPL-IB,ib,,265598\n');
    const { code, stderr } = await tickwell('import', csv);
    expect(code).toBe(1);
    expect(stderr).toContain('line 3 (THIEF): twice "IMP3" is claimed always, but it is IMP3\'s always');
    expect((await tickwell('show', 'FREE')).code).toBe(1);
    writeFileSync(csv, 'id,source,symbol,con_id\nAAPL-IB,ib,,265598\n');
    expect((await tickwell('import', csv)).code).toBe(0);
    const found = await tickwell('resolve', '265598', '--ticker', '--source', 'ib');
    expect(found.stdout).toMatch(/^AAPL-IB {2}"AAPL-IB" \(secType STK, conId 265598\)\n$/);
  });
});
