import { NS_PER_SECOND, type StateReader, type StateWriter } from '@tickwell/domain';

/**
 * What a statement about an identity is beside the one in force. `unchanged`: it says the same. `correction`: it says something else and
 * became known later. `superseded`: it says something else and became known before the one in force was confirmed; as a confirmation
 * makes no version, a version of this one would wrongly be the newest. `open`: nothing that is remembered decides.
 */
export type Verdict = 'open' | 'unchanged' | 'correction' | 'superseded';

/** One statement: the start of the bar, the hash of its values, and when it became known. */
export interface Statement {
  readonly startNs: bigint;
  readonly hash: bigint;
  readonly knownNs: bigint;
}

/** Numbers of an entry: start, hash, since when its values are known, when they were last confirmed. */
const WIDTH = 4;
const START = 0;
const HASH = 1;
const KNOWN = 2;
const CONFIRMED = 3;
const FIRST_ROOM = 4;
const MIN_ENTRY_BYTES = 4;

/**
 * The values in force of the newest identities of one series, as hashes, over all streams that bring it. Bounded: what is older than
 * the `limit` newest is forgotten. A function of what was taken, in its order.
 */
export class VersionWindow {
  #limit: number;
  /** Entries from `#first` to before `#end`, ascending by start. */
  #entries = new BigInt64Array(FIRST_ROOM * WIDTH);
  #first = 0;
  #end = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#end - this.#first;
  }

  /** Forgets what is older than so many of the newest. */
  limitTo(limit: number): void {
    if (limit >= this.#limit) return;
    this.#limit = limit;
    this.#first = Math.max(this.#first, this.#end - limit);
    this.#makeRoom();
  }

  verdict({ startNs, hash, knownNs }: Statement): Verdict {
    const at = this.#find(startNs);
    if (!this.#holds(at, startNs)) return 'open';
    if (this.#get(at, HASH) === hash) return 'unchanged';
    const confirmedNs = this.#get(at, CONFIRMED);
    if (knownNs > confirmedNs) return 'correction';
    // As new as the confirmation: mostly one stream that contradicts itself, which the rules of order judge.
    return knownNs === confirmedNs || knownNs < this.#get(at, KNOWN) ? 'open' : 'superseded';
  }

  /** Takes in what was accepted, or confirmed by an equal statement. */
  take(statement: Statement): void {
    const { startNs, hash, knownNs } = statement;
    const at = this.#find(startNs);
    if (!this.#holds(at, startNs)) this.#insert(at, statement, knownNs);
    else if (knownNs < this.#get(at, CONFIRMED)) return;
    else if (this.#get(at, HASH) === hash) this.#entries[at * WIDTH + CONFIRMED] = knownNs;
    else this.#set(at, statement, knownNs);
  }

  write(writer: StateWriter): void {
    const starts = Array.from({ length: this.size }, (_, index) => this.#get(this.#first + index, START));
    const unitNs = starts.every((startNs) => startNs % NS_PER_SECOND === 0n) ? NS_PER_SECOND : 1n;
    writer
      .uint(this.#limit)
      .flag(unitNs === NS_PER_SECOND)
      .uint(starts.length);
    let lastStartNs = 0n;
    let lastKnownNs = 0n;
    for (const [index, startNs] of starts.entries()) {
      const at = this.#first + index;
      const knownNs = this.#get(at, KNOWN);
      writer.int64((startNs - lastStartNs) / unitNs).int64(this.#get(at, HASH));
      writer.int64(knownNs - lastKnownNs).int64(this.#get(at, CONFIRMED) - knownNs);
      lastStartNs = startNs;
      lastKnownNs = knownNs;
    }
  }

  static read(reader: StateReader): VersionWindow {
    const window = new VersionWindow(reader.uint());
    const unitNs = reader.flag() ? NS_PER_SECOND : 1n;
    let startNs = 0n;
    let knownNs = 0n;
    for (let left = reader.count(MIN_ENTRY_BYTES); left > 0; left--) {
      startNs += reader.int64() * unitNs;
      const hash = reader.int64();
      knownNs += reader.int64();
      window.#insert(window.#end, { startNs, hash, knownNs }, knownNs + reader.int64());
    }
    return window;
  }

  #get(at: number, field: number): bigint {
    return this.#entries[at * WIDTH + field] ?? 0n;
  }

  #set(at: number, { startNs, hash, knownNs }: Statement, confirmedNs: bigint): void {
    this.#entries[at * WIDTH + START] = startNs;
    this.#entries[at * WIDTH + HASH] = hash;
    this.#entries[at * WIDTH + KNOWN] = knownNs;
    this.#entries[at * WIDTH + CONFIRMED] = confirmedNs;
  }

  #holds(at: number, startNs: bigint): boolean {
    return at < this.#end && this.#get(at, START) === startNs;
  }

  /** The place of an identity, or where it belongs. */
  #find(startNs: bigint): number {
    // Nearly always it is the newest of all.
    if (this.size === 0 || startNs > this.#get(this.#end - 1, START)) return this.#end;
    let low = this.#first;
    let high = this.#end - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#get(middle, START) < startNs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insert(place: number, statement: Statement, confirmedNs: bigint): void {
    if (this.size === this.#limit) {
      // Older than all that is remembered: it was forgotten, or never there.
      if (place === this.#first) return;
      this.#first++;
    }
    const at = this.#end * WIDTH === this.#entries.length ? place - this.#makeRoom() : place;
    this.#entries.copyWithin((at + 1) * WIDTH, at * WIDTH, this.#end * WIDTH);
    this.#end++;
    this.#set(at, statement, confirmedNs);
  }

  /** Moves everything to the front, into more space while there is little; by how many places. */
  #makeRoom(): number {
    const { size } = this;
    const shift = this.#first;
    const room = Math.min(2 * size, this.#limit + (this.#limit >> 3)) + 1;
    const held = this.#entries.subarray(shift * WIDTH, this.#end * WIDTH);
    const entries = new BigInt64Array(Math.max(room, FIRST_ROOM) * WIDTH);
    entries.set(held);
    this.#entries = entries;
    this.#first = 0;
    this.#end = size;
    return shift;
  }
}
