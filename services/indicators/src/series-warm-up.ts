import { formatNs, TickwellError } from '@tickwell/domain';
import type { InputPlace } from '@tickwell/flow';
import {
  barInput,
  createIndicator,
  isChanged,
  isUsableInput,
  takeInput,
  takes,
  type BarSeriesName,
  type Indicator,
  type IndicatorRow,
  type IndicatorSeries,
  type IndicatorSpec,
  type IndicatorValue,
  type Lack,
  type SeriesBar,
} from '@tickwell/indicators';
import type { History, HistoryBars, HistorySpan } from './history.ts';

/** Values that are to be written are installed once they are so many: a checkpoint holds them until they are. */
const ROWS_AT_ONCE = 2_000;

type StoredValues = ReadonlyMap<bigint, IndicatorValue>;

/** One specification that is computed over history. */
interface Job {
  readonly spec: IndicatorSpec;
  readonly indicator: Indicator;
  /** Of values from here on all are owed; null: none. */
  readonly owedFromNs: bigint | null;
  /** Whether values are stored, perhaps from before it was stopped; undefined: not asked yet. */
  hasValues: boolean | undefined;
  /** To be written. */
  rows: IndicatorRow[];
}

/**
 * Computes what a series lacks over its stored bars, from the first one to the anchor: states for specifications that are new, and states and values
 * for all when bars were corrected behind the anchor. Stored values that come out differently are to be written, some at a time; those that
 * are equal, bit for bit, are not.
 */
export class SeriesWarmUp {
  readonly #series: IndicatorSeries;
  readonly #name: BarSeriesName;
  readonly #history: History;
  readonly #lack: Lack;
  readonly #jobs: readonly Job[];
  /** Every stored bar up to here is counted; null: none is yet. */
  #throughNs: bigint | null = null;
  #knownAtNs = 0n;
  #isFull = false;

  constructor(series: IndicatorSeries, name: BarSeriesName, history: History) {
    this.#series = series;
    this.#name = name;
    this.#history = history;
    this.#lack = { ...series.lack, pending: new Map(series.lack.pending) };
    const { pending, redo } = this.#lack;
    this.#jobs = series.specs.flatMap((spec) => {
      const owedFromNs = pending.get(spec.id)?.fromNs ?? null;
      if (owedFromNs === null && redo === null) return [];
      return [{ spec, indicator: createIndicator(spec), owedFromNs, hasValues: undefined, rows: [] }];
    });
  }

  /** Whether the series still lacks what it did, or less of the same: else what was read is of no use. */
  get isOfUse(): boolean {
    const { pending, lateBars } = this.#series.lack;
    if (lateBars !== this.#lack.lateBars) return false;
    return [...pending.keys()].every((id) => this.#lack.pending.has(id));
  }

  /** Reads on to where the series is now, or until enough values wait to be written. */
  async catchUp(place: () => InputPlace, signal: AbortSignal): Promise<void> {
    while (this.isOfUse && !this.#isFull) {
      const { anchorNs } = this.#series;
      if (anchorNs === null || anchorNs === this.#throughNs) return;
      await this.#history.reached(place(), signal);
      for (const job of this.#jobs)
        job.hasValues ??= await this.#history.hasValues(this.#name, job.spec, signal);
      await this.#read({ afterNs: this.#throughNs, throughNs: anchorNs, signal });
    }
  }

  install(): void {
    const { anchorNs } = this.#series;
    if (!this.isOfUse || this.#throughNs === null || anchorNs === null) return;
    const rows = this.#jobs.flatMap(({ spec, rows: own }) => (own.length === 0 ? [] : [{ spec, rows: own }]));
    for (const job of this.#jobs) job.rows = [];
    this.#isFull = false;
    this.#series.settle(this.#throughNs, rows);
    if (this.#throughNs !== anchorNs) return;
    const snapshots = new Map(this.#jobs.map(({ spec, indicator }) => [spec.id, indicator.snapshot()]));
    this.#series.resume({ anchorNs, knownAtNs: this.#knownAtNs, snapshots });
  }

  async #read(span: HistorySpan): Promise<void> {
    for await (const chunk of this.#history.bars(this.#name, span)) {
      const size = Math.max(1, Math.floor(ROWS_AT_ONCE / this.#jobs.length));
      for (let from = 0; from < chunk.bars.startNs.length; from += size) {
        await this.#count(barsOf(chunk, from, from + size), span.signal);
        if (this.#isFull || !this.isOfUse) return;
      }
    }
    if (this.#throughNs !== span.throughNs) throw this.#incomplete(span.throughNs);
  }

  async #count(bars: readonly SeriesBar[], signal: AbortSignal): Promise<void> {
    const first = bars[0];
    const last = bars.at(-1);
    if (first === undefined || last === undefined) return;
    const span = { afterNs: first.startNs - 1n, throughNs: last.startNs, signal };
    // All of it before anything is computed: bars that were counted when this fails would be counted once more.
    const stored: (StoredValues | undefined)[] = [];
    for (const job of this.#jobs) stored.push(await this.#stored(job, span));
    const made = this.#jobs.map((): IndicatorRow[] => []);
    for (const bar of bars) this.#update(bar, made);
    for (const [at, job] of this.#jobs.entries())
      job.rows.push(...this.#toTell(job, made[at] ?? [], stored[at]));
    this.#throughNs = last.startNs;
    this.#isFull = this.#jobs.reduce((sum, { rows }) => sum + rows.length, 0) >= ROWS_AT_ONCE;
  }

  #update(bar: SeriesBar, made: readonly IndicatorRow[][]): void {
    const input = this.#series.input(bar);
    const { startNs } = bar;
    if (bar.knownAtNs > this.#knownAtNs) this.#knownAtNs = bar.knownAtNs;
    for (const [at, job] of this.#jobs.entries()) {
      if (!takes(job.spec, input)) continue;
      // A kernel that throws has no value here either.
      takeInput(() => job.indicator.advance(input));
      if (this.#mayTell(job, startNs))
        made[at]?.push({ startNs, knownAtNs: this.#knownAtNs, ...job.indicator.value });
    }
  }

  /** Whether the value of a bar may have to be written: it is owed, or another one is stored. */
  #mayTell({ owedFromNs, hasValues }: Job, startNs: bigint): boolean {
    if (owedFromNs !== null) return hasValues === true || startNs >= owedFromNs;
    return this.#lack.redo !== null && startNs >= this.#lack.redo.fromNs;
  }

  /** Stored values of a stretch whose values may have to be written; undefined: none of them may, or none is stored. */
  async #stored(job: Job, span: HistorySpan): Promise<StoredValues | undefined> {
    if (job.hasValues !== true || !this.#mayTell(job, span.throughNs)) return undefined;
    return this.#history.values(this.#name, job.spec, span);
  }

  /** Of new values those that are owed, those of which others are stored, and those of bars that came late. */
  #toTell(
    { owedFromNs }: Job,
    rows: readonly IndicatorRow[],
    stored: StoredValues | undefined,
  ): readonly IndicatorRow[] {
    const { redo } = this.#lack;
    return rows.filter((row) => {
      const known = stored?.get(row.startNs);
      if (owedFromNs !== null && row.startNs >= owedFromNs) return true;
      if (known !== undefined) return isChanged(known, row);
      return redo !== null && row.startNs >= redo.fromNs && row.startNs <= redo.throughNs;
    });
  }

  #incomplete(throughNs: bigint): TickwellError {
    const { symbol, source, interval } = this.#name;
    return new TickwellError(
      'history-incomplete',
      `the stored ${interval} bars of ${symbol} (${source}) do not hold the one of ${formatNs(throughNs)}, which was computed`,
      { retryable: true },
    );
  }
}

/** Bars `from` up to, not including, `to` that indicators take. */
function barsOf({ bars, knownAtNs }: HistoryBars, from: number, to: number): SeriesBar[] {
  const end = Math.min(to, bars.startNs.length);
  return Array.from({ length: Math.max(0, end - from) }, (_, at) => ({
    ...barInput(bars, from + at),
    knownAtNs: knownAtNs[from + at] ?? 0n,
  })).filter(isUsableInput);
}
