import {
  barBatchFromProto,
  indicatorBatchesFromProto,
  tickBatchFromProto,
  type queryV1,
} from '@tickwell/contracts';
import {
  TickwellError,
  type BarColumns,
  type Header,
  type PriceType,
  type QuoteColumns,
  type Result,
  type TradeColumns,
} from '@tickwell/domain';
import type { IndicatorColumns } from './rows.ts';

interface EventBase {
  readonly symbol: string;
  readonly source: string;
  /** What the platform says of the batch. History has no cause of its own ("store") and no time it was known at (0). */
  readonly header: Header;
  /** Only of a subscription with `snapshot`: the newest event of its series as of the {@link SnapshotEnd}, not one of the stream. */
  readonly isSnapshot?: true;
}

type BarsEvent<Kind extends string> = EventBase & {
  readonly kind: Kind;
  readonly interval: string;
  readonly priceType: PriceType;
  readonly bars: BarColumns;
};

/** A batch of events of one symbol and source, in columns; {@link tradeRows} and its like make rows of them. */
export type MarketEvent =
  | (EventBase & { readonly kind: 'trades'; readonly trades: TradeColumns })
  | (EventBase & { readonly kind: 'quotes'; readonly quotes: QuoteColumns })
  | BarsEvent<'bars'>
  /** What is known so far of bars that go on: each replaces the one of its start before. */
  | BarsEvent<'forming-bars'>
  | (EventBase & {
      readonly kind: 'indicators';
      readonly interval: string;
      readonly priceType: PriceType;
      readonly specId: string;
      readonly values: IndicatorColumns;
    });

/** From here on everything is live. Comes once, however often the stream resumes. */
export interface LiveStart {
  readonly kind: 'live';
  /** Events before it. */
  readonly historyEvents: bigint;
}

/** The newest of every series has come: from here on comes what came after it. Once a snapshot: of a connection that breaks before it there is another. */
export interface SnapshotEnd {
  readonly kind: 'snapshot-end';
  /** Of which something was known. */
  readonly series: bigint;
}

/** The events of a message: of indicators one per specification, none of what holds none. Throws `malformed-event` where the columns do not fit together. */
export function marketEvents(message: queryV1.SubscribeResponse['message']): readonly MarketEvent[] {
  switch (message.case) {
    case 'ticks': {
      const batch = valueOf(tickBatchFromProto(message.value, false));
      if (batch.kind === 'watermark') return [];
      const base = baseOf(batch.header);
      return batch.kind === 'trades'
        ? [{ ...base, kind: 'trades', trades: batch.trades }]
        : [{ ...base, kind: 'quotes', quotes: batch.quotes }];
    }
    case 'bars': {
      const batch = valueOf(barBatchFromProto(message.value, false));
      const { header, interval, priceType, bars } = batch;
      const kind = batch.forming === true ? 'forming-bars' : 'bars';
      return [{ ...baseOf(header), kind, interval, priceType, bars }];
    }
    case 'indicators':
      return valueOf(indicatorBatchesFromProto(message.value)).map(
        ({ header, interval, priceType, specId, startNs, warm, outputs }) => {
          const values = { startNs, warm, outputs };
          return { ...baseOf(header), kind: 'indicators', interval, priceType, specId, values };
        },
      );
    case 'live':
    case 'heartbeat':
    case 'opening':
    case 'conflated':
    case 'snapshotEnd':
    case 'statement':
    case undefined:
      return [];
  }
}

function baseOf(header: Header): EventBase {
  return { symbol: header.symbol, source: header.source, header };
}

function valueOf<T>(result: Result<T, { readonly reason: string }>): T {
  if (result.ok) return result.value;
  throw new TickwellError('malformed-event', `the server sent a broken event: ${result.error.reason}`);
}
