import type { Block } from './block-grid.ts';
import type { CacheCounts } from './cache-counts.ts';
import type { Piece } from './entry.ts';
import type { Work } from './fills.ts';
import type { Levels } from './levels.ts';
import { within, type ReadMethod, type RowsWanted } from './methods.ts';
import { lowerBound, pieceOf } from './pieces.ts';
import type { QuietSpan, Scope, SeenLog } from './seen-log.ts';

/** Of a block, and of an answer that is kept whole. */
const MAX_ENTRY_BYTES = 2 * 1024 * 1024;

export interface Wanted {
  readonly key: string;
  readonly block: Block;
  readonly scope: Scope;
}

interface WorkParts {
  readonly seen: SeenLog;
  readonly levels: Levels;
  readonly counts: CacheCounts;
}

interface BlockWorkParts extends WorkParts {
  /** A block holds more than may be kept; its rows before a time would fit. */
  readonly tooLarge: (block: Block, fitsToNs: bigint) => void;
}

/** Reads blocks that follow each other in one go, and keeps each as soon as it is complete. */
export function fillBlocks<R extends RowsWanted, A>(
  method: ReadMethod<R, A>,
  request: R,
  run: readonly Wanted[],
  { seen, levels, counts, tooLarge }: BlockWorkParts,
): Work {
  return async (settle, signal) => {
    const before = new Map(run.map(({ key, scope }) => [key, seen.quiet(scope)]));
    const open = [...run];
    let pieces: Piece[] = [];
    let bytes = 0;
    const close = async (): Promise<void> => {
      const done = open.shift();
      if (done === undefined) return;
      const span = unchanged(before.get(done.key), seen.quiet(done.scope));
      const entry = span === undefined ? undefined : { spans: [span], pieces };
      [pieces, bytes] = [[], 0];
      if (entry === undefined) {
        settle(done.key, { kind: 'changed' });
        return;
      }
      counts.filled += 1;
      await levels.keep(done.key, entry);
      settle(done.key, { kind: 'filled', entry });
    };
    const range = { startNs: run[0]?.block.startNs, endNs: run.at(-1)?.block.endNs };
    for await (const answer of method.read(within(request, range), { signal })) {
      const times = method.timesNs(answer);
      for (let from = 0; from < times.length && open.length > 0;) {
        const [current] = open;
        const endNs = current?.block.endNs;
        const to = endNs === undefined ? times.length : lowerBound(times, endNs, from);
        const piece = pieceOf(method, answer, from, to);
        if (piece !== undefined) pieces.push(piece);
        bytes += piece?.bytes.byteLength ?? 0;
        if (current !== undefined && bytes > MAX_ENTRY_BYTES) {
          tooLarge(current.block, piece?.firstNs ?? 0n);
          for (const { key } of open) settle(key, { kind: 'too-large' });
          return;
        }
        if (to < times.length) await close();
        from = to;
      }
    }
    while (open.length > 0) await close();
  };
}

/** Reads an answer that is kept as one. */
export function fillWhole<R extends RowsWanted, A>(
  method: ReadMethod<R, A>,
  request: R,
  { key, scopes }: { readonly key: string; readonly scopes: readonly Scope[] },
  { seen, levels, counts }: WorkParts,
): Work {
  return async (settle, signal) => {
    const before = scopes.map((scope) => seen.quiet(scope));
    const pieces: Piece[] = [];
    let bytes = 0;
    for await (const answer of method.read(request, { signal })) {
      const encoded = method.encode(answer);
      bytes += encoded.byteLength;
      pieces.push({ bytes: encoded, firstNs: 0n, lastNs: 0n, rows: method.timesNs(answer).length });
      if (bytes > MAX_ENTRY_BYTES) {
        settle(key, { kind: 'too-large' });
        return;
      }
    }
    const spans = scopes.flatMap((scope, at) => unchanged(before[at], seen.quiet(scope)) ?? []);
    if (spans.length < scopes.length) return;
    const entry = { spans, pieces };
    counts.filled += 1;
    await levels.keep(key, entry);
    settle(key, { kind: 'filled', entry });
  };
}

/**
 * The positions that what was read is the answer of, where everything that had touched it was stored before, and nothing else has been seen to touch it
 * while it was read. What touched it unseen is seen before it is used.
 */
function unchanged(before: QuietSpan | undefined, after: QuietSpan | undefined): QuietSpan | undefined {
  if (before === undefined || after === undefined || before.fromOffset !== after.fromOffset) return undefined;
  return { fromOffset: before.fromOffset, toOffset: after.toOffset };
}
