import { formatNs, type PriceBasis } from '@tickwell/domain';
import { PriceState, secondsBetween } from './market/price-state.ts';
import type { MarketEvent, PreparedRule } from './market-rule.ts';
import type { BatchContext, BatchVersions, EventRule, Kind, StoppingRule } from './rule.ts';
import { clockProblem } from './rules/clock.ts';
import type { StreamState } from './stream-state.ts';
import { hashOf } from './values-hash.ts';
import type { Statement, Verdict, VersionWindow } from './version-window.ts';

/** One event that did not go through. */
export interface Refusal {
  readonly index: number;
  readonly rule: string;
  /** `quarantine`: held until somebody decides. */
  readonly severity: 'reject' | 'quarantine';
  /** One line: stream, position, event, what is wrong, rule. */
  readonly reason: string;
}

/** Something odd about accepted events of one batch: one finding per rule, however many events it concerns. */
export interface Finding {
  readonly rule: string;
  /** Events it concerns. */
  readonly count: number;
  readonly message: string;
  /** Event time of the first and the last, ns since the epoch. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Position of the first in its stream. */
  readonly position: bigint;
}

/** received = accepted + refusals + duplicates, over the events of the batch. */
export interface Judgement {
  readonly received: number;
  /** Indexes of what goes through; `all` where that is everything. */
  readonly accepted: 'all' | readonly number[];
  readonly refusals: readonly Refusal[];
  /** Repeats of a resumed writer (by position), events equal to the one before, and bars equal to their newest version. */
  readonly duplicates: number;
  readonly findings: readonly Finding[];
}

/**
 * Judges the events of one batch, in order, and moves the state of their stream. The verdict on an event depends on the events
 * before it in the stream (of kinds with versions also on those of other streams of the series), never on how they were cut into batches.
 *
 * @param positions of the events, strictly increasing ({@link positionsIncrease}).
 */
export function judge<C>(
  kind: Kind<C>,
  columns: C,
  positions: readonly bigint[],
  stream: StreamState,
  batch: BatchContext,
  versions?: BatchVersions,
): Judgement {
  const run = new Run(kind, columns, positions, batch, firstNew(positions, stream.position));
  run.events(stream, versions);
  const last = positions.at(-1);
  if (last !== undefined && last > stream.position) stream.position = last;
  return run.judgement();
}

export const MAX_POSITION = 2n ** 63n - 1n;

/** Whether positions start above 0, grow and fit 63 bits: what makes a repeat recognisable. */
export function positionsIncrease(positions: readonly bigint[]): boolean {
  let last = 0n;
  for (const position of positions) {
    if (position <= last) return false;
    last = position;
  }
  return last <= MAX_POSITION;
}

function firstNew(positions: readonly bigint[], mark: bigint): number {
  const first = positions.findIndex((position) => position > mark);
  return first === -1 ? positions.length : first;
}

/** What all events of a batch are refused for. */
export interface BatchProblem {
  readonly rule: string;
  readonly problem: string;
}

/** The first rule about the batch as a whole that is broken. */
export function batchProblem<C>(kind: Kind<C>, batch: BatchContext): BatchProblem | undefined {
  for (const rule of kind.batchRules) {
    const problem = rule.check(batch);
    if (problem !== undefined) return { rule: rule.id, problem };
  }
  return undefined;
}

interface FlagCount {
  readonly rule: string;
  readonly problem: string;
  readonly first: number;
  last: number;
  count: number;
}

class Run<C> {
  /** Undefined as long as every event since the first new one was accepted. */
  #accepted: number[] | undefined;
  #duplicates: number;
  readonly #refusals: Refusal[] = [];
  #flags: Map<string, FlagCount> | undefined;
  readonly #kind: Kind<C>;
  readonly #columns: C;
  readonly #positions: readonly bigint[];
  readonly #batch: BatchContext;
  readonly #marketRules: readonly PreparedRule<C>[];
  /** Index of the first event that is no repeat. */
  readonly #first: number;

  constructor(kind: Kind<C>, columns: C, positions: readonly bigint[], batch: BatchContext, first: number) {
    this.#kind = kind;
    this.#columns = columns;
    this.#positions = positions;
    this.#batch = batch;
    this.#marketRules = kind.marketRules.inForce(batch.settings.rules);
    this.#first = first;
    this.#duplicates = first;
  }

  events(stream: StreamState, versions: BatchVersions | undefined): void {
    const count = this.#positions.length;
    if (this.#first === count) return;
    const problem = batchProblem(this.#kind, this.#batch);
    const known = problem === undefined ? knownVersions(this.#kind, this.#columns, versions) : undefined;
    for (let index = this.#first; index < count; index++) {
      if (problem === undefined) this.#event(index, stream, known);
      else this.#refuse(index, problem, 'reject');
    }
    if (problem === undefined) this.#clock(stream);
  }

  judgement(): Judgement {
    const received = this.#positions.length;
    return {
      received,
      accepted: this.#accepted ?? (this.#first === 0 ? 'all' : range(this.#first, received)),
      refusals: this.#refusals,
      duplicates: this.#duplicates,
      findings: this.#findings(),
    };
  }

  #event(index: number, stream: StreamState, versions: KnownVersions | undefined): void {
    const { eventRules, timeNs } = this.#kind;
    const unsound = this.#firstBroken(eventRules, index, stream);
    if (unsound !== undefined) {
      this.#stop(unsound, index, stream);
      return;
    }
    const statement = versions?.statement(index);
    const verdict = statement === undefined ? 'open' : (versions?.window.verdict(statement) ?? 'open');
    const broken = this.#brokenNext(verdict, index, stream);
    if (broken !== undefined) this.#stop(broken, index, stream);
    if (broken !== undefined && verdict !== 'unchanged') return;
    // A correction, or an event said again, of a time that the stream has passed is no event to compare the next with.
    const isPast = stream.hasLast && timeNs(this.#columns, index) < stream.timeNs;
    const event = isPast ? undefined : this.#marketEvent(index, stream);
    if (broken === undefined && event !== undefined && this.#isKept(event)) return;
    if (statement !== undefined) versions?.window.take(statement);
    if (broken === undefined) this.#accepted?.push(index);
    if (event !== undefined) this.#remember(event);
  }

  #marketEvent(index: number, stream: StreamState): MarketEvent<C> {
    const { priceOf, timeNs } = this.#kind;
    const before = stream.prices?.trusted ?? NaN;
    const price = priceOf === undefined ? NaN : priceOf(this.#columns, index, before);
    const gapS = stream.hasLast ? secondsBetween(stream.timeNs, timeNs(this.#columns, index)) : 0;
    return { columns: this.#columns, index, move: { price, gapS }, stream, batch: this.#batch };
  }

  /** Whether a rule about the market keeps the event back; else what is odd about it is flagged. */
  #isKept(event: MarketEvent<C>): boolean {
    // Nearly always nothing is odd: a list is made only then.
    let odd: PreparedRule<C>[] | undefined;
    for (const rule of this.#marketRules) if (rule.broken(event)) (odd ??= []).push(rule);
    if (odd === undefined) return false;
    const keeping = this.#batch.isReleased ? undefined : odd.find(({ action }) => action !== 'flag');
    if (keeping === undefined || keeping.action === 'flag') {
      for (const rule of odd) this.#flag(rule, event);
      return false;
    }
    const problem = keeping.explain(event);
    this.#refuse(event.index, { rule: keeping.id, problem }, keeping.action);
    event.stream.prices?.hold(event.move.price);
    return true;
  }

  #remember({ index, move, stream }: MarketEvent<C>): void {
    const { priceOf, remember, timeNs } = this.#kind;
    if (priceOf !== undefined && !Number.isNaN(move.price)) {
      const { rules } = this.#batch.settings;
      (stream.prices ??= new PriceState()).take(move, timeNs(this.#columns, index), rules);
    }
    remember(this.#columns, index, stream);
  }

  #clock(stream: StreamState): void {
    const { clockRule } = this.#kind;
    if (clockRule === undefined) return;
    const problem = clockProblem(stream, this.#batch);
    const index = this.#positions.length - 1;
    if (problem !== undefined) this.#note(clockRule.id, index, () => problem);
  }

  /** What stops an event that is sound in itself. */
  #brokenNext(verdict: Verdict, index: number, stream: StreamState): StoppingRule<C> | undefined {
    const { orderRules, isNext, versions } = this.#kind;
    switch (verdict) {
      case 'unchanged':
        return versions?.unchanged;
      case 'superseded':
        return versions?.superseded;
      case 'correction':
        return undefined;
      case 'open':
        return isNext(this.#columns, index, stream)
          ? undefined
          : this.#firstBroken(orderRules, index, stream);
    }
  }

  #firstBroken(rules: readonly EventRule<C>[], index: number, stream: StreamState): EventRule<C> | undefined {
    for (const rule of rules) {
      if (rule.broken(this.#columns, index, stream, this.#batch)) return rule;
    }
    return undefined;
  }

  #stop(rule: StoppingRule<C>, index: number, stream: StreamState): void {
    if (rule.severity === 'duplicate') {
      this.#split(index);
      this.#duplicates++;
    } else {
      const problem = rule.explain(this.#columns, index, stream, this.#batch);
      this.#refuse(index, { rule: rule.id, problem }, 'reject');
    }
  }

  #refuse(index: number, { rule, problem }: BatchProblem, severity: Refusal['severity']): void {
    this.#split(index);
    this.#refusals.push({ index, rule, severity, reason: `${this.#describe(index)}: ${problem} (${rule})` });
  }

  /** From here on not everything is accepted: list what was so far. */
  #split(index: number): void {
    this.#accepted ??= range(this.#first, index);
  }

  #flag(rule: PreparedRule<C>, event: MarketEvent<C>): void {
    this.#note(rule.id, event.index, () => rule.explain(event));
  }

  /** One finding a rule: the first event is explained, the others are counted. */
  #note(rule: string, index: number, explain: () => string): void {
    this.#flags ??= new Map();
    const known = this.#flags.get(rule);
    if (known !== undefined) {
      known.count++;
      known.last = index;
      return;
    }
    this.#flags.set(rule, { rule, problem: explain(), first: index, last: index, count: 1 });
  }

  #findings(): readonly Finding[] {
    if (this.#flags === undefined) return [];
    return [...this.#flags.values()].map(({ rule, problem, first, last, count }) => {
      const more = count > 1 ? `; ${count - 1} more up to position ${this.#positions[last]}` : '';
      return {
        rule,
        count,
        message: `${this.#describe(first)}: ${problem} (${rule})${more}`,
        startNs: this.#kind.timeNs(this.#columns, first),
        endNs: this.#kind.timeNs(this.#columns, last),
        position: this.#positions[first] ?? 0n,
      };
    });
  }

  #describe(index: number): string {
    const time = formatNs(this.#kind.timeNs(this.#columns, index));
    const { origin, symbol, streamName } = this.#batch;
    // A position in a file is a line, or a row where the format has no lines.
    const place = streamName !== undefined && origin.startsWith('file:') ? 'line' : 'position';
    return `${streamName ?? origin} ${place} ${this.#positions[index]}: ${this.#kind.noun} of ${symbol.slice(0, 80)} at ${time}`;
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_value, index) => from + index);
}

const PRICE_BASES: readonly PriceBasis[] = ['unspecified', 'raw', 'split-adjusted', 'all'];

/** The versions that are known of a batch's series, and what its events say of them. */
interface KnownVersions {
  readonly window: VersionWindow;
  statement(index: number): Statement;
}

function knownVersions<C>(
  kind: Kind<C>,
  columns: C,
  versions: BatchVersions | undefined,
): KnownVersions | undefined {
  const rules = kind.versions;
  if (rules === undefined || versions === undefined) return undefined;
  const basis = PRICE_BASES.indexOf(versions.priceBasis);
  return {
    window: versions.window(),
    statement: (index) => ({
      startNs: kind.timeNs(columns, index),
      hash: hashOf([...rules.values(columns, index), basis]),
      knownNs: versions.knownAtNs,
    }),
  };
}
