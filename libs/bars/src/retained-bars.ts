import { StateReader, StateWriter } from '@tickwell/domain';
import { TradeBar } from './trade-bar.ts';

/**
 * The closed bars a late trade can still correct, ascending by start. They are kept in the form a checkpoint has: a platform with
 * thousands of symbols holds hundreds of them for each, as objects they would take five times the memory, and a checkpoint that
 * had to encode them all would make every trade behind it wait.
 */
export class RetainedBars {
  #bytes = new Uint8Array(0);
  readonly #startsNs: bigint[] = [];
  /** Where the bars end in the bytes. */
  readonly #ends: number[] = [];

  get size(): number {
    return this.#startsNs.length;
  }

  /** Start of the bar at `index`, which must be below {@link size}. */
  startNs(index: number): bigint {
    return this.#startsNs[index] ?? 0n;
  }

  /** Where the bar of this start is, or would be put. */
  indexOf(startNs: bigint): number {
    // Nearly always the newest bar is asked for.
    let index = this.size;
    while (index > 0 && this.startNs(index - 1) >= startNs) index -= 1;
    return index;
  }

  /** The bar at `index`, all but its end. */
  load(index: number): TradeBar {
    const bar = new TradeBar();
    bar.read(new StateReader(this.#bytes.subarray(this.#offset(index), this.#offset(index + 1))));
    return bar;
  }

  insert(bar: TradeBar): void {
    const writer = new StateWriter();
    bar.write(writer);
    const encoded = writer.finish();
    const index = this.indexOf(bar.startNs);
    const at = this.#offset(index);
    const used = this.#offset(this.size);
    if (used + encoded.length > this.#bytes.length) this.#grow(used + encoded.length);
    this.#bytes.copyWithin(at + encoded.length, at, used);
    this.#bytes.set(encoded, at);
    this.#startsNs.splice(index, 0, bar.startNs);
    this.#ends.splice(index, 0, at + encoded.length);
    this.#move(index + 1, encoded.length);
  }

  remove(index: number): void {
    const [from, to] = [this.#offset(index), this.#offset(index + 1)];
    this.#bytes.copyWithin(from, to, this.#offset(this.size));
    this.#startsNs.splice(index, 1);
    this.#ends.splice(index, 1);
    this.#move(index, from - to);
  }

  write(writer: StateWriter): void {
    writer.uint(this.size).block(this.#bytes.subarray(0, this.#offset(this.size)));
  }

  #offset(index: number): number {
    return this.#ends[index - 1] ?? 0;
  }

  #move(from: number, by: number): void {
    for (let index = from; index < this.#ends.length; index += 1) {
      this.#ends[index] = (this.#ends[index] ?? 0) + by;
    }
  }

  #grow(needed: number): void {
    const bytes = new Uint8Array(Math.max(needed, this.#bytes.length * 2, 512));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}
