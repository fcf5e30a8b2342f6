export { TickwellError, formatNs, parseInterval, parseIsoTime } from '@tickwell/domain';
export type { AlertOptions, Alerts, OpenAlert, UndeliveredMessage } from './alert.ts';
export { DIFFERENCE_CLASSES } from '@tickwell/domain';
export type {
  BarColumns,
  DifferenceClass,
  Header,
  PriceBasis,
  PriceType,
  QuoteColumns,
  TradeColumns,
} from '@tickwell/domain';
export type { CallOptions } from './call-options.ts';
export { TickwellClient, connect } from './client.ts';
export type {
  BarOptions,
  BarsChunk,
  ColumnOptions,
  ConnectOptions,
  Instrument,
  ManyBarsOptions,
  SymbolBar,
  SymbolBarsChunk,
  QuotesChunk,
  TradesChunk,
} from './client.ts';
export type { IndicatorOptions, IndicatorsChunk, IndicatorSeriesOptions } from './indicator-options.ts';
export type { IndicatorTableChunk, IndicatorTableRow } from './indicator-table.ts';
export type {
  ConfigClient,
  ConfigDocument,
  ConfigEditOptions,
  ConfigEvent,
  ConfigName,
  ConfigWatchOptions,
} from './config-client.ts';
export type {
  DeadLetter,
  DeadLetterClient,
  DeadLetterContent,
  DeadLetterEdit,
  DeadLetterEdited,
  DeadLetterFilter,
  DeadLetterGroup,
  DeadLetterSeverity,
  DeadLetterState,
} from './dead-letter-client.ts';
export type { BarsCoverage, CoverageGap, CoverageOptions, DayCoverage, SeriesCoverage } from './coverage.ts';
export type { BarAlignment, EmptyIntervals, ResampleOptions } from './resample-options.ts';
export type { HolesOptions, HoleState, LedgerHole } from './hole.ts';
export type { FreshnessCount, FreshnessOptions, FreshnessState, SeriesFreshness } from './freshness.ts';
export type { Finding, FindingSeverity } from './finding.ts';
export type { FindingCount, FindingFilter, QualityClient, SourceOptions } from './quality-client.ts';
export type {
  QualityEvent,
  QualityPosition,
  QualityTopic,
  QualityWatch,
  QualityWatchOptions,
  SourceChange,
} from './quality-watch.ts';
export type { Completeness, KindCounts, SourceReport, SourceState, StreamReport } from './source-report.ts';
export { barFrame, type FrameBar } from './market-frame.ts';
export { calculateTechnicalIndicators } from '@tickwell/indicators';
export type { IndicatorColumn, IndicatorFrame, SkippedRows, TechnicalIndicators } from '@tickwell/indicators';
export { processMarketData, validateMarketData } from '@tickwell/validation';
export type {
  BarFrame,
  FrameChange,
  FrameFinding,
  FrameNote,
  FrameRemoval,
  FrameReport,
  FrameSeverity,
  ProcessedFrame,
  ValidateOptions,
} from '@tickwell/validation';
export type { LatestEvent } from './latest-event.ts';
export type { LiveStart, MarketEvent, SnapshotEnd } from './live-event.ts';
export type {
  ReconciledBar,
  ReconciledDifference,
  Reconciliation,
  ReconciliationOptions,
} from './reconciliation.ts';
export { DEFAULT_RETRY } from './retry.ts';
export type { RetryOptions } from './retry.ts';
export { barRows, indicatorRows, quoteRows, tradeRows } from './rows.ts';
export type { Bar, IndicatorColumns, IndicatorValue, Quote, Trade } from './rows.ts';
export type { BarsFingerprint, FingerprintCheck, FingerprintOptions } from './fingerprint.ts';
export type { FundamentalOptions, SourcedFundamental } from './fundamental.ts';
export type { FetchConfigsOptions, SaveConfigOptions, SavedConfig } from './saved-config.ts';
export type { ActionOptions, SourcedAction } from './sourced-action.ts';
export type { BackAdjustment, SeriesOptions } from './series-options.ts';
export type { PackedStream, SeriesStream } from './series-stream.ts';
export type { PackedQuoteRows, PackedTicks } from '@tickwell/contracts';
export type { PackedQuotes, PackedTrades } from '@tickwell/domain';
export type { SeriesCount, StreamStatement } from './stream-account.ts';
export type {
  AlignedChunk,
  AlignedOptions,
  AlignedRow,
  AsOfChunk,
  AsOfRow,
  AsOfSide,
  JoinAsOfOptions,
} from './several.ts';
export type { StreamEvent, StreamKind, SubscribeOptions, Subscription } from './subscription.ts';
export { verify } from './verify.ts';
export type { VerifiedKind, VerifiedSeries, VerifyOptions, VerifyReport } from './verify.ts';
export type { CacheLevelStats, CacheReport } from './cache-stats.ts';
