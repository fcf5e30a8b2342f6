import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventSource, FeedChunk, FeedItem, FeedRefusal } from '@tickwell/ports';
import { openFileSource } from './file-source.ts';
import type { FileSourceOptions } from './options.ts';

/** Helpers of the tests. */
export const TRADES = { kind: 'trades', priceBasis: 'raw', dataset: 'test' } as const;
export const DAILY = {
  kind: 'bars',
  interval: '1d',
  priceBasis: 'raw',
  dataset: 'test',
  symbol: 'AAPL',
} as const;

const folder = mkdtempSync(join(tmpdir(), 'tickwell-files-'));
let files = 0;

/** Writes a file of its own and gives its path. */
export function file(content: string | Uint8Array, name = 'data'): string {
  const path = join(folder, `${++files}-${name}`);
  writeFileSync(path, content);
  return path;
}

/** Opens what must open. */
export async function source(options: FileSourceOptions): Promise<EventSource> {
  const opened = await openFileSource(options);
  if (!opened.ok) throw opened.error;
  return opened.value;
}

/** The code and message of a file that must not open. */
export async function failure(options: FileSourceOptions): Promise<{ code: string; message: string }> {
  const opened = await openFileSource(options);
  if (opened.ok) throw new Error('the file was opened');
  const { code, message } = opened.error;
  return { code, message };
}

export async function items(from: EventSource, afterPosition = 0n): Promise<FeedItem[]> {
  const all: FeedItem[] = [];
  for await (const item of from.read({ afterPosition, signal: new AbortController().signal })) all.push(item);
  return all;
}

export function chunksOf(all: readonly FeedItem[]): FeedChunk[] {
  return all.filter((item): item is FeedChunk => item.kind !== 'progress' && item.kind !== 'refused');
}

export function refusalsOf(all: readonly FeedItem[]): FeedRefusal[] {
  return all.filter((item): item is FeedRefusal => item.kind === 'refused');
}

/** One line per event: symbol, position, time, seq and values. Chunk boundaries do not show. */
export function eventsOf(all: readonly FeedItem[]): string[] {
  return chunksOf(all)
    .flatMap((chunk) =>
      chunk.positions.map((position, index) => ({ position, text: eventText(chunk, index) })),
    )
    .sort((a, b) => (a.position < b.position ? -1 : 1))
    .map(({ position, text }) => `${position} ${text}`);
}

function eventText(chunk: FeedChunk, index: number): string {
  switch (chunk.kind) {
    case 'trades':
      return `${chunk.symbol} ${row(chunk.trades, index)}`;
    case 'quotes':
      return `${chunk.symbol} ${row(chunk.quotes, index)}`;
    case 'bars':
      return `${chunk.symbol} ${row(chunk.bars, index)}`;
    case 'fundamentals':
    case 'actions':
      throw new Error(`files hold no ${chunk.kind}`);
  }
}

function row(columns: object, index: number): string {
  return Object.values(columns)
    .flatMap((column: unknown) => (Array.isArray(column) && column.length > 0 ? [String(column[index])] : []))
    .join(' ');
}
