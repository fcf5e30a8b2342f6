/** What {@link ForwardReader} does not read: a layout that only a general decoder knows, or bytes that are no message at all. */
export class UnusualLayout extends Error {
  override readonly name = 'UnusualLayout';
}

const UNUSUAL = new UnusualLayout('not the layout that this build writes');
const SHORT_TEXT = 64;
/** Texts repeat from message to message: the last one of each hash is kept. A power of two. */
const KEPT_TEXTS = 4_096;
const kept = new Array<string>(KEPT_TEXTS).fill('');
const BYTE_ORDER_MARK = '\ufeff';
const REPLACEMENT = '�';

/**
 * Reads the fields of a protobuf message as this platform writes them: columns packed, every single field at most once. Whatever
 * differs throws {@link UnusualLayout}, and the general decoder has the last word.
 */
export class ForwardReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;
  #end: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = 0;
    this.#end = bytes.byteLength;
  }

  /** Field number and wire type in one, as on the wire; -1 at the end of the message. */
  tag(): number {
    return this.#at === this.#end ? -1 : this.varint();
  }

  /** Reads a nested message with `read`, which must come to its end. */
  nested<T>(read: () => T): T {
    const outer = this.#end;
    this.#end = this.#lengthEnd();
    const value = read();
    if (this.#at !== this.#end) throw UNUSUAL;
    this.#end = outer;
    return value;
  }

  /** At most 2^53 - 1. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 7; count++) {
      if (this.#at >= this.#end) throw UNUSUAL;
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw UNUSUAL;
  }

  /** What a field of 32 bits cannot hold is cut by the general decoder, which is left to it. */
  uint32(): number {
    const value = this.varint();
    if (value > 0xffff_ffff) throw UNUSUAL;
    return value;
  }

  fixed64(): bigint {
    const at = this.#at;
    this.#at += 8;
    if (this.#at > this.#end) throw UNUSUAL;
    return this.#view.getBigInt64(at, true);
  }

  text(): string {
    const end = this.#lengthEnd();
    const start = this.#at;
    this.#at = end;
    if (end - start > SHORT_TEXT) return this.#utf8(start, end);
    let hash = 0;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (this.#bytes[at] ?? 0)) | 0;
    const slot = (hash ^ (hash >>> 12)) & (KEPT_TEXTS - 1);
    const last = kept[slot] ?? '';
    if (this.#isText(last, start, end)) return last;
    const text = this.#utf8(start, end);
    kept[slot] = text;
    return text;
  }

  /** Never of a text with characters that need more than a byte. */
  #isText(text: string, start: number, end: number): boolean {
    if (text.length !== end - start) return false;
    for (let at = start; at < end; at++) if (this.#bytes[at] !== text.charCodeAt(at - start)) return false;
    return true;
  }

  fixed64Column(): bigint[] {
    const count = this.#packedCount();
    const values = new Array<bigint>(count);
    for (let index = 0; index < count; index++) {
      values[index] = this.#view.getBigInt64(this.#at, true);
      this.#at += 8;
    }
    return values;
  }

  doubleColumn(): number[] {
    const count = this.#packedCount();
    const values = new Array<number>(count);
    for (let index = 0; index < count; index++) {
      values[index] = this.#view.getFloat64(this.#at, true);
      this.#at += 8;
    }
    return values;
  }

  /** The memory of a column of 64 bit values, copied to where a typed array can begin. */
  memoryColumn(): ArrayBuffer {
    const count = this.#packedCount();
    const start = this.#at;
    this.#at += count * 8;
    const copy = new Uint8Array(count * 8);
    copy.set(this.#bytes.subarray(start, this.#at));
    return copy.buffer;
  }

  boolColumn(): boolean[] {
    const end = this.#lengthEnd();
    const values: boolean[] = [];
    for (; this.#at < end; this.#at++) {
      const byte = this.#bytes[this.#at] ?? 0;
      // Anything else is a number of several bytes, or one that only the general decoder takes for true.
      if (byte > 1) throw UNUSUAL;
      values.push(byte === 1);
    }
    return values;
  }

  varintColumn(): bigint[] {
    const end = this.#lengthEnd();
    const values: bigint[] = [];
    while (this.#at < end) values.push(BigInt(this.varint()));
    if (this.#at !== end) throw UNUSUAL;
    return values;
  }

  /** Bytes that are no UTF-8 are for the general decoder, which says so; it also drops a byte order mark at the beginning. */
  #utf8(start: number, end: number): string {
    const { buffer, byteOffset } = this.#bytes;
    const text = Buffer.from(buffer, byteOffset + start, end - start).toString('utf8');
    if (text.includes(REPLACEMENT) || text.startsWith(BYTE_ORDER_MARK)) throw UNUSUAL;
    return text;
  }

  #packedCount(): number {
    const bytes = this.#lengthEnd() - this.#at;
    if (bytes % 8 !== 0) throw UNUSUAL;
    return bytes / 8;
  }

  #lengthEnd(): number {
    const length = this.varint();
    const end = this.#at + length;
    if (end > this.#end) throw UNUSUAL;
    return end;
  }
}
