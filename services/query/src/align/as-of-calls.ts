import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { err, NS_PER_DAY, ok, type BarLength, type Result } from '@tickwell/domain';
import type { TimeSpan } from '@tickwell/ports';
import { orRefuse, rangeArgument } from '../arguments.ts';
import type { CallSignal } from '../history.ts';
import { slices } from '../chunks.ts';
import { AsOfCursor, type AsOfRules, type KnownRows } from './as-of.ts';
import { leftSeries, rightSeries } from './as-of-series.ts';
import type { JoinedSeries, SeriesCalls } from './joined-series.ts';
import { isOfDays } from './bar-times.ts';
import { ownProblem } from './own-problem.ts';
import { nominalNs } from './windows.ts';

/** Rows before the first left one that are looked at for where to begin: one of so many bars is over by then. */
const ROWS_BEFORE = 16;

interface JoinPlan {
  readonly left: JoinedSeries;
  readonly right: JoinedSeries;
  readonly range: TimeSpan;
  readonly rules: AsOfRules;
  readonly leftAtStart: boolean;
}

/** The call JoinAsOf: one symbol after the other, of each side a chunk in memory. */
export class AsOfCalls {
  readonly #calls: SeriesCalls;

  constructor(calls: SeriesCalls) {
    this.#calls = calls;
  }

  async *joinAsOf(
    request: queryV1.JoinAsOfRequest,
    { signal }: CallSignal,
  ): AsyncGenerator<queryV1.JoinAsOfResponse> {
    const plan = orRefuse(this.#plan(request));
    for (const symbol of plan.left.symbols) {
      const rightSymbol = plan.right.symbols[0] ?? symbol;
      const said = { symbol, rightSymbol };
      try {
        const problem = yield* joinOne(plan, said, signal);
        if (problem !== undefined) yield create(queryV1.JoinAsOfResponseSchema, { ...said, problem });
      } catch (error) {
        const problem = ownProblem(error);
        if (problem === undefined) throw error;
        yield create(queryV1.JoinAsOfResponseSchema, { ...said, problem });
      }
    }
  }

  #plan(request: queryV1.JoinAsOfRequest): Result<JoinPlan, string> {
    const left = leftSeries(this.#calls, request.left);
    if (!left.ok) return left;
    const right = rightSeries(this.#calls, request.right);
    if (!right.ok) return right;
    const range = rangeArgument(request.range);
    if (!range.ok) return range;
    const { toleranceNs, strictlyBefore, leftAtStart } = request;
    if (toleranceNs < 0n) return err(`tolerance_ns ${toleranceNs} is below 0: 0 is without one`);
    if (leftAtStart && left.value.length === undefined)
      return err('left_at_start is of left bars: trades and quotes have no start');
    const rules = { toleranceNs, strictlyBefore };
    return ok({ left: left.value, right: right.value, range: range.value, rules, leftAtStart });
  }
}

interface JoinedNames {
  readonly symbol: string;
  readonly rightSymbol: string;
}

/** The rows of one symbol; returns why there are none. */
async function* joinOne(
  plan: JoinPlan,
  names: JoinedNames,
  signal: AbortSignal,
): AsyncGenerator<queryV1.JoinAsOfResponse, string | undefined> {
  const { left, right, range } = plan;
  const { startNs = 0n, endNs = 0n } = range;
  let cursor: AsOfCursor | undefined;
  try {
    const rows = left.read({ symbol: names.symbol, startNs, endNs, newest: 0 }, signal);
    for await (const chunk of rows) {
      const atNs = plan.leftAtStart ? chunk.timeNs : chunk.knownNs;
      const [firstNs] = atNs;
      if (firstNs === undefined) continue;
      cursor ??= await openRight(plan, names.rightSymbol, firstNs, signal);
      yield* joined(plan, names, { ...chunk, knownNs: atNs }, cursor);
    }
  } finally {
    await cursor?.close();
  }
  if (cursor === undefined) return `${names.symbol} has no ${left.what} in the range`;
  return cursor.hasFound ? undefined : `${names.rightSymbol} has no ${right.what} by then`;
}

async function* joined(
  { left, right }: JoinPlan,
  names: JoinedNames,
  { timeNs, knownNs: atNs, columns }: KnownRows,
  cursor: AsOfCursor,
): AsyncGenerator<queryV1.JoinAsOfResponse> {
  for (const { from, to } of slices(timeNs.length)) {
    const found = await cursor.find(atNs.slice(from, to));
    yield create(queryV1.JoinAsOfResponseSchema, {
      ...names,
      timeNs: timeNs.slice(from, to),
      atNs: atNs.slice(from, to),
      columns: left.columns.map((name, at) => ({ name, values: cells(columns[at] ?? [], from, to) })),
      rightTimeNs: found.timeNs,
      rightKnownNs: found.knownNs,
      rightColumns: right.columns.map((name, at) => ({ name, values: found.columns[at] ?? [] })),
    });
  }
}

/** A column without values reads NaN. */
function cells(values: readonly number[], from: number, to: number): number[] {
  return values.length === 0 ? Array.from({ length: to - from }, () => Number.NaN) : values.slice(from, to);
}

/** The right rows from the last one on that may have been known by the first time asked for. */
async function openRight(
  { right, rules, range }: JoinPlan,
  symbol: string,
  firstNs: bigint,
  signal: AbortSignal,
): Promise<AsOfCursor> {
  const { toleranceNs, strictlyBefore } = rules;
  const startNs =
    toleranceNs > 0n
      ? firstNs - toleranceNs - longestNs(right.length)
      : await newestStart(right, symbol, strictlyBefore ? firstNs : firstNs + 1n, signal);
  const endNs = range.endNs === undefined ? 0n : range.endNs + longestNs(right.length) + LEFT_DAYS_NS;
  const rows = right.read({ symbol, startNs: startNs > 0n ? startNs : 0n, endNs, newest: 0 }, signal);
  return new AsOfCursor(rows, right.columns.length, rules);
}

/** Left bars are known up to so long after the end of the range: a month's, and what trades outside of the sessions. */
const LEFT_DAYS_NS = 33n * NS_PER_DAY;

/** Time of the oldest of the newest rows before a time; that time where there is none. */
async function newestStart(
  series: JoinedSeries,
  symbol: string,
  endNs: bigint,
  signal: AbortSignal,
): Promise<bigint> {
  const newest = series.length === undefined ? 1 : ROWS_BEFORE;
  let firstNs: bigint | undefined;
  for await (const { timeNs } of series.read({ symbol, startNs: 0n, endNs, newest }, signal)) {
    firstNs ??= timeNs[0];
  }
  return firstNs ?? endNs;
}

/** How long after its start a bar may be known. */
function longestNs(length: BarLength | undefined): bigint {
  if (length === undefined || length.kind === 'threshold') return 0n;
  return nominalNs(length) + (isOfDays(length) ? 3n * NS_PER_DAY : 0n);
}
