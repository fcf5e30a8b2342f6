import { formatNs, intervalStartNs, parseInterval, type Interval, type Result } from '@tickwell/domain';
import type { BarQuery, HistoryReader } from '@tickwell/ports';
import { BEST_SOURCE } from '@tickwell/source-policy';
import { orRefuse } from '../arguments.ts';
import { bestBars, type BestChunk } from '../best-bars.ts';
import type { SourcePolicies } from '../source-policies.ts';
import { CoverageCount, type Coverage } from './coverage-count.ts';
import type { InstrumentCalendars } from './instrument-calendars.ts';

export interface CoverageParts {
  readonly reader: HistoryReader;
  readonly policies: Pick<SourcePolicies, 'bestOf'>;
  readonly calendars: Pick<InstrumentCalendars, 'of'>;
  readonly nowNs: () => bigint;
}

/** Bars of one series; `source` "": of any. */
export type CoverageSeries = Pick<BarQuery, 'symbol' | 'source' | 'interval' | 'priceType' | 'signal'> & {
  readonly startNs: bigint;
  /** Undefined: now. */
  readonly endNs: bigint | undefined;
  readonly calendar: string;
  readonly maxGaps: number;
};

export type CoverageAnswer = Coverage & { readonly calendar: string };

/** Compares what is stored with the sessions of a calendar. */
export class CoverageReader {
  readonly #parts: CoverageParts;

  constructor(parts: CoverageParts) {
    this.#parts = parts;
  }

  /** The error says why nothing can be said of this series. */
  async read(series: CoverageSeries): Promise<Result<CoverageAnswer, string>> {
    const calendar = this.#parts.calendars.of(series.symbol, series.calendar);
    if (!calendar.ok) return calendar;
    const interval = orRefuse(parseInterval(series.interval));
    const toNs = this.endNs(interval, series.endNs);
    const { startNs: fromNs, maxGaps } = series;
    const count = CoverageCount.start({
      calendar: calendar.value,
      interval,
      fromNs,
      toNs: toNs < fromNs ? fromNs : toNs,
      maxGaps,
    });
    if (!count.ok) return count;
    for await (const { bars } of this.#bars(series)) count.value.add(bars.startNs);
    return { ok: true, value: { ...count.value.finish(), calendar: calendar.value.id } };
  }

  /** Bars that are not over yet are not expected. */
  endNs(interval: Interval, endNs: bigint | undefined): bigint {
    const overNs = intervalStartNs(interval, this.#parts.nowNs());
    return endNs === undefined || endNs > overNs ? overNs : endNs;
  }

  #bars({
    symbol,
    source,
    interval,
    priceType,
    startNs,
    endNs,
    signal,
  }: CoverageSeries): AsyncIterable<BestChunk> {
    const { reader, policies } = this.#parts;
    const query: BarQuery = {
      symbol,
      interval,
      priceType,
      startNs,
      columns: ['startNs'],
      ...(endNs === undefined ? {} : { endNs }),
      ...(signal === undefined ? {} : { signal }),
      ...(source === undefined || source === '' ? {} : { source }),
    };
    return source === BEST_SOURCE
      ? bestBars(reader, query, policies.bestOf(symbol, interval))
      : reader.bars(query);
  }
}

/** One line: what a series lacks. */
export function missingText(
  series: CoverageSeries,
  { expected, arrived, gaps, gapCount }: CoverageAnswer,
): string {
  const [first] = gaps;
  const where =
    first === undefined
      ? ''
      : `: the first from ${formatNs(first.startNs)} to ${formatNs(first.endNs)} (${first.missing})${gapCount > 1 ? `, in ${gapCount} gaps` : ''}`;
  return `${series.symbol} ${series.interval} of ${series.source ?? 'any source'} is not complete, ${expected - arrived} of ${expected} bars are missing${where}`;
}
