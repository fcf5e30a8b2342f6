/**
 * Indicators beside trading-signals (updates one by one) and TA-Lib's C (whole arrays), in one run: `npm run bench -- indicators`.
 *
 * Millions of updates per second of CPU time, the best of the rounds, both sides in turns, so that other processes on the machine count little; all
 * indicators run in one process, as they do in the service, and a round that does not count comes first: what is measured before the compiler
 * has seen the others is up to twice as fast, on both sides. Ours take whole bars and check them, trading-signals takes the close as a number.
 * Not measured: reading bars from anywhere, many instances competing for the cache, the first updates before the compiler has optimised.
 */
import { join } from 'node:path';
import { calculateTechnicalIndicators, createIndicator, parseSpec } from '@tickwell/indicators';
import type { Indicator, IndicatorFrame, IndicatorInput } from '@tickwell/indicators';
import { ATR, BollingerBands, EMA, MACD, RSI, SMA } from 'trading-signals';
import { pythonWith, runPython } from './support/python.ts';
import { walkBars } from './support/walk-bars.ts';

const ROUNDS = 15;
const UPDATES = 200_000;
const MOST_ROWS = 1_000_000;
const BARS = walkBars(4_096);

/** What trading-signals calls one; `replace` corrects the last value. */
interface Rival {
  update(bar: IndicatorInput, replace: boolean): unknown;
}

const of = (indicator: { update(close: number, replace: boolean): unknown }): Rival => ({
  update: (bar, replace) => indicator.update(bar.close, replace),
});

const RIVALS: Readonly<Record<string, () => Rival>> = {
  'sma(20)': () => of(new SMA(20)),
  'ema(12)': () => of(new EMA(12)),
  'rsi(14)': () => of(new RSI(14)),
  'macd(12,26,9)': () => of(new MACD(new EMA(12), new EMA(26), new EMA(9))),
  'atr(14)': () => new ATR(14),
  'bbands(20,2)': () => of(new BollingerBands(20, 2)),
};

function ours(text: string): Indicator {
  const parsed = parseSpec(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return createIndicator(parsed.spec);
}

/** Millions of calls a second of CPU. */
function rate(call: (bar: IndicatorInput) => void): number {
  const before = process.cpuUsage();
  for (let index = 0; index < UPDATES; index += 1) {
    const bar = BARS[index & (BARS.length - 1)];
    if (bar !== undefined) call(bar);
  }
  const { user, system } = process.cpuUsage(before);
  return UPDATES / (user + system);
}

interface Rates {
  update: number;
  replace: number;
}

interface Pair {
  readonly text: string;
  readonly create: () => Rival;
  readonly mine: Rates;
  readonly theirs: Rates;
}

function measureRound({ text, create, mine, theirs }: Pair): void {
  const indicator = ours(text);
  mine.update = Math.max(
    mine.update,
    rate((bar) => void indicator.advance(bar)),
  );
  const rival = create();
  theirs.update = Math.max(
    theirs.update,
    rate((bar) => void rival.update(bar, false)),
  );
  mine.replace = Math.max(
    mine.replace,
    rate((bar) => {
      indicator.advance(bar);
      indicator.revise(bar);
    }),
  );
  theirs.replace = Math.max(
    theirs.replace,
    rate((bar) => {
      rival.update(bar, false);
      rival.update(bar, true);
    }),
  );
}

/** The best of the rounds; every round has all of them, so that the compiler has seen all when each is measured. */
function measure(): readonly Pair[] {
  const none = (): Pair[] =>
    Object.entries(RIVALS).map(([text, create]) => ({
      text,
      create,
      mine: { update: 0, replace: 0 },
      theirs: { update: 0, replace: 0 },
    }));
  for (const pair of none()) measureRound(pair);
  const pairs = none();
  for (let round = 0; round < ROUNDS; round += 1) for (const pair of pairs) measureRound(pair);
  return pairs;
}

const print = (...cells: readonly string[]): void => {
  const [name = '', ...rest] = cells;
  console.log(`${name.padEnd(16)}${rest.map((cell) => cell.padStart(16)).join('')}`);
};

console.log('Millions of updates per second of CPU; with a replacement after every update');
print('', 'trading-signals', 'ours', 'ratio', 'their replace', 'our replace', '/ their update');
for (const { text, mine, theirs } of measure()) {
  print(
    text,
    theirs.update.toFixed(1),
    mine.update.toFixed(1),
    (mine.update / theirs.update).toFixed(2),
    theirs.replace.toFixed(1),
    mine.replace.toFixed(1),
    (mine.replace / theirs.update).toFixed(2),
  );
}

function frameOf(bars: readonly IndicatorInput[]): Required<Omit<IndicatorFrame, 'vwap' | 'sessionDate'>> {
  const column = (name: 'open' | 'high' | 'low' | 'close' | 'volume'): Float64Array =>
    Float64Array.from(bars, (bar) => bar[name]);
  return {
    timeNs: BigInt64Array.from(bars, ({ startNs }) => startNs),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
  };
}

/** Nanoseconds of CPU a value, over whole columns; short ones as often as makes a million values. */
function batchNs(frame: IndicatorFrame, text: string): number {
  const rows = frame.timeNs.length;
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    for (let done = 0; done < MOST_ROWS; done += rows) {
      const found = calculateTechnicalIndicators(frame, text);
      if (!found.ok) throw new Error(found.error);
    }
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, ((user + system) * 1_000) / MOST_ROWS);
  }
  return best;
}

const python = await pythonWith('talib', ['TA-Lib==0.8.2', 'numpy==2.4.6']);
for (const rows of [10_000, MOST_ROWS]) {
  const frame = frameOf(walkBars(rows));
  const answer = await runPython(python, join(import.meta.dirname, 'support/talib_speed.py'), [String(rows)]);
  const talib = new Map(typeof answer === 'object' && answer !== null ? Object.entries(answer) : []);
  console.log(`\nNanoseconds of CPU a value, ${rows.toLocaleString('en-US')} values at once`);
  print('', 'TA-Lib (C)', 'ours', 'ratio');
  for (const text of Object.keys(RIVALS)) {
    const ns = batchNs(frame, text);
    const reference = Number(talib.get(text));
    print(text, reference.toFixed(1), ns.toFixed(1), (reference / ns).toFixed(2));
  }
}
