import { create } from '@bufbuild/protobuf';
import {
  decodeQuotesResponse,
  decodeTicksResponse,
  priceBasisFromProto,
  priceTypeFromProto,
  priceTypeToProto,
  queryV1,
  type PackedQuoteRows,
  type PackedTicks,
} from '@tickwell/contracts';
import {
  emptyBars,
  unpackQuotes,
  unpackTrades,
  type BarColumns,
  type PriceBasis,
  type PriceType,
  type QuoteColumns,
  type TradeColumns,
} from '@tickwell/domain';
import { Channel, type ChannelConfig } from '@tickwell/grpc';
import { actionsRequest, sourcedAction, type ActionOptions, type SourcedAction } from './sourced-action.ts';
import { cacheReport, type CacheReport } from './cache-stats.ts';
import { callConfig, type CallOptions } from './call-options.ts';
import {
  barsCoverage,
  coverageRequest,
  seriesCoverage,
  type BarsCoverage,
  type CoverageOptions,
  type SeriesCoverage,
} from './coverage.ts';
import {
  indicatorsChunk,
  indicatorsRequest,
  wishFields,
  type IndicatorOptions,
  type IndicatorsChunk,
  type IndicatorSeriesOptions,
} from './indicator-options.ts';
import {
  indicatorTable,
  indicatorTableRows,
  namesBySpec,
  type IndicatorTableChunk,
  type IndicatorTableRow,
} from './indicator-table.ts';
import { holesRequest, ledgerHole, type HolesOptions, type LedgerHole } from './hole.ts';
import {
  fundamentalsRequest,
  sourcedFundamental,
  type FundamentalOptions,
  type SourcedFundamental,
} from './fundamental.ts';
import {
  FingerprintReader,
  type BarsFingerprint,
  type FingerprintCheck,
  type FingerprintOptions,
} from './fingerprint.ts';
import { ConfigClient } from './config-client.ts';
import { DeadLetterClient } from './dead-letter-client.ts';
import { latestEvent, type LatestEvent } from './latest-event.ts';
import { QualityClient } from './quality-client.ts';
import {
  reconciliationOf,
  reconciliationsRequest,
  type Reconciliation,
  type ReconciliationOptions,
} from './reconciliation.ts';
import { resampleFields, type ResampleOptions } from './resample-options.ts';
import { DEFAULT_RETRY, withRetry, type RetryOptions } from './retry.ts';
import {
  barRows,
  indicatorRows,
  quoteRows,
  tradeRows,
  type Bar,
  type IndicatorValue,
  type Quote,
  type Trade,
} from './rows.ts';
import type { BackAdjustment, SeriesOptions } from './series-options.ts';
import {
  fetchConfigs,
  saveConfig,
  type FetchConfigsOptions,
  type SaveConfigOptions,
  type SavedConfig,
} from './saved-config.ts';
import {
  alignedRows,
  asOfRows,
  readAligned,
  readAsOf,
  type AlignedChunk,
  type AlignedOptions,
  type AlignedRow,
  type AsOfChunk,
  type AsOfRow,
  type JoinAsOfOptions,
} from './several.ts';
import { PackedStream, SeriesStream } from './series-stream.ts';
import { Subscription, type SubscribeOptions } from './subscription.ts';

export interface ConnectOptions extends ChannelConfig {
  readonly retry?: Partial<RetryOptions>;
}

/** Columns by their names in the schema, for example "close" or "trade_count"; left out: all. */
export interface ColumnOptions {
  readonly columns?: readonly string[];
}

export interface BarOptions extends SeriesOptions, ColumnOptions, ResampleOptions, FingerprintOptions {
  readonly interval: string;
  readonly priceType?: PriceType;
  /**
   * Reject with `failed-precondition`, naming what is missing, unless every bar is there that the calendar's sessions want. Needs `source`
   * and `startNs`, takes no `limit`.
   */
  readonly requireComplete?: boolean;
  /**
   * Told before the first bar what the answer lacks, and why; needs what `requireComplete` needs. Where an iteration is begun again, told
   * again.
   */
  readonly onCoverage?: (coverage: BarsCoverage) => void;
  /** For `requireComplete`, `onCoverage` and `alignment`; left out: that of the instrument's document. */
  readonly calendar?: string;
  /** Of a continuous future: how earlier contracts are brought to the level of the newest; left out: as its instrument says. */
  readonly backAdjustment?: BackAdjustment;
  /** Prices on one basis, by the dividends and splits known now (or at `asOfNs`); left out: as they are stored. */
  readonly adjustment?: 'raw' | 'split' | 'all';
  /**
   * What was known at this time, ns since the epoch: of each bar the newest version of then. A bar that was over by then but became known later only is
   * there in its first version, as `backfilled`.
   */
  readonly asOfNs?: bigint;
  /** With `asOfNs`: leave out what was not known then. */
  readonly strict?: boolean;
}

export interface TradesChunk {
  readonly source: string;
  readonly trades: TradeColumns;
}

export interface QuotesChunk {
  readonly source: string;
  readonly quotes: QuoteColumns;
}

export interface BarsChunk {
  readonly source: string;
  readonly priceBasis: PriceBasis;
  readonly bars: BarColumns;
  /** Of a continuous future: the contract that these bars are of; else "". */
  readonly contract: string;
  /** Of a read with `asOfNs`: these bars were not known at that time. */
  readonly backfilled: boolean;
  /** Of a read with `asOfNs`: when the version of each bar became known; else empty. */
  readonly knownAtNs: readonly bigint[];
}

export interface ManyBarsOptions extends Omit<BarOptions, 'symbol' | keyof FingerprintOptions> {
  /** At most 10,000, each once. */
  readonly symbols: readonly string[];
  /** Told of each symbol of which there are no (more) bars, and why. */
  readonly onProblem?: (symbol: string, problem: string) => void;
}

export interface SymbolBarsChunk extends BarsChunk {
  readonly symbol: string;
}

export interface SymbolBar extends Bar {
  readonly symbol: string;
}

export interface Instrument {
  readonly symbol: string;
  readonly source: string;
  readonly kind: string;
  /** Bars and indicators; else "". */
  readonly interval: string;
  readonly rows: bigint;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  /** Indicators; else "". */
  readonly specId: string;
  /** What bars (and indicators) are built of: those of currencies are midpoints. */
  readonly priceType: PriceType;
  /** What the instrument map says of the symbol today ("stock", ...); "" where it says nothing, and so are the others. */
  readonly instrumentType: string;
  readonly name: string;
  readonly exchange: string;
  readonly currency: string;
}

const METHODS = queryV1.MarketDataService.method;
const RECONCILIATIONS_PAGE = 500;
const FUNDAMENTALS_PAGE = 5_000;

/** Market data for a strategy. Errors are TickwellErrors: `code` is stable, `retryable` says whether trying later may help. */
export class TickwellClient {
  /** Configuration documents. */
  readonly config: ConfigClient;
  /** What was refused. */
  readonly deadLetters: DeadLetterClient;
  /** How good the data is, and how sources are. */
  readonly quality: QualityClient;
  readonly #channel: Channel;
  readonly #retry: RetryOptions;

  constructor(options: ConnectOptions) {
    this.#channel = new Channel(options);
    this.#retry = { ...DEFAULT_RETRY, ...options.retry };
    this.config = new ConfigClient(this.#channel, this.#retry);
    this.deadLetters = new DeadLetterClient(this.#channel, this.#retry);
    this.quality = new QualityClient(this.#channel, this.#retry);
  }

  /** What there is, by symbol. */
  async instruments(
    options: CallOptions & { readonly prefix?: string; readonly limit?: number } = {},
  ): Promise<{ readonly instruments: readonly Instrument[]; readonly truncated: boolean }> {
    const { prefix: symbolPrefix = '', limit = 0 } = options;
    const request = create(queryV1.ListInstrumentsRequestSchema, { symbolPrefix, limit });
    const { series, truncated } = await withRetry(this.#retry, options.signal, () =>
      this.#channel.unary(METHODS.listInstruments, request, callConfig(options)),
    );
    return {
      truncated,
      instruments: series.map(instrumentOf),
    };
  }

  /** The newest event of every kind and bar interval of each symbol. */
  async latest(
    options: CallOptions & {
      readonly symbols: readonly string[];
      readonly source?: string;
      readonly kinds?: readonly ('trades' | 'quotes' | 'bars')[];
    },
  ): Promise<readonly LatestEvent[]> {
    const { symbols, source = '', kinds = [] } = options;
    const request = create(queryV1.GetLatestRequestSchema, {
      symbols: [...symbols],
      source,
      kinds: [...kinds],
    });
    const { entries } = await withRetry(this.#retry, options.signal, () =>
      this.#channel.unary(METHODS.getLatest, request, callConfig(options)),
    );
    return entries.flatMap(latestEvent);
  }

  /** Which bars there should be, by the sessions of each instrument's calendar, and which there are; a series per symbol and source. */
  async coverage(options: CoverageOptions): Promise<readonly SeriesCoverage[]> {
    const request = create(queryV1.GetCoverageRequestSchema, coverageRequest(options));
    const { series } = await withRetry(this.#retry, options.signal, () =>
      this.#channel.unary(queryV1.QualityService.method.getCoverage, request, callConfig(options)),
    );
    return series.map(seriesCoverage);
  }

  /** What the ledger of coverage knows of holes: why, since when, who was asked, who repaired them when; the newest by start first. */
  async holes(
    options: HolesOptions = {},
  ): Promise<{ readonly holes: readonly LedgerHole[]; readonly truncated: boolean }> {
    const request = create(queryV1.ListHolesRequestSchema, holesRequest(options));
    const { holes, truncated } = await withRetry(this.#retry, options.signal, () =>
      this.#channel.unary(queryV1.QualityService.method.listHoles, request, callConfig(options)),
    );
    return { holes: holes.map(ledgerHole), truncated };
  }

  /** Why sources differ on bars and whose was taken, the newest bars first; asked for page by page. */
  async *reconciliations(options: ReconciliationOptions = {}): AsyncGenerator<Reconciliation> {
    const query = reconciliationsRequest(options);
    let left = options.limit ?? Infinity;
    for (let after = ''; left > 0;) {
      const limit = Math.min(left, RECONCILIATIONS_PAGE);
      const request = create(queryV1.ListReconciliationsRequestSchema, { ...query, limit, after });
      const page = await withRetry(this.#retry, options.signal, () =>
        this.#channel.unary(queryV1.QualityService.method.listReconciliations, request, callConfig(options)),
      );
      yield* page.entries.flatMap(reconciliationOf);
      left -= page.entries.length;
      after = page.next;
      if (after === '') return;
    }
  }

  /** How the cache of the query process that answers this has done since it started. */
  async cacheStats(options: CallOptions = {}): Promise<CacheReport> {
    const request = create(queryV1.GetCacheStatsRequestSchema);
    return cacheReport(
      await withRetry(this.#retry, options.signal, () =>
        this.#channel.unary(queryV1.AdminService.method.getCacheStats, request, callConfig(options)),
      ),
    );
  }

  /** Dividends and splits of a symbol, by ex date, each in the version known last, or at a time. */
  async actions(options: ActionOptions): Promise<readonly SourcedAction[]> {
    const request = actionsRequest(options);
    const { actions } = await withRetry(this.#retry, options.signal, () =>
      this.#channel.unary(METHODS.getCorporateActions, request, callConfig(options)),
    );
    return actions.flatMap(sourcedAction);
  }

  /** Fundamentals by symbol, then by period end, source and item; asked for page by page. */
  async *fundamentals(options: FundamentalOptions): AsyncGenerator<SourcedFundamental> {
    let left = options.limit ?? Infinity;
    for (let pageToken = ''; left > 0;) {
      const limit = Math.min(left, FUNDAMENTALS_PAGE);
      const request = fundamentalsRequest(options, { limit, pageToken });
      const page = await withRetry(this.#retry, options.signal, () =>
        this.#channel.unary(METHODS.getFundamentals, request, callConfig(options)),
      );
      yield* page.values.map(sourcedFundamental);
      left -= page.values.length;
      pageToken = page.nextPageToken;
      if (pageToken === '') return;
    }
  }

  bars(options: BarOptions): SeriesStream<BarsChunk, Bar> {
    const request = barsRequest(options);
    return this.#series(
      options,
      (chunk) => barRows(chunk.bars, chunk),
      async function* (channel, config) {
        const fingerprints = new FingerprintReader(request);
        for await (const one of channel.stream(METHODS.getBars, request, config)) {
          const found = fingerprints.isWanted ? fingerprints.read(one) : undefined;
          if (found === undefined) yield* barsChunks(one, options.onCoverage);
          else options.onFingerprint?.(found);
        }
        fingerprints.checkEnd();
      },
    );
  }

  /**
   * Bars of several symbols in one call: all of the first, then all of the next. What is wrong with one symbol (no bars in the range, prices that cannot be
   * adjusted) does not keep the others: `onProblem` is told.
   */
  manyBars(options: ManyBarsOptions): SeriesStream<SymbolBarsChunk, SymbolBar> {
    const { symbols, onProblem } = options;
    const request = { ...barsRequest({ ...options, symbol: '' }), symbols: [...symbols] };
    return this.#series(options, symbolBarRows, async function* (channel, config) {
      for await (const one of channel.stream(METHODS.getBars, request, config)) {
        const { symbol, problem } = one;
        if (problem !== '') onProblem?.(symbol, problem);
        else for (const chunk of barsChunks(one, options.onCoverage)) yield { ...chunk, symbol };
      }
    });
  }

  /** Bars of several symbols on one axis of time, as columns, NaN where there is no value. */
  aligned(options: AlignedOptions): SeriesStream<AlignedChunk, AlignedRow> {
    return this.#series(options, alignedRows, (channel) => readAligned(channel, options));
  }

  /** To each bar, trade or quote the latest row of another series that was known by then. */
  joinAsOf(options: JoinAsOfOptions): SeriesStream<AsOfChunk, AsOfRow> {
    return this.#series(options, asOfRows, (channel) => readAsOf(channel, options));
  }

  /** Whether bars that were quoted with a fingerprint are still answered: asks for them as they were then, and reads them. */
  async verifyFingerprint(options: Omit<BarOptions, 'asOfNs'>, value: string): Promise<FingerprintCheck> {
    let found: BarsFingerprint | undefined;
    const onFingerprint = (one: BarsFingerprint): void => {
      found = one;
    };
    let rows = 0;
    for await (const { bars } of this.bars({ ...options, atFingerprint: value, onFingerprint }))
      rows += bars.startNs.length;
    if (found === undefined) throw new Error(`an answer of ${rows} bars ended without a fingerprint`);
    return { matches: found.value === value, found };
  }

  /** Trades; `packed()` of the answer has them as typed arrays. */
  ticks(options: SeriesOptions & ColumnOptions): PackedStream<PackedTicks, TradesChunk, Trade> {
    const columns = [...(options.columns ?? [])];
    const request = create(queryV1.GetTicksRequestSchema, { ...seriesRequest(options), columns });
    return new PackedStream({
      open: () => this.#channel.streamOf(METHODS.getTicks, request, decodeTicksResponse, callConfig(options)),
      unpack: ({ source, trades }) => ({ source, trades: unpackTrades(trades) }),
      rowsOf: ({ trades }) => tradeRows(trades),
      retry: this.#retry,
      signal: options.signal,
    });
  }

  /** Quotes; `packed()` of the answer has them as typed arrays. */
  quotes(options: SeriesOptions & ColumnOptions): PackedStream<PackedQuoteRows, QuotesChunk, Quote> {
    const columns = [...(options.columns ?? [])];
    const request = create(queryV1.GetQuotesRequestSchema, { ...seriesRequest(options), columns });
    return new PackedStream({
      open: () =>
        this.#channel.streamOf(METHODS.getQuotes, request, decodeQuotesResponse, callConfig(options)),
      unpack: ({ source, quotes }) => ({ source, quotes: unpackQuotes(quotes) }),
      rowsOf: ({ quotes }) => quoteRows(quotes),
      retry: this.#retry,
      signal: options.signal,
    });
  }

  /** Values of indicators, stored or computed over the stored bars, specification by specification; {@link indicatorTable} has them side by side. */
  indicators(options: IndicatorOptions): SeriesStream<IndicatorsChunk, IndicatorValue> {
    const request = indicatorsRequest(options, seriesRequest(options));
    return this.#series(options, indicatorRows, (channel, config) =>
      readIndicators(channel, request, config),
    );
  }

  /** Indicators side by side: a row per bar, a column per output, named as in `specs`, a list such as "RSI(14),MACD(12,26,9)". */
  indicatorTable(
    options: IndicatorSeriesOptions & { readonly specs: string },
  ): SeriesStream<IndicatorTableChunk, IndicatorTableRow> {
    const names = namesBySpec(options.specs);
    const request = indicatorsRequest({ ...options, specs: [...names.values()] }, seriesRequest(options));
    return this.#series(options, indicatorTableRows, (channel, config) =>
      indicatorTable(readIndicators(channel, request, config), names),
    );
  }

  /** The configurations of all strategies, by id. */
  fetchStrategies(options?: FetchConfigsOptions): Promise<readonly SavedConfig[]> {
    return fetchConfigs(this.config, 'strategy', options);
  }

  /**
   * Writes the configuration of a strategy; resolves once it is in force. Rejects with `invalid-argument` (which field, and what is right) or
   * `version-conflict` (somebody else was faster: who, when, which version). Never repeated by itself.
   */
  saveStrategyConfig(id: string, config: object, options?: SaveConfigOptions): Promise<SavedConfig> {
    return saveConfig(this.config, { kind: 'strategy', id }, config, options);
  }

  /** As {@link fetchStrategies}, of portfolios. */
  fetchPortfolios(options?: FetchConfigsOptions): Promise<readonly SavedConfig[]> {
    return fetchConfigs(this.config, 'portfolio', options);
  }

  /** As {@link saveStrategyConfig}, of a portfolio. */
  savePortfolioConfig(id: string, config: object, options?: SaveConfigOptions): Promise<SavedConfig> {
    return saveConfig(this.config, { kind: 'portfolio', id }, config, options);
  }

  /** Events from now on, from a time, or after a position; see {@link Subscription}. */
  subscribe(options: SubscribeOptions = {}): Subscription {
    return new Subscription(this.#channel, options, this.#retry);
  }

  close(): void {
    this.#channel.close();
  }

  #series<C, R>(
    options: CallOptions,
    rowsOf: (chunk: C) => Iterable<R>,
    read: (channel: Channel, config: CallOptions) => AsyncIterable<C>,
  ): SeriesStream<C, R> {
    const open = (): AsyncIterable<C> => read(this.#channel, callConfig(options));
    return new SeriesStream({ open, rowsOf, retry: this.#retry, signal: options.signal });
  }
}

async function* readIndicators(
  channel: Channel,
  request: queryV1.GetIndicatorsRequest,
  config: CallOptions,
): AsyncGenerator<IndicatorsChunk> {
  for await (const answer of channel.stream(METHODS.getIndicators, request, config))
    yield indicatorsChunk(answer);
}

function barsRequest(options: BarOptions): queryV1.GetBarsRequest {
  const { interval, priceType = 'trade', requireComplete = false, calendar = '' } = options;
  const { onFingerprint, atFingerprint = '' } = options;
  return create(queryV1.GetBarsRequestSchema, {
    ...seriesRequest(options),
    columns: [...(options.columns ?? [])],
    interval,
    priceType: priceTypeToProto(priceType),
    requireComplete,
    withCoverage: options.onCoverage !== undefined,
    calendar,
    ...wishFields(options),
    ...resampleFields(options),
    fingerprint: onFingerprint !== undefined && atFingerprint === '',
    atFingerprint,
  });
}

/** What is missing comes before the first bar, in a message of its own. */
function* barsChunks(
  message: queryV1.GetBarsResponse,
  onCoverage: BarOptions['onCoverage'],
): Generator<BarsChunk> {
  const { source, contract, backfilled, knownAtNs, coverage, bars = emptyBars() } = message;
  if (coverage !== undefined) onCoverage?.(barsCoverage(coverage));
  if (coverage !== undefined && bars.startNs.length === 0) return;
  yield {
    source,
    priceBasis: priceBasisFromProto(message.priceBasis),
    bars,
    contract,
    backfilled,
    knownAtNs,
  };
}

function* symbolBarRows(chunk: SymbolBarsChunk): Generator<SymbolBar> {
  const { symbol } = chunk;
  for (const bar of barRows(chunk.bars, chunk)) yield { symbol, ...bar };
}

function instrumentOf(series: queryV1.InstrumentSeries): Instrument {
  const { symbol, source, kind, interval, rows, firstNs, lastNs, specId } = series;
  const { instrumentType, name, exchange, currency } = series;
  const facts = { instrumentType, name, exchange, currency };
  const priceType = priceTypeFromProto(series.priceType) ?? 'trade';
  return { symbol, source, kind, interval, rows, firstNs, lastNs, specId, priceType, ...facts };
}

/** A client of the query service at "host:port". Nothing connects before the first call. */
export function connect(options: ConnectOptions): TickwellClient {
  return new TickwellClient(options);
}

function seriesRequest(options: SeriesOptions): {
  symbol: string;
  source: string;
  range: { startNs: bigint; endNs: bigint };
  limit: bigint;
  newest: boolean;
} {
  const { symbol, source = '', startNs = 0n, endNs = 0n, limit = 0, newest = false } = options;
  return { symbol, source, range: { startNs, endNs }, limit: BigInt(limit), newest };
}
