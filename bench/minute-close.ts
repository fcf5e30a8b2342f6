/**
 * The close of one minute over 10,000 symbols with 20 indicators each. First the step alone, from a bar's bytes to the bytes of its indicators, in
 * this process; then the service itself over a real Kafka, one process, from the first bar sent to the last record of indicators readable. Memory is what is kept
 * once the windows for corrections are full (a minute at a time makes them so, as 10,000 records of 130 bars do). Goals: a minute within 2 s on 2
 * cores, 1 GB.
 *
 * BENCH_SYMBOLS (10,000), BENCH_CLOSES (7: minutes measured).
 * Not measured: storage and query, which read the same records on the same cores in a whole platform.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ALL_TOPICS, contentType, encodeBarBatch, TOPICS } from '@tickwell/contracts';
import { emptyBars, NS_PER_SECOND } from '@tickwell/domain';
import { parseSpecList } from '@tickwell/indicators';
import { createKafkaLog } from '@tickwell/kafka';
import { resolveStack } from '@tickwell/local-stack';
import { SILENT, type EventLog, type LogRecord, type NewRecord } from '@tickwell/ports';
import { NO_HISTORY } from '../services/indicators/src/fixtures/run.ts';
import { IndicatorEngine, type IndicatorState } from '../services/indicators/src/indicator-engine.ts';
import { settingsView } from '../services/indicators/src/settings.ts';
import { until } from '../test/support/wait.ts';
import { median, printTable, setting } from './support/numbers.ts';
import { ResidentSampler } from './support/resident.ts';
import { walkBars } from './support/walk-bars.ts';

const SYMBOLS = setting('BENCH_SYMBOLS', 10_000);
const CLOSES = setting('BENCH_CLOSES', 7);
/** What the service keeps of a series for corrections, at most. */
const FILLING = 130;
const GOAL_MS = 2_000;
const CORES = 2;
const GOAL_BYTES = 1e9;
const DEADLINE_MS = 900_000;
const RECORDS_A_SEND = 500;
const SPECS =
  'sma(20),sma(50),ema(12),ema(26),wma(20),rsi(14),macd(12,26,9),atr(14),bbands(20,2),stoch(14,3,3),cci(20),adx(14),obv(),mfi(14),willr(14),roc(10),mom(10),kama(10),donchian(20),vwap(utc-day)';
const START_NS = 1_700_000_040_000_000_000n;
const MINUTE_NS = 60n * NS_PER_SECOND;
const SOURCE = 'bench';

const bars = walkBars(4_096);
const names = Array.from({ length: SYMBOLS }, (_, index) => `S${index}`);
const parsed = parseSpecList(SPECS);
if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join('; '));
const specs = parsed.specs;

/** Minutes `from` up to `to` of a symbol as one record. */
function record(symbol: number, from: number, to: number): NewRecord & { readonly value: Uint8Array } {
  const columns = emptyBars();
  for (let minute = from; minute < to; minute += 1) {
    const bar = bars[(symbol * 7 + minute) % bars.length];
    if (bar === undefined) throw new Error('no bar');
    columns.startNs.push(START_NS + BigInt(minute) * MINUTE_NS);
    columns.open.push(bar.open);
    columns.high.push(bar.high);
    columns.low.push(bar.low);
    columns.close.push(bar.close);
    columns.volume.push(bar.volume);
  }
  const key = names[symbol] ?? '';
  const knownAtNs = START_NS + BigInt(to) * MINUTE_NS;
  const value = encodeBarBatch({
    header: {
      source: SOURCE,
      symbol: key,
      cause: { origin: `bench#${key}`, n: BigInt(to), k: 0 },
      knownAtNs,
      watermarkNs: knownAtNs,
      priceBasis: 'raw',
      replayOf: '',
    },
    interval: '1m',
    priceType: 'trade',
    bars: columns,
    positions: [],
  });
  const headers = { 'content-type': contentType(TOPICS.bars.type), source: SOURCE };
  return { topic: TOPICS.bars.name, key, value, headers };
}

interface Measured {
  readonly ms: number;
  readonly bytes: number;
}

/** CPU of a minute's close, and what 10,000 states keep. */
function measureStep(): Measured {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const kept = (): number => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const engine = new IndicatorEngine({ keptBars: 65, history: NO_HISTORY });
  const settings = settingsView({ indicators: specs, barIntervals: [] }, SILENT)([]);
  const logged = (value: Uint8Array, symbol: number, minute: number): LogRecord => ({
    topic: TOPICS.bars.name,
    partition: 0,
    offset: BigInt(minute * SYMBOLS + symbol),
    key: names[symbol] ?? '',
    value,
    headers: {},
    timestampMs: 0,
  });
  const before = kept();
  const states: IndicatorState[] = names.map(() => engine.createState());
  const close = (from: number, to: number): number => {
    const records = names.map((_, symbol) => logged(record(symbol, from, to).value, symbol, from));
    const cpu = process.cpuUsage();
    for (const [symbol, input] of records.entries()) {
      const outputs = engine.process(input, states[symbol] ?? engine.createState(), settings);
      for (const [k, output] of outputs.entries())
        output.encode({ origin: 'md.bars@bench/0', n: input.offset + 1n, k });
    }
    const { user, system } = process.cpuUsage(cpu);
    return (user + system) / 1000;
  };
  // As it goes: minute by minute, so that what is kept has grown as it does in the service.
  for (let minute = 0; minute < FILLING; minute += 1) close(minute, minute + 1);
  const times = Array.from({ length: CLOSES }, (_, at) => close(FILLING + at, FILLING + at + 1));
  return { ms: median(times), bytes: kept() - before };
}

async function sendAll(log: EventLog, from: number, to: number): Promise<void> {
  const sink = await log.createSink({ name: `bench-${from}` });
  for (let at = 0; at < SYMBOLS; at += RECORDS_A_SEND) {
    const size = Math.min(RECORDS_A_SEND, SYMBOLS - at);
    await sink.send(Array.from({ length: size }, (_, index) => record(at + index, from, to)));
  }
  await sink.close();
}

/** Wall time of a minute's close through the service, and the most resident memory it had. */
async function measureService(brokers: readonly string[]): Promise<Measured> {
  const log = createKafkaLog({ brokers, clientId: 'bench', logger: SILENT });
  await log.ensureTopics(ALL_TOPICS);
  const written = async (): Promise<number> => {
    const { partitions } = await log.describeTopic(TOPICS.indicators.name);
    return partitions.reduce((sum, { endOffset }) => sum + Number(endOffset), 0);
  };
  const child = spawn(process.execPath, [join(import.meta.dirname, '../services/indicators/src/main.ts')], {
    env: {
      ...process.env,
      TICKWELL_KAFKA_BROKERS: brokers.join(','),
      TICKWELL_INDICATORS: SPECS,
      TICKWELL_METRICS_PORT: '0',
      TICKWELL_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const sampler = new ResidentSampler([{ name: 'indicators', pid: () => child.pid }]);
  try {
    // Many bars a record: what is kept of a series has the same size as after as many minutes.
    await sendAll(log, 0, FILLING);
    const times: number[] = [];
    let count = await settled(written);
    for (let at = 0; at < CLOSES; at += 1) {
      const startMs = performance.now();
      await sendAll(log, FILLING + at, FILLING + at + 1);
      const wanted = count + SYMBOLS;
      count = await until('the records of a minute', written, (seen) => seen >= wanted, DEADLINE_MS);
      times.push(performance.now() - startMs);
    }
    const stretch = (await sampler.take()).get('indicators');
    return { ms: median(times), bytes: stretch?.highest ?? Number.NaN };
  } finally {
    sampler.stop();
    child.kill('SIGTERM');
    await log.close();
  }
}

/** The count once it has stopped growing: records of many bars are cut as their known-at demands. */
async function settled(count: () => Promise<number>): Promise<number> {
  let [last, same] = [0, 0];
  return until(
    'the first bars',
    count,
    (seen) => {
      same = seen === last && seen >= SYMBOLS ? same + 1 : 0;
      last = seen;
      return same >= 50;
    },
    DEADLINE_MS,
  );
}

const step = measureStep();
const dataDir = mkdtempSync(join(tmpdir(), 'tickwell-bench-'));
const stack = await resolveStack({ dataDir, ephemeral: true });
let service: Measured;
try {
  service = await measureService(stack.endpoints.kafkaBrokers);
} finally {
  await stack.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
const row = (name: string, measured: number, goal: number, digits = 0): readonly string[] => [
  name,
  measured.toFixed(digits),
  goal.toFixed(digits),
  (measured / goal).toFixed(2),
];
console.log(`${SYMBOLS} symbols x ${specs.length} indicators of 1-minute bars\n`);
printTable([
  ['', 'measured', 'goal', 'measured / goal'],
  row('step alone: CPU of a minute (ms)', step.ms, GOAL_MS * CORES),
  row('step alone: memory kept (MB)', step.bytes / 1e6, GOAL_BYTES / 1e6),
  row('service over Kafka: wall time of a minute (ms)', service.ms, GOAL_MS),
  row('service: most resident memory (MB)', service.bytes / 1e6, GOAL_BYTES / 1e6),
]);
