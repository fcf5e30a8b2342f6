/**
 * Whole flow: trades of 100 interleaved symbols from a CSV file through ingest, Kafka, validator, Kafka and storage until the
 * last row is visible in QuestDB (bars and indicators are built meanwhile), beside ArcticDB's append of the same rows and beside
 * the QuestDB client writing the same rows alone. One run, one machine, ratios at the end.
 *
 * Not measured: a network between the parts, more than one copy of a service, disks that sync every write.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runIngest, tradesJob } from '../test/support/ingest.ts';
import { generateTrades } from '../test/support/market-data.ts';
import { startTestPlatform } from '../test/support/platform.ts';
import { countRows } from '../test/support/store.ts';
import { until } from '../test/support/wait.ts';
import { bareClient } from './support/bare-client.ts';
import { pythonWith, runPython } from './support/python.ts';

const ROWS = Number(process.env['BENCH_ROWS'] ?? 1_000_000);
const SYMBOLS = 100;
const ARCTICDB = ['arcticdb==6.28.2', 'pandas<3'];

interface Measured {
  readonly rows: number;
  readonly seconds: number;
}

function isMeasured(value: unknown): value is Measured {
  return typeof value === 'object' && value !== null && 'rows' in value && 'seconds' in value;
}

async function wholeFlow(
  platform: Awaited<ReturnType<typeof startTestPlatform>>,
  path: string,
  dataset: string,
): Promise<Measured> {
  const started = performance.now();
  const ingest = runIngest(platform.endpoints, tradesJob(path, dataset));
  const source = `file:${dataset}`;
  await until(
    'rows of the flow',
    () => countRows(platform.endpoints, `trades where source = '${source}'`),
    (rows) => rows >= ROWS,
    600_000,
  );
  const seconds = (performance.now() - started) / 1000;
  const { code, output } = await ingest.ended;
  if (code !== 0) throw new Error(`ingest ended with ${code}: ${output.slice(-2000)}`);
  return { rows: ROWS, seconds };
}

async function arcticdb(path: string): Promise<Measured> {
  const python = await pythonWith('arcticdb', ARCTICDB);
  const result = await runPython(python, join(import.meta.dirname, 'support/arcticdb_append.py'), [path]);
  if (!isMeasured(result)) throw new Error(`unexpected answer ${JSON.stringify(result)}`);
  return result;
}

const rate = ({ rows, seconds }: Measured): number => rows / seconds;
const line = (name: string, measured: Measured): void => {
  console.log(
    `${name.padEnd(28)} ${Math.round(rate(measured)).toLocaleString('en')} rows/s (${measured.seconds.toFixed(1)} s)`,
  );
};

const folder = mkdtempSync(join(tmpdir(), 'tickwell-bench-'));
const { path } = await generateTrades({ path: join(folder, 'trades.csv'), rows: ROWS, symbols: SYMBOLS });
console.log(`${ROWS.toLocaleString('en')} trades of ${SYMBOLS} symbols, interleaved`);
const arctic = await arcticdb(path);
line('ArcticDB append', arctic);
const platform = await startTestPlatform();
try {
  const small = await generateTrades({
    path: join(folder, 'warm.csv'),
    rows: 20_000,
    symbols: SYMBOLS,
    seed: 2,
  });
  const warm = runIngest(platform.endpoints, tradesJob(small.path, 'warm'));
  await until(
    'warm-up',
    () => countRows(platform.endpoints, `trades where source = 'file:warm'`),
    (rows) => rows >= small.rows,
  );
  await warm.ended;
  const flow = await wholeFlow(platform, path, 'bench');
  line('whole flow', flow);
  const bare = await bareClient(platform.endpoints, path);
  line('QuestDB client alone', bare);
  console.log(`whole flow / ArcticDB: ${(rate(flow) / rate(arctic)).toFixed(2)}   goal 1.00`);
  console.log(`whole flow / client alone: ${(rate(flow) / rate(bare)).toFixed(2)}   goal 0.50`);
} finally {
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
}
