/**
 * What validation costs the flow: trades of 100 symbols go from one topic of a real Kafka to the next, once through the validator's processor and once through one that reads and
 * writes them without a rule, in turns and in one run (batches of BENCH_BATCH, 50). Goal: at most 25 % of the throughput, 2 µs a tick.
 *
 * BENCH_ROWS (2,000,000), BENCH_ROUNDS (3). Not measured: ingest, storage and the bars beside it, which all take from the same two cores in a whole platform
 * and make validation a smaller part (`npm run bench -- flow`).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_TOPICS, contentType, decodeTickBatch, encodeTickBatch, TOPICS } from '@tickwell/contracts';
import { emptyTrades } from '@tickwell/domain';
import { Flow, type Processor } from '@tickwell/flow';
import { createKafkaLog } from '@tickwell/kafka';
import { resolveStack } from '@tickwell/local-stack';
import { SILENT, type NewRecord } from '@tickwell/ports';
import { DEFAULT_SETTINGS, type ValidationSettings } from '@tickwell/validation';
import { createProcessors } from '../services/validator/src/processors.ts';
import { until } from '../test/support/wait.ts';
import { printTable, setting } from './support/numbers.ts';

const ROWS = setting('BENCH_ROWS', 2_000_000);
const ROUNDS = setting('BENCH_ROUNDS', 3);
const BATCH = setting('BENCH_BATCH', 50);
const SYMBOLS = 100;
const RECORDS_A_SEND = 200;
const START_NS = 1_700_000_000_000_000_000n;
const DEADLINE_MS = 600_000;
const GOAL = 0.75;

/** Trades a second apart whose price walks by cents. */
function rawRecord(index: number): NewRecord {
  const symbol = `SYM${index % SYMBOLS}`;
  const first = Math.floor(index / SYMBOLS) * BATCH;
  const trades = emptyTrades();
  const positions: bigint[] = [];
  for (let at = first; at < first + BATCH; at += 1) {
    trades.timeNs.push(START_NS + BigInt(at) * 1_000_000_000n);
    trades.seq.push(0n);
    trades.price.push(100 + Math.round(100 * Math.sin(at / 50)) / 100);
    trades.size.push(1 + (at % 7));
    positions.push(BigInt(at + 1));
  }
  const last = positions.at(-1) ?? 1n;
  const value = encodeTickBatch({
    kind: 'trades',
    header: {
      source: 'bench',
      symbol,
      cause: { origin: `bench#${symbol}`, n: last, k: 0 },
      knownAtNs: START_NS * 2n,
      watermarkNs: trades.timeNs.at(-1) ?? 0n,
      replayOf: '',
      priceBasis: 'raw',
    },
    trades,
    positions,
  });
  const headers = { 'content-type': contentType(TOPICS.rawTicks.type), source: 'bench' };
  return { topic: TOPICS.rawTicks.name, key: symbol, value, headers };
}

/** Reads and writes what the validator does, and judges nothing. */
const PASSING: Processor<null, ValidationSettings> = {
  name: 'pass',
  inputTopic: TOPICS.rawTicks.name,
  dedup: 'none',
  keyOf: (record) => record.key ?? '',
  createState: () => null,
  process: (record) => {
    const decoded = decodeTickBatch(record.value ?? new Uint8Array(0), true);
    if (!decoded.ok || decoded.value.kind !== 'trades') return [];
    const { header, trades } = decoded.value;
    const encode: ReturnType<Processor<null>['process']>[number]['encode'] = (cause) =>
      encodeTickBatch({ kind: 'trades', header: { ...header, cause }, trades, positions: [] });
    const { name: topic, type } = TOPICS.ticks;
    return [{ topic, key: header.symbol, type, source: header.source, encode }];
  },
  stateVersion: 1,
  encodeState: () => new Uint8Array(0),
  decodeState: () => ({ ok: true, value: null }),
};

interface Run {
  readonly rowsPerSecond: number;
  readonly cpuUsPerRow: number;
}

async function flowOf(
  brokers: readonly string[],
  processor: Processor<unknown, ValidationSettings>,
  groupId: string,
): Promise<Run> {
  const log = createKafkaLog({ brokers, clientId: groupId, logger: SILENT });
  // A checkpoint belongs to a processor: each run has one of its own, and starts at the first record.
  const flow = new Flow<ValidationSettings>({
    log,
    processors: [{ ...processor, name: groupId }],
    settings: {
      latest: () => ({ end: 0n, value: DEFAULT_SETTINGS }),
      at: () => Promise.resolve(DEFAULT_SETTINGS),
    },
    groupId,
    stateTopic: TOPICS.stateValidator.name,
    logger: SILENT,
  });
  const written = async (): Promise<bigint> =>
    (await log.describeTopic(TOPICS.ticks.name)).partitions.reduce(
      (sum, { endOffset }) => sum + endOffset,
      0n,
    );
  const before = await written();
  const running = flow.run();
  await until('the first output', written, (count) => count > before, DEADLINE_MS);
  const [startMs, startCpu, startCount] = [performance.now(), process.cpuUsage(), await written()];
  const end = before + BigInt(ROWS / BATCH);
  const last = await until('every output', written, (count) => count >= end, DEADLINE_MS);
  const rows = Number(last - startCount) * BATCH;
  const { user, system } = process.cpuUsage(startCpu);
  const seconds = (performance.now() - startMs) / 1000;
  await flow.stop();
  await running;
  await log.close();
  return { rowsPerSecond: rows / seconds, cpuUsPerRow: (user + system) / rows };
}

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

const dataDir = mkdtempSync(join(tmpdir(), 'tickwell-bench-'));
const stack = await resolveStack({ dataDir, ephemeral: true });
try {
  const brokers = stack.endpoints.kafkaBrokers;
  const log = createKafkaLog({ brokers, clientId: 'bench', logger: SILENT });
  await log.ensureTopics(ALL_TOPICS);
  const sink = await log.createSink({ name: 'bench' });
  for (let at = 0; at < ROWS / BATCH; at += RECORDS_A_SEND)
    await sink.send(
      Array.from({ length: Math.min(RECORDS_A_SEND, ROWS / BATCH - at) }, (_, index) =>
        rawRecord(at + index),
      ),
    );
  await sink.close();
  await log.close();
  const validator = createProcessors().find(({ inputTopic }) => inputTopic === TOPICS.rawTicks.name);
  if (validator === undefined) throw new Error('no processor reads raw ticks');
  const runs: { readonly with: Run; readonly without: Run }[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const without = await flowOf(brokers, PASSING, `pass-${round}`);
    const withRules = await flowOf(brokers, validator, `rules-${round}`);
    // The first round warms up.
    if (round > 0) runs.push({ with: withRules, without });
  }
  const cells = (name: string, of: (run: Run) => number, digits: number): string[] => [
    name,
    ...runs.flatMap((run) => [of(run.without).toFixed(digits), of(run.with).toFixed(digits)]),
  ];
  printTable([
    ['', ...runs.flatMap((_, at) => [`${at + 1} without`, `${at + 1} with`])],
    cells('rows/s', ({ rowsPerSecond }) => rowsPerSecond, 0),
    cells('CPU µs a row', ({ cpuUsPerRow }) => cpuUsPerRow, 2),
  ]);
  const ratio = middle(runs.map((run) => run.with.rowsPerSecond / run.without.rowsPerSecond));
  const cost = middle(runs.map((run) => run.with.cpuUsPerRow - run.without.cpuUsPerRow));
  console.log(`with / without: ${ratio.toFixed(2)} of the throughput   goal ${GOAL}`);
  console.log(`validation: ${cost.toFixed(2)} µs a tick   goal 2`);
} finally {
  await stack.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
