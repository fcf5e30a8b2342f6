import { err, ok, type Result } from './result.ts';

/**
 * A small binary form for the state of processors: exact (doubles by their bits, int64 whole), compact (integers take the bytes
 * they need) and without a schema, so every layout starts with its own version. Integers are LEB128 varints, signed ones zigzag
 * first, as in protobuf; doubles are little-endian.
 */
export class StateWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** A whole number from 0 to 2^53 - 1. */
  uint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not a whole number`);
    this.#reserve(8);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length] = (rest % 128) + 128;
      this.#length += 1;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length] = rest;
    this.#length += 1;
    return this;
  }

  /** Any int64. */
  int64(value: bigint): this {
    const zigzag = value < 0n ? -2n * value - 1n : 2n * value;
    if (zigzag < SAFE) return this.uint(Number(zigzag));
    if (zigzag >= TWO_64) throw new RangeError(`${value} does not fit 64 bits`);
    this.#reserve(10);
    let rest = zigzag;
    while (rest >= 128n) {
      this.#bytes[this.#length] = Number(rest % 128n) + 128;
      this.#length += 1;
      rest /= 128n;
    }
    this.#bytes[this.#length] = Number(rest);
    this.#length += 1;
    return this;
  }

  double(value: number): this {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
    return this;
  }

  flag(value: boolean): this {
    return this.uint(value ? 1 : 0);
  }

  text(value: string): this {
    return this.block(TEXT.encode(value));
  }

  /** Bytes with their length before them. */
  block(value: Uint8Array): this {
    this.uint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** A copy of what was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

/** The opposite of {@link StateWriter}; only inside {@link readState}, which turns what is wrong into a returned error. */
export class StateReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  uint(): number {
    const value = this.#varint();
    if (value >= SAFE) throw new BrokenState(`a number too great at byte ${this.#at}`);
    return Number(value);
  }

  int64(): bigint {
    const zigzag = BigInt(this.#varint());
    return zigzag % 2n === 0n ? zigzag / 2n : -(zigzag + 1n) / 2n;
  }

  double(): number {
    const at = this.#take(8);
    return this.#view.getFloat64(at, true);
  }

  flag(): boolean {
    const value = this.uint();
    if (value > 1) throw new BrokenState(`${value} is neither true nor false, at byte ${this.#at}`);
    return value === 1;
  }

  text(): string {
    return new TextDecoder().decode(this.block());
  }

  /** A copy of a block of bytes. */
  block(): Uint8Array {
    const length = this.uint();
    const at = this.#take(length);
    return this.#bytes.slice(at, at + length);
  }

  /** A count of things that take at least `bytesEach`: a broken length can then not ask for more memory than the input has. */
  count(bytesEach: number): number {
    const value = this.uint();
    if (value * bytesEach > this.remaining) {
      throw new BrokenState(
        `${value} entries at byte ${this.#at} do not fit the ${this.remaining} bytes left`,
      );
    }
    return value;
  }

  /** Refuses the state with a reason. */
  fail(reason: string): never {
    throw new BrokenState(reason);
  }

  #take(length: number): number {
    if (length > this.remaining) throw new BrokenState(`cut short at byte ${this.#at}`);
    const at = this.#at;
    this.#at += length;
    return at;
  }

  /** Up to seven bytes are exact as a number; what is longer continues as a bigint. */
  #varint(): number | bigint {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 7; index += 1) {
      const byte = this.#bytes[this.#take(1)] ?? 0;
      value += (byte % 128) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    let great = BigInt(value);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#take(1)] ?? 0;
      great += BigInt(byte % 128) << shift;
      if (great >= TWO_64) break;
      if (byte < 128) return great;
    }
    throw new BrokenState(`a number beyond 64 bits at byte ${this.#at}`);
  }
}

/** Reads a whole state: bytes that are cut, damaged or too long are a returned error of one line. */
export function readState<T>(bytes: Uint8Array, read: (reader: StateReader) => T): Result<T, string> {
  const reader = new StateReader(bytes);
  try {
    const value = read(reader);
    return reader.remaining === 0 ? ok(value) : err(`${reader.remaining} bytes left over`);
  } catch (cause) {
    if (cause instanceof BrokenState) return err(cause.message);
    throw cause;
  }
}

class BrokenState extends Error {}

const TEXT = new TextEncoder();
const SAFE = 2n ** 53n;
const TWO_64 = 2n ** 64n;
