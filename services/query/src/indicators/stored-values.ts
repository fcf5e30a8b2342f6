import type { BarQuery, HistoryReader, IndicatorQuery, StoredIndicators } from '@tickwell/ports';
import { seriesOf } from './series-of.ts';

export interface StoredRows extends StoredIndicators {
  /** Start of the first value that is stored of the series. */
  readonly anchorNs: bigint;
}

type Reader = Pick<HistoryReader, 'bars' | 'indicators'>;

/** What the store has of one specification. */
export async function* storedValues(reader: Reader, query: IndicatorQuery): AsyncGenerator<StoredRows> {
  const anchors = new Map<string, bigint>();
  for await (const rows of reader.indicators(query)) {
    const { source } = rows;
    const anchorNs = anchors.get(source) ?? (await firstValue(reader, { ...query, source })) ?? 0n;
    anchors.set(source, anchorNs);
    yield { ...rows, anchorNs };
  }
}

/** Whether anything is stored of a specification, in whatever range. */
export async function isStored(reader: Reader, query: IndicatorQuery): Promise<boolean> {
  return (await firstValue(reader, query)) !== undefined;
}

/**
 * Whether every bar asked for has a stored value, no value is without its bar, and each series of values begins with its first bar: only then are
 * they what a computation over the bars gives.
 */
export async function isStoredWhole(reader: Reader, query: IndicatorQuery, bars: BarQuery): Promise<boolean> {
  const known = new Set<string>();
  const values = new Rows(reader.indicators(query));
  const starts = new Rows(startsOf(reader, { ...bars, columns: ['startNs'] }));
  try {
    for (;;) {
      await Promise.all([values.fill(), starts.fill()]);
      if (values.isAtEnd || starts.isAtEnd) return values.isAtEnd && starts.isAtEnd;
      if (values.source !== starts.source) return false;
      if (!known.has(starts.source) && !(await haveOneAnchor(reader, query, bars, starts.source)))
        return false;
      known.add(starts.source);
      if (!values.passCommon(starts)) return false;
    }
  } finally {
    await Promise.all([values.close(), starts.close()]);
  }
}

async function haveOneAnchor(
  reader: Reader,
  query: IndicatorQuery,
  bars: BarQuery,
  source: string,
): Promise<boolean> {
  const value = await firstValue(reader, { ...query, source });
  const one = { ...seriesOf({ ...bars, source }), limit: 1, columns: ['startNs'] };
  return value === (await firstOf(startsOf(reader, one)));
}

/** Start of the first value of the whole series. */
function firstValue(reader: Reader, query: IndicatorQuery): Promise<bigint | undefined> {
  return firstOf(reader.indicators({ ...seriesOf(query), specId: query.specId, limit: 1 }));
}

async function* startsOf(reader: Reader, query: BarQuery): AsyncGenerator<StartRows> {
  for await (const { source, bars } of reader.bars(query)) yield { source, startNs: bars.startNs };
}

async function firstOf(rows: AsyncIterable<StartRows>): Promise<bigint | undefined> {
  for await (const { startNs } of rows) return startNs[0];
  return undefined;
}

interface StartRows {
  readonly source: string;
  readonly startNs: readonly bigint[];
}

/** Rows that are looked at chunk by chunk. */
class Rows {
  readonly #chunks: AsyncIterator<StartRows>;
  #chunk: StartRows = { source: '', startNs: [] };
  #row = 0;
  isAtEnd = false;

  constructor(chunks: AsyncIterable<StartRows>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  get source(): string {
    return this.#chunk.source;
  }

  async fill(): Promise<void> {
    while (this.#row >= this.#chunk.startNs.length && !this.isAtEnd) {
      const next = await this.#chunks.next();
      this.#row = 0;
      this.isAtEnd = next.done === true;
      if (next.done !== true) this.#chunk = next.value;
    }
  }

  /** Goes on in both as far as both have rows at hand; false: these differ. */
  passCommon(other: Rows): boolean {
    const count = Math.min(this.#chunk.startNs.length - this.#row, other.#chunk.startNs.length - other.#row);
    for (let left = count; left > 0; left -= 1) {
      if (this.#chunk.startNs[this.#row] !== other.#chunk.startNs[other.#row]) return false;
      this.#row += 1;
      other.#row += 1;
    }
    return true;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
