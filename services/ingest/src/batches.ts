import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS, TOPICS } from '@tickwell/contracts';
import { pickBars, pickQuotes, pickTrades } from '@tickwell/domain';
import type { FeedChunk } from '@tickwell/ports';

/** The raw topic of each kind. */
export const RAW_TOPIC: Readonly<Record<FeedChunk['kind'], string>> = {
  trades: TOPICS.rawTicks.name,
  quotes: TOPICS.rawTicks.name,
  bars: TOPICS.rawBars.name,
  fundamentals: TOPICS.rawFundamentals.name,
  actions: TOPICS.rawActions.name,
  portfolio: TOPICS.rawPortfolio.name,
};

/** An upper bound of what one event takes on the wire without its texts: six numbers, a position, tags. */
const EVENT_BYTES = 80;
const HEADER_BYTES = 1024;

interface Batch {
  chunk: FeedChunk;
  bytes: number;
}

/**
 * What waits to be sent, as batches that are ready to become records: one (topic, symbol) each, at most 1,000 events or 512 KiB.
 * Within a topic the batches of one symbol never overlap in positions, so a symbol that changes its series (quotes after trades)
 * starts a new batch.
 */
export class PendingBatches {
  readonly #open = new Map<string, Batch>();
  #sealed: FeedChunk[] = [];
  #events = 0;
  #bytes = 0;

  get events(): number {
    return this.#events;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The chunk's columns are taken over. */
  add(chunk: FeedChunk): void {
    const size = chunk.positions.length;
    if (size === 0) return;
    const bytes = bytesOf(chunk);
    if (size > 1 && (size > maxEvents(chunk) || bytes + HEADER_BYTES > MAX_BATCH_BYTES)) {
      const middle = Math.min(Math.ceil(size / 2), maxEvents(chunk));
      this.add(sliceChunk(chunk, 0, middle));
      this.add(sliceChunk(chunk, middle, size));
      return;
    }
    this.#events += size;
    this.#bytes += bytes;
    const key = `${RAW_TOPIC[chunk.kind]}|${chunk.symbol}`;
    const open = this.#open.get(key);
    if (open !== undefined && fits(open, chunk, bytes)) {
      append(open.chunk, chunk);
      open.bytes += bytes;
      return;
    }
    if (open !== undefined) this.#sealed.push(open.chunk);
    this.#open.set(key, { chunk, bytes });
  }

  /** Everything that waits, the batches of a symbol in order. */
  take(): FeedChunk[] {
    const taken = this.#sealed;
    for (const { chunk } of this.#open.values()) taken.push(chunk);
    this.#open.clear();
    this.#sealed = [];
    this.#events = 0;
    this.#bytes = 0;
    return taken;
  }
}

/** A portfolio event is a message of its own. */
function maxEvents(chunk: FeedChunk): number {
  return chunk.kind === 'portfolio' ? 1 : MAX_BATCH_EVENTS;
}

function fits(open: Batch, chunk: FeedChunk, bytes: number): boolean {
  return (
    open.chunk.positions.length + chunk.positions.length <= maxEvents(chunk) &&
    open.bytes + bytes + HEADER_BYTES <= MAX_BATCH_BYTES &&
    seriesKey(open.chunk) === seriesKey(chunk)
  );
}

/** What must be equal for two chunks to share a batch, with the columns that are filled. */
function seriesKey(chunk: FeedChunk): string {
  const base = `${chunk.kind}|${chunk.priceBasis}`;
  switch (chunk.kind) {
    case 'trades':
      return `${base}|${filled(chunk.trades)}`;
    case 'quotes':
      return base;
    case 'bars':
      return `${base}|${chunk.interval}|${chunk.priceType}|${filled(chunk.bars)}`;
    case 'fundamentals':
    case 'actions':
    case 'portfolio':
      return base;
  }
}

function filled(columns: object): string {
  return Object.values(columns)
    .map((column) => (Array.isArray(column) && column.length > 0 ? '1' : '0'))
    .join('');
}

function append(into: FeedChunk, from: FeedChunk): void {
  into.positions.push(...from.positions);
  if (into.kind === 'trades' && from.kind === 'trades') appendColumns(into.trades, from.trades);
  else if (into.kind === 'quotes' && from.kind === 'quotes') appendColumns(into.quotes, from.quotes);
  else if (into.kind === 'bars' && from.kind === 'bars') appendColumns(into.bars, from.bars);
  else if (into.kind === 'fundamentals' && from.kind === 'fundamentals')
    appendColumns(into.items, from.items);
  else if (into.kind === 'actions' && from.kind === 'actions') appendColumns(into.actions, from.actions);
}

/** Appends every array of `from` to the same one of `into`; of two arrays, the one to the other. */
function appendColumns(into: object, from: object): void {
  if (Array.isArray(into) && Array.isArray(from)) {
    into.push(...(from as unknown[]));
    return;
  }
  const columns: Readonly<Record<string, unknown>> = { ...from };
  for (const [name, column] of Object.entries(into)) {
    const more = columns[name];
    if (Array.isArray(column) && Array.isArray(more)) column.push(...(more as unknown[]));
  }
}

function sliceChunk(chunk: FeedChunk, start: number, end: number): FeedChunk {
  const positions = chunk.positions.slice(start, end);
  const indexes = positions.map((_, index) => start + index);
  switch (chunk.kind) {
    case 'trades':
      return { ...chunk, trades: pickTrades(chunk.trades, indexes), positions };
    case 'quotes':
      return { ...chunk, quotes: pickQuotes(chunk.quotes, indexes), positions };
    case 'bars':
      return { ...chunk, bars: pickBars(chunk.bars, indexes), positions };
    case 'fundamentals':
      return { ...chunk, items: chunk.items.slice(start, end), positions };
    case 'actions':
      return { ...chunk, actions: chunk.actions.slice(start, end), positions };
    case 'portfolio':
      return { ...chunk, items: chunk.items.slice(start, end), positions };
  }
}

function bytesOf(chunk: FeedChunk): number {
  const base = chunk.positions.length * EVENT_BYTES;
  switch (chunk.kind) {
    case 'trades':
      return base + textBytes(chunk.trades.conditions) + textBytes(chunk.trades.venue);
    case 'quotes':
    case 'bars':
      return base;
    case 'fundamentals':
      return base + textBytes(chunk.items.flatMap((item) => [item.item, item.periodType, item.currency]));
    case 'actions':
      return base + textBytes(chunk.actions.map((action) => action.currency));
    case 'portfolio':
      return base + textBytes(chunk.items.flatMap(textsOf));
  }
}

function textsOf(item: object): string[] {
  return Object.values(item).filter((value) => typeof value === 'string');
}

/** A character takes at most three bytes of UTF-8 (a pair of surrogates four); tag and length at most six. */
function textBytes(texts: readonly string[]): number {
  let bytes = 0;
  for (const text of texts) bytes += 6 + text.length * 3;
  return bytes;
}
