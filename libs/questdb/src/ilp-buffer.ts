/** Longest text of a 64-bit integer with its sign and suffix. */
const LONG_BYTES = 22;
const BILLION = 1_000_000_000;
const DIGIT_0 = 0x30;
const MINUS = 0x2d;

const LONG = new BigInt64Array(1);
/** The same 64 bits as four digits of base 65,536, least significant first (every platform Node runs on is little-endian). */
const LIMBS = new Uint16Array(LONG.buffer);

/**
 * A growing byte buffer with the few primitives ILP needs. (Measured: the client's own row encoder writes every character with
 * a call of its own; see `bench/writer.ts`.) Not shared between requests in flight.
 */
export class IlpBuffer {
  bytes: Buffer;
  position = 0;

  constructor(initialBytes = 1 << 16) {
    this.bytes = Buffer.allocUnsafe(initialBytes);
  }

  reset(): void {
    this.position = 0;
  }

  written(): Buffer {
    return this.bytes.subarray(0, this.position);
  }

  /** Makes room for `more` bytes; the writes below do not check. */
  ensure(more: number): void {
    const needed = this.position + more;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.position);
    this.bytes = grown;
  }

  writeByte(byte: number): void {
    this.bytes[this.position++] = byte;
  }

  writeBytes(from: Uint8Array): void {
    const { bytes } = this;
    let at = this.position;
    // For the short pieces of a row a loop beats the call into native code.
    if (from.length <= 48) {
      for (const byte of from) bytes[at++] = byte;
    } else {
      bytes.set(from, at);
      at += from.length;
    }
    this.position = at;
  }

  writeDouble(value: number): void {
    this.position = this.bytes.writeDoubleLE(value, this.position);
  }

  /** UTF-8 of a text of any length; makes its own room. */
  writeText(text: string): void {
    this.ensure(text.length * 3);
    this.position += this.bytes.write(text, this.position, 'utf8');
  }

  /** Decimal digits of a signed 64-bit integer; false (and nothing written) when it has more bits. */
  writeLong(value: bigint): boolean {
    LONG[0] = value < 0n ? -value : value;
    if (LONG[0] !== (value < 0n ? -value : value)) return false;
    this.ensure(LONG_BYTES);
    if (value < 0n) this.writeByte(MINUS);
    this.#writeMagnitude();
    return true;
  }

  /** Decimal digits of an integer a double holds exactly. */
  writeInteger(value: number): void {
    this.ensure(LONG_BYTES);
    if (value < 0) this.writeByte(MINUS);
    const magnitude = Math.abs(value);
    if (magnitude < BILLION) this.#writeShort(magnitude);
    else {
      const high = Math.floor(magnitude / BILLION);
      this.#writeUpper(high);
      this.#writeNine(magnitude - high * BILLION);
    }
  }

  /** Long division of the 63 bits in LIMBS by 10^9 in doubles: every intermediate stays below 2^53. */
  #writeMagnitude(): void {
    let rest = 0;
    let high = 0;
    for (let limb = 3; limb >= 0; limb -= 1) {
      const current = rest * 65_536 + (LIMBS[limb] ?? 0);
      const quotient = Math.floor(current / BILLION);
      rest = current - quotient * BILLION;
      high = high * 65_536 + quotient;
    }
    if (high === 0) this.#writeShort(rest);
    else {
      this.#writeUpper(high);
      this.#writeNine(rest);
    }
  }

  /** Up to 10^10: the digits above the lowest nine. */
  #writeUpper(high: number): void {
    if (high < BILLION) this.#writeShort(high);
    else {
      const top = Math.floor(high / BILLION);
      this.#writeShort(top);
      this.#writeNine(high - top * BILLION);
    }
  }

  /** Below 10^9, without leading zeros. */
  #writeShort(value: number): void {
    let digits = 1;
    for (let bound = 10; value >= bound; bound *= 10) digits += 1;
    this.#writeDigits(value, digits);
  }

  #writeNine(value: number): void {
    this.#writeDigits(value, 9);
  }

  #writeDigits(value: number, digits: number): void {
    const { bytes } = this;
    let left = value | 0;
    for (let at = this.position + digits - 1; at >= this.position; at -= 1) {
      const shorter = (left / 10) | 0;
      bytes[at] = DIGIT_0 + left - shorter * 10;
      left = shorter;
    }
    this.position += digits;
  }
}
