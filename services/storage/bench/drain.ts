/**
 * Rows per second at which one storage process drains md.ticks into QuestDB, with what it costs in CPU.
 *
 *   node services/storage/bench/drain.ts [trades] [trades per record] [--cpu-prof]
 *
 * Endpoints: TICKWELL_KAFKA_BROKERS, TICKWELL_QUESTDB_HTTP_URL, TICKWELL_QUESTDB_PG_URL. Fills the topic first, then starts the
 * service as a process of its own; timed from its first stored row to its last. What the stack holds already is left alone.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ALL_TOPICS, HEADER_CONTENT_TYPE, TOPICS, contentType, encodeTickBatch } from '@tickwell/contracts';
import { createKafkaLog } from '@tickwell/kafka';
import { SILENT, partitionForKey, type NewRecord } from '@tickwell/ports';

const numbers = process.argv
  .slice(2)
  .filter((argument) => !argument.startsWith('--'))
  .map(Number);
const [trades = 1_000_000, perRecord = 500] = numbers;
function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const SYMBOLS = 100;
const T0 = BigInt(Date.now()) * 1_000_000n - 86_400_000_000_000n;
const run = Date.now().toString(36).toUpperCase();
const brokers = (process.env['TICKWELL_KAFKA_BROKERS'] ?? '127.0.0.1:9092').split(',');

const log = createKafkaLog({ brokers, clientId: 'bench-drain', logger: SILENT });
await log.ensureTopics(ALL_TOPICS);
const sink = await log.createSink({ name: 'bench' });

function record(index: number): NewRecord {
  const symbol = `B${run}.${index % SYMBOLS}`;
  const partition = partitionForKey(symbol, TOPICS.ticks.partitions);
  const at = Array.from({ length: perRecord }, (_, row) => index * perRecord + row);
  const value = encodeTickBatch({
    kind: 'trades',
    header: {
      source: 'file:bench',
      symbol,
      cause: { origin: `bench-${run}/${partition}`, n: BigInt(index + 1), k: 0 },
      knownAtNs: T0,
      watermarkNs: 0n,
      replayOf: '',
      priceBasis: 'raw',
    },
    trades: {
      timeNs: at.map((row) => T0 + BigInt(row) * 10_007n),
      seq: at.map((row) => BigInt(row & 3)),
      price: at.map((row) => 100 + (row % 977) / 8),
      size: at.map((row) => (row % 500) / 4),
      conditions: [],
      venue: [],
    },
    positions: [],
  });
  const headers = { [HEADER_CONTENT_TYPE]: contentType(TOPICS.ticks.type) };
  return { topic: TOPICS.ticks.name, partition, key: symbol, value, headers };
}

for (let index = 0; index * perRecord < trades;) {
  const some: NewRecord[] = [];
  for (; some.length < 200 && index * perRecord < trades; index += 1) some.push(record(index));
  await sink.send(some);
}
await sink.close();
await log.close();

const metricsPort = 20_000 + (process.pid % 20_000);
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const profile = process.argv.includes('--cpu-prof')
  ? ['--cpu-prof', '--cpu-prof-dir=/tmp/storage-profile']
  : [];
const env = {
  ...process.env,
  TICKWELL_LOG_LEVEL: 'warn',
  TICKWELL_STORAGE_GROUP: 'bench-storage',
  TICKWELL_METRICS_PORT: String(metricsPort),
};
const child = spawn(process.execPath, [...profile, main], { env, stdio: ['ignore', 'inherit', 'inherit'] });

/** How many rows the service itself counted as stored and visible; asking the store would slow it. */
async function stored(): Promise<number> {
  const text = await fetch(`http://127.0.0.1:${metricsPort}/metrics`)
    .then((answer) => answer.text())
    .catch(() => '');
  return Number(/^tickwell_storage_rows(?:_total)?\{[^}]*md\.ticks[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0);
}

/** CPU seconds of the child so far, user and system (Linux). */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

let first: { readonly atMs: number; readonly rows: number; readonly cpu: number } | undefined;
for (;;) {
  if (child.exitCode !== null) throw new Error('storage ended; see its log above');
  const rows = await stored();
  const atMs = performance.now();
  if (first === undefined && rows > 0) first = { atMs, rows, cpu: cpuSeconds() };
  if (rows >= trades && first !== undefined) {
    const done = rows - first.rows;
    const rate = done === 0 ? Number.NaN : (done / (atMs - first.atMs)) * 1_000;
    const cpuUs = ((cpuSeconds() - first.cpu) / done) * 1e6;
    const memory = readFileSync(`/proc/${child.pid}/status`, 'utf8').match(/VmHWM:\s+(\d+)/)?.[1];
    print(
      `${rows} trades in records of ${perRecord}: ${Math.round(rate)} rows/s, ${cpuUs.toFixed(2)} µs CPU a row in storage, ` +
        `peak ${Math.round(Number(memory) / 1024)} MiB`,
    );
    break;
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
}
child.kill('SIGTERM');
const code = await new Promise((resolve) => child.once('exit', resolve));
print(`storage exited with ${String(code)}`);
