import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { TickwellError } from '@tickwell/domain';
import type { LogRecord, TopicPartition } from '@tickwell/ports';
import { WireReader } from './wire.ts';

/** A transaction that was rolled back: records of the producer from this offset up to its abort marker are not data. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/** Half-open; null: open. */
export interface WantedOffsets {
  readonly fromOffset: bigint;
  readonly untilOffset: bigint | null;
}

export interface DecodedRecords {
  readonly records: LogRecord[];
  /** The offset after the last whole batch, whether or not compaction left records in it; null without a whole batch. */
  readonly nextOffset: bigint | null;
}

interface BatchHeader {
  readonly baseOffset: bigint;
  readonly attributes: number;
  readonly lastOffset: bigint;
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
  readonly producerId: bigint;
  readonly recordCount: number;
}

/** Base offset and length; the rest is counted in the length. */
const PREFIX_BYTES = 12;
const COMPRESSION_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
/** A compressed batch is at most message.max.bytes; more than this out of it is an attack or damage. */
const MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024;

/**
 * Decodes record batches of format 2 (https://kafka.apache.org/documentation/#recordbatch). Values are views into `data`. A broker
 * answers whole batches, so records outside the wanted offsets are dropped here, and the last batch may be cut off.
 */
export function decodeRecords(
  place: TopicPartition,
  data: Buffer,
  wanted: WantedOffsets,
  aborted: readonly AbortedTransaction[],
): DecodedRecords {
  const reader = new WireReader(data);
  const records: LogRecord[] = [];
  const transactions = new AbortedFilter(aborted);
  let nextOffset: bigint | null = null;
  while (reader.remaining >= PREFIX_BYTES) {
    const baseOffset = reader.int64();
    const length = reader.int32();
    if (reader.remaining < length) break;
    const body = reader.take(length);
    const bodyReader = new WireReader(body);
    const header = readHeader(place, baseOffset, bodyReader);
    nextOffset = header.lastOffset + 1n;
    if (nextOffset <= wanted.fromOffset) continue;
    if (wanted.untilOffset !== null && baseOffset >= wanted.untilOffset) break;
    const payload = decompress(place, header, body.subarray(bodyReader.offset));
    if (transactions.isData(header, payload)) readRecords(place, header, payload, wanted, records);
  }
  return { records, nextOffset };
}

function readHeader(place: TopicPartition, baseOffset: bigint, reader: WireReader): BatchHeader {
  reader.int32(); // leader epoch
  const magic = reader.int8();
  if (magic !== 2) {
    throw new TickwellError(
      'kafka-protocol',
      `${place.topic}/${place.partition} at offset ${baseOffset}: record format ${magic}; only format 2 (Kafka 0.11 and later) is read`,
    );
  }
  reader.int32(); // checksum: TCP and the broker have checked already
  const attributes = reader.int16();
  const lastOffset = baseOffset + BigInt(reader.int32());
  const baseTimestampMs = Number(reader.int64());
  const maxTimestampMs = Number(reader.int64());
  const producerId = reader.int64();
  reader.int16(); // producer epoch
  reader.int32(); // first sequence number
  const recordCount = reader.int32();
  return { baseOffset, attributes, lastOffset, baseTimestampMs, maxTimestampMs, producerId, recordCount };
}

function decompress(place: TopicPartition, header: BatchHeader, payload: Buffer): Buffer {
  const options = { maxOutputLength: MAX_DECOMPRESSED_BYTES };
  switch (header.attributes & COMPRESSION_MASK) {
    case 0:
      return payload;
    case 1:
      return gunzipSync(payload, options);
    case 4:
      return zstdDecompressSync(payload, options);
    default:
      throw new TickwellError(
        'kafka-compression',
        `${place.topic}/${place.partition} at offset ${header.baseOffset} is compressed with snappy or lz4; let its producer use none, gzip or zstd`,
      );
  }
}

function readRecords(
  place: TopicPartition,
  header: BatchHeader,
  payload: Buffer,
  { fromOffset, untilOffset }: WantedOffsets,
  into: LogRecord[],
): void {
  const reader = new WireReader(payload);
  const appendTime = (header.attributes & LOG_APPEND_TIME) !== 0;
  for (let index = 0; index < header.recordCount; index++) {
    const end = reader.varint() + reader.offset;
    reader.int8(); // attributes: none are defined
    const timestampDeltaMs = reader.varint();
    const offset = header.baseOffset + BigInt(reader.varint());
    if (untilOffset !== null && offset >= untilOffset) return;
    if (offset < fromOffset) {
      reader.take(end - reader.offset);
      continue;
    }
    const key = readBytes(reader);
    const value = readBytes(reader);
    into.push({
      topic: place.topic,
      partition: place.partition,
      offset,
      key: key === null ? null : key.toString('utf8'),
      value,
      headers: readHeaders(reader),
      timestampMs: appendTime ? header.maxTimestampMs : header.baseTimestampMs + timestampDeltaMs,
    });
  }
}

function readBytes(reader: WireReader): Buffer | null {
  const length = reader.varint();
  return length < 0 ? null : reader.take(length);
}

function readHeaders(reader: WireReader): Record<string, string> {
  const headers: Record<string, string> = {};
  const count = reader.varint();
  for (let index = 0; index < count; index++) {
    const name = reader.take(reader.varint()).toString('utf8');
    const value = readBytes(reader)?.toString('utf8') ?? '';
    if (name === '__proto__') keepOwn(headers, name, value);
    else headers[name] = value;
  }
  return headers;
}

/** Assigning to this name would set the object's prototype, or nothing. */
function keepOwn(headers: Record<string, string>, name: string, value: string): void {
  Object.defineProperty(headers, name, { value, enumerable: true, writable: true, configurable: true });
}

/** Which batches are data: not control markers, and not of a transaction that was rolled back. */
class AbortedFilter {
  readonly #waiting: AbortedTransaction[];
  readonly #open = new Set<bigint>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#waiting = aborted.toSorted((a, b) => Number(a.firstOffset - b.firstOffset));
  }

  isData(header: BatchHeader, payload: Buffer): boolean {
    for (
      let next = this.#waiting[0];
      next !== undefined && next.firstOffset <= header.lastOffset;
      next = this.#waiting[0]
    ) {
      this.#open.add(next.producerId);
      this.#waiting.shift();
    }
    if ((header.attributes & CONTROL) !== 0) {
      if (header.recordCount > 0 && isAbortMarker(payload)) this.#open.delete(header.producerId);
      return false;
    }
    return (header.attributes & TRANSACTIONAL) === 0 || !this.#open.has(header.producerId);
  }
}

/** A marker's key is a version and a type: 0 for abort, 1 for commit. */
function isAbortMarker(payload: Buffer): boolean {
  const reader = new WireReader(payload);
  reader.varint(); // length
  reader.int8();
  reader.varint(); // timestamp
  reader.varint(); // offset
  const key = readBytes(reader);
  return key !== null && key.length >= 4 && key.readInt16BE(2) === 0;
}
