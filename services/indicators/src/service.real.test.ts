import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import {
  contentType,
  decodeBarBatch,
  decodeIndicatorBatches,
  encodeTickBatch,
  HEADER_CONTENT_TYPE,
  HEADER_SOURCE,
  TOPICS,
} from '@tickwell/contracts';
import {
  CauseMarks,
  emptyTrades,
  type BarBatch,
  type Cause,
  type IndicatorBatch,
  type TickBatch,
} from '@tickwell/domain';
import { createKafkaLog } from '@tickwell/kafka';
import { SILENT, type EventLog, type LogRecord } from '@tickwell/ports';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { BarBuilder } from './bar-builder.ts';
import { readIndicatorsConfig } from './config.ts';
import { defaultSettings, logRecord, NO_HISTORY, ProcessorRun, valuesOf } from './fixtures/run.ts';
import { IndicatorEngine } from './indicator-engine.ts';
import { INDICATORS_TOPICS } from './service.ts';

const MAIN = path.join(import.meta.dirname, 'main.ts');
const RECORDS = 200;
const TRADES = 40;
const START_NS = 1_700_000_040_000_000_000n;

/** Three hours of trades in `RECORDS` records, every fifth with some of its trades late by minutes; the last one closes everything. */
function ticks(symbol: string): TickBatch[] {
  let random = 12_345;
  const next = (): number => (random = (random * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  let [timeNs, latestNs, price] = [START_NS, START_NS, 100];
  const batches = Array.from({ length: RECORDS }, (_, index): TickBatch => {
    const trades = emptyTrades();
    for (let count = 0; count < TRADES; count += 1) {
      timeNs += BigInt(Math.floor(next() * 2.7e9));
      price = Math.round((price + next() - 0.5) * 100) / 100;
      const late = index % 5 === 4 && count > 35;
      trades.timeNs.push(late ? timeNs - 300_000_000_000n : timeNs);
      trades.seq.push(BigInt(index * TRADES + count));
      trades.price.push(price);
      trades.size.push(Math.ceil(next() * 500) / 10);
    }
    latestNs = timeNs;
    return { kind: 'trades', header: header(symbol, index, latestNs), trades, positions: [] };
  });
  return [...batches, { kind: 'watermark', header: header(symbol, RECORDS, latestNs + 86_400_000_000_000n) }];
}

function header(symbol: string, index: number, watermarkNs: bigint): TickBatch['header'] {
  const cause = { origin: `test#${symbol}`, n: BigInt(index + 1), k: 0 };
  const knownAtNs = START_NS + BigInt(index);
  return { source: 'test', symbol, cause, knownAtNs, watermarkNs, replayOf: '', priceBasis: 'raw' };
}

type Headless<T> = Omit<T, 'header'> & { readonly header: null };

interface Outputs {
  readonly bars: Headless<BarBatch>[];
  readonly indicators: Headless<IndicatorBatch>[];
}

/** The processors alone, on the same records: what the log must hold, each once and in order. */
function expected(batches: readonly TickBatch[], symbol: string): Outputs {
  const config = readIndicatorsConfig({ TICKWELL_KAFKA_BROKERS: 'unused:1' });
  const limits = { retainedBars: config.correctableBars, formingBars: config.formingBars };
  const settings = defaultSettings(config.indicators, config.barIntervals);
  const builder = new ProcessorRun(new BarBuilder({ limits }), settings);
  const engine = new ProcessorRun(
    new IndicatorEngine({ history: NO_HISTORY, keptBars: config.correctableBars + 1 }),
    settings,
  );
  const barRecords = batches.flatMap((batch, offset) =>
    builder.feed(logRecord(TOPICS.ticks.name, offset, encodeTickBatch(batch), symbol)),
  );
  const indicatorRecords = barRecords.flatMap(({ topic, record }) =>
    topic === TOPICS.bars.name ? engine.feed(record) : [],
  );
  return {
    bars: valuesOf(barRecords, TOPICS.bars.name, (value) => decodeBarBatch(value, false)).map(withoutHeader),
    indicators: valuesOf(indicatorRecords, TOPICS.indicators.name, decodeIndicatorBatches)
      .flat()
      .map(withoutHeader),
  };
}

/** Offsets, and with them causes, are the broker's to choose. */
function withoutHeader<T extends { readonly header: unknown }>(batch: T): Headless<T> {
  return { ...batch, header: null };
}

function barsIn(value: Uint8Array): Outputs & { readonly cause: Cause } {
  const decoded = decodeBarBatch(value, false);
  if (!decoded.ok) throw new Error(decoded.error.reason);
  return { cause: decoded.value.header.cause, bars: [withoutHeader(decoded.value)], indicators: [] };
}

function indicatorsIn(value: Uint8Array): Outputs & { readonly cause: Cause } {
  const decoded = decodeIndicatorBatches(value);
  if (!decoded.ok) throw new Error(decoded.error.reason);
  return { cause: decoded.value[0].header.cause, bars: [], indicators: decoded.value.map(withoutHeader) };
}

/** Reads both output topics as every reader of the platform does: whatever was written again is dropped by its cause. */
class Reader {
  readonly outputs: Outputs = { bars: [], indicators: [] };
  readonly #marks = new Map<string, CauseMarks>();
  readonly #symbol: string;
  #wake: () => void = () => undefined;

  constructor(symbol: string) {
    this.#symbol = symbol;
  }

  take(records: readonly LogRecord[]): void {
    for (const record of records) {
      if (record.key !== this.#symbol || record.value === null) continue;
      const place = `${record.topic}/${record.partition}`;
      const marks = this.#marks.get(place) ?? new CauseMarks();
      this.#marks.set(place, marks);
      const decoded = record.topic === TOPICS.bars.name ? barsIn(record.value) : indicatorsIn(record.value);
      if (!marks.advance(decoded.cause)) continue;
      this.outputs.bars.push(...decoded.bars);
      this.outputs.indicators.push(...decoded.indicators);
    }
    this.#wake();
  }

  async until(reached: (outputs: Outputs) => boolean): Promise<void> {
    while (!reached(this.outputs)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

const children: ChildProcess[] = [];
const logs: EventLog[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const log of logs.splice(0)) await log.close();
});

function startService(brokers: readonly string[], group: string): ChildProcess {
  const env = {
    ...process.env,
    TICKWELL_KAFKA_BROKERS: brokers.join(','),
    TICKWELL_INDICATORS_GROUP: group,
    TICKWELL_CHECKPOINT_INTERVAL_MS: '50',
    TICKWELL_LOG_LEVEL: 'error',
    TICKWELL_EXIT_WITH_PARENT: 'false',
  };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  return child;
}

describe('indicators service on real Kafka', () => {
  it('killed in the middle and started again, says everything once and the same; SIGTERM ends it with exit 0', async () => {
    const brokers = inject('stack').kafkaBrokers;
    const symbol = `T${randomUUID().slice(0, 8)}`;
    const log = createKafkaLog({ brokers, clientId: 'test', logger: SILENT });
    logs.push(log);
    await log.ensureTopics(INDICATORS_TOPICS);
    const reader = new Reader(symbol);
    const tail = log.createTail({
      topics: [TOPICS.bars.name, TOPICS.indicators.name],
      from: 'latest',
      onRecords: (records) => {
        reader.take(records);
      },
    });
    await tail.start();

    const group = `indicators-${symbol}`;
    const first = startService(brokers, group);
    const sink = await log.createSink({ name: 'test' });
    const batches = ticks(symbol);
    const headers = { [HEADER_CONTENT_TYPE]: contentType(TOPICS.ticks.type), [HEADER_SOURCE]: 'test' };
    const records = batches.map((batch) => ({
      topic: TOPICS.ticks.name,
      key: symbol,
      value: encodeTickBatch(batch),
      headers,
    }));
    const half = records.length / 2;
    for (const record of records.slice(0, half)) await sink.send([record]);
    await reader.until(({ indicators }) => indicators.length > 100);
    first.kill('SIGKILL');
    await once(first, 'exit');

    const second = startService(brokers, group);
    // A writer that is not sure repeats itself: the same records again count once.
    await sink.send(records);
    const wanted = expected(batches, symbol);
    await reader.until(
      ({ bars, indicators }) =>
        bars.length >= wanted.bars.length && indicators.length >= wanted.indicators.length,
    );
    second.kill('SIGTERM');
    const [code] = (await once(second, 'exit')) as [number | null];
    expect(code).toBe(0);
    await tail.stop();
    expect(wanted.bars.length).toBeGreaterThan(200);
    expect(reader.outputs.bars).toEqual(wanted.bars);
    expect(reader.outputs.indicators).toEqual(wanted.indicators);
  });
});
