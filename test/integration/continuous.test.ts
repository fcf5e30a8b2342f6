import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Platform } from '@tickwell/cli/platform';
import { TickwellClient, type BackAdjustment } from '@tickwell/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliHome } from '../support/cli.ts';
import { ROOT, runIngest } from '../support/ingest.ts';
import { startTestPlatform } from '../support/platform.ts';
import { queryStore } from '../support/store.ts';
import { until } from '../support/wait.ts';

/** Real files, which are not part of the repository. */
const FOLDER = process.env['TICKWELL_TEST_DATA'] ?? join(ROOT, '../shared/data');
const SETTLEMENTS = join(FOLDER, 'r_rtl_futures/futures_daily_CL_HO_NG_2007_2025.csv.gz');
const EXPIRIES = join(FOLDER, 'r_rtl_futures/expiry_table.csv.gz');
const ES = join(FOLDER, 'lean/future/cme/daily/es_trade.zip');
const FIRST_DAY = '2023-06-01';
/** Of what only hangs when something is broken, also on a machine that is busy. */
const PATIENCE_MS = 400_000;

interface Day {
  readonly contract: string;
  readonly day: string;
  readonly close: number;
  readonly volume: number | undefined;
}

const linesOf = (text: string): readonly string[][] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(','));
const gzipped = (path: string): readonly string[][] => linesOf(gunzipSync(readFileSync(path)).toString());

/** Crude oil: the settlements of the first six months on every day, as the exchange lists them, and when each contract ends. */
function crudeOil(): {
  readonly days: readonly Day[];
  readonly first: readonly Day[];
  readonly expiries: readonly string[];
} {
  const expiries = gzipped(EXPIRIES)
    .filter(([root, , day = '']) => root === 'cmewti' && day >= FIRST_DAY)
    .map(([, , day = '']) => day)
    .sort();
  const days = gzipped(SETTLEMENTS).flatMap(
    ([day = '', series = '', value = '']): (Day & { month: number })[] => {
      const month = Number(/^CL0([1-6])$/.exec(series)?.[1]);
      if (day < FIRST_DAY || Number.isNaN(month)) return [];
      const front = expiries.findIndex((expiry) => expiry >= day);
      const expiry = expiries[front + month - 1];
      if (front < 0 || expiry === undefined) return [];
      const contract = `CL-${expiry.replaceAll('-', '')}`;
      return [{ contract, day, close: Number(value), volume: undefined, month }];
    },
  );
  const inOrder = days.toSorted((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : a.month - b.month));
  const used = expiries.filter((expiry) =>
    inOrder.some((one) => one.contract.endsWith(expiry.replaceAll('-', ''))),
  );
  return { days: inOrder, first: inOrder.filter(({ month }) => month === 1), expiries: used };
}

/** The E-mini of two months of 2013 and 2014, with volumes. */
function eMini(): readonly Day[] {
  return ['201312', '201403']
    .flatMap((month) =>
      linesOf(execFileSync('unzip', ['-p', ES, `es_trade_${month}.csv`]).toString()).map(
        ([time = '', , , , close = '', volume = '']) => ({
          contract: `ES-${month}`,
          day: `${time.slice(0, 4)}-${time.slice(4, 6)}-${time.slice(6, 8)}`,
          close: Number(close),
          volume: Number(volume),
        }),
      ),
    )
    .toSorted((a, b) => (a.day < b.day ? -1 : 1));
}

describe.skipIf(![SETTLEMENTS, EXPIRIES, ES].every((path) => existsSync(path)))('continuous futures', () => {
  let platform: Platform;
  let home: CliHome;
  let folder: string;
  let client: TickwellClient;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwell-continuous-'));
    home = await CliHome.create();
    platform = await startTestPlatform();
    client = new TickwellClient({ address: platform.grpcAddress });
  });
  afterAll(async () => {
    // Absent where it could not start.
    (client as TickwellClient | undefined)?.close();
    await (platform as Platform | undefined)?.stop();
    home.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const tickwell = (...args: string[]) => home.run(...args, '--address', platform.grpcAddress);

  async function put(id: string, document: object): Promise<void> {
    await client.config.put({
      kind: 'instrument',
      id,
      payloadJson: JSON.stringify(document),
      author: 'test',
    });
  }

  async function store(dataset: string, days: readonly Day[]): Promise<void> {
    const path = join(folder, `${dataset}.csv`);
    // A column that is there has to have a value in every row.
    const columns = [
      'time',
      'symbol',
      'open',
      'high',
      'low',
      'close',
      ...(days[0]?.volume === undefined ? [] : ['volume']),
    ];
    const rows = days.map(({ contract, day, close, volume }) =>
      [day, contract, close, close, close, close, ...(volume === undefined ? [] : [volume])].join(','),
    );
    writeFileSync(path, `${columns.join(',')}\n${rows.join('\n')}\n`);
    const files = [{ path, dataset, kind: 'bars', interval: '1d', priceBasis: 'raw' }];
    const { code, output } = await runIngest(platform.endpoints, { type: 'files', files }).ended;
    expect(code, output.slice(-2_000)).toBe(0);
    const sql = `select count_distinct(concat(symbol, ts::string)) from bars where source = 'file:${dataset}'`;
    await until(
      `bars of ${dataset}`,
      () => queryStore(platform.endpoints, sql).catch(() => []),
      (found) => Number(found[0]?.[0]) >= days.length,
      PATIENCE_MS,
    );
  }

  /** "contract day close" of every bar, as a strategy reads them. */
  async function read(symbol: string, backAdjustment?: BackAdjustment): Promise<readonly string[]> {
    const rows: string[] = [];
    const options = backAdjustment === undefined ? {} : { backAdjustment };
    for await (const bar of client.bars({ symbol, interval: '1d', ...options }).rows())
      rows.push(`${bar.contract} ${bar.sessionDate} ${bar.close}`);
    return rows;
  }

  const key = (day: string): string => day.replaceAll('-', '');

  it(
    'of crude oil are the published series of the first month, and adjusted by difference have the changes of one contract',
    async () => {
      const { days, first, expiries } = crudeOil();
      await store('cl', days);
      for (const expiry of expiries)
        await put(`CL-${key(expiry)}`, {
          type: 'future',
          exchange: 'NYMEX',
          currency: 'USD',
          future: { root: 'CL', expiry },
        });
      await put('CL.C', {
        type: 'continuous',
        calendar: 'CME-ENERGY',
        continuous: { root: 'CL', roll: { rule: 'days-before-expiry', days: -1 }, adjustment: 'none' },
      });
      expect(first.length).toBeGreaterThan(400);
      expect(await read('CL.C')).toEqual(
        first.map(({ contract, day, close }) => `${contract} ${key(day)} ${close}`),
      );

      await put('CL.5', {
        type: 'continuous',
        continuous: { root: 'CL', roll: { rule: 'days-before-expiry', days: 5 }, adjustment: 'difference' },
      });
      const closes = new Map(days.map(({ contract, day, close }) => [`${contract} ${key(day)}`, close]));
      const rows = (await read('CL.5')).map((row) => row.split(' '));
      expect(new Set(rows.map(([contract]) => contract)).size).toBeGreaterThan(15);
      for (const [at, [contract = '', day = '', close = '']] of rows.entries()) {
        const [, dayBefore = '', before = ''] = rows[at - 1] ?? [];
        if (at === 0) continue;
        const change =
          (closes.get(`${contract} ${day}`) ?? NaN) - (closes.get(`${contract} ${dayBefore}`) ?? NaN);
        expect(Number(close) - Number(before)).toBeCloseTo(change, 6);
      }
      // The newest prices are real.
      const [contract = '', day = '', close = ''] = rows.at(-1) ?? [];
      expect(Number(close)).toBe(closes.get(`${contract} ${day}`));

      const shown = await tickwell('get', 'bars', 'CL.5', '--newest', '--limit', '3', '--json');
      expect(shown.stderr).toBe('');
      const newest = shown.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { contract: string; close: number });
      expect(newest.map((row) => [row.contract, row.close])).toEqual(
        rows.slice(-3).map(([id, , value]) => [id, Number(value)]),
      );
      const listed = await tickwell('get', 'instruments', `CL-${key(expiries[0] ?? '')}`);
      expect(listed.stdout).toMatch(/file:cl +future +NYMEX +USD/);
    },
    PATIENCE_MS,
  );

  it('of the E-mini goes to the next month on the session after that traded more', async () => {
    await store('es', eMini());
    for (const [month, expiry] of [
      ['201312', '2013-12-20'],
      ['201403', '2014-03-21'],
    ] as const)
      await put(`ES-${month}`, { type: 'future', future: { root: 'ES', expiry } });
    await put('ES.V', {
      type: 'continuous',
      continuous: { root: 'ES', roll: { rule: 'volume', sessions: 1 }, adjustment: 'ratio' },
    });
    const rows = (await read('ES.V')).map((row) => row.split(' '));
    const roll = rows.findIndex(([contract]) => contract === 'ES-201403');
    expect(rows[roll]?.[1]).toBe('20131216');
    expect(rows.slice(roll).every(([contract]) => contract === 'ES-201403')).toBe(true);
    const raw = (await read('ES.V', 'none')).map((row) => Number(row.split(' ')[2]));
    const ratio = Number(rows[0]?.[2]) / (raw[0] ?? NaN);
    expect(ratio).not.toBe(1);
    expect(
      rows
        .slice(0, roll)
        .every(([, , close], at) => Math.abs(Number(close) / (raw[at] ?? NaN) - ratio) < 1e-12),
    ).toBe(true);
    expect(rows.slice(roll).map(([, , close]) => Number(close))).toEqual(raw.slice(roll));
  });

  it('are refused in one line where a contract has no bars, where there is none, and where nothing is stitched', async () => {
    await put('ES-201312W', { type: 'future', future: { root: 'ESX', expiry: '2013-12-24' } });
    await put('ES.H', {
      type: 'continuous',
      continuous: {
        members: ['ES-201312', 'ES-201312W', 'ES-201403'],
        roll: { rule: 'days-before-expiry', days: 0 },
      },
    });
    const hole = await tickwell('get', 'bars', 'ES.H');
    expect(hole.code).toBe(1);
    expect(hole.stderr).toContain(
      'continuous future ES.H: ES-201312W has no 1d bars from 2013-12-20 to 2013-12-24, when it is the contract, and later ones have: import them, or leave it out of the members',
    );
    await put('NONE.C', {
      type: 'continuous',
      continuous: { root: 'NONE', roll: { rule: 'days-before-expiry', days: 0 } },
    });
    expect((await tickwell('get', 'bars', 'NONE.C')).stderr).toContain(
      'continuous future NONE.C has no contracts: add instruments of type future with root NONE',
    );
    expect((await tickwell('get', 'bars', 'ES-201403', '--back-adjustment', 'ratio')).stderr).toContain(
      'back_adjustment is of continuous futures, and the instrument map has none called ES-201403',
    );
  });
});
