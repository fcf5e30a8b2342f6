/** One topic of the flow. The catalogue is the only place that names topics; `docs/topics.md` is generated from it. */
export interface TopicSpec {
  readonly name: string;
  /** What the record key holds. */
  readonly key: string;
  /** Fully qualified protobuf type of the value. */
  readonly type: string;
  readonly partitions: number;
  readonly cleanup: 'delete' | 'compact';
  /** How long records are kept; null: for ever. Longer than detection plus repair of a stuck store. */
  readonly retentionMs: number | null;
  /** Most bytes of one record with its key and headers; left out: {@link MAX_RECORD_BYTES}. */
  readonly maxRecordBytes?: number;
  readonly purpose: string;
}

/** Output partition = input partition, so every topic of market data has as many. Fixed: changing it moves keys. */
export const DATA_PARTITIONS = 4;

const MIB = 1024 * 1024;
/** Most bytes of a record, unless its topic says otherwise. */
export const MAX_RECORD_BYTES = 4 * MIB;
/** A segment of a frame is whole in one record. */
export const MAX_FRAME_RECORD_BYTES = 8 * MIB;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
const EVENTS = 'tickwell.events.v1';
const STATE = 'tickwell.state.v1';

function data(name: string, key: string, type: string, purpose: string, retentionMs = WEEK_MS): TopicSpec {
  return {
    name,
    key,
    type: `${EVENTS}.${type}`,
    partitions: DATA_PARTITIONS,
    cleanup: 'delete',
    retentionMs,
    purpose,
  };
}

function compacted(name: string, key: string, type: string, partitions: number, purpose: string): TopicSpec {
  return { name, key, type: `${STATE}.${type}`, partitions, cleanup: 'compact', retentionMs: null, purpose };
}

export const TOPICS = {
  rawTicks: data('md.raw.ticks', 'symbol', 'TickBatch', 'Trades and quotes as ingest read them'),
  rawBars: data('md.raw.bars', 'symbol', 'BarBatch', 'Bars as ingest read them'),
  rawFundamentals: data(
    'md.raw.fundamentals',
    'symbol',
    'FundamentalBatch',
    'Fundamentals as ingest read them',
  ),
  rawActions: data(
    'md.raw.actions',
    'symbol',
    'CorporateActionBatch',
    'Dividends and splits as ingest read them',
  ),
  rawRefused: data(
    'md.raw.refused',
    'symbol, else source',
    'RefusedInput',
    'Input that ingest could not read as an event',
  ),
  rawHoles: data(
    'md.raw.holes',
    'symbol',
    'Hole',
    'Holes as live feeds tell them and as they are found and repaired',
  ),
  rawPortfolio: data('portfolio.raw', 'account', 'PortfolioEvent', 'Portfolio events as ingest read them'),
  rawFrames: {
    ...data(
      'ds.raw',
      'generation, kind and name',
      'FrameRecord',
      'Segments and commits of frames, unchecked',
    ),
    maxRecordBytes: MAX_FRAME_RECORD_BYTES,
  },
  ticks: data('md.ticks', 'symbol', 'TickBatch', 'Validated trades and quotes'),
  bars: data(
    'md.bars',
    'symbol',
    'BarBatch',
    'Validated bars, bars built from ticks (source derived:…), and the reconciled series',
  ),
  barsForming: data(
    'md.bars.forming',
    'symbol',
    'BarBatch',
    'Bars that go on, as often as is configured; not stored',
    HOUR_MS,
  ),
  fundamentals: data('md.fundamentals', 'symbol', 'FundamentalBatch', 'Validated fundamentals'),
  actions: data('md.actions', 'symbol', 'CorporateActionBatch', 'Validated dividends and splits'),
  portfolio: data('portfolio.events', 'account', 'PortfolioEvent', 'Validated portfolio events'),
  frames: {
    ...data(
      'ds.rows',
      'generation, kind and name',
      'FrameRecord',
      'Segments of frames, versions and refusals',
    ),
    maxRecordBytes: MAX_FRAME_RECORD_BYTES,
  },
  indicators: data('md.indicators', 'symbol', 'IndicatorBatch', 'Indicator values'),
  quality: data('md.quality', 'symbol', 'QualityEvent', 'Findings about data that went through, and counts'),
  coverage: data('md.coverage', 'symbol', 'CoverageEvent', 'What is there and what is missing'),
  reconciliations: data(
    'md.reconciliations',
    'symbol',
    'ReconciliationBatch',
    'Why sources differ on bars, and whose is taken',
  ),
  deadLetters: data(
    'md.dead-letters',
    'symbol',
    'DeadLetter',
    'What was refused, with bytes, rule, reason, position',
    4 * WEEK_MS,
  ),
  deadLetterResolutions: data(
    'md.dead-letter-resolutions',
    'symbol',
    'DeadLetterResolution',
    'What became of dead letters: replayed or purged, by whom',
    4 * WEEK_MS,
  ),
  sourceStatus: data('source.status', 'source', 'SourceStatus', 'State and progress of sources and streams'),
  storeCommits: data(
    'store.commits',
    'topic and partition',
    'StoreCommit',
    'Up to where rows are visible in the store',
  ),
  ingestRequests: data(
    'ingest.requests',
    'source and symbol',
    'IngestRequest',
    'Backfills wanted from sources',
  ),
  config: {
    ...data('config', 'kind and id', 'ConfigRecord', 'Configuration with its whole history'),
    partitions: 1,
    retentionMs: null,
  },
  jobRuns: data(
    'jobs.runs',
    'job id',
    'JobRunEvent',
    'Runs of jobs: scheduled, assigned, ended',
    4 * WEEK_MS,
  ),
  jobResults: data('jobs.results', 'job id', 'JobResult', 'Results of runs', 4 * WEEK_MS),
  alerts: {
    ...data('alerts', 'rule', 'AlertEvent', 'What fired, recovered and was told to whom'),
    partitions: 1,
    // The memory of alerts is a fold of the whole topic, beginning with who owned it: without its first records nothing counts.
    retentionMs: null,
  },
  stateIngest: compacted('state.ingest', 'stream id', 'IngestCursor', 1, 'How far each stream of ingest got'),
  stateValidator: compacted(
    'state.validator',
    'processor, topic, partition and key',
    'Checkpoint',
    DATA_PARTITIONS,
    'Checkpoints of the validator',
  ),
  stateIndicators: compacted(
    'state.indicators',
    'processor, topic, partition and key',
    'Checkpoint',
    DATA_PARTITIONS,
    'Checkpoints of bars and indicators',
  ),
  stateReconcile: compacted(
    'state.reconcile',
    'processor, topic, partition and key',
    'Checkpoint',
    DATA_PARTITIONS,
    'Checkpoints of reconciliation',
  ),
} as const satisfies Record<string, TopicSpec>;

export const ALL_TOPICS: readonly TopicSpec[] = Object.values(TOPICS);

/** Most events, and most bytes of value, one record of a data topic may hold. */
export const MAX_BATCH_EVENTS = 1_000;
export const MAX_BATCH_BYTES = 512 * 1024;
