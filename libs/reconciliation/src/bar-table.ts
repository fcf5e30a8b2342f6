import {
  DIFFERENCE_CLASSES,
  type DifferenceClass,
  type StateReader,
  type StateWriter,
} from '@tickwell/domain';
import { SourceColumn } from './source-column.ts';

const FIRST_ROOM = 8;
/** What is remembered of a bar beside what its sources say: its start, when it was last decided or published, what was published. */
const FACTS = 3;
const START = 0;
const DECIDED = 1;
const PUBLISHED = 2;
const MIN_BAR_BYTES = 4;
/** More sources than a policy can have come to be when policies change; the one silent longest goes. */
const MAX_COLUMNS = 16;

/** The newest bars of one series over all its sources, by start. */
export class BarTable {
  readonly #columns: SourceColumn[] = [];
  #facts = new BigInt64Array(FIRST_ROOM * FACTS);
  /** The class last told, plus one; 0: none was. */
  #classes = new Uint8Array(FIRST_ROOM);
  #size = 0;
  /** Start of the newest bar that was let go; undefined: none was. */
  #floorNs: bigint | undefined;

  get size(): number {
    return this.#size;
  }

  get columns(): readonly SourceColumn[] {
    return this.#columns;
  }

  startNs(place: number): bigint {
    return this.#facts[place * FACTS + START] ?? 0n;
  }

  /** When it was last decided or published; 0n: never. */
  decidedNs(place: number): bigint {
    return this.#facts[place * FACTS + DECIDED] ?? 0n;
  }

  /** Hash of what was published; 0n: nothing was. */
  published(place: number): bigint {
    return this.#facts[place * FACTS + PUBLISHED] ?? 0n;
  }

  told(place: number): DifferenceClass | undefined {
    return DIFFERENCE_CLASSES[(this.#classes[place] ?? 0) - 1];
  }

  note(
    place: number,
    facts: { readonly decidedNs?: bigint; readonly published?: bigint; readonly told?: DifferenceClass },
  ): void {
    const { decidedNs, published, told } = facts;
    if (decidedNs !== undefined) this.#facts[place * FACTS + DECIDED] = decidedNs;
    if (published !== undefined) this.#facts[place * FACTS + PUBLISHED] = published;
    if (told !== undefined) this.#classes[place] = 1 + DIFFERENCE_CLASSES.indexOf(told);
  }

  column(source: string): SourceColumn | undefined {
    return this.#columns.find((column) => column.source === source);
  }

  /** The column of a source, made where it is new. */
  use(source: string, firstNs: bigint): SourceColumn {
    const known = this.column(source);
    if (known !== undefined) return known;
    if (this.#columns.length === MAX_COLUMNS) {
      const oldest = this.#columns.reduce((one, other) => (other.completeNs < one.completeNs ? other : one));
      this.#columns.splice(this.#columns.indexOf(oldest), 1);
    }
    const column = new SourceColumn(source, this.#classes.length, firstNs);
    this.#columns.push(column);
    return column;
  }

  /** The place of a start, or where it would be. */
  placeOf(startNs: bigint): number {
    if (this.#size === 0 || startNs > this.startNs(this.#size - 1)) return this.#size;
    let low = 0;
    let high = this.#size - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.startNs(middle) < startNs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Makes a place for a start, at which there is none yet; undefined: it is older than what is kept. */
  insert(startNs: bigint, limit: number): number | undefined {
    if (this.#floorNs !== undefined && startNs <= this.#floorNs) return undefined;
    const place = this.placeOf(startNs);
    if (place < this.#size && this.startNs(place) === startNs) return place;
    this.#reserve();
    this.#facts.copyWithin((place + 1) * FACTS, place * FACTS, this.#size * FACTS);
    this.#classes.copyWithin(place + 1, place, this.#size);
    for (const column of this.#columns) column.open(place, this.#size);
    this.#facts.fill(0n, place * FACTS, (place + 1) * FACTS);
    this.#facts[place * FACTS + START] = startNs;
    this.#classes[place] = 0;
    this.#size++;
    // A quarter more than the limit, so that most bars move nothing.
    if (this.#size <= limit + (limit >> 2)) return place;
    const count = this.#size - limit;
    this.#drop(count);
    return place < count ? undefined : place - count;
  }

  write(writer: StateWriter): void {
    writer
      .flag(this.#floorNs !== undefined)
      .int64(this.#floorNs ?? 0n)
      .uint(this.#size);
    let [startNs, decidedNs] = [0n, 0n];
    for (let place = 0; place < this.#size; place++) {
      writer.int64(this.startNs(place) - startNs).int64(this.decidedNs(place) - decidedNs);
      writer.int64(this.published(place)).uint(this.#classes[place] ?? 0);
      [startNs, decidedNs] = [this.startNs(place), this.decidedNs(place)];
    }
    writer.uint(this.#columns.length);
    for (const column of this.#columns) column.write(writer, this.#size);
  }

  static read(reader: StateReader): BarTable {
    const table = new BarTable();
    const hasFloor = reader.flag();
    const floorNs = reader.int64();
    table.#floorNs = hasFloor ? floorNs : undefined;
    const size = reader.count(MIN_BAR_BYTES);
    const room = Math.max(FIRST_ROOM, size);
    table.#facts = new BigInt64Array(room * FACTS);
    table.#classes = new Uint8Array(room);
    table.#size = size;
    let [startNs, decidedNs] = [0n, 0n];
    for (let place = 0; place < size; place++) {
      startNs += reader.int64();
      decidedNs += reader.int64();
      table.#facts.set([startNs, decidedNs, reader.int64()], place * FACTS);
      table.#classes[place] = reader.uint();
    }
    for (let left = reader.count(MIN_BAR_BYTES); left > 0; left--)
      table.#columns.push(SourceColumn.read(reader, size, room));
    return table;
  }

  #drop(count: number): void {
    this.#floorNs = this.startNs(count - 1);
    this.#facts.copyWithin(0, count * FACTS, this.#size * FACTS);
    this.#classes.copyWithin(0, count, this.#size);
    for (const column of this.#columns) column.drop(count, this.#size);
    this.#size -= count;
  }

  #reserve(): void {
    if (this.#size < this.#classes.length) return;
    const room = this.#classes.length * 2;
    const facts = new BigInt64Array(room * FACTS);
    const classes = new Uint8Array(room);
    facts.set(this.#facts);
    classes.set(this.#classes);
    [this.#facts, this.#classes] = [facts, classes];
    for (const column of this.#columns) column.resize(room);
  }
}
