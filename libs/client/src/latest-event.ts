import type { queryV1 } from '@tickwell/contracts';
import { emptyBars } from '@tickwell/domain';
import { barRows, quoteRows, tradeRows, type Bar, type Quote, type Trade } from './rows.ts';

interface LatestBase {
  readonly symbol: string;
  readonly source: string;
}

export type LatestEvent =
  | (LatestBase & { readonly kind: 'trade'; readonly trade: Trade })
  | (LatestBase & { readonly kind: 'quote'; readonly quote: Quote })
  | (LatestBase & { readonly kind: 'bar'; readonly interval: string; readonly bar: Bar });

/** The event of an entry; none where the server sent a kind that this build does not know. */
export function latestEvent(entry: queryV1.LatestEntry): LatestEvent[] {
  const { symbol, source, event } = entry;
  switch (event.case) {
    case 'trade':
      return [...tradeRows(event.value)].map((trade) => ({ kind: 'trade', symbol, source, trade }));
    case 'quote':
      return [...quoteRows(event.value)].map((quote) => ({ kind: 'quote', symbol, source, quote }));
    case 'bar': {
      const { interval, bar: columns } = event.value;
      return [...barRows(columns ?? emptyBars())].map((bar) => ({
        kind: 'bar',
        symbol,
        source,
        interval,
        bar,
      }));
    }
    case undefined:
      return [];
  }
}
