import { emptyBars } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import { barInput, isUsableInput } from './bar-input.ts';

const ONE = { ...emptyBars(), startNs: [7n], open: [1], high: [3], low: [0.5], close: [2] };

describe('a bar as an input', () => {
  it('counts without volume as volume 0, and leaves out a vwap that is missing', () => {
    const bare = { startNs: 7n, open: 1, high: 3, low: 0.5, close: 2, volume: 0 };
    expect(barInput(ONE, 0)).toEqual(bare);
    expect(barInput({ ...ONE, volume: [NaN], vwap: [NaN] }, 0)).toEqual(bare);
    expect(barInput({ ...ONE, volume: [9], vwap: [1.5] }, 0)).toEqual({ ...bare, volume: 9, vwap: 1.5 });
  });

  it('is usable only if every number of it is', () => {
    expect(isUsableInput(barInput(ONE, 0))).toBe(true);
    for (const broken of [{ open: [NaN] }, { close: [Infinity] }, { volume: [-1] }, { vwap: [1e100] }])
      expect(isUsableInput(barInput({ ...ONE, ...broken }, 0))).toBe(false);
    expect(isUsableInput(barInput(emptyBars(), 0))).toBe(false);
  });
});
