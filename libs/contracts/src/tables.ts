/**
 * Column types of the store. `symbol` is an interned string for keys, `varchar` free text; `timestamp` is ns since the epoch.
 * A NaN double is null.
 */
export type ColumnType = 'symbol' | 'varchar' | 'double' | 'long' | 'boolean' | 'timestamp';

/** One table of the store. The catalogue is the only place that names tables and columns. */
export interface TableSpec {
  readonly name: string;
  /** The designated timestamp column; ns since the epoch. */
  readonly timestamp: string;
  /** Every other column, in order. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Identity of a row beside the timestamp: a row stored twice is stored once. */
  readonly dedupKeys: readonly string[];
  readonly partitionBy: 'HOUR' | 'DAY' | 'MONTH' | 'YEAR';
  readonly purpose: string;
}

/**
 * Columns of rows that came through the flow: which series, when it was known, and the record that brought it: `epoch` is
 * Kafka's id of the topic and `record_offset` the record's offset (the partition follows from the symbol). The seam between
 * history and live tail is cut on them.
 */
const FLOW = {
  symbol: 'symbol',
  source: 'symbol',
  epoch: 'symbol',
  record_offset: 'long',
  known_at: 'timestamp',
} as const;

export const TABLES = {
  trades: {
    name: 'trades',
    timestamp: 'ts',
    columns: { ...FLOW, seq: 'long', price: 'double', size: 'double', conditions: 'symbol', venue: 'symbol' },
    dedupKeys: ['symbol', 'source', 'seq'],
    partitionBy: 'DAY',
    purpose: 'Validated trades',
  },
  quotes: {
    name: 'quotes',
    timestamp: 'ts',
    columns: {
      ...FLOW,
      seq: 'long',
      bid_price: 'double',
      bid_size: 'double',
      ask_price: 'double',
      ask_size: 'double',
    },
    dedupKeys: ['symbol', 'source', 'seq'],
    partitionBy: 'DAY',
    purpose: 'Validated best quotes',
  },
  bars: {
    name: 'bars',
    timestamp: 'ts',
    columns: {
      ...FLOW,
      interval: 'symbol',
      price_type: 'symbol',
      price_basis: 'symbol',
      open: 'double',
      high: 'double',
      low: 'double',
      close: 'double',
      volume: 'double',
      vwap: 'double',
      trade_count: 'long',
      session_date: 'long',
    },
    dedupKeys: ['symbol', 'source', 'interval', 'price_type', 'known_at'],
    partitionBy: 'MONTH',
    purpose: 'Every version of every bar; the current one has the greatest known_at',
  },
  indicators: {
    name: 'indicators',
    timestamp: 'ts',
    columns: {
      ...FLOW,
      interval: 'symbol',
      price_type: 'symbol',
      spec_id: 'symbol',
      output: 'symbol',
      value: 'double',
      warm: 'boolean',
    },
    dedupKeys: ['symbol', 'source', 'interval', 'price_type', 'spec_id', 'output', 'known_at'],
    partitionBy: 'MONTH',
    purpose: 'Every version of every indicator value, one row per output; ts is the start of the bar',
  },
  fundamentals: {
    name: 'fundamentals',
    timestamp: 'ts',
    columns: { ...FLOW, item: 'symbol', period_type: 'symbol', value: 'double', currency: 'symbol' },
    dedupKeys: ['symbol', 'source', 'item', 'period_type', 'known_at'],
    partitionBy: 'YEAR',
    purpose: 'Every version of every fundamental; ts is the end of the period',
  },
  corporateActions: {
    name: 'corporate_actions',
    timestamp: 'ts',
    columns: {
      ...FLOW,
      kind: 'symbol',
      amount: 'double',
      currency: 'symbol',
      split_numerator: 'double',
      split_denominator: 'double',
      price_basis: 'symbol',
    },
    dedupKeys: ['symbol', 'source', 'kind', 'known_at'],
    partitionBy: 'YEAR',
    purpose: 'Every version of every dividend and split; ts is the ex date',
  },
  portfolioEvents: {
    name: 'portfolio_events',
    timestamp: 'ts',
    columns: { ...FLOW, account: 'symbol', kind: 'symbol', item: 'symbol', payload: 'varchar' },
    dedupKeys: ['symbol', 'source', 'epoch', 'record_offset', 'kind', 'item'],
    partitionBy: 'MONTH',
    purpose: 'Portfolio events; payload is the event as JSON',
  },
  datasetRows: {
    name: 'dataset_rows',
    timestamp: 'ts',
    columns: { ...FLOW, dataset: 'symbol', seq: 'long', payload: 'varchar' },
    dedupKeys: ['symbol', 'source', 'dataset', 'seq'],
    partitionBy: 'MONTH',
    purpose: 'Rows of users’ data sets; payload is the row as JSON, seq its ordinal among rows of equal time',
  },
  quality: {
    name: 'quality',
    timestamp: 'ts',
    columns: {
      ...FLOW,
      kind: 'symbol',
      rule: 'symbol',
      severity: 'symbol',
      message: 'varchar',
      end_ts: 'timestamp',
      start_ts: 'timestamp',
      received: 'long',
      accepted: 'long',
      dead_lettered: 'long',
      duplicates: 'long',
      seq: 'long',
    },
    dedupKeys: ['symbol', 'source', 'epoch', 'record_offset', 'kind', 'rule', 'seq'],
    partitionBy: 'MONTH',
    purpose: 'Findings and counts of the validator; ts is when they became known',
  },
  coverage: {
    name: 'coverage',
    timestamp: 'ts',
    columns: {
      ...FLOW,
      kind: 'symbol',
      interval: 'symbol',
      end_ts: 'timestamp',
      state: 'symbol',
      events: 'long',
      price_type: 'symbol',
      step: 'long',
      since: 'timestamp',
      reason: 'varchar',
      missing: 'long',
      attempts: 'long',
      asked_source: 'symbol',
      source_attempts: 'long',
      request_id: 'varchar',
      asked_at: 'timestamp',
      answered_at: 'timestamp',
      answer: 'varchar',
      answer_final: 'boolean',
      answer_stream: 'varchar',
      repaired_at: 'timestamp',
      repaired_source: 'symbol',
      repaired_stream: 'varchar',
      repair_request_id: 'varchar',
    },
    dedupKeys: ['symbol', 'source', 'kind', 'interval', 'end_ts', 'step', 'known_at'],
    partitionBy: 'MONTH',
    purpose:
      'The ledger of holes: every version of each; the one with the greatest step is what is known now; ts is the start of the hole',
  },
  reconciliations: {
    name: 'reconciliations',
    timestamp: 'ts',
    columns: {
      ...FLOW,
      interval: 'symbol',
      price_type: 'symbol',
      policy: 'symbol',
      class: 'symbol',
      winner: 'symbol',
      reason: 'varchar',
      published: 'boolean',
      sources: 'varchar',
      detail: 'varchar',
    },
    dedupKeys: ['symbol', 'source', 'interval', 'price_type', 'known_at'],
    partitionBy: 'MONTH',
    purpose:
      'Every decision on a bar whose sources differ; ts is the start of the bar, sources are between bars (|ib|yahoo|), detail is the decision as JSON',
  },
  deadLetters: {
    name: 'dead_letters',
    timestamp: 'ts',
    columns: {
      ...FLOW,
      rule: 'symbol',
      reason: 'varchar',
      topic: 'symbol',
      topic_partition: 'long',
      topic_offset: 'long',
      event_index: 'long',
      stream: 'varchar',
      stream_position: 'long',
      content_type: 'symbol',
      original_base64: 'varchar',
      truncated: 'boolean',
      original_size: 'long',
      original_sha256: 'varchar',
      replay_of: 'varchar',
      severity: 'symbol',
    },
    dedupKeys: ['epoch', 'topic', 'topic_partition', 'topic_offset', 'event_index', 'rule'],
    partitionBy: 'MONTH',
    purpose: 'Everything refused, with its bytes; ts is when it became known, epoch that of md.dead-letters',
  },
  deadLetterResolutions: {
    name: 'dead_letter_resolutions',
    timestamp: 'ts',
    columns: {
      ...FLOW,
      letter_epoch: 'symbol',
      topic: 'symbol',
      topic_partition: 'long',
      topic_offset: 'long',
      event_index: 'long',
      action: 'symbol',
      author: 'varchar',
      note: 'varchar',
    },
    dedupKeys: ['letter_epoch', 'topic', 'topic_partition', 'topic_offset', 'event_index'],
    partitionBy: 'MONTH',
    purpose: 'What became of dead letters: the newest row of a letter says; ts is when it was dealt with',
  },
  sourceStatus: {
    name: 'source_status',
    timestamp: 'ts',
    columns: {
      source: 'symbol',
      epoch: 'symbol',
      record_offset: 'long',
      stream: 'symbol',
      state: 'symbol',
      reason: 'varchar',
      events: 'long',
      refused: 'long',
    },
    dedupKeys: ['source', 'stream', 'epoch', 'record_offset'],
    partitionBy: 'MONTH',
    purpose: 'State and progress of sources and their streams',
  },
  alerts: {
    name: 'alerts',
    timestamp: 'ts',
    columns: {
      rule: 'symbol',
      alert_group: 'varchar',
      epoch: 'symbol',
      record_offset: 'long',
      kind: 'symbol',
      since: 'timestamp',
      severity: 'symbol',
      summary: 'varchar',
      value: 'double',
      member_count: 'long',
      members: 'varchar',
      channels: 'varchar',
      reason: 'varchar',
      event_id: 'varchar',
      of_event_id: 'varchar',
      channel: 'varchar',
      attempt: 'long',
      rule_version: 'long',
      owner: 'varchar',
    },
    dedupKeys: ['epoch', 'record_offset'],
    partitionBy: 'MONTH',
    purpose:
      'What became of alerts, record by record; members is a JSON list of [name, value], channels a JSON list',
  },
} as const satisfies Record<string, TableSpec>;

export const ALL_TABLES: readonly TableSpec[] = Object.values(TABLES);
