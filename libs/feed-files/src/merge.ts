import { intervalEndNs, parseInterval, type Interval } from '@tickwell/domain';
import type { EventSource, FeedChunk, FeedItem, FeedRefusal } from '@tickwell/ports';

/** One event or refusal of a merged stream. */
export type MergedEntry =
  | { readonly kind: 'event'; readonly dueNs: bigint; readonly chunk: FeedChunk; readonly index: number }
  | { readonly kind: 'refused'; readonly dueNs: bigint; readonly refusal: FeedRefusal };

/**
 * All entries of all sources in order of the time at which they became known (a bar when it ends), each source in its own order
 * of positions. Holds one piece of each source, from one safe place to the next. The same sources give the same order.
 */
export async function* mergeByTime(
  sources: readonly EventSource[],
  signal: AbortSignal,
): AsyncGenerator<MergedEntry> {
  const cursors = sources.map((source) => new SourceCursor(source, signal));
  try {
    for (const cursor of cursors) await cursor.fill();
    for (;;) {
      let first: SourceCursor | undefined;
      for (const cursor of cursors) {
        if (cursor.head !== undefined && (first?.head === undefined || cursor.head.dueNs < first.head.dueNs))
          first = cursor;
      }
      if (first?.head === undefined) return;
      yield first.head;
      if (first.advance() === undefined) await first.fill();
    }
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}

interface Positioned {
  readonly position: bigint;
  readonly entry: MergedEntry;
}

class SourceCursor {
  readonly #items: AsyncIterator<FeedItem>;
  #entries: readonly MergedEntry[] = [];
  #at = 0;
  #dueNs: bigint | undefined;
  #ended = false;

  constructor(source: EventSource, signal: AbortSignal) {
    this.#items = source.read({ afterPosition: 0n, signal })[Symbol.asyncIterator]();
  }

  get head(): MergedEntry | undefined {
    return this.#entries[this.#at];
  }

  advance(): MergedEntry | undefined {
    this.#at++;
    return this.head;
  }

  /** Reads pieces until one holds an entry or the source ends. */
  async fill(): Promise<void> {
    this.#at = 0;
    this.#entries = [];
    while (!this.#ended && this.#entries.length === 0) {
      const piece: Positioned[] = [];
      for (;;) {
        const next = await this.#items.next();
        this.#ended = next.done === true;
        if (next.done === true || next.value.kind === 'progress') break;
        piece.push(...entriesOf(next.value));
      }
      piece.sort((a, b) => (a.position < b.position ? -1 : a.position > b.position ? 1 : 0));
      this.#entries = piece.map(({ entry }) => this.#inOrder(entry));
    }
  }

  async close(): Promise<void> {
    await this.#items.return?.();
  }

  /** A row out of order is due with the row before it. */
  #inOrder(entry: MergedEntry): MergedEntry {
    const before = this.#dueNs;
    if (entry.kind === 'refused') return { ...entry, dueNs: before ?? 0n };
    if (before !== undefined && entry.dueNs < before) return { ...entry, dueNs: before };
    this.#dueNs = entry.dueNs;
    return entry;
  }
}

function entriesOf(item: FeedChunk | FeedRefusal): Positioned[] {
  if (item.kind === 'refused') {
    return [{ position: item.position, entry: { kind: 'refused', dueNs: 0n, refusal: item } }];
  }
  const times = dueTimes(item);
  return item.positions.map((position, index) => ({
    position,
    entry: { kind: 'event', dueNs: times[index] ?? 0n, chunk: item, index },
  }));
}

function dueTimes(chunk: FeedChunk): readonly bigint[] {
  switch (chunk.kind) {
    case 'trades':
      return chunk.trades.timeNs;
    case 'quotes':
      return chunk.quotes.timeNs;
    case 'bars': {
      const interval = intervalOf(chunk.interval);
      return interval === undefined
        ? chunk.bars.startNs
        : chunk.bars.startNs.map((startNs) => intervalEndNs(interval, startNs));
    }
    case 'fundamentals':
      return chunk.items.map((item) => item.periodEndNs);
    case 'actions':
      return chunk.actions.map((action) => action.exDateNs);
    case 'portfolio':
      return chunk.items.map((item) => item.timeNs);
  }
}

export function intervalOf(text: string): Interval | undefined {
  const parsed = parseInterval(text);
  return parsed.ok ? parsed.value : undefined;
}
