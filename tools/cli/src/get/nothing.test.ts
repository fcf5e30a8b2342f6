import type { Instrument } from '@tickwell/client';
import { describe, expect, it } from 'vitest';
import { nothingText } from './nothing.ts';

const HOURS: Instrument = {
  symbol: 'EURUSD',
  source: 'ib:history',
  kind: 'bars',
  interval: '1h',
  rows: 80n,
  firstNs: 0n,
  lastNs: 1n,
  specId: '',
  priceType: 'mid',
  instrumentType: '',
  name: '',
  exchange: '',
  currency: '',
};
const asked = { symbol: 'EURUSD', kind: 'bars', interval: '1h', priceType: 'trade' };

describe('nothing that matches', () => {
  it('names the bars that there are, with the flags that show them', () => {
    const stored = [
      HOURS,
      { ...HOURS, source: 'ib' },
      { ...HOURS, interval: '1d', priceType: 'trade' as const },
    ];
    expect(nothingText(asked, stored)).toBe(
      'nothing is stored of EURUSD that matches; of its bars there are: --interval 1h --price-type mid, --interval 1d',
    );
  });

  it('does not offer what was asked for, nor another symbol, nor another kind', () => {
    const stored = [
      { ...HOURS, priceType: 'trade' as const },
      { ...HOURS, symbol: 'EURUSDX' },
      { ...HOURS, kind: 'quotes', interval: '' },
    ];
    expect(nothingText(asked, stored)).toMatch(/see "tickwell get instruments EURUSD"$/);
  });
});
