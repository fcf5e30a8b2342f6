import { describe, expect, it } from 'vitest';
import { parseBarLength } from './bar-length.ts';

describe('length of a bar', () => {
  it('is a time or what fills it', () => {
    const kinds = ['5m', '1mo', '100tick', '0.25volume', '1000000dollar'].map((text) => parseBarLength(text));
    expect(kinds).toMatchObject([
      { value: { text: '5m', kind: 'fixed' } },
      { value: { text: '1mo', kind: 'month' } },
      { value: { kind: 'threshold', measure: 'tick', size: 100 } },
      { value: { kind: 'threshold', measure: 'volume', size: 0.25 } },
      { value: { kind: 'threshold', measure: 'dollar', size: 1_000_000 } },
    ]);
  });

  it.each([
    ['0tick', 'more than 0'],
    ['1.5tick', 'whole numbers'],
    ['0100volume', 'write the number as 100'],
    ['1.50dollar', 'write the number as 1.5'],
    ['100ticks', 'not an interval'],
    ['7m', 'does not divide a day'],
  ])('refuses %s', (text, reason) => {
    expect(parseBarLength(text)).toEqual({ ok: false, error: expect.stringContaining(reason) as string });
  });
});
