import type { Cache } from '@tickwell/ports';
import type { CacheCounts } from './cache-counts.ts';
import { decodeEntry, encodeEntry, holds, type Entry } from './entry.ts';
import type { QuietSpan } from './seen-log.ts';

/** The two levels: this process's memory, and what several processes share, where there is such. */
export class Levels {
  readonly memory: Cache;
  readonly shared: Cache | undefined;
  readonly #counts: CacheCounts;

  constructor(memory: Cache, shared: Cache | undefined, counts: CacheCounts) {
    this.memory = memory;
    this.shared = shared;
    this.#counts = counts;
  }

  /** What is cached and holds; `now` is asked once it is here. */
  async find(key: string, now: () => readonly (QuietSpan | undefined)[]): Promise<Entry | undefined> {
    const own = await this.own(key, now);
    if (own !== undefined || this.shared === undefined) return own;
    const bytes = await this.shared.get(key);
    const entry = this.#check(bytes, now);
    if (entry === undefined || bytes === undefined) return undefined;
    this.#counts.sharedHits += 1;
    await this.memory.set(key, bytes);
    return entry;
  }

  async own(key: string, now: () => readonly (QuietSpan | undefined)[]): Promise<Entry | undefined> {
    const entry = this.#check(await this.memory.get(key), now);
    if (entry !== undefined) this.#counts.memoryHits += 1;
    return entry;
  }

  async keep(key: string, entry: Entry): Promise<void> {
    const bytes = encodeEntry(entry);
    await this.memory.set(key, bytes);
    // Nobody waits for the other processes' copy.
    void this.shared?.set(key, bytes);
  }

  async keepOwn(key: string, entry: Entry): Promise<void> {
    await this.memory.set(key, encodeEntry(entry));
  }

  #check(bytes: Uint8Array | undefined, now: () => readonly (QuietSpan | undefined)[]): Entry | undefined {
    if (bytes === undefined) return undefined;
    const entry = decodeEntry(bytes);
    if (entry !== undefined && holds(entry, now())) return entry;
    this.#counts.stale += 1;
    return undefined;
  }
}
