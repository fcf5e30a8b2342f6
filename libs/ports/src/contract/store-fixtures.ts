import type { BarQuery, HistoryReader, RowColumn, SeriesQuery, TableRows } from '../store.ts';

export const T0 = 1_700_000_000_000_000_001n;
export const SECOND = 1_000_000_000n;

export interface Trade {
  readonly timeNs: bigint;
  readonly seq?: bigint;
  readonly price?: number;
  readonly size?: number;
  readonly conditions?: string | null;
  readonly venue?: string | null;
}

export interface Flow {
  readonly symbol: string;
  readonly source?: string;
  readonly epoch?: string;
  readonly offset?: bigint;
  readonly knownAtNs?: bigint;
}

export function flowColumns(flow: Flow): RowColumn[] {
  return [
    { type: 'symbol', name: 'symbol', values: flow.symbol },
    { type: 'symbol', name: 'source', values: flow.source ?? 'file:a' },
    { type: 'symbol', name: 'epoch', values: flow.epoch ?? 'e1' },
    { type: 'long', name: 'record_offset', values: flow.offset ?? 0n },
    { type: 'timestamp', name: 'known_at', values: flow.knownAtNs ?? T0 },
  ];
}

export function tradeRows(flow: Flow, trades: readonly Trade[]): TableRows {
  return {
    table: 'trades',
    timestampNs: trades.map(({ timeNs }) => timeNs),
    columns: [
      ...flowColumns(flow),
      { type: 'long', name: 'seq', values: trades.map(({ seq }) => seq ?? 0n) },
      { type: 'double', name: 'price', values: trades.map(({ price }) => price ?? 1) },
      { type: 'double', name: 'size', values: trades.map(({ size }) => size ?? 1) },
      { type: 'symbol', name: 'conditions', values: trades.map(({ conditions }) => conditions ?? null) },
      { type: 'symbol', name: 'venue', values: trades.map(({ venue }) => venue ?? null) },
    ],
  };
}

export interface Bar {
  readonly startNs: bigint;
  readonly close: number;
  readonly volume?: number;
  readonly tradeCount?: number;
}

export function barRows(
  flow: Flow & { readonly basis?: string },
  bars: readonly Bar[],
  interval = '1m',
): TableRows {
  return {
    table: 'bars',
    timestampNs: bars.map(({ startNs }) => startNs),
    columns: [
      ...flowColumns(flow),
      { type: 'symbol', name: 'interval', values: interval },
      { type: 'symbol', name: 'price_type', values: 'trade' },
      { type: 'symbol', name: 'price_basis', values: flow.basis ?? 'raw' },
      { type: 'double', name: 'open', values: 1 },
      { type: 'double', name: 'high', values: 3 },
      { type: 'double', name: 'low', values: 0.5 },
      { type: 'double', name: 'close', values: bars.map(({ close }) => close) },
      { type: 'double', name: 'volume', values: bars.map(({ volume }) => volume ?? Number.NaN) },
      { type: 'long', name: 'trade_count', values: bars.map(({ tradeCount }) => tradeCount ?? null) },
    ],
  };
}

export function indicatorRows(
  flow: Flow,
  output: string,
  points: readonly { readonly startNs: bigint; readonly value: number; readonly warm: boolean }[],
): TableRows {
  return {
    table: 'indicators',
    timestampNs: points.map(({ startNs }) => startNs),
    columns: [
      ...flowColumns(flow),
      { type: 'symbol', name: 'interval', values: '1m' },
      { type: 'symbol', name: 'price_type', values: 'trade' },
      { type: 'symbol', name: 'spec_id', values: 'macd(12,26,9,close)' },
      { type: 'symbol', name: 'output', values: output },
      { type: 'double', name: 'value', values: points.map(({ value }) => value) },
      { type: 'boolean', name: 'warm', values: points.map(({ warm }) => warm) },
    ],
  };
}

export interface Action {
  readonly exDateNs: bigint;
  readonly kind: 'dividend' | 'split';
  readonly amount?: number;
  readonly numerator?: number;
  /** null: as rows of before the column was there. */
  readonly basis?: string | null;
}

export function actionRows(flow: Flow, actions: readonly Action[]): TableRows {
  return {
    table: 'corporate_actions',
    timestampNs: actions.map(({ exDateNs }) => exDateNs),
    columns: [
      ...flowColumns(flow),
      { type: 'symbol', name: 'kind', values: actions.map(({ kind }) => kind) },
      { type: 'double', name: 'amount', values: actions.map(({ amount }) => amount ?? 0) },
      { type: 'symbol', name: 'currency', values: 'USD' },
      { type: 'double', name: 'split_numerator', values: actions.map(({ numerator }) => numerator ?? 0) },
      {
        type: 'double',
        name: 'split_denominator',
        values: actions.map(({ numerator }) => (numerator === undefined ? 0 : 1)),
      },
      { type: 'symbol', name: 'price_basis', values: actions.map(({ basis = 'raw' }) => basis) },
    ],
  };
}

export interface Figure {
  readonly periodEndNs: bigint;
  readonly item: string;
  readonly value: number;
  readonly periodType?: string;
  readonly currency?: string | null;
}

export function fundamentalRows(flow: Flow, figures: readonly Figure[]): TableRows {
  return {
    table: 'fundamentals',
    timestampNs: figures.map(({ periodEndNs }) => periodEndNs),
    columns: [
      ...flowColumns(flow),
      { type: 'symbol', name: 'item', values: figures.map(({ item }) => item) },
      {
        type: 'symbol',
        name: 'period_type',
        values: figures.map(({ periodType }) => periodType ?? 'annual'),
      },
      { type: 'double', name: 'value', values: figures.map(({ value }) => value) },
      { type: 'symbol', name: 'currency', values: figures.map(({ currency = 'USD' }) => currency) },
    ],
  };
}

/** Trades one by one, so that the division into chunks does not show; an optional column that is empty is left out. */
export async function readTrades(
  reader: HistoryReader,
  query: SeriesQuery,
): Promise<(Trade & { readonly source: string })[]> {
  const all: (Trade & { readonly source: string })[] = [];
  for await (const { source, trades } of reader.trades(query)) {
    const { price, size, conditions, venue, seq } = trades;
    trades.timeNs.forEach((timeNs, at) => {
      all.push({
        source,
        timeNs,
        seq: seq[at] ?? -1n,
        price: price[at] ?? Number.NaN,
        size: size[at] ?? Number.NaN,
        ...(conditions.length > 0 ? { conditions: conditions[at] ?? null } : {}),
        ...(venue.length > 0 ? { venue: venue[at] ?? null } : {}),
      });
    });
  }
  return all;
}

export async function readBars(
  reader: HistoryReader,
  query: SeriesQuery & Partial<BarQuery>,
): Promise<{ source: string; startNs: bigint; close: number | undefined }[]> {
  const all: { source: string; startNs: bigint; close: number | undefined }[] = [];
  for await (const { source, bars } of reader.bars({ interval: '1m', priceType: 'trade', ...query })) {
    bars.startNs.forEach((startNs, at) => all.push({ source, startNs, close: bars.close[at] }));
  }
  return all;
}

/** Points with their outputs, one by one. */
export async function readIndicators(reader: HistoryReader, symbol: string): Promise<object[]> {
  const all: object[] = [];
  const query = { symbol, interval: '1m', priceType: 'trade', specId: 'macd(12,26,9,close)' } as const;
  for await (const { source, specId, startNs, warm, outputs } of reader.indicators(query)) {
    startNs.forEach((timeNs, at) => {
      const values = outputs.map(({ name, value }) => [name, value[at]]);
      all.push({ source, specId, timeNs, warm: warm[at], values });
    });
  }
  return all;
}
