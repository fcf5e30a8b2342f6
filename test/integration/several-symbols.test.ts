import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { connect, type TickwellClient } from '@tickwell/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliHome } from '../support/cli.ts';
import { runIngest } from '../support/ingest.ts';
import { startTestPlatform } from '../support/platform.ts';
import { queryStore } from '../support/store.ts';
import { until } from '../support/wait.ts';

const SYMBOLS = Array.from({ length: 60 }, (_, n) => `SYM${n}`);
const DAYS = Array.from({ length: 250 }, (_, n) =>
  new Date(Date.UTC(2020, 0, 1 + n)).toISOString().slice(0, 10),
);
/** Each symbol lacks every day whose number it divides, beginning with the second. */
const hasDay = (symbol: number, day: number): boolean => symbol < 2 || day % symbol !== 1;

/** Rises so slowly that no rule takes it for a bad print. */
const closeOf = (symbol: number, day: number): number => (symbol + 1) * 1_000 + day + 1;

describe('several symbols in one call, over a real store', () => {
  let platform: Platform;
  let home: CliHome;
  let folder: string;
  let client: TickwellClient;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwell-several-'));
    home = await CliHome.create();
    platform = await startTestPlatform();
    client = connect({ address: platform.grpcAddress });
    const lines = DAYS.flatMap((day, at) =>
      SYMBOLS.flatMap((symbol, n) => {
        const close = closeOf(n, at);
        return hasDay(n, at) ? [[day, symbol, close, close, close, close].join(',')] : [];
      }),
    );
    const path = join(folder, 'bars.csv');
    writeFileSync(path, `time,symbol,open,high,low,close\n${lines.join('\n')}\n`);
    const files = [{ path, dataset: 'several', kind: 'bars', interval: '1d' }];
    const { code, output } = await runIngest(platform.endpoints, { type: 'files', files }).ended;
    expect(code, output.slice(-2_000)).toBe(0);
    await until(
      'all bars are stored',
      () =>
        queryStore(platform.endpoints, "select count() from bars where source = 'file:several'").catch(
          () => [],
        ),
      (rows) => Number(rows[0]?.[0] ?? 0) >= lines.length,
    );
  }, 240_000);
  afterAll(async () => {
    // Absent where it could not start.
    (client as TickwellClient | undefined)?.close();
    await (platform as Platform | undefined)?.stop();
    home.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const expected = (n: number): number[] => DAYS.flatMap((_, at) => (hasDay(n, at) ? [closeOf(n, at)] : []));

  it('reads all of each, in the order asked, an unknown one between them', async () => {
    const problems: string[] = [];
    const asked = [...SYMBOLS.slice(30), 'NOBODY', ...SYMBOLS.slice(0, 30)];
    const bars = await client
      .manyBars({ symbols: asked, interval: '1d', onProblem: (symbol) => problems.push(symbol) })
      .toArray();
    expect(problems).toEqual(['NOBODY']);
    const bySymbol = Map.groupBy(bars, ({ symbol }) => symbol);
    expect([...bySymbol.keys()]).toEqual(asked.filter((symbol) => symbol !== 'NOBODY'));
    for (const [n, symbol] of SYMBOLS.entries())
      expect(bySymbol.get(symbol)?.map(({ close }) => close)).toEqual(expected(n));
  });

  it('aligns them', async () => {
    const rows = await client.aligned({ symbols: SYMBOLS, interval: '1d' }).toArray();
    expect(rows).toHaveLength(DAYS.length);
    for (const [at, { values }] of rows.entries())
      for (const [n, symbol] of SYMBOLS.entries())
        expect(values[symbol]?.['close']).toBe(hasDay(n, at) ? closeOf(n, at) : Number.NaN);
    const inner = await client.aligned({ symbols: SYMBOLS, interval: '1d', join: 'inner' }).toArray();
    const whole = DAYS.filter((_, at) => SYMBOLS.every((_symbol, n) => hasDay(n, at)));
    expect(inner).toHaveLength(whole.length);
  });

  it('shows them on the command line, and joins what was known by then', async () => {
    const tickwell = (...args: string[]) => home.run('get', ...args, '--address', platform.grpcAddress);
    const aligned = await tickwell('aligned', 'SYM1', 'SYM2', '--to', '2020-01-04', '--fill', '1', '--csv');
    expect(aligned.stderr).toBe('');
    expect(aligned.stdout.trim().split('\n')).toEqual([
      'time,SYM1,SYM2',
      '2020-01-01T00:00:00Z,2001,3001',
      '2020-01-02T00:00:00Z,2002,3001',
      '2020-01-03T00:00:00Z,2003,3003',
    ]);
    const args = [
      '--right',
      'bars',
      '--right-symbol',
      'SYM2',
      '--columns',
      'close',
      '--right-columns',
      'close',
    ];
    const joined = await tickwell('asof', 'SYM1', ...args, '--to', '2020-01-03', '--at-start', '--json');
    expect(joined.stderr).toBe('');
    expect(
      joined.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      {
        time: '2020-01-01T00:00:00Z',
        symbol: 'SYM1',
        close: 2001,
        right_time: null,
        right_known: null,
        right_close: null,
      },
      {
        time: '2020-01-02T00:00:00Z',
        symbol: 'SYM1',
        close: 2002,
        right_time: '2020-01-01T00:00:00Z',
        right_known: '2020-01-02T00:00:00Z',
        right_close: 3001,
      },
    ]);
  });
});
