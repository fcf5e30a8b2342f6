import type { BarColumns, QuoteColumns, TradeColumns } from '@tickwell/domain';

/** Optional values are undefined where the source has none; a column that was not asked for reads NaN. */
export interface Trade {
  readonly timeNs: bigint;
  readonly seq: bigint;
  readonly price: number;
  readonly size: number;
  readonly conditions: string | undefined;
  readonly venue: string | undefined;
}

/** NaN marks a side without a quote. */
export interface Quote {
  readonly timeNs: bigint;
  readonly seq: bigint;
  readonly bidPrice: number;
  readonly bidSize: number;
  readonly askPrice: number;
  readonly askSize: number;
}

/** As {@link Trade}. */
export interface Bar {
  readonly startNs: bigint;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number | undefined;
  readonly vwap: number | undefined;
  readonly tradeCount: number | undefined;
  /** yyyymmdd, for bars of a day and longer. */
  readonly sessionDate: number | undefined;
  /** Of a continuous future: the contract that the bar is of. */
  readonly contract?: string;
  /** Of a read as of a time: when this version became known, ns since the epoch, and whether that was after the time. */
  readonly knownAtNs?: bigint;
  readonly backfilled?: boolean;
}

export interface IndicatorValue {
  /** Canonical; left out where the columns do not say it. */
  readonly specId?: string;
  readonly startNs: bigint;
  readonly warm: boolean;
  /** By output name: "sma", "upper", ... */
  readonly values: Readonly<Record<string, number>>;
}

export interface IndicatorColumns {
  readonly startNs: readonly bigint[];
  readonly warm: readonly boolean[];
  readonly outputs: readonly { readonly name: string; readonly value: readonly number[] }[];
}

export function* tradeRows(columns: TradeColumns): Generator<Trade> {
  for (const [index, timeNs] of columns.timeNs.entries()) {
    yield {
      timeNs,
      seq: columns.seq[index] ?? 0n,
      price: columns.price[index] ?? Number.NaN,
      size: columns.size[index] ?? Number.NaN,
      conditions: columns.conditions[index],
      venue: columns.venue[index],
    };
  }
}

export function* quoteRows(columns: QuoteColumns): Generator<Quote> {
  for (const [index, timeNs] of columns.timeNs.entries()) {
    yield {
      timeNs,
      seq: columns.seq[index] ?? 0n,
      bidPrice: columns.bidPrice[index] ?? Number.NaN,
      bidSize: columns.bidSize[index] ?? Number.NaN,
      askPrice: columns.askPrice[index] ?? Number.NaN,
      askSize: columns.askSize[index] ?? Number.NaN,
    };
  }
}

/** What is said of all bars of a chunk, or of each by its place. */
export interface BarFacts {
  readonly contract?: string;
  readonly knownAtNs?: readonly bigint[];
  readonly backfilled?: boolean;
}

export function* barRows(
  columns: BarColumns,
  { contract = '', knownAtNs = [], backfilled = false }: BarFacts = {},
): Generator<Bar> {
  const of = contract === '' ? {} : { contract };
  for (const [index, startNs] of columns.startNs.entries()) {
    yield {
      startNs,
      open: columns.open[index] ?? Number.NaN,
      high: columns.high[index] ?? Number.NaN,
      low: columns.low[index] ?? Number.NaN,
      close: columns.close[index] ?? Number.NaN,
      volume: columns.volume[index],
      vwap: columns.vwap[index],
      tradeCount: columns.tradeCount[index],
      sessionDate: columns.sessionDate[index],
      ...of,
      ...(knownAtNs.length === 0 ? {} : { knownAtNs: knownAtNs[index] ?? 0n, backfilled }),
    };
  }
}

export function* indicatorRows(
  columns: IndicatorColumns & { readonly specId?: string },
): Generator<IndicatorValue> {
  const { specId } = columns;
  const of = specId === undefined ? {} : { specId };
  for (const [index, startNs] of columns.startNs.entries()) {
    const values = Object.fromEntries(
      columns.outputs.map(({ name, value }) => [name, value[index] ?? Number.NaN]),
    );
    yield { ...of, startNs, warm: columns.warm[index] ?? false, values };
  }
}
