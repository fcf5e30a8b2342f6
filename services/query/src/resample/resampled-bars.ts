import { err, ok, TickwellError, type PriceType, type Result } from '@tickwell/domain';
import type { BarQuery, HistoryReader, StoredSeries } from '@tickwell/ports';
import { BEST_SOURCE } from '@tickwell/source-policy';
import type { WantedBasis } from '../adjustment/adjust.ts';
import { orRefuse } from '../arguments.ts';
import type { BestChunk } from '../best-bars.ts';
import { continuousBars, type ContinuousOf } from '../continuous-bars.ts';
import { barsOfBars, whyNot } from './from-bars.ts';
import { barsOfTicks, lengthOf } from './from-ticks.ts';
import { madeChunks, type MadeChunk } from './made-bars.ts';
import type { ResamplePlan } from './plan.ts';

const MAX_SERIES = 10_000;
/** Named where the one that is wanted is not there. */
const MAX_NAMED = 8;

interface ResampleParts {
  readonly reader: Pick<HistoryReader, 'trades' | 'quotes' | 'series'>;
  /** Stored bars of one symbol as they are wanted: of a source or the best, adjusted. */
  readonly bars: (query: BarQuery) => AsyncIterable<BestChunk>;
  /** Bars that are not over by then are left out. */
  readonly untilNs: bigint;
}

interface Resampling {
  readonly query: BarQuery;
  /** What has to be read for it. */
  readonly stored: BarQuery;
  readonly plan: ResamplePlan;
  readonly continuous: ContinuousOf | undefined;
  readonly basis: WantedBasis | undefined;
}

/** Bars that are made of stored bars or ticks while these are read. Memory: some chunks of each, and the newest so many where the query wants them. */
export async function* resampledBars(
  { reader, bars, untilNs }: ResampleParts,
  { query, stored, plan, continuous, basis }: Resampling,
): AsyncGenerator<MadeChunk> {
  const { symbol } = query;
  const length = lengthOf(plan);
  const reason = whyNot(plan);
  if (reason !== undefined) throw new TickwellError('invalid-argument', `resample_from: ${reason}`);
  const what = { ...plan, length };
  if (typeof plan.from === 'string') {
    orRefuse(ofTicks(plan.from, query, { continuous, basis }));
    const source = await sourceOf(reader, stored, plan);
    yield* madeChunks(barsOfTicks(reader, { ...stored, source }, plan, untilNs), query, what);
    return;
  }
  const chunks =
    continuous === undefined
      ? bars({ ...stored, source: await sourceOf(reader, stored, plan) })
      : continuousBars(bars, stored, continuous);
  yield* madeChunks(barsOfBars(chunks, plan, { symbol, untilNs }), query, what);
}

/** Ticks are what was traded: nothing about them is known as of a time, adjusted or stitched. */
function ofTicks(
  from: string,
  { asOf, source }: BarQuery,
  { continuous, basis }: Pick<Resampling, 'continuous' | 'basis'>,
): Result<undefined, string> {
  const problem =
    asOf !== undefined
      ? 'as_of_ns'
      : basis !== undefined
        ? 'adjustment'
        : continuous !== undefined
          ? 'a continuous future'
          : source === BEST_SOURCE
            ? `source "${BEST_SOURCE}"`
            : undefined;
  return problem === undefined
    ? ok(undefined)
    : err(
        `resample_from "${from}" goes without ${problem}: these are of bars; resample stored bars, for example "1m"`,
      );
}

/** The source that is named, or the only one there is; refused where there is no such series, or where there are several. */
async function sourceOf(
  reader: Pick<HistoryReader, 'series'>,
  { symbol, source, priceType }: BarQuery,
  { from }: ResamplePlan,
): Promise<string> {
  const kind = typeof from === 'string' ? from : 'bars';
  const interval = typeof from === 'string' ? '' : from.text;
  const stored = (await reader.series({ symbolPrefix: symbol, limit: MAX_SERIES })).filter(
    (one) => one.symbol === symbol && one.kind !== 'indicators',
  );
  const what = kind === 'bars' ? `${interval} ${priceType} bars` : kind;
  const sources = new Set(
    stored.filter((one) => isOf(one, kind, interval, priceType)).map((one) => one.source),
  );
  if (source !== undefined && (sources.has(source) || (source === BEST_SOURCE && sources.size > 0)))
    return source;
  const [only, ...others] = [...sources].sort();
  if (source === undefined && only !== undefined && others.length === 0) return only;
  if (source === undefined && only !== undefined)
    throw new TickwellError(
      'invalid-argument',
      `resample_from: ${symbol} has ${what} of several sources (${[only, ...others].join(', ')}): name one${kind === 'bars' ? `, or "${BEST_SOURCE}"` : ''}`,
    );
  const of = source === undefined || source === BEST_SOURCE ? '' : ` of ${source}`;
  const named = stored.slice(0, MAX_NAMED).map(seriesText).join(', ');
  const has = named === '' ? 'nothing is stored of it' : `there are ${named}`;
  throw new TickwellError('failed-precondition', `resample_from: ${symbol} has no ${what}${of}: ${has}`);
}

function isOf(series: StoredSeries, kind: string, interval: string, priceType: PriceType): boolean {
  if (series.kind !== kind) return false;
  return kind !== 'bars' || (series.interval === interval && (series.priceType ?? 'trade') === priceType);
}

function seriesText({ kind, interval, priceType = 'trade', source }: StoredSeries): string {
  return kind === 'bars' ? `${interval} ${priceType} bars of ${source}` : `${kind} of ${source}`;
}
