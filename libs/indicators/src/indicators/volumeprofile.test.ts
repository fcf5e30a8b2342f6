import { describe, expect, it } from 'vitest';
import { columnsOf } from '../fixtures/bars.ts';
import type { IndicatorInput } from '../input.ts';

function bar(low: number, high: number, volume: number, sessionDate = 20240102): IndicatorInput {
  return { open: low, high, low, close: high, volume, startNs: 0n, sessionDate };
}

describe('volumeprofile', () => {
  // By hand: parts 0–1 … 3–4 of the range have 10, 10 + 30, 30 + 20 and 0 of the volume.
  const bars = [bar(0, 2, 20), bar(1, 3, 60), bar(2, 2.5, 20), bar(4, 4, 0)];

  it('spreads the volume of each bar over its range', () => {
    const [poc, vah, val] = columnsOf('volumeprofile(4,4,70,none)', bars).map((column) => column[3]);
    expect([poc, vah, val]).toEqual([2.5, 3, 1]);
  });

  it('grows the value area until it has all the volume that is asked for', () => {
    const at = (share: number): unknown =>
      columnsOf(`volumeprofile(4,4,${share},none)`, bars).map((column) => column[3]);
    expect(at(50)).toEqual([2.5, 3, 2]);
    expect(at(90)).toEqual([2.5, 3, 1]);
    expect(at(91)).toEqual([2.5, 3, 0]);
    expect(at(100)).toEqual([2.5, 3, 0]);
  });

  it('begins anew with a session, and has no value before any volume', () => {
    const days = [bar(1, 3, 0), bar(5, 5, 7), bar(9, 9, 4, 20240103), bar(9, 9, 0, 20240104)];
    const [poc, vah, val] = columnsOf('volumeprofile(10,2,70,session)', days);
    expect(poc).toEqual([NaN, 4, 9, NaN]);
    expect(vah).toEqual([NaN, 5, 9, NaN]);
    expect(val).toEqual([NaN, 3, 9, NaN]);
  });
});
