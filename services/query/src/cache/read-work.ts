import type { Block } from './block-grid.ts';
import type { CacheCounts } from './cache-counts.ts';
import type { Piece } from './entry.ts';
import type { Work, WorkCalls } from './fills.ts';
import type { Levels } from './levels.ts';
import { within, type ReadMethod, type RowsWanted } from './methods.ts';
import { lowerBound, pieceOf } from './pieces.ts';
import type { QuietSpan, Scope, SeenLog } from './seen-log.ts';

/** What one read of many blocks holds, for who is slower than it, in blocks that are full; then it ends, and the rest is another's. */
const MAX_READ_BLOCKS = 8;

export interface Wanted {
  readonly key: string;
  readonly block: Block;
  readonly scope: Scope;
}

interface WorkParts {
  readonly seen: Pick<SeenLog, 'quiet'>;
  readonly levels: Pick<Levels, 'keep'>;
  readonly counts: CacheCounts;
  /** Of a block, and of an answer that is kept whole. */
  readonly maxBlockBytes: number;
}

interface BlockWorkParts extends WorkParts {
  /** A block holds more than may be kept; its rows before a time would fit. Its parts; undefined: it has none. */
  readonly divide: (block: Block, fitsToNs: bigint) => readonly Wanted[] | undefined;
}

/** A block that is to be read. */
export interface Started extends Wanted {
  /** Up to where the log was seen when all that had touched the block was found to be stored. */
  readonly seenTo: bigint;
}

/** Reads blocks that follow each other in one go, and keeps each as soon as it is complete. */
export function fillBlocks<R extends RowsWanted, A>(
  method: ReadMethod<R, A>,
  request: R,
  run: readonly Started[],
  parts: BlockWorkParts,
): Work {
  return async (calls) => {
    const range = { startNs: run[0]?.block.startNs, endNs: run.at(-1)?.block.endNs };
    const filling = new Filling(method, run, parts, calls);
    for await (const answer of method.read(within(request, range), { signal: calls.signal })) {
      await filling.take(answer);
      if (filling.hasEnough) break;
    }
    await filling.end();
  };
}

/** One read of blocks. */
class Filling<R extends RowsWanted, A> {
  readonly #method: ReadMethod<R, A>;
  readonly #parts: BlockWorkParts;
  readonly #calls: WorkCalls;
  readonly #open: Started[];
  #pieces: Piece[] = [];
  #bytes = 0;
  #readBytes = 0;
  /** The first of the open blocks is too large, and cannot be divided: its rows are passed over. */
  #isPassing = false;

  constructor(method: ReadMethod<R, A>, run: readonly Started[], parts: BlockWorkParts, calls: WorkCalls) {
    this.#method = method;
    this.#parts = parts;
    this.#calls = calls;
    this.#open = [...run];
  }

  get hasEnough(): boolean {
    return this.#readBytes > MAX_READ_BLOCKS * this.#parts.maxBlockBytes;
  }

  async take(answer: A): Promise<void> {
    const times = this.#method.timesNs(answer);
    for (let from = 0; from < times.length && this.#open.length > 0;) {
      const endNs = this.#open[0]?.block.endNs;
      const to = endNs === undefined ? times.length : lowerBound(times, endNs, from);
      if (!this.#isPassing) await this.#add(pieceOf(this.#method, answer, from, to));
      if (to < times.length) await this.#close();
      from = to;
    }
  }

  /** What is left of the blocks has no rows, if the read came to its end. */
  async end(): Promise<void> {
    if (this.hasEnough) for (const { key } of this.#open) this.#calls.settle(key, { kind: 'left' });
    else while (this.#open.length > 0) await this.#close();
  }

  async #add(piece: Piece | undefined): Promise<void> {
    if (piece === undefined) return;
    this.#pieces.push(piece);
    this.#bytes += piece.bytes.byteLength;
    if (this.#bytes <= this.#parts.maxBlockBytes) return;
    const [block] = this.#open;
    if (block === undefined) return;
    const [pieces, bytes] = [this.#pieces, this.#bytes];
    [this.#pieces, this.#bytes] = [[], 0];
    const startNs = block.block.startNs ?? piece.firstNs;
    const fitsToNs = startNs + ((piece.lastNs - startNs) * BigInt(this.#parts.maxBlockBytes)) / BigInt(bytes);
    const parts = this.#parts.divide(block.block, fitsToNs);
    this.#calls.settle(block.key, { kind: parts === undefined ? 'too-large' : 'divided' });
    if (parts === undefined) {
      this.#isPassing = true;
      return;
    }
    this.#calls.join(parts.map(({ key }) => key));
    this.#open.splice(0, 1, ...parts.map((part) => ({ ...part, seenTo: block.seenTo })));
    for (const one of pieces) await this.take(this.#method.decode(one.bytes));
  }

  /** The first block is complete. */
  async #close(): Promise<void> {
    const done = this.#open.shift();
    if (done === undefined) return;
    const [pieces, wasPassing] = [this.#pieces, this.#isPassing];
    this.#readBytes += this.#bytes;
    [this.#pieces, this.#bytes, this.#isPassing] = [[], 0, false];
    if (wasPassing) return;
    const span = unchanged(done.seenTo, this.#parts.seen.quiet(done.scope));
    if (span === undefined) {
      this.#calls.settle(done.key, { kind: 'changed' });
      return;
    }
    const entry = { spans: [span], pieces };
    this.#parts.counts.filled += 1;
    await this.#parts.levels.keep(done.key, entry);
    this.#calls.settle(done.key, { kind: 'filled', entry });
  }
}

interface WholeWanted {
  readonly key: string;
  readonly scopes: readonly Scope[];
  /** Of each scope, as of a block that is read. */
  readonly seenTo: readonly bigint[];
}

/** Reads an answer that is kept as one. */
export function fillWhole<R extends RowsWanted, A>(
  method: ReadMethod<R, A>,
  request: R,
  { key, scopes, seenTo }: WholeWanted,
  { seen, levels, counts, maxBlockBytes }: WorkParts,
): Work {
  return async ({ settle, signal }) => {
    const pieces: Piece[] = [];
    let bytes = 0;
    for await (const answer of method.read(request, { signal })) {
      const encoded = method.encode(answer);
      bytes += encoded.byteLength;
      pieces.push({ bytes: encoded, firstNs: 0n, lastNs: 0n, rows: method.timesNs(answer).length });
      if (bytes > maxBlockBytes) {
        settle(key, { kind: 'too-large' });
        return;
      }
    }
    const spans = scopes.flatMap((scope, at) => unchanged(seenTo[at] ?? -1n, seen.quiet(scope)) ?? []);
    if (spans.length < scopes.length) return;
    const entry = { spans, pieces };
    counts.filled += 1;
    await levels.keep(key, entry);
    settle(key, { kind: 'filled', entry });
  };
}

/**
 * The positions that what was read is the answer of: everything that had touched it where the read began was stored, and nothing has been seen to touch it
 * since. What touched it unseen is seen before it is used.
 */
function unchanged(seenTo: bigint, after: QuietSpan | undefined): QuietSpan | undefined {
  if (after === undefined || after.fromOffset > seenTo) return undefined;
  return { fromOffset: after.fromOffset, toOffset: after.toOffset };
}
