import { describe, expect, inject, it } from 'vitest';
import { chunksOf, eventsOf, items, refusalsOf, source } from './fixtures/files.ts';
import { sampleJobs } from './sample.ts';

/**
 * What the resources of ta4j-examples 0.18 hold, found with Python's zipfile and json instead of this code: events are the lines after
 * the header or the elements of the array, times those of the first and last one (an ETH/USD bar is stamped 1 ms before its end).
 */
const EXPECTED = [
  { symbol: 'BTCUSD', events: 100_000, first: 1_385_337_600_000_000_000n, last: 1_385_913_725_000_000_000n },
  { symbol: 'AAPL', events: 252, first: 1_357_084_800_000_000_000n, last: 1_388_448_000_000_000_000n },
  { symbol: 'ETHUSD', events: 580, first: 1_678_730_400_000_000_000n, last: 1_678_904_100_000_000_000n },
];

describe('the sample in the JAR', () => {
  it.each(EXPECTED)('$symbol has $events events', async ({ symbol, events, first, last }) => {
    const job = sampleJobs(inject('stack').sampleJar).find((options) => options.symbol === symbol);
    if (job === undefined) throw new Error(`no sample of ${symbol}`);
    const all = await items(await source(job));
    expect(eventsOf(all)).toHaveLength(events);
    expect(refusalsOf(all)).toEqual([]);
    const times = chunksOf(all).flatMap((chunk) =>
      chunk.kind === 'trades' ? chunk.trades.timeNs : chunk.kind === 'bars' ? chunk.bars.startNs : [],
    );
    expect([times.at(0), times.at(-1)]).toEqual([first, last]);
  });
});
