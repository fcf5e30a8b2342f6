import { createHash } from 'node:crypto';
import {
  contentType,
  encodeBarBatch,
  encodeMessage,
  encodeTickBatch,
  events,
  headerToProto,
  TOPICS,
  type TopicSpec,
} from '@tickwell/contracts';
import { emptyBars, emptyTrades, type TickBatch } from '@tickwell/domain';
import type { LogRecord } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { tradeRecord } from './fixtures/batches.ts';
import {
  Bench,
  countsOf,
  DAY_NS,
  deadLettersOf,
  header,
  LOGGED_MS,
  recordOf,
  ticksOf,
} from './fixtures/harness.ts';
import { holeRecord } from './fixtures/holes.ts';

const YEAR_NS = 366n * 86_400_000_000_000n;

function raw(batch: TickBatch): Uint8Array {
  return encodeTickBatch(batch);
}

function unevenTrades(): Uint8Array {
  const trades = { ...emptyTrades(), timeNs: [DAY_NS, DAY_NS], seq: [0n, 1n], price: [1], size: [1, 1] };
  return raw({ kind: 'trades', header: header(2n), trades, positions: [1n, 2n] });
}

function tradesAt(positions: bigint[], cause = header(1n).cause): Uint8Array {
  const count = positions.length;
  const trades = {
    ...emptyTrades(),
    timeNs: positions.map((_position, index) => DAY_NS + BigInt(index)),
    seq: Array<bigint>(count).fill(0n),
    price: Array<number>(count).fill(1),
    size: Array<number>(count).fill(1),
  };
  return raw({ kind: 'trades', header: header(1n, { cause }), trades, positions });
}

/** A batch with field 3, its price type, set to 99. */
function unknownPriceType(): Uint8Array {
  const batch = encodeMessage(events.BarBatchSchema, { header: headerToProto(header(1n)), bars: {} });
  return new Uint8Array([...batch, 0x18, 99]);
}

function bytes(length: number): Uint8Array {
  return new Uint8Array(length).fill(0xff);
}

const whole = tradeRecord([{}, {}, {}]);

interface RecordCase {
  readonly what: string;
  readonly rule: string;
  readonly topic?: TopicSpec;
  readonly record: LogRecord;
}

function wrongType(type: string): LogRecord {
  return { ...whole, headers: { 'content-type': type } };
}

const RECORD_CASES: readonly RecordCase[] = [
  { what: 'malformed protobuf', rule: 'malformed-protobuf', record: recordOf(TOPICS.rawTicks, bytes(40)) },
  {
    what: 'a value cut in half',
    rule: 'malformed-protobuf',
    record: { ...whole, value: whole.value?.subarray(0, whole.value.length / 2) ?? null },
  },
  { what: 'no value', rule: 'empty-record', record: recordOf(TOPICS.rawTicks, null) },
  { what: 'an empty value', rule: 'missing-header', record: recordOf(TOPICS.rawTicks, new Uint8Array(0)) },
  { what: 'no content type', rule: 'content-type', record: { ...whole, headers: {} } },
  { what: 'JSON', rule: 'content-type', record: wrongType('application/json') },
  { what: 'another message', rule: 'unknown-type', record: wrongType(contentType(TOPICS.rawBars.type)) },
  {
    what: 'an unknown version of the topic',
    rule: 'unknown-type',
    record: wrongType(contentType('tickwell.events.v9.TickBatch')),
  },
  {
    what: 'columns of unequal length',
    rule: 'column-length',
    record: recordOf(TOPICS.rawTicks, unevenTrades()),
  },
  {
    what: 'no origin',
    rule: 'cause-invalid',
    record: recordOf(TOPICS.rawTicks, tradesAt([1n], { origin: '', n: 1n, k: 0 })),
  },
  {
    what: 'an endless origin',
    rule: 'cause-invalid',
    record: recordOf(TOPICS.rawTicks, tradesAt([1n], { origin: 'x'.repeat(513), n: 1n, k: 0 })),
  },
  { what: 'position 0', rule: 'position-order', record: recordOf(TOPICS.rawTicks, tradesAt([0n])) },
  {
    what: 'positions that go back',
    rule: 'position-order',
    record: recordOf(TOPICS.rawTicks, tradesAt([2n, 1n])),
  },
  {
    what: 'positions beyond 63 bits',
    rule: 'position-order',
    record: recordOf(TOPICS.rawTicks, tradesAt([2n ** 63n])),
  },
  {
    what: 'more events than a record may hold',
    rule: 'batch-too-large',
    record: recordOf(
      TOPICS.rawTicks,
      tradesAt(Array.from({ length: 1001 }, (_value, index) => BigInt(index + 1))),
    ),
  },
  {
    what: 'no known_at',
    rule: 'known-at-missing',
    record: tradeRecord([{}], { header: { knownAtNs: 0n } }),
  },
  {
    what: 'bars without columns',
    rule: 'empty-batch',
    topic: TOPICS.rawBars,
    record: recordOf(
      TOPICS.rawBars,
      encodeMessage(events.BarBatchSchema, { header: headerToProto(header(1n)) }),
    ),
  },
  {
    what: 'a price type of the future',
    rule: 'unknown-value',
    topic: TOPICS.rawBars,
    record: recordOf(TOPICS.rawBars, unknownPriceType()),
  },
  {
    what: 'malformed refused input',
    rule: 'malformed-protobuf',
    topic: TOPICS.rawRefused,
    record: recordOf(TOPICS.rawRefused, bytes(9)),
  },
  {
    what: 'a hole that is none',
    rule: 'hole-fields',
    topic: TOPICS.rawHoles,
    record: holeRecord(1n, { endNs: 0n }),
  },
];

describe('a record that holds no batch', () => {
  it.each(RECORD_CASES)('$what → $rule, and the next record goes through', ({ rule, topic, record }) => {
    const bench = new Bench(topic ?? TOPICS.rawTicks);
    const written = bench.feed(record);
    const [letter, ...more] = deadLettersOf(written);
    expect(more).toEqual([]);
    expect(letter).toMatchObject({
      rule,
      topic: record.topic,
      partition: 1,
      offset: 0n,
      wholeRecord: true,
      truncated: false,
      original: record.value ?? new Uint8Array(0),
      originalSize: BigInt(record.value?.length ?? 0),
      originalSha256: createHash('sha256')
        .update(record.value ?? new Uint8Array(0))
        .digest('hex'),
    });
    expect(letter?.reason).toMatch(new RegExp(`^${record.topic}/1 offset 0: .+ \\(${rule}\\)$`));
    expect(Object.values(countsOf(written))).toEqual([[1, 0, 1, 0]]);
    expect(written.every(({ key }) => key === 'AAPL')).toBe(true);
    if (topic === undefined) expect(ticksOf(bench.feed(tradeRecord([{}])))).toHaveLength(1);
  });

  it('keeps 64 KiB of an oversized one, with size and hash of all of it', () => {
    const value = bytes(1_000_000);
    const [letter] = deadLettersOf(new Bench(TOPICS.rawTicks).feed(recordOf(TOPICS.rawTicks, value)));
    expect(letter).toMatchObject({
      truncated: true,
      original: value.subarray(0, 65_536),
      originalSize: 1_000_000n,
      originalSha256: createHash('sha256').update(value).digest('hex'),
    });
  });

  it('is dated by the log where it does not say when it was known', () => {
    const record = recordOf(TOPICS.rawTicks, bytes(40), { key: null, headers: {} });
    const [letter] = deadLettersOf(new Bench(TOPICS.rawTicks).feed(record));
    expect(letter?.header).toMatchObject({
      source: '',
      symbol: '',
      knownAtNs: BigInt(LOGGED_MS) * 1_000_000n,
    });
  });
});

describe('a bad event', () => {
  it.each([
    ['NaN price', { price: NaN }, 'price-positive'],
    ['negative price', { price: -1 }, 'price-positive'],
    ['infinite price', { price: Infinity }, 'price-positive'],
    ['negative size', { size: -1 }, 'size-not-negative'],
    ['time zero', { timeNs: 0n }, 'time-too-old'],
    ['a time in 1970', { timeNs: 86_400_000_000_000n }, 'time-too-old'],
    ['a time in the future', { timeNs: DAY_NS + YEAR_NS }, 'time-in-future'],
    ['a time before the event before', { timeNs: DAY_NS }, 'time-order'],
  ])('%s → %s %s; its neighbours go through', (_what, change, rule) => {
    const written = new Bench(TOPICS.rawTicks).feed(tradeRecord([{}, change, {}], { first: 7 }));
    const [ticks] = ticksOf(written);
    expect(ticks?.kind === 'trades' && ticks.trades.timeNs).toEqual([
      DAY_NS + 7_000_000_000n,
      DAY_NS + 9_000_000_000n,
    ]);
    const [letter, ...more] = deadLettersOf(written);
    expect(more).toEqual([]);
    expect(letter).toMatchObject({ rule, index: 1, wholeRecord: false, position: 8n, offset: 0n });
    expect(letter?.reason).toMatch(
      new RegExp(`^file:abc:test#AAPL position 8: trade of AAPL at \\S+: .+ \\(${rule}\\)$`),
    );
    expect(countsOf(written)).toEqual({ 'file:test AAPL trades': [3, 2, 1, 0] });
  });

  it('is told by the file and its line where ingest said what the stream is called', () => {
    const { headers } = tradeRecord([{}]);
    const record = { headers: { ...headers, 'stream-name': 'trades.csv as test' } };
    const written = new Bench(TOPICS.rawTicks).feed(tradeRecord([{}, { price: -1 }], { first: 7, record }));
    expect(deadLettersOf(written)[0]?.reason).toMatch(
      /^trades\.csv as test line 8: trade of AAPL at \S+: price -1 is not a finite number above 0 \(price-positive\)$/,
    );
  });

  it('is kept as a batch of its own that can be sent again', () => {
    const bench = new Bench(TOPICS.rawTicks);
    const [letter] = deadLettersOf(bench.feed(tradeRecord([{}, { price: -1 }, {}])));
    const again = new Bench(TOPICS.rawTicks);
    const [same] = deadLettersOf(again.feed(recordOf(TOPICS.rawTicks, letter?.original ?? null)));
    expect(letter?.contentType).toBe(TOPICS.rawTicks.type);
    expect(same).toMatchObject({ rule: 'price-positive', position: 2n, original: letter?.original });
  });

  it.each<readonly [string, Parameters<typeof tradeRecord>[1]]>([
    ['key-mismatch', { header: { symbol: 'MSFT' } }],
    ['symbol-syntax', { header: { symbol: 'A|B' }, record: { key: 'A|B' } }],
    ['key-mismatch', { record: { key: null } }],
    ['source-syntax', { header: { source: '' } }],
  ])(
    '%s refuses every event of the batch, moves no watermark, and is filed under the key',
    (rule, options) => {
      const record = tradeRecord([{}, {}], {
        ...options,
        header: { watermarkNs: DAY_NS, ...options?.header },
      });
      const written = new Bench(TOPICS.rawTicks).feed(record);
      expect(ticksOf(written)).toEqual([]);
      expect(deadLettersOf(written).map((letter) => [letter.rule, letter.header?.symbol])).toEqual([
        [rule, record.key ?? ''],
        [rule, record.key ?? ''],
      ]);
      expect(Object.values(countsOf(written))).toEqual([[2, 0, 2, 0]]);
    },
  );

  it('of an unknown interval is refused bar by bar', () => {
    const bars = { ...emptyBars(), startNs: [DAY_NS], open: [1], high: [1], low: [1], close: [1] };
    const batch = { header: header(1n), interval: '7m', priceType: 'trade' as const, bars, positions: [1n] };
    const written = new Bench(TOPICS.rawBars).feed(recordOf(TOPICS.rawBars, encodeBarBatch(batch)));
    expect(deadLettersOf(written).map(({ rule }) => rule)).toEqual(['bar-interval']);
  });
});

it('10,000 unknown symbols go through, each with a small state', () => {
  const bench = new Bench(TOPICS.rawTicks);
  for (let n = 0; n < 10_000; n++) {
    const symbol = `UNKNOWN${n}`;
    const cause = { origin: `file:abc:test#${symbol}`, n: 1n, k: 0 };
    bench.feed(tradeRecord([{}], { header: { symbol, cause }, record: { key: symbol } }));
  }
  expect(ticksOf(bench.written)).toHaveLength(10_000);
  expect(deadLettersOf(bench.written)).toEqual([]);
  expect(bench.stateBytes()).toBeLessThan(10_000 * 200);
});
