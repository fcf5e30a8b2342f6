import { expect, it } from 'vitest';
import { calculate } from '../calculate.ts';
import { parseSpec } from '../spec.ts';

const BARS = [
  { startNs: 1n, open: 4, high: 5, low: 2, close: 3, volume: 0 },
  { startNs: 2n, open: 8, high: 9, low: 1, close: 2, volume: 10 },
];

it.each([
  ['spread(2,open)', [3 - 8, 2 - 16]],
  ['spread(0.5,high,low)', [2 - 2.5, 1 - 4.5]],
  ['ratio(open)', [0.75, 0.25]],
  ['ratio(volume)', [0, 0.2]],
])('%s', (text, values) => {
  const parsed = parseSpec(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  expect([...(calculate(parsed.spec, BARS)[0] ?? [])]).toEqual(values);
});
