import { expect, it } from 'vitest';
import { pickBars, pickQuotes, pickTrades } from './events.ts';

it('picks events of every column and leaves empty optional columns empty', () => {
  const trades = {
    timeNs: [1n, 2n, 3n],
    seq: [0n, 1n, 2n],
    price: [1, 2, 3],
    size: [4, 5, 6],
    conditions: [],
    venue: ['a', 'b', 'c'],
  };
  expect(pickTrades(trades, [2, 0])).toEqual({
    timeNs: [3n, 1n],
    seq: [2n, 0n],
    price: [3, 1],
    size: [6, 4],
    conditions: [],
    venue: ['c', 'a'],
  });
  const quotes = {
    timeNs: [1n, 2n],
    seq: [0n, 0n],
    bidPrice: [NaN, 2],
    bidSize: [NaN, 1],
    askPrice: [3, 4],
    askSize: [1, 1],
  };
  expect(pickQuotes(quotes, [1]).bidPrice).toEqual([2]);
  const bars = {
    startNs: [1n, 2n],
    open: [1, 2],
    high: [1, 2],
    low: [1, 2],
    close: [1, 2],
    volume: [],
    vwap: [],
    tradeCount: [],
    sessionDate: [20_200_101, 20_200_102],
  };
  expect(pickBars(bars, [1])).toMatchObject({ startNs: [2n], volume: [], sessionDate: [20_200_102] });
  expect(() => pickTrades(trades, [3])).toThrow(RangeError);
});
