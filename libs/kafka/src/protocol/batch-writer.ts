import type { NewRecord } from '@tickwell/ports';
import { crc32c } from './crc32c.ts';
import { utf8 } from './texts.ts';
import { varintBytesSize, varintSize, type WireWriter } from './wire.ts';

/** Whose batch it is and which one: what lets the broker know a repetition. */
export interface BatchIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

/** Places in a batch. */
const LENGTH_AT = 8;
const CHECKSUM_AT = 17;
/** Length, attributes, timestamp, offset, lengths of key and value, number of headers: at most. */
const RECORD_OVERHEAD_BYTES = 5 + 1 + 1 + 5 + 5 + 5 + 5;
const HEADER_OVERHEAD_BYTES = 10;
const FORMAT = 2;

/** Size of a record in the log, at most. */
export function recordBytes({ key, value, headers }: NewRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + utf8(key).length + (value?.length ?? 0);
  for (const name in headers) {
    bytes += HEADER_OVERHEAD_BYTES + utf8(name).length + utf8(headers[name] ?? '').length;
  }
  return bytes;
}

/**
 * Writes a record batch of format 2 (https://kafka.apache.org/documentation/#recordbatch), uncompressed, behind its length in bytes. kafkajs
 * builds each record of many small buffers, and that was a third of the time of a process that produces.
 */
export function writeBatch(
  writer: WireWriter,
  records: readonly NewRecord[],
  identity: BatchIdentity,
  nowMs: number,
): void {
  const lengthAt = writer.length;
  const start = lengthAt + 4;
  writer
    .int32(0) // the batch's length, known at its end
    .int64(0n) // base offset: the broker's
    .int32(0) // length of what follows
    .int32(-1) // leader epoch: the broker's
    .int8(FORMAT)
    .int32(0) // checksum of what follows
    .int16(0) // attributes: not compressed, create time, not transactional
    .int32(records.length - 1)
    .int64(BigInt(nowMs))
    .int64(BigInt(nowMs))
    .int64(identity.producerId)
    .int16(identity.producerEpoch)
    .int32(identity.baseSequence)
    .int32(records.length);
  for (let index = 0; index < records.length; index++) {
    const record = records[index];
    if (record !== undefined) writeRecord(writer, record, index);
  }
  writer.putInt32(lengthAt, writer.length - start);
  writer.putInt32(start + LENGTH_AT, writer.length - start - LENGTH_AT - 4);
  writer.putInt32(start + CHECKSUM_AT, crc32c(writer.finish(start + CHECKSUM_AT + 4)));
}

function writeRecord(writer: WireWriter, { key, value, headers }: NewRecord, index: number): void {
  const keyBytes = utf8(key);
  const names = Object.keys(headers);
  let size = 2 + varintSize(index) + varintBytesSize(keyBytes.length);
  size += value === null ? 1 : varintBytesSize(value.length);
  size += varintSize(names.length);
  for (const name of names) {
    size += varintBytesSize(utf8(name).length) + varintBytesSize(utf8(headers[name] ?? '').length);
  }
  writer
    .varint(size)
    .int8(0) // attributes: none are defined
    .int8(0) // timestamp: that of the batch
    .varint(index)
    .varintBytes(keyBytes)
    .varintBytes(value)
    .varint(names.length);
  for (const name of names) writer.varintBytes(utf8(name)).varintBytes(utf8(headers[name] ?? ''));
}
