import { expect, it } from 'vitest';
import { websocketRows } from './source-rows.ts';

it('the ready feeds over WebSocket are listed with what they bring live', () => {
  expect(
    websocketRows().map(({ name, live, intervals, problem }) => ({ name, live, intervals, problem })),
  ).toEqual([
    { name: 'binance-futures', live: ['trades', 'quotes', 'bars'], intervals: ['1m'], problem: undefined },
    { name: 'bitmex', live: ['trades', 'quotes'], intervals: [], problem: undefined },
    { name: 'coinbase', live: ['trades', 'quotes'], intervals: [], problem: undefined },
  ]);
});
