import { describe, expect, it } from 'vitest';
import { recordToJson } from './any-record.ts';
import { encodeMessage } from './codec.ts';
import { StoreCommitSchema } from './gen/tickwell/events/v1/control_pb.js';
import { ALL_TOPICS } from './topics.ts';

describe('recordToJson', () => {
  it('knows the type of every topic', () => {
    const unknown = ALL_TOPICS.filter(({ type }) => !recordToJson(type, new Uint8Array()).ok);
    expect(unknown).toEqual([]);
  });

  it('writes 64-bit numbers as strings', () => {
    const bytes = encodeMessage(StoreCommitSchema, { topic: 'md.ticks', nextOffset: 2n ** 60n });
    expect(recordToJson('tickwell.events.v1.StoreCommit', bytes)).toEqual({
      ok: true,
      value: { topic: 'md.ticks', nextOffset: '1152921504606846976' },
    });
  });

  it('returns what is wrong with bytes and names it does not know', () => {
    expect(recordToJson('tickwell.events.v1.TickBatch', new Uint8Array([255, 255]))).toMatchObject({
      ok: false,
      error: { rule: 'malformed-protobuf' },
    });
    expect(recordToJson('acme.Thing', new Uint8Array())).toMatchObject({
      ok: false,
      error: { rule: 'unknown-value' },
    });
  });
});
