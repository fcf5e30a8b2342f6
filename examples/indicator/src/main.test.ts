import { join } from 'node:path';
import { addIndicatorModules } from '@tickwell/indicator-modules';
import { calculate, parseSpec } from '@tickwell/indicators';
import { expect, it } from 'vitest';

/** To 12 digits: the last bits of a logarithm are not the point. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

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
  expect([...(values ?? [])].map(rounded)).toEqual(expected.map(rounded));
});
