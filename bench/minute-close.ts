/**
 * The close of one minute over 10,000 symbols with 20 indicators each, as the service indicators has it: a bar of each symbol from its bytes to the bytes
 * of its indicators' records, by one process. Prints milliseconds of CPU a minute (median of the last ones), and the memory that 10,000 symbols keep once the windows
 * for corrections are full, each beside its goal (2 s on 2 cores, 1 GB).
 *
 * BENCH_SYMBOLS (10,000), BENCH_MINUTES (140: windows hold up to 130 bars).
 * Not measured: Kafka, checkpoints, the rest of the process.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { encodeBarBatch, TOPICS } from '@tickwell/contracts';
import { emptyBars, NS_PER_SECOND } from '@tickwell/domain';
import { parseSpecList } from '@tickwell/indicators';
import { SILENT } from '@tickwell/ports';
import { IndicatorEngine, type IndicatorState } from '../services/indicators/src/indicator-engine.ts';
import { settingsView } from '../services/indicators/src/settings.ts';
import { median, printTable, setting } from './support/numbers.ts';
import { walkBars } from './support/walk-bars.ts';

const SYMBOLS = setting('BENCH_SYMBOLS', 10_000);
const MINUTES = setting('BENCH_MINUTES', 140);
const MEASURED = 5;
const GOAL_MS = 4_000;
const GOAL_BYTES = 1e9;
const SPECS =
  'sma(20),sma(50),ema(12),ema(26),wma(20),rsi(14),macd(12,26,9),atr(14),bbands(20,2),stoch(14,3,3),cci(20),adx(14),obv(),mfi(14),willr(14),roc(10),mom(10),kama(10),donchian(20),vwap(utc-day)';
const START_NS = 1_700_000_040_000_000_000n;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const parsed = parseSpecList(SPECS);
if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join('; '));
const engine = new IndicatorEngine({ keptBars: 65 });
const settings = settingsView({ indicators: parsed.specs }, SILENT)([]);
const bars = walkBars(4_096);
const names = Array.from({ length: SYMBOLS }, (_, index) => `S${index}`);

function record(symbol: number, minute: number) {
  const bar = bars[(symbol * 7 + minute) % bars.length];
  if (bar === undefined) throw new Error('no bar');
  const startNs = START_NS + BigInt(minute) * 60n * NS_PER_SECOND;
  const columns = emptyBars();
  columns.startNs.push(startNs);
  columns.open.push(bar.open);
  columns.high.push(bar.high);
  columns.low.push(bar.low);
  columns.close.push(bar.close);
  columns.volume.push(bar.volume);
  const key = names[symbol] ?? '';
  const value = encodeBarBatch({
    header: {
      source: 'bench',
      symbol: key,
      cause: { origin: 'bench', n: BigInt(minute) + 1n, k: 0 },
      knownAtNs: startNs + 60n * NS_PER_SECOND,
      watermarkNs: startNs + 60n * NS_PER_SECOND,
      priceBasis: 'raw',
      replayOf: '',
    },
    interval: '1m',
    priceType: 'trade',
    bars: columns,
    positions: [],
  });
  return {
    topic: TOPICS.bars.name,
    partition: 0,
    offset: BigInt(minute * SYMBOLS + symbol),
    key,
    value,
    headers: {},
    timestampMs: 0,
  };
}

collect();
const before = process.memoryUsage();
const states: IndicatorState[] = names.map(() => engine.createState());
const times: number[] = [];
let [written, bytes] = [0, 0];
for (let minute = 0; minute < MINUTES; minute += 1) {
  const records = names.map((_, symbol) => record(symbol, minute));
  const cpu = process.cpuUsage();
  written = bytes = 0;
  for (const [symbol, input] of records.entries()) {
    const state = states[symbol];
    if (state === undefined) throw new Error('no state');
    for (const [k, output] of engine.process(input, state, settings).entries()) {
      written += 1;
      bytes += output.encode({ origin: 'md.bars@bench/0', n: input.offset + 1n, k }).length;
    }
  }
  const { user, system } = process.cpuUsage(cpu);
  times.push((user + system) / 1000);
}
collect();
const after = process.memoryUsage();
const kept =
  after.heapUsed +
  after.external +
  after.arrayBuffers -
  (before.heapUsed + before.external + before.arrayBuffers);
const encoded = engine.encodeState(states[0] ?? []).length;
const ms = median(times.slice(-MEASURED));
console.log(
  `${SYMBOLS} symbols x ${parsed.specs.length} indicators, ${written} records of ${Math.round(bytes / written)} bytes a minute; a checkpoint of one symbol has ${encoded} bytes\n`,
);
printTable([
  ['', 'measured', 'goal', 'measured / goal'],
  ['CPU of a minute (ms)', ms.toFixed(0), String(GOAL_MS), (ms / GOAL_MS).toFixed(2)],
  ['memory kept (MB)', (kept / 1e6).toFixed(0), String(GOAL_BYTES / 1e6), (kept / GOAL_BYTES).toFixed(2)],
  ['resident (MB)', (after.rss / 1e6).toFixed(0), '', ''],
]);
