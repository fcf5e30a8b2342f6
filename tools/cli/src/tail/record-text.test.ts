import { describe, expect, it } from 'vitest';
import {
  contentType,
  encodeMessage,
  encodeTickBatch,
  events,
  HEADER_CONTENT_TYPE,
  TOPICS,
} from '@tickwell/contracts';
import type { LogRecord } from '@tickwell/ports';
import { isAbout, recordJson, recordText } from './record-text.ts';

const header = {
  source: 'file:x',
  symbol: 'BTCUSD',
  cause: { origin: 'o', n: 1n, k: 0 },
  knownAtNs: 1n,
  watermarkNs: 0n,
  replayOf: '',
  priceBasis: 'raw' as const,
};
const trades = encodeTickBatch({
  kind: 'trades',
  header,
  trades: {
    timeNs: [0n, 1_000_000_000n],
    seq: [0n, 0n],
    price: [1, 2.5],
    size: [3, 4],
    conditions: [],
    venue: [],
  },
  positions: [],
});

function record(value: Uint8Array | null, change: Partial<LogRecord> = {}): LogRecord {
  return {
    topic: TOPICS.ticks.name,
    partition: 1,
    offset: 7n,
    key: 'BTCUSD',
    value,
    headers: { [HEADER_CONTENT_TYPE]: contentType(TOPICS.ticks.type) },
    timestampMs: 0,
    ...change,
  };
}

describe('recordText', () => {
  it('says what a batch holds', () => {
    expect(recordText(record(trades))).toBe(
      '1970-01-01T00:00:00.000Z md.ticks/1@7 BTCUSD file:x 2 trades 1970-01-01T00:00:00Z to 1970-01-01T00:00:01Z last 2.5 x 4',
    );
  });

  it('says why a dead letter was refused', () => {
    const value = encodeMessage(events.DeadLetterSchema, {
      rule: 'price-positive',
      reason: 'price -5',
      topic: 'md.raw.ticks',
    });
    const headers = { [HEADER_CONTENT_TYPE]: contentType(TOPICS.deadLetters.type) };
    expect(recordText(record(value, { headers, topic: TOPICS.deadLetters.name }))).toContain(
      'refused by price-positive: price -5 [md.raw.ticks/0@0]',
    );
  });

  it('shows malformed records as such', () => {
    expect(recordText(record(new Uint8Array([255])))).toContain(
      'MALFORMED (malformed-protobuf): not a tickwell',
    );
    expect(recordText(record(trades, { headers: {} }))).toContain(
      'MALFORMED (unknown-value): the record has no content-type',
    );
    expect(recordText(record(null))).toContain('deleted');
  });
});

describe('recordJson', () => {
  it('decodes by the content-type', () => {
    expect(JSON.parse(recordJson(record(trades)))).toMatchObject({
      offset: 7,
      value: { header: { symbol: 'BTCUSD' }, trades: { price: [1, 2.5], timeNs: ['0', '1000000000'] } },
    });
  });

  it('keeps the bytes of what cannot be decoded', () => {
    expect(JSON.parse(recordJson(record(new Uint8Array([255]))))).toMatchObject({
      malformed: { rule: 'malformed-protobuf' },
      base64: '/w==',
    });
  });

  it('takes the type of state from the catalogue', () => {
    const value = encodeMessage(events.StoreCommitSchema, {});
    expect(
      JSON.parse(recordJson(record(value, { headers: {}, topic: TOPICS.stateValidator.name }))),
    ).toHaveProperty('value');
  });
});

describe('isAbout', () => {
  it('goes by key, else by header', () => {
    expect(isAbout(record(null), 'BTCUSD')).toBe(true);
    expect(isAbout(record(trades, { key: 'other' }), 'BTCUSD')).toBe(true);
    expect(isAbout(record(trades), 'AAPL')).toBe(false);
  });
});
