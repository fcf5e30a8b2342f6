import { emptyQuotes } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import { quotePrices } from './quote-prices.ts';

const quotes = {
  ...emptyQuotes(),
  timeNs: [1n, 2n, 3n, 4n, 5n],
  seq: [0n, 0n, 0n, 0n, 7n],
  bidPrice: [10, NaN, 12, 11, 10],
  bidSize: [1, NaN, 1, 1, 1],
  askPrice: [11, 11, NaN, 11, 9],
  askSize: [1, 1, NaN, 1, 1],
};

describe('prices of quotes', () => {
  it('are those of the side; a quote without it has none', () => {
    const { prices, oneSided, crossed } = quotePrices(quotes, 'bid');
    expect(prices).toMatchObject({
      timeNs: [1n, 3n, 4n, 5n],
      seq: [0n, 0n, 0n, 7n],
      price: [10, 12, 11, 10],
    });
    expect([oneSided, crossed]).toEqual([1, 0]);
    expect(quotePrices(quotes, 'ask').prices.price).toEqual([11, 11, 11, 9]);
  });

  it('are in the middle of both, also where they are equal; crossed ones have no middle', () => {
    const { prices, oneSided, crossed } = quotePrices(quotes, 'mid');
    expect(prices).toMatchObject({ timeNs: [1n, 4n], price: [10.5, 11], size: [0, 0] });
    expect([oneSided, crossed]).toEqual([2, 1]);
  });
});
