import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { TOPICS, encodeIndicatorBatches, queryV1 } from '@tickwell/contracts';
import type { LogRecord } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { World } from './fixtures/world.ts';
import { MarketRecord } from './market-record.ts';

const SCHEMA = queryV1.SubscribeResponseSchema;

function parse(record: LogRecord): MarketRecord {
  const parsed = MarketRecord.parse(record, 'e');
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function indicatorRecord(): LogRecord {
  const cause = { origin: 'o', n: 1n, k: 0 };
  const header = {
    source: 's',
    symbol: 'A',
    cause,
    knownAtNs: 0n,
    watermarkNs: 0n,
    replayOf: '',
    priceBasis: 'raw',
  } as const;
  const batch = {
    header,
    interval: '1m',
    priceType: 'trade' as const,
    specId: 'sma(2,close)',
    startNs: [1n, 2n, 3n],
    warm: [false, true, true],
    outputs: [{ name: 'sma', value: [Number.NaN, 1.5, 2.5] }],
  };
  const early = {
    ...batch,
    specId: 'obv',
    startNs: [1n],
    warm: [true],
    outputs: [{ name: 'obv', value: [7] }],
  };
  const value = encodeIndicatorBatches([batch, early]);
  return {
    topic: TOPICS.indicators.name,
    partition: 1,
    offset: 41n,
    key: 'A',
    value,
    headers: {},
    timestampMs: 0,
  };
}

describe('MarketRecord', () => {
  it.each<[string, LogRecord, string]>([
    ['trades', new World().trade('A', [1n, 2n]), 'ticks'],
    ['a bar', new World().bar('A', 1n, 2), 'bars'],
    ['indicators', indicatorRecord(), 'indicators'],
  ])('wraps the bytes of %s exactly as protobuf would', (_what, record, field) => {
    const bytes = parse(record).response();
    const response = fromBinary(SCHEMA, bytes);
    expect(response.message.case).toBe(field);
    const { topic, partition, offset } = record;
    expect(response.position?.partitions).toMatchObject([
      { topic, partition, epoch: 'e', nextOffset: offset + 1n },
    ]);
    expect(toBinary(SCHEMA, response)).toEqual(bytes);
  });

  it('is serialized once for everybody', () => {
    const record = parse(new World().trade('A', [5n, 6n]));
    expect(record.matchWithin({ sinceNs: 5n, untilNs: undefined })?.bytes).toBe(record.response());
  });

  it('leaves out events before a time, all columns alike', () => {
    const record = parse(indicatorRecord());
    const later = record.matchWithin({ sinceNs: 2n, untilNs: undefined });
    expect(later?.events).toBe(2);
    expect(fromBinary(SCHEMA, later?.bytes ?? new Uint8Array()).message.value).toMatchObject({
      startNs: [2n, 3n],
      warm: [true, true],
      outputs: [{ name: 'sma', value: [1.5, 2.5] }],
    });
    expect(record.matchWithin({ sinceNs: 4n, untilNs: undefined })).toBeUndefined();
    const middle = record.matchWithin({ sinceNs: 2n, untilNs: 3n });
    expect(fromBinary(SCHEMA, middle?.bytes ?? new Uint8Array()).message.value).toMatchObject({
      startNs: [2n],
    });
  });

  it('says what is wrong with bytes that are no event', () => {
    const record = { ...indicatorRecord(), topic: TOPICS.ticks.name, value: new Uint8Array([255]) };
    expect(MarketRecord.parse(record, 'e')).toMatchObject({
      ok: false,
      error: expect.stringMatching(/TickBatch/) as string,
    });
    expect(MarketRecord.parse({ ...record, value: null }, 'e')).toMatchObject({ ok: false });
  });
});
