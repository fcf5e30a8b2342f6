import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { summarizeQuotes, summarizeTrades } from './aggregate.ts';
import { lowerBound } from './columns.ts';
import {
  quotesOfBars,
  quotesOfTrades,
  tradesOfBars,
  type RecordedBar,
  type RecordedQuoteBar,
} from './prints.ts';

const MINUTE_MS = 60_000;
const price = (cents: number): number => Number((cents / 100).toFixed(2));
const ohlc = fc
  .tuple(fc.integer({ min: 100, max: 30_000 }), fc.array(fc.nat({ max: 60 }), { minLength: 4, maxLength: 4 }))
  .map(([base, steps]) => {
    const cents = steps.map((step) => base + step);
    const [open = base, close = base] = cents;
    return {
      open: price(open),
      close: price(close),
      high: price(Math.max(...cents)),
      low: price(Math.min(...cents)),
    };
  });
const lengths = fc.constantFrom(1000, MINUTE_MS, 5 * MINUTE_MS);
const volumes = fc.oneof(
  fc.integer({ min: 4, max: 2_000_000_000 }),
  fc.integer({ min: 1, max: 900_000_000_000 }).map((units) => units / 1e8),
);

/** Bars one after the other, with holes. */
function inTime<T>(bars: readonly T[], lengthMs: number): (T & { offsetMs: number; lengthMs: number })[] {
  return bars.map((bar, index) => ({ ...bar, offsetMs: (index * 2 + (index % 2)) * lengthMs, lengthMs }));
}

describe('trades made from bars', () => {
  it('give the bars back, volume included', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(ohlc, volumes), { minLength: 1, maxLength: 20 }),
        lengths,
        (parts, lengthMs) => {
          const bars: RecordedBar[] = inTime(
            parts.map(([bar, volume]) => ({ ...bar, volume })),
            lengthMs,
          );
          const trades = tradesOfBars(bars, { tick: 0.01, exchange: 0 });
          for (const bar of bars) {
            const from = lowerBound(trades.offsetsMs, bar.offsetMs);
            const to = lowerBound(trades.offsetsMs, bar.offsetMs + lengthMs);
            expect(summarizeTrades(trades, from, to)).toMatchObject({
              open: bar.open,
              high: bar.high,
              low: bar.low,
              close: bar.close,
              volume: bar.volume,
            });
          }
          const last = bars.at(-1);
          expect(lowerBound(trades.offsetsMs, (last?.offsetMs ?? 0) + lengthMs)).toBe(trades.prices.length);
        },
      ),
    );
  });

  it('are at least one share each, and no more than there are shares', () => {
    const bar = { offsetMs: 0, lengthMs: MINUTE_MS, open: 10, high: 10.02, low: 10, close: 10.02, volume: 3 };
    const trades = tradesOfBars([bar], { tick: 0.01, exchange: 0 });
    expect([...trades.sizes]).toEqual([1, 1, 1]);
    expect([...trades.prices]).toEqual([10, 10.01, 10.02]);
    expect([...trades.offsetsMs]).toEqual([0, 20_000, 40_000]);
  });
});

describe('quotes', () => {
  it('made from bars give the bars of both sides back', () => {
    const quoteBars = fc.array(fc.tuple(ohlc, fc.integer({ min: 0, max: 50 })), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(quoteBars, lengths, (parts, lengthMs) => {
        const bars: RecordedQuoteBar[] = inTime(
          parts.map(([bid, spread]) => ({ bid, ask: raised(bid, spread), bidSize: 100, askSize: 200 })),
          lengthMs,
        );
        const quotes = quotesOfBars(bars, 0.01);
        for (const bar of bars) {
          const from = lowerBound(quotes.offsetsMs, bar.offsetMs);
          const to = lowerBound(quotes.offsetsMs, bar.offsetMs + lengthMs);
          expect(summarizeQuotes(quotes, 'BID', from, to)).toMatchObject(bar.bid);
          expect(summarizeQuotes(quotes, 'ASK', from, to)).toMatchObject(bar.ask);
        }
        expect(quotes.bids.every((bid, index) => bid <= (quotes.asks[index] ?? 0))).toBe(true);
      }),
    );
  });

  it('made from trades have every traded price at the bid or at the offer, a tick apart', () => {
    fc.assert(
      fc.property(fc.array(ohlc, { minLength: 1, maxLength: 10 }), (shapes) => {
        const bars = inTime(
          shapes.map((bar) => ({ ...bar, volume: 1000 })),
          MINUTE_MS,
        );
        const trades = tradesOfBars(bars, { tick: 0.01, exchange: 0 });
        const quotes = quotesOfTrades(trades, 0.01);
        trades.prices.forEach((traded, index) => {
          const at = lowerBound(quotes.offsetsMs, (trades.offsetsMs[index] ?? 0) + 1) - 1;
          expect([quotes.bids[at], quotes.asks[at]]).toContain(traded);
          expect((quotes.asks[at] ?? 0) - (quotes.bids[at] ?? 0)).toBeCloseTo(0.01, 9);
        });
      }),
      { numRuns: 20 },
    );
  });
});

function raised(bid: RecordedQuoteBar['bid'], cents: number): RecordedQuoteBar['ask'] {
  const up = (value: number): number => price(Math.round(value * 100) + cents);
  return { open: up(bid.open), high: up(bid.high), low: up(bid.low), close: up(bid.close) };
}
