import {
  EventSum,
  sumOfBars,
  sumOfIndicators,
  sumOfQuotes,
  sumOfTrades,
  type SeriesSum,
} from '@tickwell/domain';
import type { MarketEvents } from './market-events.ts';

/** What some events of one series add to the sums of a stream. */
export function seriesSum(events: MarketEvents): SeriesSum {
  const { kind } = events;
  if (kind === 'indicators') {
    const [{ header }] = events.batches;
    const sum = new EventSum();
    for (const batch of events.batches) sum.add(sumOfIndicators({ ...batch, ...batch.header }, batch));
    return { symbol: header.symbol, source: header.source, kind, sum };
  }
  const { symbol, source } = events.batch.header;
  return { symbol, source, kind, sum: sumOf(events) };
}

function sumOf(events: Exclude<MarketEvents, { readonly kind: 'indicators' }>): EventSum {
  if (events.kind === 'bars' || events.kind === 'forming-bars') {
    const { header, interval, priceType, bars } = events.batch;
    return sumOfBars(events.kind, { ...header, interval, priceType }, bars);
  }
  const { batch } = events;
  return batch.kind === 'trades'
    ? sumOfTrades(batch.header, batch.trades)
    : sumOfQuotes(batch.header, batch.quotes);
}
