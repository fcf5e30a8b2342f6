import { TickwellError, type BarColumns, type PriceBasis } from '@tickwell/domain';
import type { BarQuery, HistoryReader } from '@tickwell/ports';
import { sliceColumns, type Slice } from './chunks.ts';

/** Each is read side by side, with some thousand rows in memory. */
const MAX_SOURCES = 32;
const MAX_SERIES = 10_000;
/** What is made here of other sources. */
const DERIVED = 'derived:';

type BarReader = Pick<HistoryReader, 'bars' | 'series'>;

export interface BestChunk {
  readonly source: string;
  readonly priceBasis: PriceBasis;
  readonly bars: BarColumns;
  /** Of each bar. */
  readonly knownNs: readonly bigint[];
  /** As of the time asked for none of these bars was known. */
  readonly backfilled?: true;
}

/** Without a policy: by name, bars of our own making last, so that the answer does not change by what is stored later. */
export function defaultOrder(sources: readonly string[]): readonly string[] {
  const isDerived = (source: string): number => (source.startsWith(DERIVED) ? 1 : 0);
  return [...new Set(sources)].sort((a, b) => isDerived(a) - isDerived(b) || (a < b ? -1 : 1));
}

/**
 * Per start the bar of the first source, in the configured order, that has one, each with its true source; in order of time. As of a time a
 * source that had it then comes before one that was backfilled. Memory: one chunk per source. `limit` counts the bars of the answer.
 */
export async function* bestBars(
  reader: BarReader,
  query: BarQuery,
  configured: readonly string[] | undefined,
): AsyncGenerator<BestChunk> {
  const order = configured ?? (await storedOrder(reader, query));
  if (order.length > MAX_SOURCES)
    throw new TickwellError(
      'failed-precondition',
      `${query.symbol} has ${query.interval} bars of ${order.length} sources, "best" chooses among ${MAX_SOURCES} at most: say in a policy which (docs/sources.md)`,
    );
  const { limit } = query;
  if (query.newest !== true || limit === undefined) {
    yield* cut(merged(reader, query, order), 0, limit ?? Infinity);
    return;
  }
  // The newest of the answer are among the newest of each source; how many of those are too old tells only a first look.
  let distinct = 0;
  for await (const { bars } of merged(reader, { ...query, columns: ['startNs'] }, order))
    distinct += bars.startNs.length;
  yield* cut(merged(reader, query, order), Math.max(0, distinct - limit), limit);
}

async function storedOrder(
  reader: BarReader,
  { symbol, interval, priceType }: BarQuery,
): Promise<readonly string[]> {
  const series = await reader.series({ symbolPrefix: symbol, limit: MAX_SERIES });
  return defaultOrder(
    series
      .filter(
        (one) =>
          one.symbol === symbol &&
          one.kind === 'bars' &&
          one.interval === interval &&
          (one.priceType ?? 'trade') === priceType,
      )
      .map(({ source }) => source),
  );
}

/** Some bars of a chunk, with what is said of each. */
export function sliceChunk<C extends Pick<BestChunk, 'bars' | 'knownNs'>>(chunk: C, part: Slice): C {
  const { knownNs } = sliceColumns({ knownNs: chunk.knownNs }, part);
  return { ...chunk, bars: sliceColumns(chunk.bars, part), knownNs };
}

/** Leaves out the first bars, and what is more than the limit. */
export async function* cut<C extends Pick<BestChunk, 'bars' | 'knownNs'>>(
  chunks: AsyncIterable<C>,
  skip: number,
  limit: number,
): AsyncGenerator<C> {
  let toSkip = skip;
  let left = limit;
  for await (const chunk of chunks) {
    const rows = chunk.bars.startNs.length;
    const from = Math.min(toSkip, rows);
    toSkip -= from;
    const to = Math.min(rows, from + left);
    left -= to - from;
    if (to > from) yield sliceChunk(chunk, { from, to, whole: to - from === rows });
    if (left <= 0) return;
  }
}

/** Every start once. */
async function* merged(
  reader: BarReader,
  query: BarQuery,
  order: readonly string[],
): AsyncGenerator<BestChunk> {
  const stop = new AbortController();
  const signal = query.signal === undefined ? stop.signal : AbortSignal.any([query.signal, stop.signal]);
  const inputs = order.map((source) => new Input(reader.bars({ ...query, source, signal })));
  try {
    for (;;) {
      await Promise.all(inputs.map((input) => input.fill()));
      const input = firstOf(inputs);
      if (input === undefined) return;
      const { chunk, passedNs } = takeRun(input, inputs);
      yield chunk;
      for (const other of inputs) while (!other.pass(passedNs)) await other.fill();
    }
  } finally {
    stop.abort();
    await Promise.all(inputs.map((input) => input.close()));
  }
}

/** The input with the next bar, the preferred one where several have it. */
function firstOf(inputs: readonly Input[]): Input | undefined {
  let first: Input | undefined;
  for (const input of inputs)
    if (input.startNs !== undefined && (first === undefined || comesBefore(input, first))) first = input;
  return first;
}

/** Whether the next bar of one comes before that of another that stands earlier in the order. */
function comesBefore(input: Input, other: Input): boolean {
  const { startNs } = input;
  if (startNs === undefined || other.startNs === undefined) return startNs !== undefined;
  return startNs < other.startNs || (startNs === other.startNs && other.isBackfilled && !input.isBackfilled);
}

/** The next bar of an input and those that follow it as long as it is the first, without reading anything. */
function takeRun(
  input: Input,
  inputs: readonly Input[],
): { readonly chunk: BestChunk; readonly passedNs: bigint } {
  const isFirst = (): boolean => firstOf(inputs) === input;
  let rows = 0;
  let passedNs = -1n;
  let allReady = true;
  do {
    passedNs = input.startNs ?? passedNs;
    rows++;
    for (const other of inputs) if (!other.pass(passedNs)) allReady = false;
  } while (allReady && isFirst());
  return { chunk: input.taken(rows), passedNs };
}

/** The bars of one source, a chunk at a time. */
class Input {
  readonly #chunks: AsyncIterator<BestChunk>;
  #chunk: BestChunk | undefined;
  #row = 0;
  #hasEnded = false;

  constructor(chunks: AsyncIterable<BestChunk>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Of the next bar; undefined: there is none, or it has to be read. */
  get startNs(): bigint | undefined {
    return this.#chunk?.bars.startNs[this.#row];
  }

  /** Of the next bar. */
  get isBackfilled(): boolean {
    return this.#chunk?.backfilled === true;
  }

  /** Gets the next chunk where this one is used up. */
  async fill(): Promise<void> {
    while (this.startNs === undefined && !this.#hasEnded) {
      const next = await this.#chunks.next();
      this.#row = 0;
      this.#hasEnded = next.done === true;
      this.#chunk = next.done === true ? undefined : next.value;
    }
  }

  /** Goes behind a time; false: more has to be read to know whether it is there. */
  pass(timeNs: bigint): boolean {
    while (this.startNs !== undefined && this.startNs <= timeNs) this.#row++;
    return this.startNs !== undefined || this.#hasEnded;
  }

  /** The last so many bars before the next one. */
  taken(rows: number): BestChunk {
    if (this.#chunk === undefined) throw new Error('there is no bar to take');
    const whole = rows === this.#chunk.bars.startNs.length;
    const part = { from: this.#row - rows, to: this.#row, whole };
    return sliceChunk(this.#chunk, part);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
