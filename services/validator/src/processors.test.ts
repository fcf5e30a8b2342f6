import {
  encodeActionBatch,
  encodeFundamentalBatch,
  encodeMessage,
  events,
  headerToProto,
  parseMessage,
  TOPICS,
} from '@tickwell/contracts';
import type { CorporateAction, Fundamental } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import { barRecord, quoteRecord, tradeRecord, watermarkRecord } from './fixtures/batches.ts';
import {
  barsOf,
  Bench,
  countsOf,
  DAY_NS,
  deadLettersOf,
  header,
  KNOWN_NS,
  LOGGED_MS,
  of,
  qualityOf,
  recordOf,
  ticksOf,
  unwrap,
} from './fixtures/harness.ts';
import { createProcessors } from './processors.ts';

const HOUR_NS = 3_600_000_000_000n;

it('every raw topic has one processor of its own name', () => {
  const processors = createProcessors();
  expect(processors.map(({ inputTopic }) => inputTopic).sort()).toEqual([
    'md.raw.actions',
    'md.raw.bars',
    'md.raw.fundamentals',
    'md.raw.holes',
    'md.raw.refused',
    'md.raw.ticks',
    'portfolio.raw',
  ]);
  expect(new Set(processors.map(({ name }) => name)).size).toBe(processors.length);
});

describe('ticks', () => {
  it('go through as they came: same header under a new cause, no positions', () => {
    const record = tradeRecord([{}, { price: 101, size: 0 }], { first: 5, header: { watermarkNs: DAY_NS } });
    const written = new Bench(TOPICS.rawTicks).feed(record);
    expect(written).toHaveLength(1);
    expect(written[0]).toMatchObject({ topic: 'md.ticks', key: 'AAPL', type: TOPICS.ticks.type });
    expect(ticksOf(written)[0]).toMatchObject({
      kind: 'trades',
      header: { ...header(1n), cause: { origin: 'md.raw.ticks@e/1', n: 1n, k: 0 }, watermarkNs: DAY_NS },
      positions: [],
      trades: {
        timeNs: [DAY_NS + 5_000_000_000n, DAY_NS + 6_000_000_000n],
        price: [100, 101],
        size: [5, 0],
        conditions: [],
        venue: [],
      },
    });
  });

  it('of both kinds are told apart: positions of one say nothing about the other', () => {
    const bench = new Bench(TOPICS.rawTicks);
    bench.feed(tradeRecord([{}, {}, {}], { first: 10 }));
    const written = bench.feed(quoteRecord([[1, 1, 2, 1]], 4));
    expect(ticksOf(written).map(({ kind }) => kind)).toEqual(['quotes']);
  });

  it('crossed quotes go through with one finding per record', () => {
    const written = new Bench(TOPICS.rawTicks).feed(
      quoteRecord([
        [1, 1, 2, 1],
        [3, 1, 2, 1],
        [4, 1, 2, 1],
      ]),
    );
    expect(ticksOf(written)[0]?.kind === 'quotes' && ticksOf(written)).toHaveLength(1);
    // When it was logged: the stream, and what its header says, may be older.
    expect(qualityOf(written).map(({ header: of }) => of?.knownAtNs)).toContain(
      BigInt(LOGGED_MS) * 1_000_000n,
    );
    const [finding] = qualityOf(written).flatMap(({ event }) =>
      event.case === 'finding' ? [event.value] : [],
    );
    expect(finding).toMatchObject({
      rule: 'quote-crossed',
      severity: events.Severity.WARNING,
      startNs: DAY_NS + 2_000_000_000n,
      endNs: DAY_NS + 3_000_000_000n,
      position: 2n,
    });
    expect(qualityOf(written)).toHaveLength(1);
  });
});

describe('watermarks', () => {
  const wrong = { timeNs: DAY_NS + 365n * 24n * HOUR_NS };

  it('pass with a record of their own', () => {
    const written = new Bench(TOPICS.rawTicks).feed(watermarkRecord(3n, DAY_NS));
    expect(ticksOf(written)).toMatchObject([{ kind: 'watermark', header: { watermarkNs: DAY_NS } }]);
    expect(written).toHaveLength(1);
  });

  it('pass where every event of the record was refused', () => {
    const record = tradeRecord([{ price: -1 }], { header: { watermarkNs: DAY_NS } });
    expect(ticksOf(new Bench(TOPICS.rawTicks).feed(record))).toMatchObject([
      { kind: 'watermark', header: { watermarkNs: DAY_NS } },
    ]);
  });

  it('do not repeat with a record that was all there already', () => {
    const bench = new Bench(TOPICS.rawTicks);
    const record = tradeRecord([{}], { header: { watermarkNs: DAY_NS } });
    bench.feed(record);
    expect(ticksOf(bench.feed(record))).toEqual([]);
  });

  it('taken from an event refused for its future time fall back to the last accepted one', () => {
    const bench = new Bench(TOPICS.rawTicks);
    const first = bench.feed(tradeRecord([{}, wrong], { header: { watermarkNs: wrong.timeNs } }));
    const second = bench.feed(tradeRecord([wrong], { first: 3, header: { watermarkNs: wrong.timeNs } }));
    const end = bench.feed(watermarkRecord(3n, wrong.timeNs + 1n));
    for (const written of [first, second, end]) {
      expect(ticksOf(written)).toMatchObject([{ header: { watermarkNs: DAY_NS + 1_000_000_000n } }]);
    }
  });

  it('of bars pass as a batch without bars', () => {
    const written = new Bench(TOPICS.rawBars).feed(barRecord([], { header: { watermarkNs: DAY_NS } }));
    expect(barsOf(written)).toMatchObject([
      { interval: '5m', header: { watermarkNs: DAY_NS }, bars: { startNs: [] } },
    ]);
  });
});

describe('counts', () => {
  it('are out when a stream ends, and every 64 records until then', () => {
    const bench = new Bench(TOPICS.rawTicks);
    const reported: number[] = [];
    for (let n = 1; n <= 130; n++) {
      if (Object.keys(countsOf(bench.feed(tradeRecord([{}], { first: n })))).length > 0) reported.push(n);
    }
    expect(reported).toEqual([64, 128]);
    expect(countsOf(bench.feed(watermarkRecord(130n, DAY_NS)))).toEqual({
      'file:test AAPL trades': [130, 130, 0, 0],
    });
    expect(countsOf(bench.feed(watermarkRecord(130n, DAY_NS)))).toEqual({});
  });

  it('are out at once where something was refused or repeated', () => {
    const bench = new Bench(TOPICS.rawTicks);
    bench.feed(tradeRecord([{}, {}]));
    expect(countsOf(bench.feed(tradeRecord([{}, {}])))).toEqual({ 'file:test AAPL trades': [4, 2, 0, 2] });
    expect(countsOf(bench.feed(tradeRecord([{ price: 0 }], { first: 3 })))).toEqual({
      'file:test AAPL trades': [5, 2, 1, 2],
    });
  });

  it('are kept per source and kind', () => {
    const bench = new Bench(TOPICS.rawTicks);
    bench.feed(tradeRecord([{}, { price: 0 }]));
    bench.feed(
      tradeRecord([{ price: 0 }], { header: { source: 'ib', cause: { origin: 'x#AAPL', n: 1n, k: 0 } } }),
    );
    bench.feed(quoteRecord([[NaN, 1, NaN, 1]]));
    expect(countsOf(bench.written)).toEqual({
      'file:test AAPL trades': [2, 1, 1, 0],
      'ib AAPL trades': [1, 0, 1, 0],
      'file:test AAPL quotes': [1, 0, 1, 0],
    });
  });
});

describe('bars', () => {
  const fine = { startNs: DAY_NS, open: 1, high: 2, low: 1, close: 2, volume: 3 };

  it('of each interval have an order of their own', () => {
    const bench = new Bench(TOPICS.rawBars);
    bench.feed(barRecord([{ ...fine, startNs: DAY_NS + HOUR_NS }]));
    const written = bench.feed(barRecord([fine], { interval: '1h' }));
    expect(barsOf(written)).toMatchObject([
      { interval: '1h', priceType: 'trade', bars: { startNs: [DAY_NS] } },
    ]);
    expect(deadLettersOf(bench.feed(barRecord([fine], { first: 2 }))).map(({ rule }) => rule)).toEqual([
      'time-order',
    ]);
  });
});

it('a long stream is not cut off by the known_at of its start: the log says when its records came', () => {
  const timeNs = KNOWN_NS + 48n * HOUR_NS;
  const late = tradeRecord([{ timeNs }], { record: { timestampMs: LOGGED_MS + 48 * 3_600_000 } });
  expect(ticksOf(new Bench(TOPICS.rawTicks).feed(late))).toHaveLength(1);
  expect(ticksOf(new Bench(TOPICS.rawTicks).feed(tradeRecord([{ timeNs }])))).toEqual([]);
});

describe('lists', () => {
  const revenue: Fundamental = {
    item: 'totalRevenue',
    periodType: 'annual',
    periodEndNs: DAY_NS,
    value: 5,
    currency: 'USD',
    position: 1n,
  };

  it('fundamentals: what is good goes through without position, the rest is kept with it', () => {
    const items = [
      revenue,
      { ...revenue, value: NaN, position: 2n },
      { ...revenue, item: 'ebit', position: 3n },
    ];
    const value = encodeFundamentalBatch({ header: header(3n), items });
    const bench = new Bench(TOPICS.rawFundamentals);
    const written = bench.feed(recordOf(TOPICS.rawFundamentals, value));
    const [batch] = of(written, TOPICS.fundamentals).map((bytes) =>
      unwrap(parseMessage(events.FundamentalBatchSchema, bytes)),
    );
    expect(batch?.items.map(({ item, position }) => [item, position])).toEqual([
      ['totalRevenue', 0n],
      ['ebit', 0n],
    ]);
    expect(deadLettersOf(written)).toMatchObject([{ rule: 'fundamental-value', position: 2n, index: 1 }]);
    expect(countsOf(written)).toEqual({ 'file:test AAPL fundamentals': [3, 2, 1, 0] });
    const again = bench.feed(recordOf(TOPICS.rawFundamentals, value));
    expect(countsOf(again)).toEqual({ 'file:test AAPL fundamentals': [6, 2, 1, 3] });
  });

  it('corporate actions', () => {
    const split: CorporateAction = {
      kind: 'split',
      exDateNs: DAY_NS,
      amount: 0,
      currency: '',
      splitNumerator: 7,
      splitDenominator: 1,
      position: 1n,
    };
    const actions = [split, { ...split, splitDenominator: 0, position: 2n }];
    const value = encodeActionBatch({ header: header(2n), actions });
    const written = new Bench(TOPICS.rawActions).feed(recordOf(TOPICS.rawActions, value));
    expect(of(written, TOPICS.actions)).toHaveLength(1);
    expect(deadLettersOf(written)).toMatchObject([{ rule: 'action-amount', position: 2n }]);
  });

  it('portfolio events are keyed by account', () => {
    const event = {
      header: headerToProto(header(1n, { symbol: '' })),
      account: 'AAPL',
      timeNs: DAY_NS,
      event: { case: 'execution' as const, value: { symbol: 'MSFT', quantity: -5, price: 3 } },
      positionInStream: 4n,
    };
    const bench = new Bench(TOPICS.rawPortfolio);
    const good = bench.feed(recordOf(TOPICS.rawPortfolio, encodeMessage(events.PortfolioEventSchema, event)));
    expect(good.map(({ topic, key }) => [topic, key])).toEqual([
      ['portfolio.events', 'AAPL'],
      ['md.quality', 'AAPL'],
    ]);
    const [bytes] = of(good, TOPICS.portfolio);
    expect(unwrap(parseMessage(events.PortfolioEventSchema, bytes ?? new Uint8Array(0)))).toMatchObject({
      account: 'AAPL',
      event: { case: 'execution', value: { symbol: 'MSFT', quantity: -5, price: 3 } },
      positionInStream: 0n,
    });
    const other = { ...event, account: 'DU1', positionInStream: 5n };
    const bad = bench.feed(recordOf(TOPICS.rawPortfolio, encodeMessage(events.PortfolioEventSchema, other)));
    expect(deadLettersOf(bad)).toMatchObject([{ rule: 'portfolio-account', position: 5n }]);
    expect(of(bad, TOPICS.portfolio)).toEqual([]);
  });
});

describe('input that ingest refused', () => {
  function refused(n: bigint, k: number): Uint8Array {
    return encodeMessage(events.RefusedInputSchema, {
      header: headerToProto(header(n, { symbol: '', cause: { origin: 'file:abc:test#', n, k } })),
      rule: 'bad-number',
      reason: 'prices.csv line 7: price "abc" is not a number',
      position: n,
      original: new TextEncoder().encode('2024-01-02,abc'),
      originalSize: 50_000_000n,
      originalSha256: 'ab'.repeat(32),
    });
  }

  it('becomes a dead letter once, with what ingest said of it', () => {
    const bench = new Bench(TOPICS.rawRefused);
    const record = (n: bigint, k = 0): ReturnType<typeof recordOf> =>
      recordOf(TOPICS.rawRefused, refused(n, k), { key: 'file:test' });
    const written = bench.feed(record(7n));
    expect(deadLettersOf(written)).toMatchObject([
      {
        header: { source: 'file:test', symbol: '', cause: { origin: 'md.raw.refused@e/1', n: 1n } },
        rule: 'bad-number',
        reason: 'prices.csv line 7: price "abc" is not a number (bad-number)',
        topic: 'md.raw.refused',
        position: 7n,
        wholeRecord: true,
        truncated: true,
        original: new TextEncoder().encode('2024-01-02,abc'),
        originalSize: 50_000_000n,
        originalSha256: 'ab'.repeat(32),
      },
    ]);
    expect(written.map(({ key }) => key)).toEqual(['file:test', 'file:test']);
    bench.restart();
    expect(deadLettersOf(bench.feed(record(7n)))).toEqual([]);
    expect(deadLettersOf(bench.feed(record(7n, 1)))).toHaveLength(1);
    expect(deadLettersOf(bench.feed(record(8n)))).toHaveLength(1);
    expect(countsOf(bench.written)).toEqual({ 'file:test  refused': [4, 0, 3, 1] });
  });
});
