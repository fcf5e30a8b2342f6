import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startYahooSim, type YahooSim } from '@tickwell/yahoo-sim';
import type { StackEndpoints } from '@tickwell/local-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliHome, type CliResult, type CliRun } from '../support/cli.ts';
import { countRows, queryStore } from '../support/store.ts';
import { until } from '../support/wait.ts';

/** As much of Yahoo's answer as is looked at. */
interface Chart {
  readonly chart: {
    readonly result: readonly [
      { readonly indicators: { readonly quote: readonly [{ readonly close: readonly number[] }] } },
    ];
  };
}

const MINUTES = 60_000;
const INSTANCE = ['--instance', 'yahoo'];

describe('tickwell ingest yahoo', () => {
  let home: CliHome;
  let simulator: YahooSim;
  let endpoints: Pick<StackEndpoints, 'questdbHttpUrl'>;
  let folder: string;

  beforeAll(async () => {
    home = await CliHome.create();
    folder = mkdtempSync(join(tmpdir(), 'tickwell-yahoo-'));
    simulator = await startYahooSim({ tickers: 20, alwaysOpen: true, crumbUses: 3 });
    const up = await home.run('up', '--json', ...INSTANCE);
    expect(up.code, up.stderr).toBe(0);
    endpoints = JSON.parse(up.stdout) as typeof endpoints;
  }, 10 * MINUTES);

  afterAll(async () => {
    await home.run('down', '--force', ...INSTANCE);
    home.remove();
    await simulator.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 2 * MINUTES);

  function start(...args: string[]): CliRun {
    const url = ['--url', simulator.url, '--requests-per-second', '100'];
    return home.start('ingest', 'yahoo', ...args, ...url, ...INSTANCE);
  }

  function ingest(...args: string[]): Promise<CliResult> {
    return start(...args).ended;
  }

  it(
    'brings daily bars with their basis, dividends and splits, and the same again sends nothing',
    async () => {
      writeFileSync(join(folder, 'symbols.txt'), '# two of them\nSIM1\nTEN:SIM10 # was split\n');
      const history = ['--symbols-file', join(folder, 'symbols.txt'), '--from', '2019-01-01'];
      const first = await ingest(...history, '--to', '2024-01-01', '--wait');
      expect(first.code, first.stderr).toBe(0);
      const got = await home.run(
        'get',
        'bars',
        'TEN',
        '--csv',
        '--from',
        '2020-06-12',
        '--to',
        '2020-06-16',
        ...INSTANCE,
      );
      const rows = got.stdout
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(','));
      expect(rows).toHaveLength(2);
      const bars = await queryStore(
        endpoints,
        "select price_basis, count() from bars where source = 'yahoo' and interval = '1d'",
      );
      expect(bars).toEqual([['raw', '2608']]);
      const actions = await queryStore(
        endpoints,
        'select symbol, kind, amount, split_numerator, split_denominator, count() from corporate_actions order by symbol, kind, amount',
      );
      expect(actions).toEqual([
        ['SIM1', 'dividend', '0.25', '0.0', '0.0', '20'],
        ['TEN', 'dividend', '0.25', '0.0', '0.0', '14'],
        ['TEN', 'dividend', '0.5', '0.0', '0.0', '6'],
        ['TEN', 'split', '0.0', '2.0', '1.0', '1'],
      ]);
      // Read on Yahoo's basis, prices are what Yahoo itself answers.
      const chart = await fetch(
        `${simulator.url}/v8/finance/chart/SIM10?period1=1577836800&period2=1609459200&interval=1d`,
      );
      const answer = (await chart.json()) as Chart;
      const theirs = answer.chart.result[0].indicators.quote[0].close;
      const query = [
        '--from',
        '2020-01-01',
        '--to',
        '2021-01-01',
        '--columns',
        'close',
        '--csv',
        ...INSTANCE,
      ];
      const closes = async (adjustment: string): Promise<readonly number[]> => {
        const ours = await home.run('get', 'bars', 'TEN', '--adjustment', adjustment, ...query);
        expect(ours.code, ours.stderr).toBe(0);
        const lines = ours.stdout.trim().split('\n').slice(1);
        return lines.map((line) => Number(line.split(',')[1]));
      };
      const split = await closes('split');
      expect(split).toHaveLength(theirs.length);
      for (const [at, close] of split.entries()) expect(close).toBeCloseTo(theirs[at] ?? 0, 8);
      const all = await closes('all');
      expect(all.at(0)).toBeLessThan(split.at(0) ?? 0);
      const listed = await home.run(
        'get',
        'actions',
        'TEN',
        '--from',
        '2020-06-01',
        '--to',
        '2020-07-01',
        ...INSTANCE,
      );
      expect(listed.stdout).toMatch(/2020-06-15\s+split\s+2:1/);
      const again = await ingest(...history, '--to', '2024-01-01', '--wait');
      expect(again.stdout, again.stderr).toContain('nothing was sent again');
      // A later end goes on behind the last bar.
      const more = await ingest(...history, '--to', '2024-02-01', '--wait');
      expect(more.code, more.stderr).toBe(0);
      expect(await countRows(endpoints, "bars where source = 'yahoo' and interval = '1d'")).toBe(2608 + 46);
    },
    5 * MINUTES,
  );

  it(
    'brings what it can when one ticker is unknown, and says which is missing',
    async () => {
      const run = await ingest('SIM2', 'NOSUCH', '--from', '2023-01-01', '--to', '2023-02-01');
      expect(run.code).toBe(1);
      expect(run.stderr).toContain(
        'Yahoo NOSUCH 1d: No data found, symbol may be delisted; check the ticker',
      );
      await until(
        'bars of the other',
        () => countRows(endpoints, "bars where symbol = 'SIM2' and interval = '1d'"),
        (rows) => rows === 22,
      );
      await until(
        'the missing one in source.status',
        () => countRows(endpoints, "source_status where stream ~ 'NOSUCH:1d' and state = 'down'"),
        (rows) => rows > 0,
      );
    },
    5 * MINUTES,
  );

  it(
    'brings fundamentals, and quotes until it is told to stop',
    async () => {
      const fundamentals = await ingest('SIM3', '--fundamentals', '--wait');
      expect(fundamentals.code, fundamentals.stderr).toBe(0);
      const items = await queryStore(
        endpoints,
        "select item, period_type, value, currency from fundamentals where symbol = 'SIM3' and item in ('totalRevenue', 'summaryDetail.marketCap') and period_type in ('ttm', 'instant') order by item, value limit 2",
      );
      expect(items.map(([item, period]) => [item, period])).toEqual([
        ['summaryDetail.marketCap', 'instant'],
        ['totalRevenue', 'ttm'],
      ]);
      const read = (...args: string[]) => home.run('get', 'fundamentals', 'SIM3', ...args, ...INSTANCE);
      const got = await read('--items', 'totalRevenue', '--period', 'ttm', '--json');
      expect(got.code, got.stderr).toBe(0);
      const [line = ''] = got.stdout.split('\n');
      expect(JSON.parse(line)).toMatchObject({ symbol: 'SIM3', item: 'totalRevenue', source: 'yahoo' });
      // Nothing of it was known in 2020, and a period that had ended by then is said to look ahead.
      expect((await read('--as-of', '2020-01-01', '--strict')).stdout).toBe('');
      const late = await read('--as-of', '2100-01-01', '--csv');
      expect(late.stdout).toContain('value,currency,source,known_at,backfilled\n');
      const live = start('SIM4', '--quotes', '--every', '1');
      for (const table of ['quotes', 'trades'])
        await until(
          `${table} of a ticker that is followed`,
          () => countRows(endpoints, `${table} where symbol = 'SIM4' and source = 'yahoo:live'`),
          (rows) => rows > 1,
        );
      live.child.kill('SIGINT');
      const { code, stderr } = await live.ended;
      expect(code, stderr).toBe(130);
    },
    5 * MINUTES,
  );
});
