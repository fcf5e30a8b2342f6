import { describe, expect, it } from 'vitest';
import type { Instrument } from '@tickwell/client';
import { tableLines } from './instruments.ts';

const BARS: Instrument = {
  symbol: 'A',
  source: 'file:x',
  kind: 'bars',
  interval: '5m',
  rows: 1_000n,
  firstNs: 0n,
  lastNs: 60_000_000_000n,
  specId: '',
  priceType: 'trade',
  instrumentType: '',
  name: '',
  exchange: '',
  currency: '',
};

describe('the table of what is stored', () => {
  it('says of instruments what the map knows of any of them', () => {
    const known = { ...BARS, symbol: 'B', instrumentType: 'stock', name: 'Company B', currency: 'USD' };
    const lines = tableLines([BARS, known]).map((line) => line.split(/ {2,}/));
    expect(lines[0]?.slice(-3)).toEqual(['type', 'name', 'currency']);
    expect(lines[2]?.slice(-3)).toEqual(['stock', 'Company B', 'USD']);
  });

  it('has one line for the indicators of a series, with their specifications and all their rows', () => {
    const indicators = ['sma(20,close)', 'ema(20,close)'].map((specId) => ({
      ...BARS,
      kind: 'indicators',
      specId,
      rows: 10n,
    }));
    const lines = tableLines([BARS, ...indicators]).map((line) => line.split(/ {2,}/));
    expect(lines).toHaveLength(3);
    expect(lines[0]?.at(-1)).toBe('specifications');
    expect(lines[1]?.at(-1)).toBe('file:x');
    expect(lines[2]?.slice(0, 4)).toEqual(['A', 'indicators', '5m', '20']);
    expect(lines[2]?.at(-1)).toBe('ema(20,close) sma(20,close)');
  });

  it('says what bars are built of where it is not trades', () => {
    expect(tableLines([{ ...BARS, priceType: 'mid' }])[1]).toMatch(/^A +bars +5m mid +1,000/);
  });

  it('has no column of specifications where there is none', () => {
    expect(tableLines([BARS])[0]).toMatch(/source$/);
  });
});
