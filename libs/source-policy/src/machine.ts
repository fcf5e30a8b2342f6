import type { SourcePolicy } from './policy.ts';

/** What happens to the sources of a policy; `source` is a place in {@link SourcePolicy.sources}. */
export type PolicyEvent =
  /** A live feed is connected. */
  | { readonly kind: 'up'; readonly source: number }
  /** A live feed has lost its connection and tries by itself to get it back. `paced`: it is refused because it asked too much. */
  | { readonly kind: 'down'; readonly source: number; readonly reason: string; readonly paced: boolean }
  /** A stream ended with an error, or could not begin. `paced`: because it asked too much. */
  | { readonly kind: 'failed'; readonly source: number; readonly reason: string; readonly paced: boolean }
  /** A source that is asked now and then has answered. */
  | { readonly kind: 'answered'; readonly source: number }
  | { readonly kind: 'data'; readonly source: number; readonly symbol: string }
  /** Time goes by. */
  | { readonly kind: 'time'; readonly inSession: boolean };

/** Some instruments are served by another source from now on; null: by none. */
export interface PolicyTransition {
  readonly symbols: readonly string[];
  readonly from: number | null;
  readonly to: number | null;
  readonly reason: string;
}

/**
 * `idle`: nobody needs it. `down`: it serves nothing, and cannot. `paced`: the same, because it asked too much. `degraded`: it serves, but was
 * cut off just now, fails at times, or brings nothing of some instruments.
 */
export interface SourceHealth {
  readonly state: 'idle' | 'up' | 'degraded' | 'down' | 'paced';
  readonly reason: string;
  /** Instruments that it serves now. */
  readonly serves: number;
}

interface SourceState {
  isUp: boolean;
  /** Since when it is up, or not. */
  sinceMs: number;
  failures: number;
  nextTryMs: number;
  reason: string;
  paced: boolean;
  hasAnswered: boolean;
  /** Of anything it brought. */
  lastSignMs: number;
  readonly instruments: Map<string, InstrumentState>;
}

/** One instrument at one source. */
interface InstrumentState {
  readonly wantedSinceMs: number;
  lastDataMs: number;
  healthySinceMs: number | undefined;
}

const FIRST_RETRY_MS = 1000;
const MAX_DOUBLINGS = 20;

/**
 * Which source serves each instrument of a policy now. A function of the events and their times alone: no clock, no I/O. Times are
 * monotonic ms.
 *
 * The primary is always wanted, a fallback while an instrument is served by it or by a later one, so that whatever comes before is tried
 * all the time. It goes back to an earlier source only once that one has been healthy for the time given; from a source that cannot serve
 * it goes at once.
 */
export class PolicyMachine {
  readonly #policy: SourcePolicy;
  readonly #sources: (SourceState | undefined)[];
  /** Per instrument; null: none. */
  readonly #serving = new Map<string, number | null>();
  #inSession: boolean;
  #sessionSinceMs: number;

  constructor(
    policy: SourcePolicy,
    of: { readonly instruments: readonly string[]; readonly nowMs: number; readonly inSession: boolean },
  ) {
    const { instruments, nowMs, inSession } = of;
    this.#policy = policy;
    this.#sources = policy.sources.map(() => undefined);
    this.#inSession = inSession;
    this.#sessionSinceMs = nowMs;
    for (const symbol of instruments) this.#serving.set(symbol, 0);
    this.#want(nowMs);
  }

  /** Instruments join, which the primary serves first, or leave; the others stay with whom they are. */
  setInstruments(instruments: readonly string[], nowMs: number): void {
    const before = new Map(this.#serving);
    this.#serving.clear();
    for (const symbol of instruments) {
      const at = before.get(symbol);
      this.#serving.set(symbol, at === undefined ? 0 : at);
    }
    this.#want(nowMs);
  }

  /** How many instruments there are. */
  get size(): number {
    return this.#serving.size;
  }

  /** What changes by an event; data alone changes nothing before the next of another kind. */
  apply(event: PolicyEvent, nowMs: number): readonly PolicyTransition[] {
    if (event.kind === 'time') {
      if (event.inSession && !this.#inSession) this.#sessionSinceMs = nowMs;
      this.#inSession = event.inSession;
    } else {
      const state = this.#sources[event.source];
      // It says something after nobody needed it any more.
      if (state === undefined) return [];
      if (event.kind === 'data') {
        noteData(state, event.symbol, nowMs);
        return [];
      }
      this.#note(state, event, nowMs);
    }
    return this.#decide(nowMs);
  }

  /** The source that serves an instrument; null: none can. */
  serving(symbol: string): number | null {
    return this.#serving.get(symbol) ?? null;
  }

  /** Instruments for which a source has to run, in the order of the policy. */
  wanted(source: number): readonly string[] {
    return [...(this.#sources[source]?.instruments.keys() ?? [])];
  }

  /** When a source may be tried (again). */
  nextTryMs(source: number): number {
    return this.#sources[source]?.nextTryMs ?? 0;
  }

  health(source: number, nowMs: number): SourceHealth {
    const state = this.#sources[source];
    const serves = [...this.#serving.values()].filter((index) => index === source).length;
    if (state === undefined) return { state: 'idle', reason: 'not needed', serves };
    const cannot = state.paced ? 'paced' : 'down';
    const whole = this.#wholeProblem(source, state, nowMs);
    if (whole !== undefined) return { state: cannot, reason: whole, serves };
    const isCutOff = !this.#isPolled(source) && !state.isUp && state.reason !== '';
    // What it serves it may go on with when it is back in time; what it does not serve it cannot.
    if (isCutOff) return { state: serves > 0 ? 'degraded' : cannot, reason: state.reason, serves };
    if (state.failures > 0)
      return { state: state.paced ? 'paced' : 'degraded', reason: state.reason, serves };
    const wanted = this.wanted(source);
    const stale = wanted.filter((symbol) => this.#isStale(source, state, symbol, nowMs));
    if (stale.length === 0) return { state: 'up', reason: '', serves };
    const isSilent = stale.length === wanted.length && serves === 0;
    return {
      state: isSilent ? 'down' : 'degraded',
      reason: `${this.#staleText()} of ${some(stale)}`,
      serves,
    };
  }

  #note(state: SourceState, event: Exclude<PolicyEvent, { kind: 'time' | 'data' }>, nowMs: number): void {
    switch (event.kind) {
      case 'up':
        if (!state.isUp) state.sinceMs = nowMs;
        state.isUp = true;
        state.paced = false;
        return;
      case 'answered':
        state.failures = 0;
        state.paced = false;
        state.hasAnswered = true;
        state.lastSignMs = nowMs;
        return;
      case 'failed':
        state.failures++;
        state.nextTryMs = nowMs + this.#backoffMs(state.failures);
        break;
      case 'down':
        break;
    }
    if (state.isUp) state.sinceMs = nowMs;
    state.isUp = false;
    state.paced = event.paced;
    state.reason = event.reason;
  }

  #backoffMs(failures: number): number {
    const doubled = FIRST_RETRY_MS * 2 ** Math.min(failures - 1, MAX_DOUBLINGS);
    return Math.min(doubled, this.#policy.retryMaxSeconds * 1000);
  }

  #decide(nowMs: number): readonly PolicyTransition[] {
    const moves = new Map<
      string,
      { symbols: string[]; from: number | null; to: number | null; reason: string }
    >();
    for (const [symbol, from] of this.#serving) {
      this.#watchHealth(symbol, nowMs);
      const move = this.#next(symbol, from, nowMs);
      if (move === undefined || move.to === from) continue;
      this.#serving.set(symbol, move.to);
      const key = JSON.stringify([from, move.to, move.reason]);
      const same = moves.get(key);
      if (same === undefined) moves.set(key, { symbols: [symbol], from, ...move });
      else same.symbols.push(symbol);
    }
    if (moves.size > 0) this.#want(nowMs);
    return [...moves.values()];
  }

  #next(
    symbol: string,
    from: number | null,
    nowMs: number,
  ): { to: number | null; reason: string } | undefined {
    const problem = from === null ? undefined : this.#problem(from, symbol, nowMs);
    const { sources, afterHealthySeconds } = this.#policy;
    if (from !== null && problem === undefined) {
      const back = sources.findIndex(
        (_, index) => index < from && this.#healthyMs(index, symbol, nowMs) >= afterHealthySeconds * 1000,
      );
      return back < 0
        ? undefined
        : { to: back, reason: `${this.#name(back)} has been healthy for ${afterHealthySeconds} s` };
    }
    const to = sources.findIndex((_, index) =>
      from === null || index < from
        ? this.#healthyMs(index, symbol, nowMs) >= 0
        : index > from && this.#problem(index, symbol, nowMs) === undefined,
    );
    if (from === null) return to < 0 ? undefined : { to, reason: `${this.#name(to)} works again` };
    const reason = `${this.#name(from)}: ${problem ?? ''}`;
    return to < 0
      ? {
          to: null,
          reason: `${reason}; no source is left, each is tried again at least every ${this.#policy.retryMaxSeconds} s`,
        }
      : { to, reason };
  }

  /** Sets up what became needed, forgets what is needed no more. */
  #want(nowMs: number): void {
    for (const index of this.#sources.keys()) {
      const needed = [...this.#serving].flatMap(([symbol, at]) =>
        at === null || at >= index ? [symbol] : [],
      );
      if (needed.length === 0) {
        this.#sources[index] = undefined;
        continue;
      }
      const state = (this.#sources[index] ??= newState(nowMs));
      const before = new Map(state.instruments);
      state.instruments.clear();
      for (const symbol of needed)
        state.instruments.set(
          symbol,
          before.get(symbol) ?? { wantedSinceMs: nowMs, lastDataMs: -Infinity, healthySinceMs: undefined },
        );
    }
  }

  #watchHealth(symbol: string, nowMs: number): void {
    for (const [index, state] of this.#sources.entries()) {
      const one = state?.instruments.get(symbol);
      if (state === undefined || one === undefined) continue;
      if (!this.#isHealthy(index, state, one, nowMs)) one.healthySinceMs = undefined;
      else one.healthySinceMs ??= nowMs;
    }
  }

  #isHealthy(index: number, state: SourceState, one: InstrumentState, nowMs: number): boolean {
    if (state.failures > 0) return false;
    if (this.#isPolled(index))
      return state.hasAnswered && this.#wholeProblem(index, state, nowMs) === undefined;
    if (!state.isUp) return false;
    if (!this.#inSession) return true;
    return one.lastDataMs >= state.sinceMs && nowMs - one.lastDataMs < this.#staleMs();
  }

  /** For how long a source has been healthy for an instrument; -1: it is not. */
  #healthyMs(index: number, symbol: string, nowMs: number): number {
    const since = this.#sources[index]?.instruments.get(symbol)?.healthySinceMs;
    return since === undefined ? -1 : nowMs - since;
  }

  /** Why a source cannot serve an instrument. One that was not needed so far gets its chance. */
  #problem(index: number, symbol: string, nowMs: number): string | undefined {
    const state = this.#sources[index];
    if (state === undefined) return undefined;
    return (
      this.#wholeProblem(index, state, nowMs) ??
      (this.#isStale(index, state, symbol, nowMs) ? this.#staleText() : undefined)
    );
  }

  /** Why a source cannot serve at all. */
  #wholeProblem(index: number, state: SourceState, nowMs: number): string | undefined {
    const { afterFailures, sources } = this.#policy;
    if (state.failures >= afterFailures)
      return `${state.failures} ${state.failures === 1 ? 'failure' : 'failures in a row'}: ${state.reason}`;
    const everySeconds = sources[index]?.everySeconds;
    if (everySeconds !== undefined) {
      const limitMs = Math.max(this.#staleMs(), 2000 * everySeconds);
      return nowMs - state.lastSignMs >= limitMs ? `no answer for ${limitMs / 1000} s` : undefined;
    }
    if (state.isUp || nowMs - state.sinceMs < this.#staleMs()) return undefined;
    return state.reason === '' ? `not connected within ${this.#policy.afterStaleSeconds} s` : state.reason;
  }

  #isStale(index: number, state: SourceState, symbol: string, nowMs: number): boolean {
    const one = state.instruments.get(symbol);
    if (this.#isPolled(index) || !state.isUp || !this.#inSession || one === undefined) return false;
    const sinceMs = Math.max(one.lastDataMs, one.wantedSinceMs, state.sinceMs, this.#sessionSinceMs);
    return nowMs - sinceMs >= this.#staleMs();
  }

  #staleMs(): number {
    return this.#policy.afterStaleSeconds * 1000;
  }

  #staleText(): string {
    return `no data for ${this.#policy.afterStaleSeconds} s`;
  }

  #isPolled(index: number): boolean {
    return this.#policy.sources[index]?.everySeconds !== undefined;
  }

  #name(index: number): string {
    return this.#policy.sources[index]?.source ?? String(index);
  }
}

function newState(nowMs: number): SourceState {
  return {
    isUp: false,
    sinceMs: nowMs,
    failures: 0,
    nextTryMs: nowMs,
    reason: '',
    paced: false,
    hasAnswered: false,
    lastSignMs: nowMs,
    instruments: new Map(),
  };
}

function noteData(state: SourceState, symbol: string, nowMs: number): void {
  state.lastSignMs = nowMs;
  // What it brings while it cannot be reached was on its way before.
  if (state.isUp) state.failures = 0;
  const one = state.instruments.get(symbol);
  if (one !== undefined) one.lastDataMs = nowMs;
}

const SHOWN = 5;

/** "AAPL, MSFT and 3 more" */
export function some(symbols: readonly string[]): string {
  const more = symbols.length - SHOWN;
  const shown = symbols.slice(0, SHOWN).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}
