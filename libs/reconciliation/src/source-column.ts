import type { PriceBasis, StateReader, StateWriter } from '@tickwell/domain';
import type { SourceBar } from './bar.ts';

const NUMBERS = 7;
const BASES: readonly PriceBasis[] = ['unspecified', 'raw', 'split-adjusted', 'all'];
const REVISED = 1;
/** Of a bar that is not there. */
const ABSENT = -1n;
/** Instead of facts: it is not there, and that was told. */
const TOLD = 255;

/** What one source says of the bars of a window, packed: as objects they would take three times the memory. Places are those of the window. */
export class SourceColumn {
  readonly source: string;
  /** Start of the oldest bar it ever had. */
  firstNs: bigint;
  /** Every bar that starts before, and not before the first, has come, if it has one. */
  completeNs: bigint;
  #numbers: Float64Array;
  #known: BigInt64Array;
  /** Basis, and whether it was revised. */
  #facts: Uint8Array;

  constructor(source: string, room: number, firstNs: bigint) {
    this.source = source;
    this.firstNs = firstNs;
    this.completeNs = firstNs;
    this.#numbers = new Float64Array(room * NUMBERS);
    this.#known = new BigInt64Array(room).fill(ABSENT);
    this.#facts = new Uint8Array(room);
  }

  has(place: number): boolean {
    return (this.#known[place] ?? ABSENT) >= 0n;
  }

  /** Whether it was told that the source has left the bar out. */
  isTold(place: number): boolean {
    return !this.has(place) && this.#facts[place] === TOLD;
  }

  tell(place: number): void {
    this.#facts[place] = TOLD;
  }

  get(place: number): SourceBar | undefined {
    if (!this.has(place)) return undefined;
    const at = place * NUMBERS;
    const number = (index: number): number => this.#numbers[at + index] ?? NaN;
    const facts = this.#facts[place] ?? 0;
    return {
      source: this.source,
      knownAtNs: this.#known[place] ?? 0n,
      priceBasis: BASES[facts >> 1] ?? 'unspecified',
      revised: (facts & REVISED) === 1,
      open: number(0),
      high: number(1),
      low: number(2),
      close: number(3),
      volume: number(4),
      vwap: number(5),
      tradeCount: number(6),
    };
  }

  set(place: number, bar: SourceBar): void {
    const { open, high, low, close, volume, vwap, tradeCount } = bar;
    this.#numbers.set([open, high, low, close, volume, vwap, tradeCount], place * NUMBERS);
    this.#known[place] = bar.knownAtNs;
    this.#facts[place] = (BASES.indexOf(bar.priceBasis) << 1) | (bar.revised ? REVISED : 0);
  }

  /** Makes room for one more at a place; `size` are in use. */
  open(place: number, size: number): void {
    this.#numbers.copyWithin((place + 1) * NUMBERS, place * NUMBERS, size * NUMBERS);
    this.#known.copyWithin(place + 1, place, size);
    this.#facts.copyWithin(place + 1, place, size);
    this.#known[place] = ABSENT;
    this.#facts[place] = 0;
  }

  /** Lets the first `count` of `size` go. */
  drop(count: number, size: number): void {
    this.#numbers.copyWithin(0, count * NUMBERS, size * NUMBERS);
    this.#known.copyWithin(0, count, size);
    this.#facts.copyWithin(0, count, size);
    this.#known.fill(ABSENT, size - count, size);
    this.#facts.fill(0, size - count, size);
  }

  resize(room: number): void {
    const numbers = new Float64Array(room * NUMBERS);
    const known = new BigInt64Array(room).fill(ABSENT);
    const facts = new Uint8Array(room);
    numbers.set(this.#numbers.subarray(0, numbers.length));
    known.set(this.#known.subarray(0, room));
    facts.set(this.#facts.subarray(0, room));
    [this.#numbers, this.#known, this.#facts] = [numbers, known, facts];
  }

  write(writer: StateWriter, size: number): void {
    writer.text(this.source).int64(this.firstNs).int64(this.completeNs);
    let knownNs = 0n;
    for (let place = 0; place < size; place++) {
      const isThere = this.has(place);
      writer.uint(isThere ? 2 + (this.#facts[place] ?? 0) : this.isTold(place) ? 1 : 0);
      if (!isThere) continue;
      const at = this.#known[place] ?? 0n;
      writer.int64(at - knownNs);
      knownNs = at;
      for (let index = 0; index < NUMBERS; index++)
        writer.double(this.#numbers[place * NUMBERS + index] ?? NaN);
    }
  }

  static read(reader: StateReader, size: number, room: number): SourceColumn {
    const column = new SourceColumn(reader.text(), room, reader.int64());
    column.completeNs = reader.int64();
    let knownNs = 0n;
    for (let place = 0; place < size; place++) {
      const facts = reader.uint();
      if (facts === 1) column.tell(place);
      if (facts < 2) continue;
      knownNs += reader.int64();
      column.#known[place] = knownNs;
      column.#facts[place] = facts - 2;
      for (let index = 0; index < NUMBERS; index++)
        column.#numbers[place * NUMBERS + index] = reader.double();
    }
    return column;
  }
}
