import { join } from 'node:path';
import { addIndicatorModules } from '@tickwell/indicator-modules';
import { calculate, parseSpec } from '@tickwell/indicators';
import { expect, it } from 'vitest';

it('is added to the indicators that there are, and computes', async () => {
  const added = await addIndicatorModules(join(import.meta.dirname, 'main.ts'));
  expect(added).toEqual({ ok: true, value: ['choppiness'] });
  const parsed = parseSpec('choppiness(2)');
  if (!parsed.ok) throw new Error(parsed.error.message);
  const bars = [
    [5, 5],
    [6, 5],
    [7, 6],
    [7, 5],
    [7, 7],
    [7, 7],
    [7, 7],
  ].map(([high = 0, low = 0], index) => ({
    open: low,
    high,
    low,
    close: high,
    volume: 1,
    startNs: BigInt(index),
  }));
  const [values] = calculate(parsed.spec, bars);
  // True ranges 1, 1, 2, 0, 0, 0 over ranges of two bars 2, 2, 2, 0, 0.
  const straight = 0;
  const choppy = 100 * Math.log2(3 / 2);
  const expected = [NaN, NaN, straight, choppy, straight, 100, 100];
  for (const [row, value] of expected.entries()) expect(values?.[row]).toBeCloseTo(value, 12);
});
