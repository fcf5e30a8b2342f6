import { createHash } from 'node:crypto';
import type { TopicPartition } from '@tickwell/ports';
import type { CallSignal } from '../history.ts';
import { EVERYTHING, type Block, type BlockGrid } from './block-grid.ts';
import { SeriesBounds } from './series-bounds.ts';
import type { CacheCounts, DirectReason } from './cache-counts.ts';
import { holds, type Entry, type Piece } from './entry.ts';
import type { FillReader, Fills, Outcome } from './fills.ts';
import type { Levels } from './levels.ts';
import type { CallEnds, LogFence } from './log-fence.ts';
import { within, type ReadMethod, type RowsWanted } from './methods.ts';
import type { Input, ReadPlan } from './plans.ts';
import { fillBlocks, fillWhole, type Started, type Wanted } from './read-work.ts';
import type { QuietSpan, Scope, SeenLog } from './seen-log.ts';
import { cutPieces, piecesWithin } from './pieces.ts';

export interface CacheParts {
  readonly seen: SeenLog;
  readonly fence: LogFence;
  readonly levels: Levels;
  readonly fills: Fills;
  readonly grid: BlockGrid;
  readonly counts: CacheCounts;
  readonly maxBlockBytes: number;
  /** Rows of everything below an offset are visible in the store. */
  readonly isStored: (place: TopicPartition, epoch: string, beginOffset: bigint, offset: bigint) => boolean;
  readonly partitionOf: (topic: string, symbol: string) => number | undefined;
  /** Changes with what decides which bars are the best, and how bars are made. */
  readonly configPosition: () => bigint;
  readonly nowMs: () => number;
}

/** A call, or one of the reads that it is made of. */
export interface CachedCall extends CallSignal {
  /** Of what else the same call reads. */
  readonly ends?: CallEnds;
}

/** Blocks that are looked up, and read, together by one reader; where many read at once a reader has fewer. */
const MAX_AHEAD = 16;
const MIN_AHEAD = 4;
const BUSY_READERS = 4;

/** Answers one kind of call from the cache where that is certain to be right, and else from the store. */
export class CachedReads<R extends RowsWanted, A> {
  readonly #method: ReadMethod<R, A>;
  readonly #parts: CacheParts;
  readonly #bounds: SeriesBounds<R, A>;
  #readers = 0;

  constructor(method: ReadMethod<R, A>, parts: CacheParts) {
    this.#method = method;
    this.#parts = parts;
    this.#bounds = new SeriesBounds(method, parts.nowMs);
  }

  async *answer(request: R, plan: ReadPlan | undefined, call: CachedCall): AsyncGenerator<A | Uint8Array> {
    const { seen, fence } = this.#parts;
    if (plan === undefined) yield* this.#direct('not-cacheable', request, call);
    else {
      const scopes = plan.inputs.map((input) => this.#scopeOf(input));
      const known = scopes.filter((scope) => scope !== undefined);
      const isFollowed =
        known.length === scopes.length && known.every((one) => seen.epoch(one) !== undefined);
      if (!isFollowed || !(await fence.passed(known, call.ends)))
        yield* this.#direct('log-behind', request, call);
      else if (plan.by === 'whole') yield* this.#whole(request, { plan, scopes: known }, call);
      else yield* this.#byBlocks(request, plan, call);
    }
  }

  async *#byBlocks(request: R, plan: ReadPlan, call: CallSignal): AsyncGenerator<A | Uint8Array> {
    const [input] = plan.inputs;
    const name = this.#keyOf(plan, within(request, EVERYTHING));
    const { grid } = this.#parts;
    const bounds = grid.needsBounds(input.series, input)
      ? await this.#bounds.of(name, within(request, EVERYTHING), call)
      : undefined;
    const blocks = grid.blocks(name, input.series, input, bounds);
    if (blocks === undefined) {
      yield* this.#direct('not-cacheable', request, call);
      return;
    }
    const wanted = blocks.flatMap((block) => this.#wanted(name, input, block) ?? []);
    const filling = this.#parts.fills.reader();
    this.#readers += 1;
    try {
      yield* this.#blocks(request, { name, input, wanted, limit: plan.limit, filling }, call);
    } finally {
      this.#readers -= 1;
      filling.end();
    }
  }

  async *#blocks(request: R, read: BlockRead, call: CallSignal): AsyncGenerator<A | Uint8Array> {
    const { name, input, filling } = read;
    let wanted = read.wanted;
    let left = read.limit ?? Infinity;
    while (wanted.length > 0 && left > 0) {
      const ahead = this.#readers > BUSY_READERS ? MIN_AHEAD : MAX_AHEAD;
      const group = wanted.slice(0, ahead);
      const found = await Promise.all(
        group.map(async (one) =>
          filling.has(one.key) ? undefined : this.#parts.levels.find(one.key, () => this.#now(one)),
        ),
      );
      for (const [index, one] of group.entries()) {
        const missing = group.slice(index).filter((_, next) => found[index + next] === undefined);
        const entry = found[index] ?? (await this.#filled(request, read, missing, call));
        if (entry === 'left') {
          filling.end();
          break;
        }
        wanted = wanted.slice(1);
        const part = overlap(one.block, input);
        if (entry === 'divided') {
          const parts = this.#parts.grid.partsOf(name, one.block, part);
          wanted = [...parts.flatMap((block) => this.#wanted(name, input, block) ?? []), ...wanted];
          break;
        }
        if (typeof entry === 'string') {
          for await (const answer of this.#direct(entry, within(request, part, finite(left)), call)) {
            left -= this.#method.timesNs(answer).length;
            yield answer;
          }
        } else
          for (const piece of cutPieces(this.#method, await this.#within(one, entry, part), left)) {
            left -= piece.rows;
            yield piece.bytes;
          }
        if (left <= 0) return;
      }
    }
  }

  /** Of an entry what lies in a part of its block. What had to be cut for it is kept, as the same part is mostly asked for again. */
  async #within({ key, block, scope }: Wanted, entry: Entry, part: Block): Promise<readonly Piece[]> {
    if (part.startNs === block.startNs && part.endNs === block.endNs) return entry.pieces;
    const { levels } = this.#parts;
    const own = `${key}|${part.startNs ?? ''}|${part.endNs ?? ''}`;
    const known = await levels.own(own, () => [this.#parts.seen.quiet(scope)]);
    if (known !== undefined) return known.pieces;
    const { pieces, isCut } = piecesWithin(this.#method, entry.pieces, part);
    if (isCut) await levels.keepOwn(own, { spans: entry.spans, pieces });
    return pieces;
  }

  /** The first of these, read together with those that follow it without a gap; or why it has to be read otherwise. */
  async #filled(
    request: R,
    { name, input, filling }: BlockRead,
    missing: readonly Wanted[],
    { signal }: CallSignal,
  ): Promise<Entry | Exclude<Outcome['kind'], 'filled'> | 'not-stored-yet'> {
    const [first] = missing;
    if (first === undefined) throw new Error('there is no block to read');
    const { counts, grid } = this.#parts;
    if (!filling.has(first.key)) {
      const run = this.#runOf(missing);
      if (run.length === 0) return 'not-stored-yet';
      const divide = (block: Block, fitsToNs: bigint): readonly Wanted[] | undefined =>
        grid
          .divide(name, input.series, block, fitsToNs)
          ?.flatMap((part) => this.#wanted(name, input, part) ?? []);
      const work = fillBlocks(this.#method, request, run, { ...this.#parts, divide });
      filling.start(
        run.map(({ key }) => key),
        work,
      );
    } else if (!filling.isOwn(first.key)) counts.waited += 1;
    return this.#checked(await filling.outcome(first.key, signal), this.#now(first));
  }

  #checked(
    outcome: Outcome,
    now: readonly (QuietSpan | undefined)[],
  ): Entry | Exclude<Outcome['kind'], 'filled'> {
    if (outcome.kind !== 'filled') return outcome.kind;
    // Who waited may have come after something was stored that this read began too early for.
    return holds(outcome.entry, now) ? outcome.entry : 'changed';
  }

  /** Blocks that follow each other, are not being read, and of which everything that was seen is stored. */
  #runOf(missing: readonly Wanted[]): readonly Started[] {
    const run: Started[] = [];
    for (const one of missing) {
      const last = run.at(-1);
      if (last !== undefined && last.block.endNs !== one.block.startNs) break;
      const seenTo = this.#storedTo(one.scope);
      if (this.#parts.fills.isRunning(one.key) || seenTo === undefined) break;
      run.push({ ...one, seenTo });
    }
    return run;
  }

  async *#whole(
    request: R,
    { plan, scopes }: { readonly plan: ReadPlan; readonly scopes: readonly Scope[] },
    call: CallSignal,
  ): AsyncGenerator<A | Uint8Array> {
    const { levels, fills, counts, seen } = this.#parts;
    const epochs = scopes.map((scope) => seen.epoch(scope) ?? '');
    const key = `${this.#keyOf(plan, request)}|whole|${epochs.join('|')}`;
    const now = (): readonly (QuietSpan | undefined)[] => scopes.map((scope) => seen.quiet(scope));
    const found = await levels.find(key, now);
    if (found !== undefined) {
      for (const { bytes } of found.pieces) yield bytes;
      return;
    }
    const filling = fills.reader();
    try {
      if (filling.has(key)) counts.waited += 1;
      else {
        const seenTo = scopes.flatMap((scope) => this.#storedTo(scope) ?? []);
        if (seenTo.length < scopes.length) {
          yield* this.#direct('not-stored-yet', request, call);
          return;
        }
        filling.start([key], fillWhole(this.#method, request, { key, scopes, seenTo }, this.#parts));
      }
      const entry = this.#checked(await filling.outcome(key, call.signal), now());
      if (typeof entry !== 'string') for (const { bytes } of entry.pieces) yield bytes;
      else yield* this.#direct(entry === 'too-large' ? entry : 'changed', request, call);
    } finally {
      filling.end();
    }
  }

  async *#direct(reason: DirectReason, request: R, call: CallSignal): AsyncGenerator<A> {
    this.#parts.counts.direct[reason] += 1;
    yield* this.#method.read(request, call);
  }

  /** Undefined: the topic is not followed. */
  #scopeOf({ topic, symbol, series, startNs, endNs }: Input): Scope | undefined {
    const partition = this.#parts.partitionOf(topic, symbol);
    return partition === undefined ? undefined : { topic, partition, symbol, series, startNs, endNs };
  }

  #wanted(name: string, input: Input, block: Block): Wanted | undefined {
    const scope = this.#scopeOf({ ...input, ...block });
    if (scope === undefined) return undefined;
    const epoch = this.#parts.seen.epoch(scope) ?? '';
    const key = `${name}|${epoch}|${block.startNs ?? ''}|${block.endNs ?? ''}`;
    return { key, block, scope };
  }

  #now({ scope }: Wanted): readonly (QuietSpan | undefined)[] {
    return [this.#parts.seen.quiet(scope)];
  }

  /** Up to where the log has been seen, if all of it that touched a scope is stored. */
  #storedTo(scope: Scope): bigint | undefined {
    const quiet = this.#parts.seen.quiet(scope);
    if (quiet === undefined) return undefined;
    const { epoch, beginOffset, fromOffset, toOffset } = quiet;
    return this.#parts.isStored(scope, epoch, beginOffset, fromOffset) ? toOffset : undefined;
  }

  #keyOf({ isConfigured }: ReadPlan, request: R): string {
    const hash = createHash('sha256').update(this.#method.encodeRequest(request)).digest('base64url');
    return `${this.#method.name}|${hash}|${isConfigured ? this.#parts.configPosition() : ''}`;
  }
}

interface BlockRead {
  readonly name: string;
  readonly input: Input;
  readonly wanted: readonly Wanted[];
  readonly limit: number | undefined;
  readonly filling: FillReader;
}

/** As a limit of a request, where 0 is none. */
function finite(limit: number): number {
  return limit === Infinity ? 0 : limit;
}

function overlap(block: Block, range: Block): Block {
  const { startNs, endNs } = range;
  const isLater = startNs !== undefined && (block.startNs === undefined || startNs > block.startNs);
  const isEarlier = endNs !== undefined && (block.endNs === undefined || endNs < block.endNs);
  return { startNs: isLater ? startNs : block.startNs, endNs: isEarlier ? endNs : block.endNs };
}
