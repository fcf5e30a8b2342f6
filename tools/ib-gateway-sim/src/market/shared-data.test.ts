import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SILENT } from '@tickwell/ports';
import { beforeAll, describe, expect, it } from 'vitest';
import { createMarket } from './index.ts';
import type { Instrument, Market, MarketBar } from './market.ts';

/** Real files, which are not part of the repository. */
const DATA = process.env['TICKWELL_TEST_DATA'] ?? join(import.meta.dirname, '../../../../../shared/data');
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-23T20:00:00Z');

describe.skipIf(!existsSync(DATA))('the market of the recorded data', { timeout: 60_000 }, () => {
  let market: Market;
  beforeAll(async () => {
    market = await createMarket({ dataDir: DATA, logger: SILENT, now: () => NOW });
  });

  const instrument = (localSymbol: string): Instrument =>
    market.instruments.find((each) => each.localSymbol === localSymbol)!;

  function bars(localSymbol: string, from: string, minutes: number, barMs = MINUTE_MS): readonly MarketBar[] {
    const { conId, secType } = instrument(localSymbol);
    const fromMs = Date.parse(`${from}Z`);
    const whatToShow = secType === 'CASH' ? 'BID' : 'TRADES';
    return [
      ...market.bars(conId, { fromMs, toMs: fromMs + minutes * MINUTE_MS, barMs, whatToShow, useRth: false }),
    ];
  }

  it('has shares, currencies, futures, coins and an index, with the conIds of IB where they are known', () => {
    expect(new Set(market.instruments.map(({ secType }) => secType))).toEqual(
      new Set(['STK', 'CASH', 'FUT', 'CRYPTO', 'IND']),
    );
    expect(new Set(market.instruments.map(({ tradingClass }) => tradingClass)).size).toBeGreaterThanOrEqual(
      8,
    );
    expect(new Set(market.instruments.map(({ conId }) => conId)).size).toBe(market.instruments.length);
    expect(['AAPL', 'SPY', 'EUR.USD'].map((symbol) => instrument(symbol).conId)).toEqual([
      265598, 756733, 12087792,
    ]);
  });

  it('replays bars as they are in the files', () => {
    // 2026-11-23 replays Monday 2016-05-02: the opening auction, then the first minute, lines 4310 and 4311 of the file.
    expect(bars('AAPL', '2026-11-23T14:30', 1)).toMatchObject([
      { open: 93.965, high: 94.08, low: 93.96, close: 94, volume: 588_124 + 237_178 },
    ]);
    // Monday 2014-05-05, 00:00 in New York: 23:00 of the Sunday before in the file's UTC-5.
    expect(bars('EUR.USD', '2026-11-23T05:00', 1)).toMatchObject([
      { open: 1.38748, high: 1.38751, low: 1.38748, close: 1.38751 },
    ]);
  });

  it('replays ticks as they are in the files', () => {
    const { conId } = instrument('SPY');
    const fromMs = Date.parse('2026-11-23T09:00:00Z');
    const trades = [...market.trades(conId, { fromMs, toMs: fromMs + 16 * 3_600_000 })];
    // lean/equity/usa/tick/spy/20131007_trade.zip, a Monday: 250,601 rows.
    expect(trades).toHaveLength(250_601);
    expect(trades.every(({ timeMs }, index) => index === 0 || timeMs >= trades[index - 1]!.timeMs)).toBe(
      true,
    );
    const quotes = [...market.quotes(instrument('IBM').conId, { fromMs, toMs: fromMs + 16 * 3_600_000 })];
    expect(quotes.length).toBeGreaterThan(40_000);
    expect(quotes.every(({ bid, ask }) => bid < ask)).toBe(true);
  });

  it.each([
    'AAPL',
    'SPY',
    'IBM',
    'BAC',
    'EUR.USD',
    'GBP.USD',
    'ESZ6',
    'ESH7',
    '6EZ6',
    'BTC.USD',
    'LTC.USD',
    'SPX',
  ])('%s: a day of minutes is the daily bar, every price in its bar', (symbol) => {
    const { conId, secType } = instrument(symbol);
    const whatToShow = secType === 'CASH' ? 'MIDPOINT' : 'TRADES';
    const span = { fromMs: NOW - 4 * DAY_MS, toMs: NOW };
    const days = [...market.bars(conId, { ...span, barMs: DAY_MS, whatToShow, useRth: false })];
    const minutes = [...market.bars(conId, { ...span, barMs: MINUTE_MS, whatToShow, useRth: false })];
    expect(days.length).toBeGreaterThan(0);
    for (const [index, day] of days.entries()) {
      const endMs = days[index + 1]?.startMs ?? NOW;
      const inDay = minutes.filter(({ startMs }) => startMs >= day.startMs && startMs < endMs);
      const volume = inDay.reduce((sum, bar) => sum + bar.volume, 0);
      if (secType !== 'CASH') expect(volume).toBeCloseTo(day.volume, 4);
      expect(Math.max(...inDay.map(({ high }) => high))).toBe(day.high);
      expect(Math.min(...inDay.map(({ low }) => low))).toBe(day.low);
      expect([inDay[0]?.open, inDay.at(-1)?.close]).toEqual([day.open, day.close]);
    }
    expect(
      minutes.every(
        ({ open, high, low, close }) => low <= Math.min(open, close) && high >= Math.max(open, close),
      ),
    ).toBe(true);
  });

  it('has reports of Apple and of IBM, and of nobody else', () => {
    for (const type of ['ReportSnapshot', 'ReportsFinSummary', 'ReportsFinStatements']) {
      expect(market.fundamentals(265598, type)).toMatch(/^<\?xml/);
      expect(market.fundamentals(instrument('IBM').conId, type)).toMatch(/^<\?xml/);
      expect(market.fundamentals(instrument('BAC').conId, type)).toBeUndefined();
    }
    expect(market.fundamentals(265598, 'RESC')).toBeUndefined();
    // Revenue of the fiscal year 2016 in its 10-K: 215,639 million dollars.
    expect(market.fundamentals(265598, 'ReportsFinStatements')).toContain(
      '<lineItem coaCode="RTLR">215639</lineItem>',
    );
  });
});
