import { emptyBetween, toBarColumns, type Bar, type BarGrid, type EmptyIntervals } from '@tickwell/bars';
import {
  emptyBars,
  type BarColumns,
  type BarLength,
  type PriceBasis,
  type PriceType,
} from '@tickwell/domain';
import type { BarQuery } from '@tickwell/ports';
import type { BestChunk } from '../best-bars.ts';

export interface MadeChunk extends BestChunk {
  /** Of a continuous future: the contract that these bars are of, "A+B" where a bar is of both. */
  readonly contract?: string;
}

/** What is said of bars besides their numbers. */
export interface Said {
  readonly source: string;
  readonly priceBasis: PriceBasis;
  readonly contract: string;
  readonly backfilled: boolean;
}

/** A bar that is made. */
export interface MadeBar {
  readonly bar: Bar;
  readonly said: Said;
}

const CHUNK_BARS = 1_000;

/** Made bars in order, those that start in the range of a query, with the empty ones between, up to its limit, as chunks of one source. */
export async function* madeChunks(
  bars: AsyncIterable<MadeBar>,
  query: BarQuery,
  {
    grid,
    empty,
    length,
  }: { readonly grid: BarGrid | undefined; readonly empty: EmptyIntervals; readonly length: BarLength },
): AsyncGenerator<MadeChunk> {
  const { limit, newest = false, priceType, columns } = query;
  const wanted = limited(filled(inRange(bars, query), grid, empty), limit, newest);
  let chunk: MadeBar[] = [];
  const finish = (): MadeChunk => chunkOf(chunk, length, priceType, columns);
  for await (const made of wanted) {
    const [first] = chunk;
    if (first !== undefined && (chunk.length === CHUNK_BARS || !isSame(first.said, made.said))) {
      yield finish();
      chunk = [];
    }
    chunk.push(made);
  }
  if (chunk.length > 0) yield finish();
}

async function* inRange(
  bars: AsyncIterable<MadeBar>,
  { startNs = 0n, endNs }: BarQuery,
): AsyncGenerator<MadeBar> {
  for await (const made of bars) {
    if (endNs !== undefined && made.bar.startNs >= endNs) return;
    if (made.bar.startNs >= startNs) yield made;
  }
}

async function* filled(
  bars: AsyncIterable<MadeBar>,
  grid: BarGrid | undefined,
  empty: EmptyIntervals,
): AsyncGenerator<MadeBar> {
  let last: MadeBar | undefined;
  for await (const made of bars) {
    if (last !== undefined && grid !== undefined) {
      const { said } = last;
      for (const bar of emptyBetween(grid, empty, last.bar, made.bar.startNs)) yield { bar, said };
    }
    yield made;
    last = made;
  }
}

/** The oldest so many, or the newest, which wait for the end. */
async function* limited(
  bars: AsyncIterable<MadeBar>,
  limit: number | undefined,
  newest: boolean,
): AsyncGenerator<MadeBar> {
  if (limit === undefined) {
    yield* bars;
    return;
  }
  const kept: MadeBar[] = [];
  let count = 0;
  for await (const made of bars) {
    count += 1;
    if (!newest) yield made;
    else kept.push(made);
    // Dropped by the half: one by one would move them all each time.
    if (kept.length >= 2 * limit) kept.splice(0, kept.length - limit);
    if (!newest && count === limit) return;
  }
  yield* kept.slice(-limit);
}

function chunkOf(
  made: readonly MadeBar[],
  length: BarLength,
  priceType: PriceType,
  columns: readonly string[] | undefined,
): MadeChunk {
  const bars = made.map(({ bar }) => bar);
  const said = made[0]?.said;
  if (said === undefined) throw new RangeError('a chunk without bars');
  const { source, priceBasis, contract, backfilled } = said;
  return {
    source,
    priceBasis,
    contract,
    bars: chosen(toBarColumns(length, bars, priceType), columns),
    knownNs: bars.map(({ knownAtNs }) => knownAtNs),
    ...(backfilled ? { backfilled } : {}),
  };
}

function chosen(all: BarColumns, columns: readonly string[] | undefined): BarColumns {
  if (columns === undefined) return all;
  const picked = { ...emptyBars(), startNs: all.startNs };
  for (const [name, values] of Object.entries(all))
    if (columns.includes(name)) Reflect.set(picked, name, values);
  return picked;
}

function isSame(a: Said, b: Said): boolean {
  return (
    a.source === b.source &&
    a.priceBasis === b.priceBasis &&
    a.contract === b.contract &&
    a.backfilled === b.backfilled
  );
}
