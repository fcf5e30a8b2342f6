import { create } from '@bufbuild/protobuf';
import { priceTypeToProto, queryV1 } from '@tickwell/contracts';
import { err, ok, type Result } from '@tickwell/domain';
import {
  intervalArgument,
  latestKindsArgument,
  limitArgument,
  orRefuse,
  symbolsArgument,
  textArgument,
} from '../arguments.ts';
import type { CallSignal } from '../history.ts';
import {
  defaultThresholds,
  judgeFreshness,
  type Freshness,
  type FreshnessState,
  type Thresholds,
} from './freshness.ts';
import type { BookEntry, FreshnessBook } from './freshness-book.ts';
import type { InstrumentCalendars } from './instrument-calendars.ts';
import { pageToken, parsePageToken } from './page.ts';
import type { SourceStates } from './source-states.ts';

const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 10_000;
/** Series judged in one turn of the event loop: some milliseconds. */
const TURN_SERIES = 2_000;

const STATES: Readonly<Record<FreshnessState, queryV1.FreshnessState>> = {
  fresh: queryV1.FreshnessState.FRESH,
  late: queryV1.FreshnessState.LATE,
  stale: queryV1.FreshnessState.STALE,
  closed: queryV1.FreshnessState.CLOSED,
  unknown: queryV1.FreshnessState.UNKNOWN,
  ended: queryV1.FreshnessState.ENDED,
};
/** The worst first. */
const ORDER: readonly FreshnessState[] = ['stale', 'late', 'unknown', 'fresh', 'closed', 'ended'];

/** Whether and when the store has a record; undefined: not yet. 0n: it has, since when is not known. */
export type StoredAt = (entry: BookEntry) => bigint | undefined;

export interface FreshnessCallsParts {
  readonly book: Pick<FreshnessBook, 'entries'>;
  readonly states: Pick<SourceStates, 'ended'>;
  readonly calendars: Pick<InstrumentCalendars, 'of'>;
  readonly storedAt: StoredAt;
  readonly nowNs: () => bigint;
}

export interface JudgedSeries {
  readonly entry: BookEntry;
  readonly freshness: Freshness;
  readonly thresholds: Thresholds;
  readonly calendar: string;
}

interface Wanted {
  readonly symbols: ReadonlySet<string> | undefined;
  readonly source: string;
  readonly kinds: ReadonlySet<string>;
  readonly interval: string;
  readonly calendar: string;
  /** What the request says of thresholds; 0n: the default. */
  readonly lateAfterNs: bigint;
  readonly staleAfterNs: bigint;
}

const EVERYTHING: Wanted = {
  symbols: undefined,
  source: '',
  kinds: new Set(['trades', 'quotes', 'bars']),
  interval: '',
  calendar: '',
  lateAfterNs: 0n,
  staleAfterNs: 0n,
};

/** GetFreshness: the newest event of every series, judged by the calendar of its instrument. */
export class FreshnessCalls {
  readonly #parts: FreshnessCallsParts;

  constructor(parts: FreshnessCallsParts) {
    this.#parts = parts;
  }

  async getFreshness(
    request: queryV1.GetFreshnessRequest,
    { signal }: CallSignal,
  ): Promise<queryV1.GetFreshnessResponse> {
    const wanted = orRefuse(wantedArgument(request));
    const limit = orRefuse(limitArgument(request.limit, { fallback: DEFAULT_LIMIT, max: MAX_LIMIT }));
    const states = orRefuse(statesArgument(request.states));
    const after = orRefuse(parsePageToken(request.pageToken, 1))?.[0];
    const isWorst = orRefuse(orderArgument(request));
    // A calendar that does not exist is one error, not one for every series.
    if (wanted.calendar !== '') orRefuse(this.#parts.calendars.of('', wanted.calendar));
    const nowNs = this.#parts.nowNs();
    const isWanted = ({ freshness }: JudgedSeries): boolean =>
      states === undefined || states.has(freshness.state);
    const next = after === undefined ? undefined : { after, count: limit + 1, isWanted };
    const judged = await this.judge(wanted, nowNs, signal, next);
    const chosen = judged.filter(isWanted);
    if (isWorst) chosen.sort(worstFirst);
    const page = chosen.slice(0, limit);
    const last = page.at(-1);
    const hasMore = !isWorst && chosen.length > limit && last !== undefined;
    return create(queryV1.GetFreshnessResponseSchema, {
      series: page.map((one) => this.message(one)),
      nextPageToken: hasMore ? pageToken([last.entry.key]) : '',
      counts: after === undefined ? countStates(judged) : [],
      nowNs,
    });
  }

  /** Judges what matches, in the order of the book; `next`: only what comes after a key, until so many are wanted. */
  async judge(
    which: Partial<Wanted>,
    nowNs: bigint,
    signal?: AbortSignal,
    next?: {
      readonly after: string;
      readonly count: number;
      readonly isWanted: (series: JudgedSeries) => boolean;
    },
  ): Promise<JudgedSeries[]> {
    const { book, states } = this.#parts;
    const wanted = { ...EVERYTHING, ...which };
    const [entries, isEnded] = await Promise.all([book.entries(), states.ended()]);
    const judged: JudgedSeries[] = [];
    let wantedCount = 0;
    for (const [at, entry] of entries.entries()) {
      if (at % TURN_SERIES === TURN_SERIES - 1) await new Promise(setImmediate);
      signal?.throwIfAborted();
      if ((next !== undefined && entry.key <= next.after) || !matches(wanted, entry)) continue;
      const one = this.#judge(wanted, entry, nowNs, isEnded(entry.source));
      judged.push(one);
      if (next?.isWanted(one) === true) wantedCount += 1;
      if (next !== undefined && wantedCount >= next.count) break;
    }
    return judged;
  }

  #judge(wanted: Wanted, entry: BookEntry, nowNs: bigint, isEnded: boolean): JudgedSeries {
    const calendar = this.#parts.calendars.of(entry.symbol, wanted.calendar);
    const thresholds = thresholdsOf(wanted, entry);
    const freshness = judgeFreshness(entry, { calendar, nowNs, isEnded, thresholds });
    return { entry, freshness, thresholds, calendar: calendar.ok ? calendar.value.id : '' };
  }

  message({ entry, freshness, thresholds, calendar }: JudgedSeries): queryV1.SeriesFreshness {
    const { symbol, source, kind, interval, priceType, eventNs, knownAtNs } = entry;
    // What was read from the store is there; since when only the commits that are remembered know.
    const storedAtNs = this.#parts.storedAt(entry) ?? (entry.isLive ? undefined : 0n);
    return create(queryV1.SeriesFreshnessSchema, {
      symbol,
      source,
      kind,
      interval,
      priceType: priceTypeToProto(priceType),
      eventNs,
      knownAtNs,
      stored: storedAtNs !== undefined,
      storedAtNs: storedAtNs ?? 0n,
      ...freshness,
      state: STATES[freshness.state],
      ...thresholds,
      calendar,
    });
  }
}

/** How many series of each source are in which state, by source, the worst state first. */
export function countStates(judged: readonly JudgedSeries[]): queryV1.FreshnessCount[] {
  const counts = new Map<
    string,
    { source: string; state: FreshnessState; series: number; newestNs: bigint }
  >();
  for (const { entry, freshness } of judged) {
    const { source, eventNs } = entry;
    const { state } = freshness;
    const key = `${source}\n${ORDER.indexOf(state)}`;
    const count = counts.get(key) ?? { source, state, series: 0, newestNs: 0n };
    count.series += 1;
    if (eventNs > count.newestNs) count.newestNs = eventNs;
    counts.set(key, count);
  }
  return [...counts.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { source, state, series, newestNs }]) =>
      create(queryV1.FreshnessCountSchema, {
        source,
        state: STATES[state],
        series: BigInt(series),
        newestEventNs: newestNs,
      }),
    );
}

/** Of what is equally bad the most overdue. */
function worstFirst(a: JudgedSeries, b: JudgedSeries): number {
  const byState = ORDER.indexOf(a.freshness.state) - ORDER.indexOf(b.freshness.state);
  if (byState !== 0) return byState;
  const [left, right] = [a.freshness.overdueNs, b.freshness.overdueNs];
  return left > right ? -1 : left < right ? 1 : 0;
}

function matches({ symbols, source, kinds, interval }: Wanted, entry: BookEntry): boolean {
  return (
    symbols?.has(entry.symbol) !== false &&
    (source === '' || source === entry.source) &&
    kinds.has(entry.kind) &&
    (interval === '' || interval === entry.interval)
  );
}

/** Where one is given and the default of the other contradicts it, both are the same. */
function thresholdsOf({ lateAfterNs, staleAfterNs }: Wanted, entry: BookEntry): Thresholds {
  const usual = defaultThresholds(entry);
  const late = lateAfterNs === 0n ? usual.lateAfterNs : lateAfterNs;
  const stale = staleAfterNs === 0n ? usual.staleAfterNs : staleAfterNs;
  return {
    lateAfterNs: staleAfterNs !== 0n && late > stale ? stale : late,
    staleAfterNs: staleAfterNs === 0n && stale < late ? late : stale,
  };
}

function wantedArgument(request: queryV1.GetFreshnessRequest): Result<Wanted, string> {
  const symbols = symbolsArgument(request.symbols);
  if (!symbols.ok) return symbols;
  const kinds = latestKindsArgument(request.kinds);
  if (!kinds.ok) return kinds;
  for (const name of ['source', 'calendar'] as const) {
    const text = textArgument(name, request[name]);
    if (!text.ok) return text;
  }
  const { source, interval, calendar, lateAfterNs, staleAfterNs } = request;
  const parsed = interval === '' ? ok('') : intervalArgument(interval);
  if (!parsed.ok) return parsed;
  if (lateAfterNs !== 0n && staleAfterNs !== 0n && staleAfterNs < lateAfterNs)
    return err(`stale_after_ns ${staleAfterNs} is less than late_after_ns ${lateAfterNs}: swap them`);
  const chosen = symbols.value.length === 0 ? undefined : new Set(symbols.value);
  const text = { source, interval, calendar };
  return ok({ symbols: chosen, kinds: kinds.value, ...text, lateAfterNs, staleAfterNs });
}

function statesArgument(
  states: readonly queryV1.FreshnessState[],
): Result<ReadonlySet<FreshnessState> | undefined, string> {
  if (states.length === 0) return ok(undefined);
  const chosen = new Set<FreshnessState>();
  for (const state of states) {
    const known = ORDER.find((one) => STATES[one] === state);
    if (known === undefined)
      return err(
        `states: ${state} is not one of FRESHNESS_STATE_FRESH, _LATE, _STALE, _CLOSED, _UNKNOWN, _ENDED`,
      );
    chosen.add(known);
  }
  return ok(chosen);
}

const WORST_OF: ReadonlyMap<queryV1.FreshnessOrder, boolean> = new Map([
  [queryV1.FreshnessOrder.UNSPECIFIED, false],
  [queryV1.FreshnessOrder.WORST, true],
]);

/** Whether the worst come first. */
function orderArgument({ order, pageToken: token }: queryV1.GetFreshnessRequest): Result<boolean, string> {
  const isWorst = WORST_OF.get(order);
  if (isWorst === undefined)
    return err(`order ${order} is not known: use FRESHNESS_ORDER_UNSPECIFIED or FRESHNESS_ORDER_WORST`);
  return isWorst && token !== ''
    ? err('page_token with FRESHNESS_ORDER_WORST, which has one page: raise limit, or ask for states')
    : ok(isWorst);
}
