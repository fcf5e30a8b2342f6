import { NS_PER_DAY, type BarLength, type PriceBasis, type TickwellError } from '@tickwell/domain';
import type { IndicatorSpec } from '@tickwell/indicators';
import type { BarQuery, IndicatorRows } from '@tickwell/ports';
import { MAX_ROWS_PER_MESSAGE } from '../chunks.ts';
import type { IndicatorBudget } from './indicator-budget.ts';
import { byUtc, OtherValues } from './other-values.ts';
import { Pacer } from './pacer.ts';
import { seriesOf } from './series-of.ts';
import { BAR_COLUMNS, type ReadBars, type SeriesChunk } from './read-bars.ts';
import { SeriesRun, type SessionOf } from './series-run.ts';
import type { AskedSeries } from './two-series-spec.ts';
import { ValueRows } from './value-rows.ts';

export interface ComputedRows extends IndicatorRows {
  readonly priceBasis: PriceBasis;
  readonly anchorNs: bigint;
  /** Of each value: the greatest known-at of the bars from the anchor to its own. */
  readonly knownAtNs: readonly bigint[];
  readonly unusableBars: number;
  /** The same number: of the same bars. */
  readonly batch: number;
}

export interface ComputePlan {
  readonly read: ReadBars;
  /** Which values are wanted: its range, limit and newest are of the answer. */
  readonly query: BarQuery & { readonly signal: AbortSignal };
  readonly interval: BarLength;
  readonly asked: readonly AskedSeries[];
  readonly sessionOf: SessionOf | undefined;
  readonly budget: IndicatorBudget;
  /** What is wrong with a series that has no bars. */
  readonly nothing: (query: BarQuery) => Promise<TickwellError>;
}

/** The first row of an answer. */
interface FirstRow {
  readonly startNs: bigint;
  readonly source: string;
}

/**
 * Indicators over stored bars, from the first bar of the series on whatever range is wanted, so that no value depends on it; in messages of bounded
 * size, specification after specification for the same bars. Where all of them depend on a window of bars only, reading starts so many bars
 * before the first wanted one: the bits are the same (the memory rule that the contract suite of libs/indicators checks). Memory: the indicators,
 * one chunk of bars and one message each. A series without any bars rejects with what `nothing` says.
 */
export async function* computedValues(plan: ComputePlan): AsyncGenerator<ComputedRows> {
  const { query } = plan;
  const anchor = await firstStart(plan.read, { ...seriesOf(query), limit: 1 });
  if (anchor === undefined) throw await plan.nothing(query);
  for (const other of otherSeries(plan))
    if ((await firstStart(plan.read, { ...other, limit: 1 })) === undefined) throw await plan.nothing(other);
  const first = await firstRow(plan);
  if (first === undefined) return;
  const beginNs = await shortBegin(plan, first, anchor.startNs);
  if (beginNs !== undefined && (yield* runFrom(plan, first, beginNs, anchor.startNs))) return;
  yield* runFrom(plan, first, undefined, anchor.startNs);
}

/** Every other series that is needed. */
function otherSeries({ query, asked }: ComputePlan): readonly BarQuery[] {
  const symbols = new Set(asked.flatMap(({ others }) => others.map(({ symbol }) => symbol)));
  const intervals = new Set(asked.flatMap(({ interval }) => interval?.text ?? []));
  return [
    ...[...symbols].map((symbol) => ({ ...seriesOf(query), symbol })),
    ...[...intervals].map((interval) => ({ ...seriesOf(query), interval })),
  ];
}

/** Undefined: no row is wanted. */
async function firstRow({ read, query }: ComputePlan): Promise<FirstRow | undefined> {
  if (query.newest === true) return firstStart(read, query);
  return { startNs: query.startNs ?? 0n, source: '' };
}

async function firstStart(read: ReadBars, query: BarQuery): Promise<FirstRow | undefined> {
  for await (const { bars, source } of read({ ...query, columns: ['startNs'] })) {
    const [startNs] = bars.startNs;
    if (startNs !== undefined) return { startNs, source };
  }
  return undefined;
}

/** Where to begin reading instead of at the anchor; undefined: there. */
async function shortBegin(
  { read, query, asked }: ComputePlan,
  { startNs }: FirstRow,
  anchorNs: bigint,
): Promise<bigint | undefined> {
  // As of a time it matters when the bars since the anchor became known; without a source there are several series.
  if (query.source === undefined || query.asOf !== undefined || startNs <= anchorNs) return undefined;
  if (asked.some(({ others, interval }) => others.length > 0 || interval !== undefined)) return undefined;
  const specs = asked.map(({ spec }) => spec);
  const memories = new Set(specs.map(({ memory }) => memory));
  if (memories.has('series') || memories.has('session')) return undefined;
  const dayNs = memories.has('utc-day') ? startNs - (startNs % NS_PER_DAY) : startNs;
  const inputs = warmUpInputs(specs);
  if (inputs === 0) return dayNs;
  const before = { ...seriesOf(query), endNs: startNs, limit: inputs, newest: true };
  const windowNs = (await firstStart(read, before))?.startNs ?? startNs;
  return windowNs < dayNs ? windowNs : dayNs;
}

/** Inputs before the first wanted one on which it depends. */
function warmUpInputs(specs: readonly IndicatorSpec[]): number {
  return Math.max(0, ...specs.map(({ lookback, memory }) => (memory === 'window' ? lookback : 0)));
}

/** False, and nothing was yielded: what lies between the begin and the first row is too little. */
async function* runFrom(
  plan: ComputePlan,
  first: FirstRow,
  beginNs: bigint | undefined,
  anchorNs: bigint,
): AsyncGenerator<ComputedRows, boolean> {
  const { read, query, budget, asked } = plan;
  const reading = new Reading(
    plan,
    first,
    beginNs === undefined || beginNs <= anchorNs ? undefined : anchorNs,
  );
  const begin = beginNs === undefined ? {} : { startNs: beginNs };
  const end = query.endNs === undefined ? {} : { endNs: query.endNs };
  try {
    const chunks = read({ ...seriesOf(query), ...begin, ...end, columns: BAR_COLUMNS });
    for await (const chunk of byUtc(chunks, asked)) {
      yield* reading.values(chunk);
      if (reading.isShort) return false;
      if (reading.isDone) return true;
    }
    return true;
  } finally {
    await reading.close();
    budget.release(reading.taken);
  }
}

/** One reading of the bars. */
class Reading {
  /** Indicators taken of the budget. */
  taken = 0;
  isShort = false;
  readonly #plan: ComputePlan;
  readonly #first: FirstRow;
  /** Of the series, where reading began later. */
  readonly #anchorNs: bigint | undefined;
  readonly #warmUp: number;
  readonly #pacer: Pacer;
  readonly #others: OtherValues;
  readonly #runs = new Map<string, SeriesRun>();
  #left: number;
  #batch = 0;

  constructor(plan: ComputePlan, first: FirstRow, anchorNs: bigint | undefined) {
    this.#plan = plan;
    this.#first = first;
    this.#anchorNs = anchorNs;
    this.#warmUp = anchorNs === undefined ? 0 : warmUpInputs(plan.asked.map(({ spec }) => spec));
    this.#pacer = new Pacer(plan.query.signal);
    this.#others = new OtherValues(plan.read, plan);
    this.#left = plan.query.limit ?? Infinity;
  }

  get isDone(): boolean {
    return this.#left <= 0;
  }

  async *values(chunk: SeriesChunk): AsyncGenerator<ComputedRows> {
    const run = this.#runOf(chunk);
    let rows = new ValueRows(run);
    for (const [row, startNs] of chunk.bars.startNs.entries()) {
      const isWanted = this.#isWanted(startNs, chunk.source);
      this.isShort = isWanted && run.usableBars < this.#warmUp;
      if (this.isShort) return;
      const wait = this.#others.seek(startNs);
      if (wait !== undefined) await wait;
      if (run.take(chunk.bars, row, chunk.knownNs[row] ?? 0n) && isWanted) {
        rows.add(startNs);
        this.#left -= 1;
      }
      if (rows.length === MAX_ROWS_PER_MESSAGE) {
        yield* this.#answers(run, rows, chunk);
        rows = new ValueRows(run);
      }
      if (this.isDone) break;
      if (this.#pacer.isDue) await this.#pacer.rest();
    }
    if (rows.length > 0) yield* this.#answers(run, rows, chunk);
  }

  *#answers(run: SeriesRun, rows: ValueRows, { source, priceBasis }: SeriesChunk): Generator<ComputedRows> {
    const { anchorNs = 0n, unusableBars } = run;
    this.#batch += 1;
    for (const answer of rows.answers())
      yield { ...answer, source, priceBasis, anchorNs, unusableBars, batch: this.#batch };
  }

  close(): Promise<void> {
    return this.#others.close();
  }

  #isWanted(startNs: bigint, source: string): boolean {
    const { startNs: firstNs, source: firstSource } = this.#first;
    return startNs > firstNs || (startNs === firstNs && source >= firstSource);
  }

  /** Without a source every source is a series; bars chosen among sources, or stitched of contracts, are one. */
  #runOf({ source, contract }: SeriesChunk): SeriesRun {
    const { query, asked, budget, sessionOf } = this.#plan;
    const key = query.source === undefined && contract === undefined ? source : '';
    const known = this.#runs.get(key);
    if (known !== undefined) return known;
    budget.take(asked.length);
    this.taken += asked.length;
    const run = new SeriesRun(asked, this.#others, sessionOf);
    run.anchorNs = this.#anchorNs;
    this.#runs.set(key, run);
    return run;
  }
}
