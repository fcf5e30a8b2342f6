/** Wire types of protobuf (https://protobuf.dev/programming-guides/encoding). */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;

const INITIAL_BYTES = 64 * 1024;
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_UINT64 = 2n ** 64n - 1n;
const MAX_UINT32 = 2 ** 32 - 1;
/** Longer texts are written by the engine. */
const SHORT_TEXT = 64;
/** Longer messages are copied by the engine. */
const SHORT_MESSAGE = 256;

/**
 * Writes one protobuf message from its end to its start, so that the length of what is nested is known when it is written: fields in
 * descending order, each followed by its tag. Fields number 15 at most. The buffer is kept from message to message.
 */
export class BackwardWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = this.#bytes.length;

  reset(): void {
    this.#at = this.#bytes.length;
  }

  /** Where a nested message ends; give it to {@link nested} once its fields are written. */
  get mark(): number {
    return this.#bytes.length - this.#at;
  }

  nested(field: number, mark: number): void {
    this.#varint(this.mark - mark);
    this.#tag(field, LENGTH_DELIMITED);
  }

  /** A copy of what was written. */
  finish(): Uint8Array<ArrayBuffer> {
    const size = this.mark;
    // Small ones share memory of Node's pool: an array buffer of its own costs more than all that is written into it.
    const { buffer, byteOffset } = Buffer.allocUnsafe(size);
    const copy = new Uint8Array(buffer, byteOffset, size);
    if (size > SHORT_MESSAGE) copy.set(this.#bytes.subarray(this.#at));
    else for (let index = 0; index < size; index++) copy[index] = this.#bytes[this.#at + index] ?? 0;
    return copy;
  }

  /** Left out where it is empty, as are the other single fields where they are zero. */
  text(field: number, value: string): void {
    if (value !== '') this.#text(field, value);
  }

  uint32(field: number, value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > MAX_UINT32)
      throw new RangeError(`field ${field}: ${value} is no uint32`);
    if (value === 0) return;
    this.#varint(value);
    this.#tag(field, VARINT);
  }

  uint64(field: number, value: bigint): void {
    if (value === 0n) return;
    this.#bigVarint(field, value);
    this.#tag(field, VARINT);
  }

  fixed64(field: number, value: bigint): void {
    if (value === 0n) return;
    this.#int64(field, value);
    this.#tag(field, FIXED64);
  }

  texts(field: number, values: readonly string[]): void {
    for (let index = values.length - 1; index >= 0; index--) this.#text(field, values[index] ?? '');
  }

  /** Packed, as are the other columns of numbers. */
  fixed64Column(field: number, values: readonly bigint[]): void {
    if (values.length === 0) return;
    this.#reserve(values.length * 8);
    for (let index = values.length - 1; index >= 0; index--) this.#int64(field, values[index] ?? 0n);
    this.#varint(values.length * 8);
    this.#tag(field, LENGTH_DELIMITED);
  }

  doubleColumn(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    this.#reserve(values.length * 8);
    for (let index = values.length - 1; index >= 0; index--) {
      this.#at -= 8;
      this.#view.setFloat64(this.#at, values[index] ?? 0, true);
    }
    this.#varint(values.length * 8);
    this.#tag(field, LENGTH_DELIMITED);
  }

  /** A column of 64 bit values, as it is in memory. Of a little-endian machine, which of Node's platforms all but s390x are. */
  memoryColumn(field: number, { buffer, byteOffset, byteLength }: BigInt64Array | Float64Array): void {
    if (byteLength === 0) return;
    this.#reserve(byteLength);
    this.#at -= byteLength;
    this.#bytes.set(new Uint8Array(buffer, byteOffset, byteLength), this.#at);
    this.#varint(byteLength);
    this.#tag(field, LENGTH_DELIMITED);
  }

  boolColumn(field: number, values: readonly boolean[]): void {
    if (values.length === 0) return;
    this.#reserve(values.length);
    for (let index = values.length - 1; index >= 0; index--)
      this.#bytes[--this.#at] = values[index] === true ? 1 : 0;
    this.#varint(values.length);
    this.#tag(field, LENGTH_DELIMITED);
  }

  uint64Column(field: number, values: readonly bigint[]): void {
    if (values.length === 0) return;
    const end = this.mark;
    for (let index = values.length - 1; index >= 0; index--) this.#bigVarint(field, values[index] ?? 0n);
    this.nested(field, end);
  }

  #tag(field: number, wireType: number): void {
    this.#reserve(1);
    this.#bytes[--this.#at] = (field << 3) | wireType;
  }

  #text(field: number, value: string): void {
    if (value.length > SHORT_TEXT || !this.#ascii(value)) {
      const encoded = Buffer.from(value);
      this.#reserve(encoded.length);
      this.#at -= encoded.length;
      this.#bytes.set(encoded, this.#at);
      this.#varint(encoded.length);
    } else {
      this.#varint(value.length);
    }
    this.#tag(field, LENGTH_DELIMITED);
  }

  /** False, and nothing written, where a character needs more than a byte. */
  #ascii(value: string): boolean {
    this.#reserve(value.length);
    const end = this.#at;
    for (let index = value.length - 1; index >= 0; index--) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) {
        this.#at = end;
        return false;
      }
      this.#bytes[--this.#at] = code;
    }
    return true;
  }

  #int64(field: number, value: bigint): void {
    if (value > MAX_INT64 || value < MIN_INT64) throw new RangeError(`field ${field}: ${value} is no int64`);
    this.#reserve(8);
    this.#at -= 8;
    this.#view.setBigInt64(this.#at, value, true);
  }

  #bigVarint(field: number, value: bigint): void {
    if (value < 0n || value > MAX_UINT64) throw new RangeError(`field ${field}: ${value} is no uint64`);
    if (value <= Number.MAX_SAFE_INTEGER) {
      this.#varint(Number(value));
      return;
    }
    const groups: number[] = [];
    for (let rest = value; rest > 0n; rest >>= 7n) groups.push(Number(rest & 0x7fn));
    this.#reserve(groups.length);
    for (let index = groups.length - 1; index >= 0; index--) {
      const more = index === groups.length - 1 ? 0 : 0x80;
      this.#bytes[--this.#at] = (groups[index] ?? 0) | more;
    }
  }

  /** Of a safe integer. */
  #varint(value: number): void {
    let length = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
    this.#reserve(length);
    this.#at -= length;
    let at = this.#at;
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[at++] = (rest % 0x80) | 0x80;
    this.#bytes[at] = rest;
  }

  #reserve(size: number): void {
    if (size <= this.#at) return;
    const written = this.#bytes.subarray(this.#at);
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, written.length + size));
    larger.set(written, larger.length - written.length);
    this.#at = larger.length - written.length;
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
