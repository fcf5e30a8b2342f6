import { create } from '@bufbuild/protobuf';
import { events, queryV1 } from '@tickwell/contracts';
import {
  err,
  ok,
  unpackQuotes,
  unpackTrades,
  type QuoteColumns,
  type Result,
  type TradeColumns,
} from '@tickwell/domain';
import type { JoinedSeries, RowRange, SeriesCalls } from './joined-series.ts';
import type { KnownRows } from './as-of.ts';

/** Columns that are numbers, by their names in the schema. */
const TRADES = { price: 'price', size: 'size' } as const satisfies Readonly<
  Record<string, keyof TradeColumns>
>;
const QUOTES = {
  bid_price: 'bidPrice',
  bid_size: 'bidSize',
  ask_price: 'askPrice',
  ask_size: 'askSize',
} as const satisfies Readonly<Record<string, keyof QuoteColumns>>;

type Names<N extends string> = Readonly<Record<string, N>>;

/** Trades or quotes as a side of a join. */
export function tickNumbers(
  calls: SeriesCalls,
  side: string,
  asked: queryV1.AsOfSeries,
): Result<Pick<JoinedSeries, 'what' | 'columns' | 'read'>, string> {
  const idle = idleField(asked);
  if (idle !== undefined) return err(`${side}.${idle} is of bars and indicators: leave it out`);
  return asked.kind === queryV1.StreamKind.TRADES ? trades(calls, side, asked) : quotes(calls, side, asked);
}

function trades(
  { getTicks }: SeriesCalls,
  side: string,
  asked: queryV1.AsOfSeries,
): Result<Pick<JoinedSeries, 'what' | 'columns' | 'read'>, string> {
  const chosen = choose(`${side}.columns`, asked.columns, TRADES);
  if (!chosen.ok) return chosen;
  const columns = [...chosen.value.keys()];
  const read = async function* (range: RowRange, signal: AbortSignal): AsyncGenerator<KnownRows> {
    const request = create(queryV1.GetTicksRequestSchema, { ...tickFields(asked, range), columns });
    for await (const { trades: packed } of getTicks(request, { signal })) {
      const found = unpackTrades(packed);
      yield eventRows(
        found.timeNs,
        [...chosen.value.values()].map((at) => found[at]),
      );
    }
  };
  return ok({ what: 'trades', columns, read });
}

function quotes(
  { getQuotes }: SeriesCalls,
  side: string,
  asked: queryV1.AsOfSeries,
): Result<Pick<JoinedSeries, 'what' | 'columns' | 'read'>, string> {
  const chosen = choose(`${side}.columns`, asked.columns, QUOTES);
  if (!chosen.ok) return chosen;
  const columns = [...chosen.value.keys()];
  const read = async function* (range: RowRange, signal: AbortSignal): AsyncGenerator<KnownRows> {
    const request = create(queryV1.GetQuotesRequestSchema, { ...tickFields(asked, range), columns });
    for await (const { quotes: packed } of getQuotes(request, { signal })) {
      const found = unpackQuotes(packed);
      yield eventRows(
        found.timeNs,
        [...chosen.value.values()].map((at) => found[at]),
      );
    }
  };
  return ok({ what: 'quotes', columns, read });
}

/** An event is known when it happens. */
function eventRows(timeNs: readonly bigint[], columns: readonly (readonly number[])[]): KnownRows {
  return { timeNs, knownNs: timeNs, columns };
}

function tickFields({ source }: queryV1.AsOfSeries, { symbol, startNs, endNs, newest }: RowRange) {
  return {
    symbol,
    source,
    range: create(queryV1.TimeRangeSchema, { startNs, endNs }),
    limit: BigInt(newest),
    newest: newest > 0,
  };
}

/** A field that says nothing of events. */
function idleField(asked: queryV1.AsOfSeries): string | undefined {
  if (asked.interval !== '') return 'interval';
  if (asked.specId !== '') return 'spec_id';
  if (asked.asOfNs !== 0n) return 'as_of_ns';
  return asked.adjustment === events.PriceBasis.UNSPECIFIED ? undefined : 'adjustment';
}

/** The columns asked for, none: all, with their names in the messages. */
function choose<N extends string>(
  field: string,
  columns: readonly string[],
  known: Names<N>,
): Result<ReadonlyMap<string, N>, string> {
  const chosen = new Map<string, N>();
  for (const name of columns.length === 0 ? Object.keys(known) : columns) {
    const place = Object.hasOwn(known, name) ? known[name] : undefined;
    if (place === undefined)
      return err(
        `${field}: ${JSON.stringify(name.slice(0, 80))} is not one of ${Object.keys(known).join(', ')}`,
      );
    chosen.set(name, place);
  }
  return ok(chosen);
}
