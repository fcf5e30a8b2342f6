import {
  HEADER_CONTENT_TYPE,
  TABLES,
  TOPICS,
  contentType,
  encodeActionBatch,
  encodeBarBatch,
  encodeFundamentalBatch,
  encodeIndicatorBatches,
  encodeMessage,
  encodeTickBatch,
  events,
  headerToProto,
  type TopicSpec,
} from '@tickwell/contracts';
import { emptyBars, type Header } from '@tickwell/domain';
import type { LogRecord } from '@tickwell/ports';
import { MemoryStore } from '@tickwell/testkit';
import { describe, expect, it } from 'vitest';
import { mapRecord } from './index.ts';

const T = 1_700_000_000_000_000_001n;
const HEADER: Header = {
  source: 'file:a',
  symbol: 'BTC',
  cause: { origin: 'md.raw.x@e/0', n: 7n, k: 2 },
  knownAtNs: T + 5n,
  watermarkNs: 0n,
  replayOf: '',
  priceBasis: 'raw',
};
const FLOW = { symbol: 'BTC', source: 'file:a', epoch: 'E', record_offset: 41n, known_at: T + 5n };

function record(topic: TopicSpec, value: Uint8Array | null, type = topic.type): LogRecord {
  return {
    topic: topic.name,
    partition: 0,
    offset: 41n,
    key: 'BTC',
    value,
    headers: { [HEADER_CONTENT_TYPE]: contentType(type) },
    timestampMs: 0,
  };
}

/** The rows of a record as a store keeps them: the mapping must name tables, columns and types of the catalogue. */
async function stored(topic: TopicSpec, value: Uint8Array, table: string): Promise<readonly object[]> {
  const mapped = mapRecord(record(topic, value), 'E');
  if (!mapped.ok) throw new Error(mapped.error.reason);
  expect(mapped.value.cause).toEqual(HEADER.cause);
  const store = new MemoryStore();
  await store.write(mapped.value.rows);
  return store.rows(table);
}

describe('mapRecord', () => {
  it('maps what happened to alerts, told apart by offset', async () => {
    const value = encodeMessage(events.AlertEventSchema, {
      ...{ eventId: 'stale|g|1|0|fired', rule: 'stale', group: 'g', kind: events.AlertEventKind.FIRED },
      ...{ timeNs: T, sinceNs: T - 5n, severity: events.AlertSeverity.CRITICAL, summary: 'too old' },
      ...{
        value: 61,
        members: [{ name: 'AAPL', value: 61 }],
        memberCount: 2,
        channels: ['mail'],
        owner: 'a',
      },
    });
    const mapped = mapRecord(record(TOPICS.alerts, value), 'E');
    if (!mapped.ok) throw new Error(mapped.error.reason);
    const store = new MemoryStore();
    await store.write(mapped.value.rows);
    expect(store.rows(TABLES.alerts.name)).toMatchObject([
      {
        ...{ rule: 'stale', alert_group: 'g', kind: 'fired', severity: 'critical', since: T - 5n, value: 61 },
        ...{
          members: '[["AAPL",61]]',
          member_count: 2n,
          channels: '["mail"]',
          record_offset: 41n,
          epoch: 'E',
        },
      },
    ]);
  });

  it('maps trades; columns a batch leaves out are left out', async () => {
    const trades = {
      timeNs: [T, T],
      seq: [0n, 1n],
      price: [1, 2],
      size: [3, 4],
      conditions: ['', '@'],
      venue: [],
    };
    const value = encodeTickBatch({ kind: 'trades', header: HEADER, trades, positions: [] });
    expect(await stored(TOPICS.ticks, value, TABLES.trades.name)).toEqual([
      { ts: T, ...FLOW, seq: 0n, price: 1, size: 3, conditions: '' },
      { ts: T, ...FLOW, seq: 1n, price: 2, size: 4, conditions: '@' },
    ]);
  });

  it('maps one-sided quotes', async () => {
    const quotes = { timeNs: [T], seq: [0n], bidPrice: [1], bidSize: [2], askPrice: [NaN], askSize: [NaN] };
    const value = encodeTickBatch({ kind: 'quotes', header: HEADER, quotes, positions: [] });
    expect(await stored(TOPICS.ticks, value, TABLES.quotes.name)).toEqual([
      { ts: T, ...FLOW, seq: 0n, bid_price: 1, bid_size: 2 },
    ]);
  });

  it('maps a record that only moves the watermark to no rows', () => {
    const mapped = mapRecord(
      record(TOPICS.ticks, encodeTickBatch({ kind: 'watermark', header: HEADER })),
      'E',
    );
    expect(mapped).toMatchObject({ ok: true, value: { rows: [] } });
  });

  it('maps bars with basis, price type and optional columns', async () => {
    const bars = {
      ...emptyBars(),
      startNs: [T],
      open: [1],
      high: [3],
      low: [0.5],
      close: [2],
      volume: [9],
      vwap: [NaN],
      tradeCount: [4],
      sessionDate: [20231114],
    };
    const value = encodeBarBatch({ header: HEADER, interval: '1d', priceType: 'mid', bars, positions: [] });
    expect(await stored(TOPICS.bars, value, TABLES.bars.name)).toEqual([
      {
        ...{ ts: T, ...FLOW, interval: '1d', price_type: 'mid', price_basis: 'raw' },
        ...{ open: 1, high: 3, low: 0.5, close: 2, volume: 9, trade_count: 4n, session_date: 20231114n },
      },
    ]);
  });

  it('maps indicators to a row per output', async () => {
    const outputs = [
      { name: 'macd', value: [1, NaN] },
      { name: 'signal', value: [2, 3] },
    ];
    const macd = {
      header: HEADER,
      interval: '1m',
      priceType: 'trade' as const,
      specId: 'macd(1,2,3,close)',
      startNs: [T, T + 1n],
      warm: [true, false],
      outputs,
    };
    const value = encodeIndicatorBatches([
      macd,
      { ...macd, specId: 'obv', startNs: [T], warm: [true], outputs: [{ name: 'obv', value: [7] }] },
    ]);
    const rows = await stored(TOPICS.indicators, value, TABLES.indicators.name);
    const base = { ...FLOW, interval: '1m', price_type: 'trade', spec_id: 'macd(1,2,3,close)' };
    expect(rows).toEqual([
      { ts: T, ...base, output: 'macd', value: 1, warm: true },
      { ts: T + 1n, ...base, output: 'macd', warm: false },
      { ts: T, ...base, output: 'signal', value: 2, warm: true },
      { ts: T + 1n, ...base, output: 'signal', value: 3, warm: false },
      { ts: T, ...base, spec_id: 'obv', output: 'obv', value: 7, warm: true },
    ]);
  });

  it('maps fundamentals and corporate actions', async () => {
    const items = [
      { item: 'totalRevenue', periodType: 'annual', periodEndNs: T, value: 5, currency: 'USD', position: 1n },
    ];
    expect(
      await stored(
        TOPICS.fundamentals,
        encodeFundamentalBatch({ header: HEADER, items }),
        TABLES.fundamentals.name,
      ),
    ).toEqual([{ ts: T, ...FLOW, item: 'totalRevenue', period_type: 'annual', value: 5, currency: 'USD' }]);
    const actions = [
      {
        kind: 'split' as const,
        exDateNs: T,
        amount: 0,
        currency: '',
        splitNumerator: 4,
        splitDenominator: 1,
        position: 1n,
      },
    ];
    expect(
      await stored(
        TOPICS.actions,
        encodeActionBatch({ header: HEADER, actions }),
        TABLES.corporateActions.name,
      ),
    ).toEqual([
      {
        ts: T,
        ...FLOW,
        kind: 'split',
        amount: 0,
        currency: '',
        price_basis: 'raw',
        split_numerator: 4,
        split_denominator: 1,
      },
    ]);
  });

  it('maps portfolio events and data set rows with their payload as JSON', async () => {
    const position = encodeMessage(events.PortfolioEventSchema, {
      header: headerToProto(HEADER),
      account: 'U1',
      timeNs: T,
      event: { case: 'position', value: { symbol: 'AAPL', quantity: -2, averageCost: NaN } },
    });
    const [event] = await stored(TOPICS.portfolio, position, TABLES.portfolioEvents.name);
    expect(event).toMatchObject({ ts: T, account: 'U1', kind: 'position', item: 'AAPL' });
    expect(event).toHaveProperty(
      'payload',
      '{"symbol":"AAPL","quantity":-2,"averageCost":null,"marketPrice":0,"marketValue":0}',
    );
  });

  it('maps quality, coverage, dead letters and status', async () => {
    const counts = { received: 9n, accepted: 6n, deadLettered: 2n, duplicates: 1n };
    const quality = encodeMessage(events.QualityEventSchema, {
      header: headerToProto(HEADER),
      kind: 'trades',
      event: { case: 'counts', value: counts },
    });
    expect(await stored(TOPICS.quality, quality, TABLES.quality.name)).toMatchObject([
      {
        ts: T + 5n,
        kind: 'trades',
        rule: 'counts',
        received: 9n,
        accepted: 6n,
        dead_lettered: 2n,
        duplicates: 1n,
      },
    ]);
    const coverage = encodeMessage(events.CoverageEventSchema, {
      header: headerToProto(HEADER),
      kind: 'bars',
      interval: '1d',
      startNs: T,
      endNs: T + 9n,
      state: events.CoverageState.GIVEN_UP,
      events: 3n,
      step: 5,
      sinceNs: T + 2n,
      reason: 'nobody has it',
      missing: 4n,
      request: { requestId: 'r', source: 'ib', attempts: 3, sourceAttempts: 2, askedAtNs: T, final: true },
      repair: { source: 'desk', stream: 's', requestId: 'q', repairedAtNs: T + 8n },
    });
    expect(await stored(TOPICS.coverage, coverage, TABLES.coverage.name)).toMatchObject([
      {
        ...{ ts: T, state: 'given-up', end_ts: T + 9n, events: 3n, price_type: 'trade', step: 5n },
        ...{ since: T + 2n, reason: 'nobody has it', missing: 4n },
        ...{ request_id: 'r', asked_source: 'ib', attempts: 3n, source_attempts: 2n, asked_at: T },
        ...{ answer_final: true, answer: '' },
        ...{ repaired_source: 'desk', repaired_stream: 's', repair_request_id: 'q', repaired_at: T + 8n },
      },
    ]);
    const reconciliation = encodeMessage(events.ReconciliationBatchSchema, {
      header: headerToProto(HEADER),
      interval: '1m',
      policy: 'us',
      decisions: [
        {
          startNs: T,
          knownAtNs: T + 5n,
          differenceClass: events.DifferenceClass.BAD_PRINT,
          winner: 'ib',
          reason: 'why',
          published: true,
          bars: [{ source: 'ib', close: 1, volume: NaN }],
          missing: ['desk'],
        },
      ],
    });
    expect(await stored(TOPICS.reconciliations, reconciliation, TABLES.reconciliations.name)).toMatchObject([
      {
        ts: T,
        known_at: T + 5n,
        interval: '1m',
        price_type: 'trade',
        policy: 'us',
        class: 'bad-print',
        winner: 'ib',
        reason: 'why',
        published: true,
        sources: '|ib|desk|',
        detail: expect.stringContaining('"volume":"NaN"') as string,
      },
    ]);
    const letter = encodeMessage(events.DeadLetterSchema, {
      header: headerToProto(HEADER),
      rule: 'price-positive',
      reason: 'no',
      topic: 'md.raw.ticks',
      partition: 3,
      offset: 12n,
      index: 4,
      original: new Uint8Array([1, 2, 255]),
      originalSize: 3n,
      severity: events.DeadLetterSeverity.QUARANTINE,
    });
    expect(await stored(TOPICS.deadLetters, letter, TABLES.deadLetters.name)).toMatchObject([
      {
        rule: 'price-positive',
        topic: 'md.raw.ticks',
        topic_partition: 3n,
        topic_offset: 12n,
        event_index: 4n,
        original_base64: 'AQL/',
        truncated: false,
        severity: 'quarantine',
      },
    ]);
    const status = encodeMessage(events.SourceStatusSchema, {
      source: 'yahoo',
      state: events.SourceState.PACED,
      timeNs: T,
      stream: 's',
      cause: HEADER.cause,
    });
    expect(await stored(TOPICS.sourceStatus, status, TABLES.sourceStatus.name)).toMatchObject([
      { ts: T, source: 'yahoo', stream: 's', state: 'paced' },
    ]);
  });

  it('maps what became of a dead letter; a purge takes its bytes away', async () => {
    const letter = {
      header: headerToProto({ ...HEADER, knownAtNs: T, replayOf: 'md.raw.ticks/0/1/0' }),
      rule: 'price-positive',
      topic: 'md.raw.ticks',
      partition: 3,
      offset: 12n,
      wholeRecord: true,
      original: new Uint8Array([1]),
      originalSize: 1n,
    };
    const resolution = (action: events.DeadLetterAction): Uint8Array =>
      encodeMessage(events.DeadLetterResolutionSchema, {
        header: headerToProto(HEADER),
        letter,
        letterEpoch: 'L',
        letterOffset: 99n,
        action,
        author: 'ann',
        note: 'why',
      });
    const store = new MemoryStore();
    const put = async (topic: TopicSpec, value: Uint8Array, changes: Partial<LogRecord>): Promise<void> => {
      const mapped = mapRecord({ ...record(topic, value), ...changes }, changes.offset === 99n ? 'L' : 'E');
      if (!mapped.ok) throw new Error(mapped.error.reason);
      await store.write(mapped.value.rows);
    };
    await put(TOPICS.deadLetters, encodeMessage(events.DeadLetterSchema, letter), { offset: 99n });
    const filed = store.rows(TABLES.deadLetters.name);
    expect(filed).toMatchObject([
      { original_base64: 'AQ==', replay_of: 'md.raw.ticks/0/1/0', event_index: -1n },
    ]);
    await put(TOPICS.deadLetterResolutions, resolution(events.DeadLetterAction.REPLAYED), {});
    expect(store.rows(TABLES.deadLetters.name)).toEqual(filed);
    await put(TOPICS.deadLetterResolutions, resolution(events.DeadLetterAction.PURGED), { offset: 42n });
    expect(store.rows(TABLES.deadLetters.name)).toEqual([
      { ...filed[0], original_base64: '', truncated: true },
    ]);
    const place = { letter_epoch: 'L', topic: 'md.raw.ticks', topic_partition: 3n, topic_offset: 12n };
    expect(store.rows(TABLES.deadLetterResolutions.name)).toMatchObject([
      { ...place, ts: T + 5n, event_index: -1n, action: 'purged', author: 'ann', note: 'why' },
    ]);
  });

  const trade = (timeNs: bigint, price: number): Uint8Array =>
    encodeTickBatch({
      kind: 'trades',
      header: HEADER,
      trades: { timeNs: [timeNs], seq: [0n], price: [price], size: [1], conditions: [], venue: [] },
      positions: [],
    });

  it.each([
    ['no value', record(TOPICS.ticks, null), 'no-value'],
    ['bytes that are no protobuf', record(TOPICS.ticks, new Uint8Array([255, 255])), 'malformed-protobuf'],
    ['an empty message', record(TOPICS.quality, new Uint8Array(0)), 'missing-header'],
    ['another type', record(TOPICS.ticks, trade(T, 1), TOPICS.bars.type), 'unknown-type'],
    ['an infinite price', record(TOPICS.ticks, trade(T, Infinity)), 'not-storable'],
    ['a time before 1970', record(TOPICS.ticks, trade(-1n, 1)), 'not-storable'],
    ['a topic without table', { ...record(TOPICS.ticks, trade(T, 1)), topic: 'config' }, 'unknown-type'],
  ])('refuses a record with %s', (_, bad, rule) => {
    expect(mapRecord(bad, 'E')).toMatchObject({ ok: false, error: { rule } });
  });
});
