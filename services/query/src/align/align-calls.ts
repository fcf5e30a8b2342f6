import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { TickwellError, type Result } from '@tickwell/domain';
import type { Calendar } from '@tickwell/calendar';
import { orRefuse } from '../arguments.ts';
import type { CallSignal } from '../history.ts';
import { axisOf, OnAxis, type AlignInput, type Fill } from './align.ts';
import { alignArguments, type AlignPlan } from './align-arguments.ts';
import { readInput, spanToRead } from './align-input.ts';
import { axisTimeNs, isOfDays } from './bar-times.ts';
import { noBarsText, requestOf, type GetBars } from './many-bars.ts';
import { ownProblem } from './own-problem.ts';
import { mapAtOnce } from './read-in-order.ts';
import { Windows, type Window } from './windows.ts';

/** Symbols that are read side by side. */
const AT_ONCE = 8;
/** Numbers in one message: 8 bytes each, far below the message limit of 4 MiB. */
const CELLS_PER_MESSAGE = 200_000;

export interface AlignParts {
  readonly getBars: GetBars;
  readonly calendarOf: (symbol: string, named: string) => Result<Calendar, string>;
}

/** The call GetAligned: a window of the range after the other, of which the bars of all symbols are in memory, and no more. */
export class AlignCalls {
  readonly #parts: AlignParts;

  constructor(parts: AlignParts) {
    this.#parts = parts;
  }

  async *getAligned(
    request: queryV1.GetAlignedRequest,
    { signal }: CallSignal,
  ): AsyncGenerator<queryV1.GetAlignedResponse> {
    const plan = orRefuse(alignArguments(request, this.#parts.calendarOf));
    const run = new Alignment(plan, this.#parts.getBars, signal);
    yield* run.messages();
  }
}

/** One call. */
class Alignment {
  readonly #plan: AlignPlan;
  readonly #getBars: GetBars;
  readonly #signal: AbortSignal;
  readonly #problems = new Map<string, string>();
  /** Symbols of which there are bars in the range. */
  readonly #present = new Set<string>();

  constructor(plan: AlignPlan, getBars: GetBars, signal: AbortSignal) {
    this.#plan = plan;
    this.#getBars = getBars;
    this.#signal = signal;
  }

  async *messages(): AsyncGenerator<queryV1.GetAlignedResponse> {
    const { symbols, columns, interval, bars } = this.#plan;
    const range = await this.#range();
    const places = symbols.map(() => new OnAxis(columns.length, this.#fill()));
    const windows =
      range === undefined ? undefined : new Windows(range, interval, symbols.length * (columns.length + 1));
    for (let window = windows?.next(); window !== undefined; window = windows?.next()) {
      const { startNs, endNs } = window;
      const inputs = await mapAtOnce(symbols, AT_ONCE, (symbol) => this.#read(symbol, { startNs, endNs }));
      const axis = this.#axis(inputs, window);
      windows?.had(axis.length);
      const values = places.flatMap((place, at) => place.put(axis, inputs[at] ?? NOTHING));
      yield* this.#cut(axis, values);
    }
    for (const symbol of symbols)
      if (!this.#present.has(symbol) && !this.#problems.has(symbol))
        this.#problems.set(symbol, noBarsText(symbol, bars));
    if (this.#problems.size === 0) return;
    const problems = [...this.#problems].map(([symbol, problem]) => ({ symbol, problem }));
    yield create(queryV1.GetAlignedResponseSchema, { problems });
  }

  #fill(): Fill {
    const { fillRows: rows, calendar, interval } = this.#plan;
    if (calendar === undefined || isOfDays(interval)) return { rows };
    const sessionOf = (timeNs: bigint): number | undefined => {
      const date = calendar.sessionDateOf(timeNs);
      return date.ok ? date.value : undefined;
    };
    return { rows, sessionOf };
  }

  /** Where there are bars; undefined: nowhere. Asked of the store only where the request leaves it open, or a join needs to know whose bars count. */
  async #range(): Promise<Window | undefined> {
    const { symbols, startNs, endNs, join } = this.#plan;
    if (startNs !== undefined && endNs !== undefined && join !== 'inner') return { startNs, endNs };
    const asked = { startNs: startNs ?? 0n, endNs: endNs ?? FAR_NS };
    const found = await mapAtOnce(symbols, AT_ONCE, async (symbol) => {
      const oldest = await this.#read(symbol, asked, { limit: 1n, newest: false });
      const newest = await this.#read(symbol, asked, { limit: 1n, newest: true });
      const [firstNs, lastNs] = [oldest.timeNs[0], newest.timeNs.at(-1)];
      return firstNs === undefined || lastNs === undefined ? [] : [{ firstNs, lastNs }];
    });
    const spans = join === 'left' ? (found[0] ?? []) : found.flat();
    if (spans.length === 0) return undefined;
    const firsts = spans.map(({ firstNs }) => firstNs);
    const lasts = spans.map(({ lastNs }) => lastNs);
    const from = join === 'inner' ? greatest(firsts) : least(firsts);
    return { startNs: from, endNs: (join === 'inner' ? least(lasts) : greatest(lasts)) + 1n };
  }

  async #read(
    symbol: string,
    window: Window,
    cut: { readonly limit: bigint; readonly newest: boolean } = { limit: 0n, newest: false },
  ): Promise<AlignInput> {
    const span = spanToRead(this.#plan, window);
    const endNs = span.endNs >= FAR_NS ? 0n : span.endNs;
    // Of days the first one read may be of before the window.
    const limit = cut.limit === 0n || !isOfDays(this.#plan.interval) ? cut.limit : cut.limit + PAD_ROWS;
    const range = create(queryV1.TimeRangeSchema, { startNs: span.startNs, endNs });
    const request = { ...requestOf(this.#plan.bars, symbol), ...cut, limit, range };
    try {
      const input = await readInput(this.#getBars(request, { signal: this.#signal }), this.#plan, window);
      if (input.timeNs.length > 0) this.#present.add(symbol);
      return input;
    } catch (error) {
      const problem = ownProblem(error);
      if (problem === undefined) throw error;
      this.#problems.set(symbol, problem);
      return NOTHING;
    }
  }

  #axis(inputs: readonly AlignInput[], window: Window): BigInt64Array {
    const { symbols, join } = this.#plan;
    if (join === 'sessions') return this.#sessions(window);
    if (join !== 'inner') return axisOf(inputs, join);
    return axisOf(
      inputs.filter((_, at) => this.#present.has(symbols[at] ?? '')),
      join,
    );
  }

  /** What the sessions want. */
  #sessions({ startNs, endNs }: Window): BigInt64Array {
    const { calendar, interval } = this.#plan;
    const starts = calendar?.expectedStarts(interval, startNs, endNs);
    if (starts === undefined) return new BigInt64Array();
    if (!starts.ok) throw new TickwellError('out-of-range', starts.error);
    const times = Array.from(starts.value, (start) => axisTimeNs(interval, start, undefined));
    return BigInt64Array.from(new Set(times.filter((time) => time >= startNs && time < endNs)));
  }

  *#cut(axis: BigInt64Array, values: readonly Float64Array[]): Generator<queryV1.GetAlignedResponse> {
    const { symbols, columns } = this.#plan;
    const rows = Math.max(1, Math.floor(CELLS_PER_MESSAGE / (values.length + 1)));
    const names = symbols.flatMap((symbol) => columns.map((name) => ({ symbol, name })));
    for (let from = 0; from < axis.length; from += rows) {
      const to = from + rows;
      yield create(queryV1.GetAlignedResponseSchema, {
        timeNs: [...axis.subarray(from, to)],
        columns: names.map((name, at) => ({
          ...name,
          values: [...(values[at]?.subarray(from, to) ?? [])],
        })),
      });
    }
  }
}

const NOTHING: AlignInput = { timeNs: new BigInt64Array(), columns: [] };
const PAD_ROWS = 3n;
/** Beyond every time that is stored: the year 2200. */
const FAR_NS = 7_258_118_400_000_000_000n;

function least(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (b < a ? b : a));
}

function greatest(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (b > a ? b : a));
}
