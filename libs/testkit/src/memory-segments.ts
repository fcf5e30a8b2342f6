import {
  requireSegment,
  requireSegmentName,
  requireSegmentPage,
  requireWhole,
  segmentMissing,
  type SegmentInfo,
  type SegmentPage,
  type SegmentStore,
} from '@tickwell/ports';
import type { TickwellError } from '@tickwell/domain';

interface Held {
  readonly bytes: Uint8Array;
  readonly storedAtNs: bigint;
}

/** Segments in memory; `keep` is what several of them share. */
export class MemorySegments implements SegmentStore {
  readonly #held: Map<string, Held>;
  readonly #nowNs: () => bigint;
  /** Every call rejects with it until it is undefined again. */
  failure: TickwellError | undefined;

  constructor(keep: Map<string, Held> = new Map(), nowNs = (): bigint => BigInt(Date.now()) * 1_000_000n) {
    this.#held = keep;
    this.#nowNs = nowNs;
  }

  async put(sha256: string, bytes: Uint8Array): Promise<void> {
    requireSegment(sha256, bytes);
    await this.#turn();
    this.damage(sha256, bytes);
  }

  async get(sha256: string): Promise<Uint8Array> {
    requireSegmentName(sha256);
    await this.#turn();
    const held = this.#held.get(sha256);
    const place = `segment ${sha256} in memory`;
    if (held === undefined) throw segmentMissing(place);
    requireWhole(sha256, held.bytes, place);
    return held.bytes.slice();
  }

  async has(sha256: string): Promise<boolean> {
    requireSegmentName(sha256);
    await this.#turn();
    return this.#held.has(sha256);
  }

  async delete(sha256: string): Promise<void> {
    requireSegmentName(sha256);
    await this.#turn();
    this.#held.delete(sha256);
  }

  async list(page: SegmentPage): Promise<readonly SegmentInfo[]> {
    requireSegmentPage(page);
    await this.#turn();
    return [...this.#held]
      .filter(([sha256]) => sha256 > page.after)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, page.limit)
      .map(([sha256, { bytes, storedAtNs }]) => ({ sha256, bytes: bytes.byteLength, storedAtNs }));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** What is kept under the name is these bytes from now on. */
  damage(sha256: string, bytes: Uint8Array): void {
    this.#held.set(sha256, { bytes: bytes.slice(), storedAtNs: this.#nowNs() });
  }

  async #turn(): Promise<void> {
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
  }
}
