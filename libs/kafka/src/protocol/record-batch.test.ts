import { expect, it } from 'vitest';
import { zstdCompressSync } from 'node:zlib';
import { decodeRecords } from './record-batch.ts';
import { WireWriter } from './wire.ts';

const PLACE = { topic: 't', partition: 3 };
const ALL = { fromOffset: 0n, untilOffset: null };

/** A batch of one-byte keys 'k' with null values and no headers, as Kafka lays it out. */
function batch(
  baseOffset: bigint,
  deltas: readonly number[],
  lastDelta: number,
  attributes = 0,
  magic = 2,
): Buffer {
  const plain = Buffer.concat(deltas.map((delta) => Buffer.from([14, 0, 0, delta * 2, 2, 107, 1, 0])));
  const records = attributes === 4 ? zstdCompressSync(plain) : plain;
  const body = new WireWriter()
    .int32(0)
    .int8(magic)
    .int32(0)
    .int16(attributes)
    .int32(lastDelta)
    .int64(1_000n)
    .int64(2_000n)
    .int64(-1n)
    .int16(-1)
    .int32(-1)
    .int32(deltas.length)
    .bytes(records)
    .finish();
  return new WireWriter().int64(baseOffset).int32(body.length).bytes(body).finish();
}

it('reads whole batches, leaves out what is not wanted, and stops before one that is cut off', () => {
  const data = Buffer.concat([
    batch(5n, [0, 1, 2], 2),
    batch(8n, [0, 3], 3),
    batch(12n, [0], 0).subarray(0, -1),
  ]);
  const wanted = { fromOffset: 6n, untilOffset: 11n };
  const { records, nextOffset } = decodeRecords(PLACE, data, wanted, []);
  expect(records.map(({ offset }) => offset)).toEqual([6n, 7n, 8n]);
  expect(records[0]).toEqual({
    ...PLACE,
    offset: 6n,
    key: 'k',
    value: null,
    headers: {},
    timestampMs: 1_000,
  });
  expect(nextOffset).toBe(12n);
});

it('goes past a batch that compaction emptied', () => {
  expect(decodeRecords(PLACE, batch(5n, [], 9), ALL, [])).toEqual({ records: [], nextOffset: 15n });
  expect(decodeRecords(PLACE, Buffer.alloc(0), ALL, [])).toEqual({ records: [], nextOffset: null });
});

it('reads zstd, and the append time where the topic keeps that', () => {
  expect(decodeRecords(PLACE, batch(5n, [0, 1], 1, 4), ALL, []).records).toHaveLength(2);
  expect(decodeRecords(PLACE, batch(5n, [0], 0, 8), ALL, []).records[0]?.timestampMs).toBe(2_000);
});

it.each([
  ['a compression it cannot read', batch(5n, [0], 0, 2), 'kafka-compression', 't/3 at offset 5'],
  ['a record format before 2', batch(5n, [0], 0, 0, 1), 'kafka-protocol', 't/3 at offset 5'],
])('says where there is %s', (_, data, code, place) => {
  const message = expect.stringContaining(place) as unknown;
  expect(() => decodeRecords(PLACE, data, ALL, [])).toThrow(expect.objectContaining({ code, message }));
});
