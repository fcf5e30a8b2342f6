import { TickwellError } from '@tickwell/domain';

/**
 * Primitive types of the Kafka protocol (https://kafka.apache.org/protocol#protocol_types), big-endian. `compact` lengths are the length
 * plus one as an unsigned varint, as flexible versions write them.
 */
export class WireWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(sizeHint = 256) {
    this.#buffer = Buffer.allocUnsafe(sizeHint);
  }

  int8(value: number): this {
    const at = this.#reserve(1);
    this.#buffer.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.#reserve(2);
    this.#buffer.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#reserve(4);
    this.#buffer.writeInt32BE(value, at);
    return this;
  }

  int64(value: bigint): this {
    const at = this.#reserve(8);
    this.#buffer.writeBigInt64BE(value, at);
    return this;
  }

  unsignedVarint(value: number): this {
    let at = this.#reserve(unsignedVarintBytes(value));
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[at] = rest;
    return this;
  }

  /** Zigzag-coded; of numbers that fit into 31 bits. */
  varint(value: number): this {
    return this.unsignedVarint(zigzag(value));
  }

  /** Bytes behind their length as a varint; -1 for null. */
  varintBytes(value: Uint8Array | null): this {
    return value === null ? this.varint(-1) : this.varint(value.length).bytes(value);
  }

  string(value: string): this {
    const length = Buffer.byteLength(value);
    this.int16(length);
    const at = this.#reserve(length);
    this.#buffer.write(value, at);
    return this;
  }

  compactString(value: string): this {
    const length = Buffer.byteLength(value);
    this.unsignedVarint(length + 1);
    const at = this.#reserve(length);
    this.#buffer.write(value, at);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#reserve(value.length);
    this.#buffer.set(value, at);
    return this;
  }

  /** Bytes written so far: where the next ones go. */
  get length(): number {
    return this.#length;
  }

  /** Writes over what stands at a place, as lengths and checksums need that come before what they are of. */
  putInt32(at: number, value: number): void {
    this.#buffer.writeInt32BE(value | 0, at);
  }

  finish(from = 0): Buffer {
    return this.#buffer.subarray(from, this.#length);
  }

  /** Makes room for `size` bytes and returns where they start. May replace the buffer: call it before naming the buffer. */
  #reserve(size: number): number {
    const start = this.#length;
    if (start + size > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, start + size));
      this.#buffer.copy(larger, 0, 0, start);
      this.#buffer = larger;
    }
    this.#length = start + size;
    return start;
  }
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function unsignedVarintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}

/** Size of {@link WireWriter.varintBytes}; null takes one byte. */
export function varintBytesSize(length: number): number {
  return varintSize(length) + length;
}

export function varintSize(value: number): number {
  return unsignedVarintBytes(zigzag(value));
}

/** Reads what {@link WireWriter} writes; running over the end is a `kafka-protocol` error. */
export class WireReader {
  readonly #buffer: Buffer;
  #offset: number;

  constructor(buffer: Buffer, offset = 0) {
    this.#buffer = buffer;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#buffer.length - this.#offset;
  }

  int8(): number {
    return this.#buffer.readInt8(this.#advance(1));
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#advance(4));
  }

  int64(): bigint {
    return this.#buffer.readBigInt64BE(this.#advance(8));
  }

  unsignedVarint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.#buffer.readUInt8(this.#advance(1));
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new TickwellError('kafka-protocol', 'Kafka answered a varint of more than ten bytes');
  }

  /** Zigzag-coded; exact up to 2^53. */
  varint(): number {
    const coded = this.unsignedVarint();
    return coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2;
  }

  string(): string {
    return this.take(this.int16()).toString('utf8');
  }

  nullableString(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.take(length).toString('utf8');
  }

  compactNullableString(): string | null {
    const length = this.unsignedVarint() - 1;
    return length < 0 ? null : this.take(length).toString('utf8');
  }

  /** A view, not a copy. */
  take(length: number): Buffer {
    const start = this.#advance(length);
    return this.#buffer.subarray(start, start + length);
  }

  array<T>(read: () => T): T[] {
    return this.#items(this.int32(), read);
  }

  compactArray<T>(read: () => T): T[] {
    return this.#items(this.unsignedVarint() - 1, read);
  }

  skipTaggedFields(): void {
    const count = this.unsignedVarint();
    for (let index = 0; index < count; index++) {
      this.unsignedVarint();
      this.take(this.unsignedVarint());
    }
  }

  #items<T>(count: number, read: () => T): T[] {
    const items: T[] = [];
    for (let index = 0; index < count; index++) items.push(read());
    return items;
  }

  #advance(size: number): number {
    const start = this.#offset;
    if (size < 0 || start + size > this.#buffer.length) {
      throw new TickwellError(
        'kafka-protocol',
        `Kafka answered ${this.#buffer.length} bytes where byte ${start + size} was to be read`,
      );
    }
    this.#offset = start + size;
    return start;
  }
}
