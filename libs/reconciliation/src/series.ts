import { readState, StateWriter, type PriceBasis, type Result } from '@tickwell/domain';
import { hashOf } from '@tickwell/validation';
import { BarTable } from './bar-table.ts';
import { numbersOf, sameValues, type BarValues, type SourceBar } from './bar.ts';
import type { BarKind } from './compare.ts';
import type { Neighbours, Surroundings } from './context.ts';
import { decide, type Decision } from './decide.ts';
import type { ReconcileRules } from './rules.ts';
import type { SourceColumn } from './source-column.ts';

/** Bars of one source as they came, in the order of the log. */
export interface IncomingBars {
  readonly source: string;
  readonly knownAtNs: bigint;
  readonly priceBasis: PriceBasis;
  /** Every bar of the source that starts before has come; 0n: nothing is said. */
  readonly watermarkNs: bigint;
  readonly bars: readonly (BarValues & { readonly startNs: bigint })[];
}

export interface BarDecision extends Decision {
  readonly startNs: bigint;
  /** Since when this is so: the greatest known-at of what it was decided on, and after the decision before. */
  readonly knownAtNs: bigint;
  /** What each source says, in the order of the policy. */
  readonly bars: readonly SourceBar[];
  readonly missing: readonly string[];
  /** It made a version of the reconciled series. */
  readonly published: boolean;
}

/** A version of a bar of the reconciled series. */
export interface PublishedBar extends SourceBar {
  readonly startNs: bigint;
}

export interface SeriesOutcome {
  readonly decisions: readonly BarDecision[];
  readonly published: readonly PublishedBar[];
  /** Starts of bars that are older than what is kept, and were compared with nothing. */
  readonly tooOld: readonly bigint[];
}

/** Facts of the series that rules do not hold. */
export interface SeriesFacts {
  readonly isDaily: boolean;
  /** Undefined: not known, or the bars are daily. */
  readonly inSession: (startNs: bigint) => boolean | undefined;
}

/** Bars around one that are looked at, at each side. */
const AROUND = 16;

/**
 * One series (symbol, interval, price type) over all sources of its policy. A bar is decided whenever a source says something new of it, and
 * when it turns out that a source has left it out; the first version of the reconciled series is the first that is known, and later ones come when another
 * wins. Deterministic: a function of what was applied, with which rules, in its order. Bounded by the window of its rules.
 */
export class ReconciledSeries {
  #table = new BarTable();

  apply(incoming: IncomingBars, rules: ReconcileRules, facts: SeriesFacts): SeriesOutcome {
    const run = new Run(this.#table, incoming, rules, facts);
    for (const bar of incoming.bars) run.take(bar);
    run.claim();
    return run;
  }

  encode(): Uint8Array<ArrayBuffer> {
    const writer = new StateWriter();
    this.#table.write(writer);
    return writer.finish();
  }

  /** The error is one line. */
  static decode(bytes: Uint8Array): Result<ReconciledSeries, string> {
    return readState(bytes, (reader) => {
      const series = new ReconciledSeries();
      series.#table = BarTable.read(reader);
      return series;
    });
  }
}

/** One application. */
class Run implements SeriesOutcome {
  readonly decisions: BarDecision[] = [];
  readonly published: PublishedBar[] = [];
  readonly tooOld: bigint[] = [];
  readonly #table: BarTable;
  readonly #incoming: IncomingBars;
  readonly #rules: ReconcileRules;
  readonly #facts: SeriesFacts;

  constructor(table: BarTable, incoming: IncomingBars, rules: ReconcileRules, facts: SeriesFacts) {
    this.#table = table;
    this.#incoming = incoming;
    this.#rules = rules;
    this.#facts = facts;
  }

  take(values: BarValues & { readonly startNs: bigint }): void {
    const { source, knownAtNs, priceBasis } = this.#incoming;
    const { startNs } = values;
    const place = this.#table.insert(startNs, this.#rules.windowBars);
    if (place === undefined) {
      this.tooOld.push(startNs);
      return;
    }
    const column = this.#table.use(source, startNs);
    const before = column.get(place);
    // What is known earlier than the version in force is not the current one.
    if (before !== undefined && knownAtNs < before.knownAtNs) return;
    const bar = { ...values, source, knownAtNs, priceBasis, revised: before !== undefined };
    if (before !== undefined && before.priceBasis === priceBasis && sameValues(before, bar)) return;
    column.set(place, bar);
    if (startNs < column.firstNs) column.firstNs = startNs;
    if (startNs >= column.completeNs) column.completeNs = startNs + 1n;
    if (before === undefined) this.#leftOut(column, place);
    this.#decide(place, true);
  }

  /** What the watermark says to be complete. */
  claim(): void {
    const { source, watermarkNs } = this.#incoming;
    const column = this.#table.column(source);
    if (column === undefined || watermarkNs <= column.completeNs) return;
    const fromNs = column.completeNs;
    column.completeNs = watermarkNs;
    for (let place = this.#table.placeOf(fromNs); place < this.#table.size; place++) {
      if (this.#table.startNs(place) >= watermarkNs) return;
      if (!column.has(place) && !column.isTold(place)) this.#decide(place, false);
    }
  }

  /** Bars of others that a source has passed over, now that it has the one at `place`: back to its bar before. */
  #leftOut(column: SourceColumn, place: number): void {
    let first = place;
    while (first > 0 && !column.has(first - 1) && this.#table.startNs(first - 1) >= column.firstNs) first--;
    for (let at = first; at < place; at++) if (!column.isTold(at)) this.#decide(at, false);
  }

  /** `isNews`: a source says something of the bar that it did not say before; else only that it has none. */
  #decide(place: number, isNews: boolean): void {
    const table = this.#table;
    const startNs = table.startNs(place);
    const columns = this.#columns();
    const bars = columns.flatMap((column) => column.get(place) ?? []);
    const missing = columns.filter(
      (column) => !column.has(place) && column.firstNs <= startNs && startNs < column.completeNs,
    );
    if (bars.length === 0) return;
    const decision = decide(
      {
        bars,
        missing: missing.map(({ source }) => source),
        home: columns[0]?.source ?? '',
        kind: this.#kindOf(startNs),
        around: (a, b) => this.#around(a, b, place),
      },
      this.#rules,
    );
    const told = table.told(place);
    const isToTell = decision.class !== 'equal' || (told !== undefined && told !== 'equal');
    if (!isNews && missing.length === 0) return;
    const winner = decision.winner;
    const hash = winner === undefined ? 0n : publishedHash(winner);
    const isPublished = winner !== undefined && !this.#rules.watchOnly && table.published(place) !== hash;
    if (!isToTell && !isPublished) return;
    const knownAtNs = this.#knownAt(bars, place);
    table.note(place, { decidedNs: knownAtNs });
    if (winner !== undefined && isPublished) {
      table.note(place, { published: hash });
      this.published.push({ ...winner, startNs, knownAtNs });
    }
    if (!isToTell) return;
    table.note(place, { told: decision.class });
    for (const column of missing) column.tell(place);
    this.decisions.push({
      ...decision,
      startNs,
      knownAtNs,
      bars,
      missing: missing.map(({ source }) => source),
      published: isPublished,
    });
  }

  /** The greatest of the inputs. A later decision on what was known at the same time comes a nanosecond after the one before. */
  #knownAt(bars: readonly SourceBar[], place: number): bigint {
    let knownAtNs = this.#table.decidedNs(place) + 1n;
    for (const bar of bars) if (bar.knownAtNs > knownAtNs) knownAtNs = bar.knownAtNs;
    return knownAtNs > this.#incoming.knownAtNs ? knownAtNs : this.#incoming.knownAtNs;
  }

  /** Of the policy's sources those that have had any bars, in its order. */
  #columns(): readonly SourceColumn[] {
    return this.#rules.sources.flatMap((source) => this.#table.column(source) ?? []);
  }

  #kindOf(startNs: bigint): BarKind {
    const { isDaily, inSession } = this.#facts;
    return { isDaily, inSession: isDaily ? undefined : inSession(startNs) };
  }

  #around(a: string, b: string, place: number): Surroundings {
    const [columnA, columnB] = [this.#table.column(a), this.#table.column(b)];
    const shared: { readonly a: SourceBar; readonly b: SourceBar }[] = [];
    for (const step of [-1, 1]) {
      let left = AROUND;
      for (let at = place + step; at >= 0 && at < this.#table.size && left > 0; at += step) {
        if (columnA?.has(at) !== true || columnB?.has(at) !== true) continue;
        const [barA, barB] = [columnA.get(at), columnB.get(at)];
        if (barA === undefined || barB === undefined) continue;
        shared.push({ a: barA, b: barB });
        left--;
      }
    }
    return { shared, seriesA: this.#neighbours(columnA, place), seriesB: this.#neighbours(columnB, place) };
  }

  #neighbours(column: SourceColumn | undefined, place: number): Neighbours {
    const before: SourceBar[] = [];
    const after: SourceBar[] = [];
    for (let at = place - 1; at >= 0 && before.length < AROUND; at--) {
      const bar = column?.get(at);
      if (bar !== undefined) before.unshift(bar);
    }
    for (let at = place + 1; at < this.#table.size && after.length < AROUND; at++) {
      const bar = column?.get(at);
      if (bar !== undefined) after.push(bar);
    }
    const nearest = before.at(-1) ?? after[0];
    return { bars: [...before, ...after], before: before.length, priceBasis: nearest?.priceBasis };
  }
}

/** Never 0n, which stands for nothing. */
function publishedHash(bar: SourceBar): bigint {
  const hash = hashOf([...numbersOf(bar), BASIS_NUMBERS[bar.priceBasis]]);
  return hash === 0n ? 1n : hash;
}

const BASIS_NUMBERS: Readonly<Record<PriceBasis, number>> = {
  unspecified: 0,
  raw: 1,
  'split-adjusted': 2,
  all: 3,
};
