/**
 * CPU time that one trade costs the validator: decode, validate, encode, without Kafka.
 * Run: node services/validator/bench/per-trade.ts
 */
import { decodeTickBatch, contentType, encodeTickBatch, TOPICS } from '@tickwell/contracts';
import { emptyTrades, type Header, type TickBatch } from '@tickwell/domain';
import type { LogRecord } from '@tickwell/ports';
import { DEFAULT_SETTINGS, judge, KeyState, TRADES } from '@tickwell/validation';
import { createProcessors } from '../src/processors.ts';

const START_NS = 1_385_337_600_000_000_000n;
const KNOWN_NS = 1_700_000_000_000_000_000n;
const TRADES_PER_RUN = 500_000;
const RUNS = 7;

type TradeBatch = Extract<TickBatch, { kind: 'trades' }>;

function header(n: bigint, watermarkNs: bigint): Header {
  const cause = { origin: 'file:0123456789abcdef:btc#BTCUSD', n, k: 0 };
  return {
    source: 'file:btc',
    symbol: 'BTCUSD',
    cause,
    knownAtNs: KNOWN_NS,
    watermarkNs,
    replayOf: '',
    priceBasis: 'raw',
  };
}

function makeBatches(eventsPerBatch: number): TradeBatch[] {
  const batches: TradeBatch[] = [];
  for (let done = 0; done < TRADES_PER_RUN; done += eventsPerBatch) {
    const trades = emptyTrades();
    const positions: bigint[] = [];
    for (let i = done; i < done + eventsPerBatch; i++) {
      trades.timeNs.push(START_NS + BigInt(Math.floor(i / 3)) * 250_000_000n);
      trades.seq.push(BigInt(i % 3));
      trades.price.push(800 + Math.sin(i) * 20);
      trades.size.push(((i * 7919) % 1000) / 100);
      positions.push(BigInt(i + 1));
    }
    const last = BigInt(done + eventsPerBatch);
    batches.push({ kind: 'trades', header: header(last, trades.timeNs.at(-1) ?? 0n), trades, positions });
  }
  return batches;
}

function toRecord(batch: TickBatch, offset: number): LogRecord {
  return {
    topic: TOPICS.rawTicks.name,
    partition: 0,
    offset: BigInt(offset),
    key: 'BTCUSD',
    value: encodeTickBatch(batch),
    headers: { 'content-type': contentType(TOPICS.rawTicks.type) },
    timestampMs: 1_700_000_000_000,
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** CPU time (garbage collection included) of the best of several runs: other processes' load only adds. */
function measure(name: string, run: () => void): number {
  let bestUs = Infinity;
  for (let i = 0; i < RUNS; i++) {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    bestUs = Math.min(bestUs, user + system);
  }
  say(`  ${name.padEnd(34)} ${(bestUs / TRADES_PER_RUN).toFixed(3)} µs per trade`);
  return bestUs;
}

function bench(eventsPerBatch: number): void {
  say(`${eventsPerBatch} trades per record`);
  const batches = makeBatches(eventsPerBatch);
  const records = batches.map(toRecord);
  const context = {
    key: 'BTCUSD',
    symbol: 'BTCUSD',
    source: 'file:btc',
    origin: 'file:0123456789abcdef:btc#BTCUSD',
    streamName: undefined,
    referenceNs: KNOWN_NS,
    intervalText: '',
    interval: undefined,
    loggedNs: KNOWN_NS,
    settings: DEFAULT_SETTINGS.of('BTCUSD'),
    isReleased: false,
  };
  const decodeUs = measure('decode', () => {
    for (const { value } of records) if (value !== null) decodeTickBatch(value, true);
  });
  const judgeUs = measure('judge (every rule)', () => {
    const state = new KeyState();
    for (const { trades, positions } of batches) {
      judge(TRADES, trades, positions, state.stream('trades', context.origin), context);
    }
  });
  const encodeUs = measure('encode (without positions)', () => {
    for (const batch of batches) encodeTickBatch({ ...batch, positions: [] });
  });
  const ratio = (decodeUs + judgeUs + encodeUs) / (decodeUs + encodeUs);
  say(`  ${'with validation / without'.padEnd(34)} ${ratio.toFixed(2)}`);
  const processor = createProcessors().find((entry) => entry.inputTopic === TOPICS.rawTicks.name);
  if (processor === undefined) throw new Error('no processor reads raw ticks');
  measure('processor: decode, validate, encode', () => {
    const state = processor.createState('BTCUSD');
    let outputs = 0;
    for (const record of records) {
      for (const output of processor.process(record, state, DEFAULT_SETTINGS)) {
        output.encode({ origin: 'md.raw.ticks@bench/0', n: record.offset + 1n, k: 0 });
        if (output.topic === TOPICS.ticks.name) outputs++;
      }
    }
    if (outputs !== records.length) throw new Error(`${outputs} of ${records.length} records went through`);
  });
}

for (const eventsPerBatch of [500, 50, 1]) bench(eventsPerBatch);
