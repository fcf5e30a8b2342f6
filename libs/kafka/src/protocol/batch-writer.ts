import type { NewRecord } from '@tickwell/ports';
import { crc32c } from './crc32c.ts';
import { utf8 } from './texts.ts';

/** Whose batch it is and which one: what lets the broker know a repetition. */
export interface BatchIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

/** Of a batch without records, and of the part of it that comes before what the checksum covers. */
const BATCH_HEADER_BYTES = 61;
const CHECKED_FROM = 21;
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
 * Writes record batches of format 2 (https://kafka.apache.org/documentation/#recordbatch), uncompressed, into one growing buffer.
 * kafkajs builds each record of many small buffers: measured, 20 records of 60 bytes took it seven times as long.
 */
export class BatchWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(sizeHint: number) {
    this.#buffer = Buffer.allocUnsafe(sizeHint);
  }

  int16(value: number): void {
    this.#length = this.#buffer.writeInt16BE(value, this.#reserve(2));
  }

  int32(value: number): void {
    this.#length = this.#buffer.writeInt32BE(value, this.#reserve(4));
  }

  string(value: string): void {
    const bytes = utf8(value);
    this.int16(bytes.length);
    this.#bytes(bytes);
  }

  /** The batch behind its length in bytes. */
  batch(
    records: readonly NewRecord[],
    sizes: readonly number[],
    identity: BatchIdentity,
    nowMs: number,
  ): void {
    let most = BATCH_HEADER_BYTES + 4;
    for (const size of sizes) most += size;
    const lengthAt = this.#reserve(most);
    const start = lengthAt + 4;
    this.#length = start + BATCH_HEADER_BYTES;
    for (let index = 0; index < records.length; index++) {
      const record = records[index];
      if (record !== undefined) this.#record(record, index);
    }
    this.#header(start, records.length, identity, BigInt(nowMs));
    this.#buffer.writeInt32BE(this.#length - start, lengthAt);
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #header(start: number, count: number, identity: BatchIdentity, nowMs: bigint): void {
    const buffer = this.#buffer;
    buffer.writeBigInt64BE(0n, start); // base offset: the broker's
    buffer.writeInt32BE(this.#length - start - 12, start + 8);
    buffer.writeInt32BE(-1, start + 12); // leader epoch: the broker's
    buffer.writeInt8(FORMAT, start + 16);
    buffer.writeInt16BE(0, start + 21); // attributes: not compressed, create time, not transactional
    buffer.writeInt32BE(count - 1, start + 23);
    buffer.writeBigInt64BE(nowMs, start + 27);
    buffer.writeBigInt64BE(nowMs, start + 35);
    buffer.writeBigInt64BE(identity.producerId, start + 43);
    buffer.writeInt16BE(identity.producerEpoch, start + 51);
    buffer.writeInt32BE(identity.baseSequence, start + 53);
    buffer.writeInt32BE(count, start + 57);
    buffer.writeUInt32BE(crc32c(buffer, start + CHECKED_FROM, this.#length), start + 17);
  }

  /** Room was reserved for the whole batch. */
  #record({ key, value, headers }: NewRecord, index: number): void {
    const keyBytes = utf8(key);
    const names = Object.keys(headers);
    let size = 1 + 1 + varintBytes(index) + sizedBytes(keyBytes.length);
    size += value === null ? 1 : sizedBytes(value.length);
    size += varintBytes(names.length);
    for (const name of names) {
      size += sizedBytes(utf8(name).length) + sizedBytes(utf8(headers[name] ?? '').length);
    }
    this.#varint(size);
    this.#buffer[this.#length++] = 0; // attributes: none are defined
    this.#buffer[this.#length++] = 0; // timestamp: that of the batch
    this.#varint(index);
    this.#sized(keyBytes);
    if (value === null) this.#varint(-1);
    else this.#sized(value);
    this.#varint(names.length);
    for (const name of names) {
      this.#sized(utf8(name));
      this.#sized(utf8(headers[name] ?? ''));
    }
  }

  #sized(bytes: Uint8Array): void {
    this.#varint(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Zigzag-coded; of lengths and counts, which fit into 31 bits. */
  #varint(value: number): void {
    let rest = zigzag(value);
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#length++] = rest;
  }

  #bytes(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#buffer.set(bytes, at);
    this.#length = at + bytes.length;
  }

  /** Makes room for `size` bytes at the end, and says where that is. */
  #reserve(size: number): number {
    if (this.#length + size > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + size));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    return this.#length;
  }
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function varintBytes(value: number): number {
  const coded = zigzag(value);
  return coded < 0x80 ? 1 : coded < 0x4000 ? 2 : coded < 0x20_0000 ? 3 : coded < 0x1000_0000 ? 4 : 5;
}

function sizedBytes(length: number): number {
  return varintBytes(length) + length;
}
