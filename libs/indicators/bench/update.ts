/**
 * Nanoseconds per update of every indicator, on this machine, one after another in one thread:
 *
 *     node libs/indicators/bench/update.ts [updates]
 *
 * Not measured: reading the inputs from anywhere, many instances competing for the cache, the first updates before the
 * compiler has optimised, and other processes on the same cores (run it on an idle machine; the best of twenty rounds is shown).
 */
import type { Indicator, IndicatorInput, IndicatorSpec } from '../src/index.ts';
import { createIndicator, parseSpec, restore } from '../src/index.ts';
import { randomSeries } from '../src/fixtures/random-series.ts';

const SPECS = [
  'sma(20)',
  'sma(200)',
  'sma(10000)',
  'ema(12)',
  'rsi(14)',
  'macd(12,26,9)',
  'atr(14)',
  'bbands(20,2)',
  'bbands(200,2)',
  'vwap(none)',
  'vwap(utc-day)',
];
const ROUNDS = 20;

const updates = Number(process.argv[2] ?? 200_000);
const inputs = randomSeries(1, 4_096, 'cents');

function specOf(text: string): IndicatorSpec {
  const result = parseSpec(text);
  if (!result.ok) throw new Error(result.error.message);
  return result.spec;
}

/** Best of the rounds, in ns per call of `each`; a fresh indicator that is warm before the clock starts. */
function measure(spec: IndicatorSpec, each: (indicator: Indicator, input: IndicatorInput) => void): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const indicator = createIndicator(spec);
    for (let index = 0; index <= spec.lookback; index += 1) indicator.update(at(index));
    const startNs = process.hrtime.bigint();
    for (let index = 0; index < updates; index += 1) each(indicator, at(index));
    best = Math.min(best, Number(process.hrtime.bigint() - startNs) / updates);
  }
  return best;
}

function at(index: number): IndicatorInput {
  const input = inputs[index & 4_095];
  if (input === undefined) throw new Error('no inputs');
  return input;
}

/** Microseconds to take a snapshot and restore from it. */
function snapshotUs(spec: IndicatorSpec): { readonly us: number; readonly bytes: number } {
  const indicator = createIndicator(spec);
  for (let index = 0; index <= spec.lookback; index += 1) indicator.update(at(index));
  const rounds = 2_000;
  const startNs = process.hrtime.bigint();
  for (let index = 0; index < rounds; index += 1) restore(spec, indicator.snapshot());
  const us = Number(process.hrtime.bigint() - startNs) / rounds / 1_000;
  return { us, bytes: indicator.snapshot().length };
}

const print = (...cells: readonly string[]): void => {
  const [name = '', ...rest] = cells;
  process.stdout.write(`${name.padEnd(16)}${rest.map((cell) => cell.padStart(18)).join('')}\n`);
};
print('ns per', 'update', 'update+replace', 'snapshot+restore', 'snapshot bytes');
for (const text of SPECS) {
  const spec = specOf(text);
  const plain = measure(spec, (indicator, input) => {
    indicator.update(input);
  });
  const replaced = measure(spec, (indicator, input) => {
    indicator.update(input);
    indicator.replace(input);
  });
  const { us, bytes } = snapshotUs(spec);
  print(text, plain.toFixed(1), replaced.toFixed(1), `${us.toFixed(1)} µs`, String(bytes));
}
