import fc from 'fast-check';
import type { NewRecord } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { recordBytes } from './batch-writer.ts';
import { crc32c } from './crc32c.ts';
import { produceRequest, type PartitionBatch } from './produce.ts';
import { decodeRecords } from './record-batch.ts';
import { WireReader } from './wire.ts';

const IDENTITY = { producerId: 77n, producerEpoch: 3, baseSequence: 41 };

function batchOf(topic: string, partition: number, records: readonly NewRecord[]): PartitionBatch {
  return { topic, partition, records, sizes: records.map(recordBytes), identity: IDENTITY };
}

/** The batches of a produce request, as a broker reads it. */
function read(body: Buffer): { topic: string; partition: number; data: Buffer }[] {
  const reader = new WireReader(body);
  expect([reader.int16(), reader.int16(), reader.int32()]).toEqual([-1, -1, 500]);
  return reader
    .array(() => {
      const topic = reader.string();
      return reader.array(() => ({
        topic,
        partition: reader.int32(),
        data: reader.take(reader.int32()),
      }));
    })
    .flat();
}

const encode = (batches: readonly PartitionBatch[]): ReturnType<typeof read> =>
  read(produceRequest(batches, { timeoutMs: 500, nowMs: 1_234 }).encode());

const record: fc.Arbitrary<NewRecord> = fc.record({
  topic: fc.constant('t'),
  key: fc.string({ unit: 'binary' }),
  value: fc.option(fc.uint8Array({ maxLength: 300 })),
  headers: fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: 'binary' }), {
    maxKeys: 4,
    noNullPrototype: true,
  }),
});

it('checks as RFC 3720 says', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  expect(crc32c(Buffer.alloc(0))).toBe(0);
});

describe('a produce request', () => {
  it('holds the records as a consumer reads them, within the size that was foreseen', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 40 }), (records) => {
        const [batch, ...rest] = encode([batchOf('t', 5, records)]);
        expect(rest).toEqual([]);
        if (batch === undefined) throw new Error('no batch');
        const place = { topic: 't', partition: 5 };
        const wanted = { fromOffset: 0n, untilOffset: null };
        const decoded = decodeRecords(place, batch.data, wanted, []);
        const expected = records.map(({ key, value, headers }, index) => ({
          ...place,
          offset: BigInt(index),
          key: key.toWellFormed(),
          value: value === null ? null : Buffer.from(value),
          headers,
          timestampMs: 1_234,
        }));
        expect(decoded.records).toEqual(expected);
        expect(batch.data.length - 61).toBeLessThanOrEqual(
          records.reduce((sum, one) => sum + recordBytes(one), 0),
        );
      }),
    );
  });

  it('keeps a header that is named like the prototype of an object', () => {
    const headers = Object.fromEntries([
      ['__proto__', 'a'],
      ['b', 'c'],
    ]);
    const [batch] = encode([batchOf('t', 0, [{ topic: 't', key: '', value: null, headers }])]);
    const place = { topic: 't', partition: 0 };
    const { records } = decodeRecords(
      place,
      batch?.data ?? Buffer.alloc(0),
      { fromOffset: 0n, untilOffset: null },
      [],
    );
    expect(Object.entries(records[0]?.headers ?? {})).toEqual([
      ['__proto__', 'a'],
      ['b', 'c'],
    ]);
  });

  it('says whose batch it is, which one, and a checksum over what follows it', () => {
    const one: NewRecord = { topic: 't', key: 'k', value: null, headers: {} };
    const [batch] = encode([batchOf('t', 0, [one, one, one])]);
    const data = batch?.data ?? Buffer.alloc(0);
    expect(data.readInt32BE(8)).toBe(data.length - 12);
    expect(data.readInt8(16)).toBe(2);
    expect(data.readUInt32BE(17)).toBe(crc32c(data.subarray(21)));
    expect(data.readInt32BE(23)).toBe(2);
    expect([data.readBigInt64BE(43), data.readInt16BE(51), data.readInt32BE(53)]).toEqual([77n, 3, 41]);
    expect(data.readInt32BE(57)).toBe(3);
  });

  it('keeps topics and partitions apart, and grows with what it holds', () => {
    const one = (value: number): NewRecord => ({
      topic: 't',
      key: `${value}`,
      value: Buffer.alloc(70_000, value),
      headers: { h: '1' },
    });
    const batches = [batchOf('a', 0, [one(1)]), batchOf('b', 1, [one(2), one(3)]), batchOf('a', 2, [one(4)])];
    const keys = encode(batches).map(({ topic, partition, data }) => {
      const { records } = decodeRecords(
        { topic, partition },
        data,
        { fromOffset: 0n, untilOffset: null },
        [],
      );
      return [topic, partition, ...records.map(({ key }) => key)];
    });
    expect(keys).toEqual([
      ['a', 0, '1'],
      ['a', 2, '4'],
      ['b', 1, '2', '3'],
    ]);
  });
});
