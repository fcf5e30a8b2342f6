import type { FileSourceOptions } from './options.ts';

/**
 * The sample of the demonstration, read from the JAR `org.ta4j:ta4j-examples:0.18` (MIT): 100,000 Bitstamp trades of
 * 2013-11-25 to 12-01, 252 daily bars of Apple in 2013, five-minute bars of ETH/USD of 2023-03-13 to 15.
 */
export function sampleJobs(jarPath: string): readonly FileSourceOptions[] {
  return [
    {
      path: jarPath,
      entry: 'bitstamp_trades_from_20131125_usd.csv',
      format: 'csv',
      kind: 'trades',
      mapping: { time: 'timestamp', price: 'price', size: 'amount' },
      timeFormat: 'epoch-s',
      symbol: 'BTCUSD',
      priceBasis: 'raw',
      dataset: 'sample-bitstamp',
    },
    {
      path: jarPath,
      entry: 'appleinc_bars_from_20130101_usd.csv',
      format: 'csv',
      kind: 'bars',
      symbol: 'AAPL',
      interval: '1d',
      timeZone: 'America/New_York',
      // As traded: the seven-for-one split of 2014 is not in these prices.
      priceBasis: 'raw',
      dataset: 'sample-apple',
    },
    {
      path: jarPath,
      entry: 'ETH-USD-PT5M-2023-3-13_2023-3-15.json',
      format: 'json',
      kind: 'bars',
      mapping: { time: 'endTime' },
      timeFormat: 'epoch-ms',
      barTime: 'end',
      symbol: 'ETHUSD',
      interval: '5m',
      priceBasis: 'raw',
      dataset: 'sample-ethusd',
    },
  ];
}
