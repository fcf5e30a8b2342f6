import type { BarsPin, TopicPosition } from '@tickwell/contracts';
import type { HistoryReader, HoleReader, SeriesQuery } from '@tickwell/ports';

type Reader = HistoryReader & { readonly ledger: HoleReader };

/** Reads of bars and actions what was stored at a position. */
export function pinnedReader(
  reader: Reader,
  pin: BarsPin,
  partitionOf: (key: string, partitions: number) => number,
): Reader {
  const before = (
    { epoch, offsets }: TopicPosition,
    symbol: string,
  ): Required<Pick<SeriesQuery, 'before'>> => ({
    before: { epoch, offset: offsets[partitionOf(symbol, offsets.length)] ?? 0n },
  });
  return {
    ledger: reader.ledger,
    bars: (query) => reader.bars({ ...query, ...before(pin.bars, query.symbol) }),
    actions: (query) => reader.actions({ ...query, ...before(pin.actions, query.symbol) }),
    trades: (query) => reader.trades(query),
    quotes: (query) => reader.quotes(query),
    indicators: (query) => reader.indicators(query),
    fundamentals: (query) => reader.fundamentals(query),
    series: (options) => reader.series(options),
    close: () => reader.close(),
  };
}
