import {
  emptyBars,
  emptyQuotes,
  emptyTrades,
  parseIsoTime,
  type BarColumns,
  type QuoteColumns,
  type TradeColumns,
} from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import { barContext, context, positions } from './fixtures/events.ts';
import { DATA_MISSING, linesOf } from './fixtures/real-data.ts';
import { judge } from './judge.ts';
import { BARS } from './kinds/bars.ts';
import { QUOTES } from './kinds/quotes.ts';
import { TRADES } from './kinds/trades.ts';
import type { BatchContext, Kind } from './rule.ts';
import { createStream } from './stream-state.ts';

/** 2027-01-01T00:00:00Z: after every file. */
const KNOWN_NS = 1_798_761_600_000_000_000n;
const NS_PER_MS = 1_000_000n;
const BATCH = 500;

interface Summary {
  readonly accepted: number;
  readonly duplicates: number;
  /** Refused events by rule. */
  readonly refused: Readonly<Record<string, number>>;
  /** Flagged events by rule. */
  readonly flagged: Readonly<Record<string, number>>;
}

/** Judges a whole file in batches, as the validator gets it. */
function summarise<C>(kind: Kind<C>, columns: C, count: number, base: BatchContext): Summary {
  const stream = createStream();
  const batch = { ...base, referenceNs: KNOWN_NS };
  const sum = {
    accepted: 0,
    duplicates: 0,
    refused: {} as Record<string, number>,
    flagged: {} as Record<string, number>,
  };
  for (let start = 0; start < count; start += BATCH) {
    const length = Math.min(BATCH, count - start);
    const part = kind.pick(
      columns,
      Array.from({ length }, (_value, index) => start + index),
    );
    const judgement = judge(kind, part, positions(length, start + 1), stream, batch);
    sum.accepted += judgement.accepted === 'all' ? length : judgement.accepted.length;
    sum.duplicates += judgement.duplicates;
    for (const { rule } of judgement.refusals) sum.refused[rule] = (sum.refused[rule] ?? 0) + 1;
    for (const { rule, count: events } of judgement.findings)
      sum.flagged[rule] = (sum.flagged[rule] ?? 0) + events;
  }
  return sum;
}

/** Ordinals among events of equal time, as feeds number what has no number of its own. */
function ordinals(timeNs: readonly bigint[]): bigint[] {
  let ordinal = 0n;
  return timeNs.map((time, index) => {
    ordinal = index > 0 && timeNs[index - 1] === time ? ordinal + 1n : 0n;
    return ordinal;
  });
}

function repeatedRows(rows: readonly string[]): number {
  return rows.length - new Set(rows).size;
}

function timeOf(text: string): bigint {
  const parsed = parseIsoTime(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function cells(line: string): readonly string[] {
  return line.split(',');
}

/** Rows of milliseconds since a midnight. */
function leanTrades(rows: readonly string[], midnightNs: bigint): TradeColumns {
  const trades = emptyTrades();
  for (const [ms = '', price = '', size = ''] of rows.map(cells)) {
    trades.timeNs.push(midnightNs + BigInt(ms) * NS_PER_MS);
    trades.price.push(Number(price) / 10_000);
    trades.size.push(Number(size));
  }
  trades.seq = ordinals(trades.timeNs);
  return trades;
}

/** Rows of time, open, high, low, close and perhaps volume. */
function csvBars(rows: readonly string[], volumeAt: number | undefined): BarColumns {
  const bars = emptyBars();
  for (const row of rows.map(cells)) {
    const [time = '', open, high, low, close] = row;
    bars.startNs.push(timeOf(time));
    bars.open.push(Number(open));
    bars.high.push(Number(high));
    bars.low.push(Number(low));
    bars.close.push(Number(close));
    if (volumeAt !== undefined) bars.volume.push(Number(row[volumeAt]));
  }
  return bars;
}

describe.skipIf(DATA_MISSING !== undefined)(
  `real data${DATA_MISSING === undefined ? '' : ` (${DATA_MISSING})`}`,
  () => {
    it.each([
      { day: '20131007', rows: 88_172, repeated: 9_346 },
      { day: '20131008', rows: 125_872, repeated: 14_136 },
    ])(
      'BAC trades of $day: $repeated byte-identical prints are real trades and all stay',
      ({ day, rows, repeated }) => {
        const lines = linesOf(`lean/equity/usa/tick/bac/${day}_trade.zip`);
        expect([lines.length, repeatedRows(lines)]).toEqual([rows, repeated]);
        const midnightNs = timeOf(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T04:00:00Z`);
        const summary = summarise(TRADES, leanTrades(lines, midnightNs), rows, context());
        expect(summary).toEqual({ accepted: rows, duplicates: 0, refused: {}, flagged: {} });
      },
    );

    it('BTC/USD of 2011: a thin market with repeated rows goes through, its jumps are flagged', () => {
      const lines = linesOf('pyalgotrade_tests/bitstampUSD.csv.gz');
      const trades = emptyTrades();
      for (const [seconds = '', price = '', size = ''] of lines.map(cells)) {
        trades.timeNs.push(BigInt(seconds) * 1_000_000_000n);
        trades.price.push(Number(price));
        trades.size.push(Number(size));
      }
      trades.seq = ordinals(trades.timeNs);
      const jumps = trades.price.filter(
        (price, index) => Math.abs(price / (trades.price[index - 1] ?? price) - 1) > 0.5,
      );
      const summary = summarise(TRADES, trades, lines.length, context());
      expect(summary).toEqual({
        accepted: 9_999,
        duplicates: 0,
        refused: {},
        flagged: { 'price-jump': jumps.length, 'price-outlier': 9, 'bad-print': 1 },
      });
    });

    it('EUR/USD quotes: 3,991 crossed ones are flagged, none is refused', () => {
      const lines = linesOf('lean/forex/fxcm/tick/eurusd/20140501_quote.zip');
      const quotes = emptyQuotes();
      for (const [ms = '', bid = '', ask = ''] of lines.map(cells)) {
        quotes.timeNs.push(timeOf('2014-05-01') + BigInt(ms) * NS_PER_MS);
        quotes.bidPrice.push(Number(bid));
        quotes.askPrice.push(Number(ask));
      }
      quotes.bidSize = quotes.bidPrice.map(() => 0);
      quotes.askSize = quotes.bidSize;
      quotes.seq = ordinals(quotes.timeNs);
      expect(summarise(QUOTES, quotes, lines.length, context())).toEqual({
        accepted: 51_053,
        duplicates: 0,
        refused: {},
        flagged: { 'quote-crossed': 3_991, 'quote-locked': 5_409 },
      });
    });

    it('TAQ quotes: 96 with a bid or offer of 0 are refused, 10,514 repeated rows stay', () => {
      const lines = linesOf('r_highfrequency_taq/sampleQDataRaw.csv.gz').slice(1);
      expect(repeatedRows(lines)).toBe(10_514);
      const summary = summarise(QUOTES, taqQuotes(lines), lines.length, context());
      expect(summary.refused).toEqual({ 'quote-price': 96 });
      expect(summary.accepted + 96).toBe(lines.length);
      // The 44 crossed ones in DEFECTS.md all have an offer of 0.
      expect(summary.flagged).toEqual({});
    });

    it('VIX daily: 47 days whose open lies outside of low and high are refused, the rest goes through', () => {
      const lines = linesOf('datahub_public_domain/finance-vix__vix-daily.csv.gz').slice(1);
      const summary = summarise(BARS, csvBars(lines, undefined), lines.length, barContext('1d'));
      expect(summary).toMatchObject({
        accepted: lines.length - 47,
        duplicates: 0,
        refused: { 'bar-range': 47 },
      });
    });

    it('SPY daily: two days are inconsistent', () => {
      const lines = linesOf('mplfinance_examples/yahoofinance-SPY-20080101-20180101.csv.gz').slice(1);
      const summary = summarise(BARS, csvBars(lines, 6), lines.length, barContext('1d'));
      expect(summary).toEqual({
        accepted: lines.length - 2,
        duplicates: 0,
        refused: { 'bar-range': 2 },
        flagged: {},
      });
    });

    it('XBT/USD minutes out of order: what comes behind a later bar is refused, the rest goes through', () => {
      const lines = linesOf('google_finance_1m/bitfinex_xbtusd_1m.csv.gz').slice(1);
      const bars = csvBars(lines, 5);
      let newestNs = 0n;
      const behind = bars.startNs.filter((startNs) => {
        const isBehind = startNs < newestNs;
        if (!isBehind) newestNs = startNs;
        return isBehind;
      });
      expect(behind.length).toBeGreaterThanOrEqual(69);
      const summary = summarise(BARS, bars, lines.length, barContext('1m'));
      expect(summary).toMatchObject({
        accepted: lines.length - behind.length,
        duplicates: 0,
        refused: { 'time-order': behind.length },
      });
    });
  },
);

function taqQuotes(lines: readonly string[]): QuoteColumns {
  const quotes = emptyQuotes();
  for (const [time = '', , bid, bidSize, ask, askSize] of lines.map(cells)) {
    quotes.timeNs.push(timeOf(time));
    quotes.bidPrice.push(Number(bid));
    quotes.bidSize.push(Number(bidSize));
    quotes.askPrice.push(Number(ask));
    quotes.askSize.push(Number(askSize));
  }
  quotes.seq = ordinals(quotes.timeNs);
  return quotes;
}
