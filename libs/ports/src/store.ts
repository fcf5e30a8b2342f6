import type {
  BarColumns,
  CorporateAction,
  Fundamental,
  IndicatorBatch,
  PackedQuotes,
  PackedTrades,
  PriceBasis,
  PriceType,
} from '@tickwell/domain';

/** One column of rows to store: a value for all rows, or one per row. Null and NaN are stored as null. */
export type RowColumn =
  | {
      readonly type: 'symbol' | 'varchar';
      readonly name: string;
      readonly values: readonly (string | null)[] | string;
    }
  | { readonly type: 'double'; readonly name: string; readonly values: readonly number[] | number }
  | {
      readonly type: 'long';
      readonly name: string;
      readonly values: readonly (bigint | number | null)[] | bigint;
    }
  | {
      readonly type: 'timestamp';
      readonly name: string;
      readonly values: readonly (bigint | null)[] | bigint;
    }
  | { readonly type: 'boolean'; readonly name: string; readonly values: readonly boolean[] | boolean };

/** Rows of one table, as columns. Names and types are those of the table catalogue. */
export interface TableRows {
  readonly table: string;
  readonly timestampNs: readonly bigint[];
  readonly columns: readonly RowColumn[];
}

/** Where storage puts rows. Identity is the table's dedup keys: a row written twice is stored once. */
export interface TableWriter {
  /**
   * Resolves once every row is visible to readers. Rows of one table are one transaction, several tables are several. Rejects
   * with a TickwellError: retryable (`store-unavailable`, `store-suspended`: write the same rows again) or terminal
   * (`rows-refused`: the store will never take them; names table and column).
   */
  write(rows: readonly TableRows[]): Promise<void>;
  close(): Promise<void>;
}

/** Half-open span of event time; an undefined side is open. */
export interface TimeSpan {
  readonly startNs?: bigint;
  readonly endNs?: bigint;
}

/** What to read of one series. `limit` keeps the oldest rows, or the newest with `newest`; answers are oldest first either way. */
export interface SeriesQuery extends TimeSpan {
  readonly symbol: string;
  /** Undefined: every source, ordered by time, then source. */
  readonly source?: string;
  readonly limit?: number;
  readonly newest?: boolean;
  /** Domain column names to fill; undefined: all. The time column is always filled. */
  readonly columns?: readonly string[];
  /** Cut of the seam: leave out rows that this epoch's records at or after this offset brought. */
  readonly before?: { readonly epoch: string; readonly offset: bigint };
  readonly signal?: AbortSignal;
}

/**
 * What was known at a time, ns since the epoch: of each thing the newest version of then, also of what was still to come (a dividend that was
 * announced). Of what had happened by then (a bar was over, an ex date was there, a period had ended), but became known later only, the first version,
 * marked as backfilled; `strict` leaves that out. What had not happened and was not known is left out either way.
 */
export interface AsOf {
  readonly timeNs: bigint;
  readonly strict: boolean;
}

export interface BarQuery extends SeriesQuery {
  readonly interval: string;
  readonly priceType: PriceType;
  /** Left out: as is known now. */
  readonly asOf?: AsOf;
}

export interface IndicatorQuery extends SeriesQuery {
  readonly interval: string;
  readonly priceType: PriceType;
  readonly specId: string;
  /** Left out: as is known now. A value is over when its bar is. */
  readonly asOf?: AsOf;
}

export interface ActionQuery extends Pick<SeriesQuery, 'symbol' | 'before' | 'signal'> {
  /** Left out: as is known now. */
  readonly asOf?: AsOf;
}

/** Times are ends of periods. */
export interface FundamentalQuery extends Omit<SeriesQuery, 'columns'> {
  /** Left out: all. */
  readonly items?: readonly string[];
  readonly periodType?: string;
  /** Left out: as is known now. */
  readonly asOf?: AsOf;
}

export interface StoredSeries {
  readonly symbol: string;
  readonly source: string;
  readonly kind: 'trades' | 'quotes' | 'bars' | 'indicators';
  /** Bars and indicators; else "". */
  readonly interval: string;
  /** Bars and indicators; left out reads trade. */
  readonly priceType?: PriceType;
  /** Indicators: one series per specification. */
  readonly specId?: string;
  readonly rows: number;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/** Bars of one source and basis. */
export interface StoredBars {
  readonly source: string;
  readonly priceBasis: PriceBasis;
  readonly bars: BarColumns;
  /** When each bar became known, ns since the epoch: a source that adjusts prices knew the splits up to then. */
  readonly knownNs: readonly bigint[];
  /** Of a read as of a time: none of these bars was known yet; see {@link AsOf}. */
  readonly backfilled?: true;
}

/** A dividend or split as it is known now, or was at a time. */
export interface StoredAction extends Omit<CorporateAction, 'position'> {
  readonly source: string;
  readonly priceBasis: PriceBasis;
  readonly knownAtNs: bigint;
  /** Of a read as of a time: it was not known yet; see {@link AsOf}. */
  readonly backfilled?: true;
}

/** A value of a period as it is known now, or was at a time. */
export interface StoredFundamental extends Omit<Fundamental, 'position'> {
  readonly source: string;
  readonly knownAtNs: bigint;
  /** Of a read as of a time: it was not known yet; see {@link AsOf}. */
  readonly backfilled?: true;
}

export type IndicatorRows = Pick<IndicatorBatch, 'specId' | 'startNs' | 'warm' | 'outputs'> & {
  readonly source: string;
};

export interface StoredIndicators extends IndicatorRows {
  /** When the value of each bar became known, ns since the epoch; of a read as of a time later than that where it is backfilled. */
  readonly knownNs: readonly bigint[];
}

/**
 * Reads the store for query. Chunks hold rows of one source, at most ten thousand, and are pulled: a slow reader slows the
 * store down. Bars and indicators answer the current version of each (greatest known_at).
 * Failures reject with a TickwellError (`store-unavailable` retryable, `query-refused` terminal).
 */
export interface HistoryReader {
  trades(query: SeriesQuery): AsyncIterable<{ readonly source: string; readonly trades: PackedTrades }>;
  quotes(query: SeriesQuery): AsyncIterable<{ readonly source: string; readonly quotes: PackedQuotes }>;
  bars(query: BarQuery): AsyncIterable<StoredBars>;
  /** The current version of every dividend and split of a symbol, or that as of a time, by ex date, then source; at most 100,000. */
  actions(query: ActionQuery): Promise<readonly StoredAction[]>;
  /** By period end, then source, item and period type. */
  fundamentals(query: FundamentalQuery): AsyncIterable<readonly StoredFundamental[]>;
  indicators(query: IndicatorQuery): AsyncIterable<StoredIndicators>;
  /** Every series of symbols with the prefix ("": all), ordered by symbol; at most `limit`. */
  series(options: {
    readonly symbolPrefix: string;
    readonly limit: number;
  }): Promise<readonly StoredSeries[]>;
  close(): Promise<void>;
}
