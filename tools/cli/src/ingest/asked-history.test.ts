import { describe, expect, it } from 'vitest';
import { spanOf } from './asked-history.ts';

const HOURS = { symbol: 'EURUSD', what: '1h:MIDPOINT', useRth: false };
const NAME = 'ib:history:EURUSD:12087792:1h:MIDPOINT:all:100-200';

describe('the span of a stream of history', () => {
  it('is in its name, also of one that asked once more', () => {
    const span = { fromNs: 100_000_000_000n, toNs: 200_000_000_000n };
    expect(spanOf(NAME, HOURS)).toEqual(span);
    expect(spanOf(`${NAME}:again-7`, HOURS)).toEqual(span);
  });

  it.each([
    ['another symbol', NAME, { ...HOURS, symbol: 'EUR' }],
    ['another price', NAME, { ...HOURS, what: '1h:BID' }],
    ['other hours', NAME, { ...HOURS, useRth: true }],
    ['no history', 'ib:live:1:abc', HOURS],
    ['a name of another form', 'ib:history:EURUSD:x', HOURS],
  ])('is none of %s', (_name, stream, of) => {
    expect(spanOf(stream, of)).toBeUndefined();
  });
});
