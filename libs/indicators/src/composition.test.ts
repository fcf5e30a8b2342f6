import { expect, it } from 'vitest';
import { calculate } from './calculate.ts';
import { columnsOf } from './fixtures/bars.ts';
import { randomSeries } from './fixtures/random-series.ts';
import { parseSpec } from './spec.ts';

/** A column of values as the closes of bars: what an outer indicator sees of an inner one. */
function average(values: readonly number[], size: number): number[] {
  const known = values.filter((value) => !Number.isNaN(value));
  const bars = known.map((close, index) => ({
    open: close,
    high: close,
    low: close,
    close,
    volume: 0,
    startNs: BigInt(index),
  }));
  const parsed = parseSpec(`sma(${size})`);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const [column = new Float64Array()] = calculate(parsed.spec, bars);
  return [...values.filter((value) => Number.isNaN(value)), ...column];
}

it('an indicator of an indicator is computed from its warm values, as if they were prices', () => {
  const inputs = randomSeries(7, 120, 'cents');
  const [, signal = []] = columnsOf('macd(3,6,4)', inputs);
  expect(columnsOf('sma(5,macd(3,6,4).signal)', inputs)).toEqual([average(signal, 5)]);
  const [rsi = []] = columnsOf('rsi(5,hl2)', inputs);
  expect(columnsOf('sma(3,sma(5,rsi(5,hl2)))', inputs)).toEqual([average(average(rsi, 5), 3)]);
});
