import { createHash } from 'node:crypto';
import { err, ok, type Result } from '@tickwell/domain';
import type { Clock, EventSource, FeedItem } from '@tickwell/ports';
import { mergeByTime, type MergedEntry } from './merge.ts';
import { FileFeedError } from './options.ts';
import { shiftedPick } from './shift.ts';

/** Times as fast as it happened; "max" does not wait. */
export type ReplaySpeed = number | 'max';

export interface ReplayOptions {
  readonly sources: readonly EventSource[];
  /** Names the source: "replay:<dataset>". */
  readonly dataset: string;
  readonly speed: ReplaySpeed;
  /** "original" keeps the times; else the first event gets this time and all others move with it (bars by whole bars, daily ones by whole days, so that they stay on
   * their grid). */
  readonly startAtNs: bigint | 'original';
  readonly clock: Clock;
}

/** Events between two safe places. */
const PIECE_EVENTS = 1000;
const MAX_SOURCES = 256;
/** A timer takes no longer; also how long a stop may go unnoticed without a signal. */
const MAX_SLEEP_MS = 60_000;

/**
 * Replays sources as one stream in order of event time, paced by it. Positions count its events and refusals from 1, and the
 * start time is part of its identity (not the speed): to resume a shifted replay, open it with the same `startAtNs`. One source at
 * its original time keeps its identity: a replay of what is stored already stores nothing twice. The sources are closed with it.
 */
export function openReplay(options: ReplayOptions): Result<EventSource, FileFeedError> {
  const [only, ...others] = options.sources;
  if (only === undefined) return err(new FileFeedError('file-options', 'a replay needs at least one source'));
  if (options.sources.length > MAX_SOURCES) {
    return err(
      new FileFeedError(
        'file-options',
        `a replay of ${options.sources.length} sources; at most ${MAX_SOURCES} are merged`,
      ),
    );
  }
  return ok(new Replay(options, others.length === 0 && options.startAtNs === 'original' ? only : undefined));
}

class Replay implements EventSource {
  readonly streamId: string;
  readonly source: string;
  readonly description: string;
  readonly #options: ReplayOptions;
  /** The positions are those of this source. */
  readonly #alone: EventSource | undefined;

  constructor(options: ReplayOptions, alone: EventSource | undefined) {
    this.#options = options;
    this.#alone = alone;
    const ids = options.sources.map((source) => source.streamId);
    const hash = createHash('sha256').update(JSON.stringify([ids, String(options.startAtNs)]));
    this.streamId = alone?.streamId ?? `replay:${hash.digest('hex').slice(0, 16)}:${options.dataset}`;
    this.source = alone?.source ?? `replay:${options.dataset}`;
    this.description = `replay of ${options.sources.map((source) => source.description).join(', ')}`;
  }

  async *read(options: {
    readonly afterPosition: bigint;
    readonly signal: AbortSignal;
  }): AsyncGenerator<FeedItem> {
    const { signal, afterPosition } = options;
    const pace = new Pace(this.#options, signal);
    let piece: Piece | undefined;
    let ordinal = 0n;
    for await (const entry of mergeByTime(this.#options.sources, signal)) {
      if (signal.aborted) return;
      piece ??= new Piece(this.#shiftNs(entry));
      ordinal++;
      const position = this.#alone === undefined ? ordinal : positionOf(entry);
      if (position <= afterPosition) continue;
      if (piece.size > 0 && (pace.waitMs(entry.dueNs) > 0 || piece.isFull || !piece.takes(entry)))
        yield* piece.flush();
      await pace.until(entry.dueNs);
      piece.add(entry, position);
    }
    if (piece !== undefined && !signal.aborted) yield* piece.flush();
  }

  async close(): Promise<void> {
    for (const source of this.#options.sources) await source.close();
  }

  #shiftNs(first: MergedEntry): bigint {
    if (this.#options.startAtNs === 'original') return 0n;
    return this.#options.startAtNs - first.dueNs;
  }
}

function positionOf(entry: MergedEntry): bigint {
  return entry.kind === 'refused' ? entry.refusal.position : (entry.chunk.positions[entry.index] ?? 0n);
}

/** When an event is due, counted from the first that was not skipped. */
class Pace {
  readonly #options: ReplayOptions;
  readonly #signal: AbortSignal;
  #start: { readonly dueNs: bigint; readonly atMs: number } | undefined;

  constructor(options: ReplayOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  waitMs(dueNs: bigint): number {
    const { speed, clock } = this.#options;
    if (speed === 'max') return 0;
    this.#start ??= { dueNs, atMs: clock.monotonicMs() };
    return this.#start.atMs + Number(dueNs - this.#start.dueNs) / 1e6 / speed - clock.monotonicMs();
  }

  async until(dueNs: bigint): Promise<void> {
    for (let waitMs = this.waitMs(dueNs); waitMs > 0 && !this.#signal.aborted; waitMs = this.waitMs(dueNs)) {
      await this.#options.clock
        .sleep(Math.min(waitMs, MAX_SLEEP_MS), this.#signal)
        .catch((error: unknown) => {
          if (!this.#signal.aborted) throw error;
        });
    }
  }
}

/** Entries that are due together, as chunks that point into the chunks they came from. */
class Piece {
  readonly #shiftNs: bigint;
  readonly #runs = new Map<
    Extract<MergedEntry, { kind: 'event' }>['chunk'],
    { indexes: number[]; positions: bigint[] }
  >();
  readonly #seriesOf = new Map<string, string>();
  #refusals: Extract<FeedItem, { kind: 'refused' }>[] = [];
  #last = 0n;
  #size = 0;

  constructor(shiftNs: bigint) {
    this.#shiftNs = shiftNs;
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= PIECE_EVENTS;
  }

  /** False when the symbol's events so far are of another series: chunks of one symbol must not overlap in positions. */
  takes(entry: MergedEntry): boolean {
    if (entry.kind === 'refused') return true;
    return (this.#seriesOf.get(entry.chunk.symbol) ?? seriesKey(entry)) === seriesKey(entry);
  }

  add(entry: MergedEntry, position: bigint): void {
    this.#size++;
    this.#last = position;
    if (entry.kind === 'refused') {
      this.#refusals.push({ ...entry.refusal, position });
      return;
    }
    this.#seriesOf.set(entry.chunk.symbol, seriesKey(entry));
    const run = this.#runs.get(entry.chunk);
    if (run === undefined) this.#runs.set(entry.chunk, { indexes: [entry.index], positions: [position] });
    else {
      run.indexes.push(entry.index);
      run.positions.push(position);
    }
  }

  *flush(): Generator<FeedItem> {
    for (const [chunk, { indexes, positions }] of this.#runs)
      yield shiftedPick(chunk, indexes, positions, this.#shiftNs);
    yield* this.#refusals;
    if (this.#size > 0) yield { kind: 'progress', position: this.#last };
    this.#runs.clear();
    this.#seriesOf.clear();
    this.#refusals = [];
    this.#size = 0;
  }
}

function seriesKey({ chunk }: Extract<MergedEntry, { kind: 'event' }>): string {
  return chunk.kind === 'bars' ? `bars|${chunk.interval}|${chunk.priceType}` : chunk.kind;
}
