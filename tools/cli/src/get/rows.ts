import type {
  BarsChunk,
  IndicatorTableChunk,
  QuotesChunk,
  SourcedFundamental,
  TradesChunk,
} from '@tickwell/client';

export type ColumnType = 'time' | 'double' | 'long' | 'text' | 'flag';

/** null: no value. NaN in a double column means the same and is kept, because the schema says NaN. */
export type CellValue = bigint | number | string | boolean | null;

export interface DataColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly values: readonly CellValue[];
}

/** Some rows of an answer, as columns; every chunk of an answer has the same columns. */
export interface DataChunk {
  readonly rows: number;
  readonly columns: readonly DataColumn[];
}

type Wanted = readonly string[] | undefined;

export function tradesChunk({ source, trades }: TradesChunk, wanted: Wanted): DataChunk {
  const rows = trades.timeNs.length;
  return chunk(rows, source, wanted, [
    { name: 'time', type: 'time', values: trades.timeNs },
    { name: 'seq', type: 'long', values: trades.seq },
    { name: 'price', type: 'double', values: trades.price },
    { name: 'size', type: 'double', values: trades.size },
    { name: 'conditions', type: 'text', values: trades.conditions },
    { name: 'venue', type: 'text', values: trades.venue },
  ]);
}

export function quotesChunk({ source, quotes }: QuotesChunk, wanted: Wanted): DataChunk {
  const rows = quotes.timeNs.length;
  return chunk(rows, source, wanted, [
    { name: 'time', type: 'time', values: quotes.timeNs },
    { name: 'seq', type: 'long', values: quotes.seq },
    { name: 'bid_price', type: 'double', values: quotes.bidPrice },
    { name: 'bid_size', type: 'double', values: quotes.bidSize },
    { name: 'ask_price', type: 'double', values: quotes.askPrice },
    { name: 'ask_size', type: 'double', values: quotes.askSize },
  ]);
}

export function barsChunk(
  { source, bars, contract, knownAtNs, backfilled }: BarsChunk,
  wanted: Wanted,
): DataChunk {
  const rows = bars.startNs.length;
  const { columns } = chunk(rows, source, wanted, [
    { name: 'time', type: 'time', values: bars.startNs },
    { name: 'open', type: 'double', values: bars.open },
    { name: 'high', type: 'double', values: bars.high },
    { name: 'low', type: 'double', values: bars.low },
    { name: 'close', type: 'double', values: bars.close },
    { name: 'volume', type: 'double', values: bars.volume },
    { name: 'vwap', type: 'double', values: bars.vwap },
    { name: 'trade_count', type: 'long', values: bars.tradeCount },
    { name: 'session_date', type: 'long', values: bars.sessionDate },
  ]);
  const more: DataColumn[] = [];
  if (contract !== '') more.push({ name: 'contract', type: 'text', values: constant(rows, contract) });
  if (knownAtNs.length > 0)
    more.push(
      { name: 'known_at', type: 'time', values: knownAtNs },
      { name: 'backfilled', type: 'flag', values: constant(rows, backfilled) },
    );
  return { rows, columns: [...columns, ...more] };
}

/** The time is the end of the period. */
export function fundamentalsChunk(values: readonly SourcedFundamental[], isAsOf: boolean): DataChunk {
  const column = (
    name: string,
    type: ColumnType,
    of: (value: SourcedFundamental) => CellValue,
  ): DataColumn => ({
    name,
    type,
    values: values.map(of),
  });
  const columns = [
    column('time', 'time', ({ periodEndNs }) => periodEndNs),
    column('symbol', 'text', ({ symbol }) => symbol),
    column('item', 'text', ({ item }) => item),
    column('period', 'text', ({ periodType }) => periodType),
    column('value', 'double', ({ value }) => value),
    column('currency', 'text', ({ currency }) => currency),
    column('source', 'text', ({ source }) => source),
    column('known_at', 'time', ({ knownAtNs }) => knownAtNs),
    ...(isAsOf ? [column('backfilled', 'flag', ({ backfilled }) => backfilled)] : []),
  ];
  return { rows: values.length, columns };
}

/** Specifications always have the same outputs. */
export function indicatorsChunk({ source, startNs, columns }: IndicatorTableChunk): DataChunk {
  return chunk(startNs.length, source, undefined, [
    { name: 'time', type: 'time', values: startNs },
    ...columns.map(({ name, values }) => ({ name, type: 'double' as const, values })),
  ]);
}

/** Columns that were asked for, with the time first and the source last; a column without values has nulls. */
function chunk(rows: number, source: string, wanted: Wanted, columns: readonly DataColumn[]): DataChunk {
  const chosen = columns.filter(
    ({ name }) => name === 'time' || wanted === undefined || wanted.includes(name),
  );
  const filled = chosen.map((column) =>
    column.values.length === rows ? column : { ...column, values: constant(rows, null) },
  );
  return { rows, columns: [...filled, { name: 'source', type: 'text', values: constant(rows, source) }] };
}

function constant<T>(rows: number, value: T): T[] {
  return Array.from({ length: rows }, () => value);
}
