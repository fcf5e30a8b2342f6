import type {
  BarColumns,
  CorporateAction,
  Fundamental,
  PriceBasis,
  PriceType,
  QuoteColumns,
  Result,
  TickwellError,
  TradeColumns,
} from '@tickwell/domain';
import type { LiveReport } from './live-report.ts';
import type { Logger } from './logger.ts';

/** What a feed delivers: events of one series in event order, each with its position in the stream. */
export type FeedChunk = FeedSeries & { readonly positions: bigint[] };

interface FeedBase {
  readonly symbol: string;
  readonly priceBasis: PriceBasis;
}

export type FeedSeries =
  | (FeedBase & { readonly kind: 'trades'; readonly trades: TradeColumns })
  | (FeedBase & { readonly kind: 'quotes'; readonly quotes: QuoteColumns })
  | (FeedBase & {
      readonly kind: 'bars';
      readonly interval: string;
      readonly priceType: PriceType;
      readonly bars: BarColumns;
    })
  | (FeedBase & { readonly kind: 'fundamentals'; readonly items: readonly Fundamental[] })
  | (FeedBase & { readonly kind: 'actions'; readonly actions: readonly CorporateAction[] })
  /** `symbol` is the account: portfolio topics are keyed by it. */
  | (FeedBase & { readonly kind: 'portfolio'; readonly items: readonly PortfolioItem[] });

/** What a broker reports of an account, `timeNs` when it did; see `proto/tickwell/events/v1/portfolio.proto`. */
export type PortfolioItem = { readonly timeNs: bigint } & (
  | {
      readonly kind: 'position';
      readonly symbol: string;
      readonly quantity: number;
      /** Per unit, in the instrument's currency. */
      readonly averageCost: number;
      /** 0 where the broker does not say. */
      readonly marketPrice: number;
      readonly marketValue: number;
    }
  | {
      readonly kind: 'accountValue';
      /** "NetLiquidation", "TotalCashValue", ... */
      readonly tag: string;
      readonly value: string;
      readonly currency: string;
    }
  | {
      readonly kind: 'execution';
      readonly executionId: string;
      readonly orderId: string;
      readonly symbol: string;
      /** Sold is negative. */
      readonly quantity: number;
      readonly price: number;
      readonly commission: number;
      readonly currency: string;
    }
  | {
      readonly kind: 'profitAndLoss';
      readonly daily: number;
      readonly unrealized: number;
      readonly realized: number;
    }
);

/** Input that cannot become an event: named and counted, never dropped in silence. */
export interface FeedRefusal {
  readonly kind: 'refused';
  /** Rule id, for example "file-line-too-long", "bad-number". */
  readonly rule: string;
  /** One line: the file, the place, what is wrong. */
  readonly reason: string;
  readonly position: bigint;
  /** "" where the input does not say. */
  readonly symbol: string;
  /** The original bytes, at most 64 KiB of them. */
  readonly original: Uint8Array;
  readonly originalSize: number;
  /** Hex SHA-256 of the whole original. */
  readonly originalSha256: string;
}

/**
 * A safe place: every event and refusal at or below `position` has been delivered, everything after it is above. A feed of many
 * symbols needs it, as its chunks overlap in positions; only after one may a cursor advance. Every read ends with one.
 */
export interface FeedProgress {
  readonly kind: 'progress';
  readonly position: bigint;
}

export type FeedItem = FeedChunk | FeedRefusal | FeedProgress;

/**
 * A source of market data. Positions start at 1, grow over the whole stream, and name the same event on every run: a resume
 * reads the stream again from its start (or a place the feed knows) and leaves out what is not above `afterPosition`. The chunks
 * of one symbol never overlap in positions.
 */
export interface EventSource {
  /** Identity of the stream: the same input is the same stream ("file:<sha256 prefix>:<data set>"). Never holds '#'. */
  readonly streamId: string;
  /** Source name on every event ("file:<data set>", "yahoo"). */
  readonly source: string;
  /** For people. */
  readonly description: string;
  read(options: { readonly afterPosition: bigint; readonly signal: AbortSignal }): AsyncIterable<FeedItem>;
  /** How many positions may hold an event or a refusal, where known: for progress. Lines of a file before its first row do not count. */
  readonly totalPositions?: number;
  /**
   * The end of a read is not the end of the stream: the next run goes on after it and delivers what came since (daily bars), each event
   * known since the run that delivered it.
   */
  readonly continues?: boolean;
  /** Its events happen while it runs: each is known since it was sent, not since the stream began. */
  readonly isLive?: boolean;
  close(): Promise<void>;
}

/** What whoever opens a job may want of it besides; a feed that cannot give it leaves it out. */
export interface OpenOptions {
  /** Gives up opening: the error is then `stopped`, or the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** What a live session tells beside its events, of this job alone. */
  readonly onReport?: (report: LiveReport) => void;
}

/** Something that can be ingested, before it is opened. */
export interface FeedJob {
  /** For people: what it is. */
  readonly name: string;
  /** The error is terminal for this job, or retryable: another attempt may open it. */
  open(logger: Logger, options?: OpenOptions): Promise<Result<EventSource, TickwellError>>;
  /** Set: these instead, asked for when its turn comes, because what it is depends on the instrument map as it is then. */
  readonly parts?: () => Promise<Result<readonly FeedJob[], TickwellError>>;
}
