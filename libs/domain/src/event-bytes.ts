import { murmur3, type Words } from './murmur3.ts';

const INITIAL_BYTES = 1_024;
const TEXT = new TextEncoder();

/**
 * Writes the canonical bytes of events (docs/subscribe.md) one after another, without a copy: what all events of a batch begin with is
 * written once, then each of them from {@link rewind} on.
 */
export class EventBytes {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #mark = 0;

  clear(): void {
    this.#at = 0;
    this.#mark = 0;
  }

  /** What was written so far is what every event begins with. */
  mark(): void {
    this.#mark = this.#at;
  }

  rewind(): void {
    this.#at = this.#mark;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#at] = value;
    this.#at += 1;
  }

  uint32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  int64(value: bigint): void {
    this.#room(8);
    this.#view.setBigInt64(this.#at, value, true);
    this.#at += 8;
  }

  /** -0 as 0, and every NaN as the same. */
  double(value: number): void {
    this.#room(8);
    if (Number.isNaN(value)) {
      this.#view.setUint32(this.#at, 0, true);
      this.#view.setUint32(this.#at + 4, 0x7ff80000, true);
    } else this.#view.setFloat64(this.#at, value + 0, true);
    this.#at += 8;
  }

  text(value: string): void {
    const bytes = TEXT.encode(value);
    this.uint32(bytes.length);
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  hash(out: Words): void {
    murmur3(this.#view, this.#at, out);
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
