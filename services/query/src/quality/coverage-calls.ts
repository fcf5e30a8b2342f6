import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import type { HistoryReader, HoleReader } from '@tickwell/ports';
import {
  intervalArgument,
  orRefuse,
  priceTypeArgument,
  rangeArgument,
  symbolsArgument,
  textArgument,
} from '../arguments.ts';
import type { CallSignal } from '../history.ts';
import type { CoverageReader, CoverageSeries } from './coverage-reader.ts';
import { GapLedger } from './gap-ledger.ts';
import { listHoles } from './hole-calls.ts';
import { gapFields, holeMessage } from './hole-message.ts';

const MAX_SYMBOLS = 1_000;
const MAX_SERIES = 10_000;
const MAX_GAPS = 1_000;
const DEFAULT_GAPS = 100;
/** Of one answer, so that it stays a message of some megabytes. */
const MAX_ENTRIES = 200_000;
const NO_SOURCE = '';

type CoverageStore = Pick<HistoryReader, 'series'> & { readonly ledger: HoleReader };

/** The calls of tickwell.query.v1.QualityService about what is missing. */
export class CoverageCalls {
  readonly #coverage: CoverageReader;
  readonly #store: CoverageStore;

  constructor(coverage: CoverageReader, store: CoverageStore) {
    this.#coverage = coverage;
    this.#store = store;
  }

  async getCoverage(
    request: queryV1.GetCoverageRequest,
    { signal }: CallSignal,
  ): Promise<queryV1.GetCoverageResponse> {
    const of = { ...orderOf(request), signal };
    const series: queryV1.SeriesCoverage[] = [];
    let entries = 0;
    const symbols = symbolsOf(request);
    const ledger = await GapLedger.read(this.#store.ledger, { ...of, symbols, source: request.source });
    for (const symbol of symbols) {
      for (const source of await this.#sources(symbol, request.source, of)) {
        signal.throwIfAborted();
        const answer = await this.#series({ ...of, symbol, source }, ledger);
        entries += answer.days.length + answer.gaps.length + answer.repaired.length;
        if (entries > MAX_ENTRIES)
          throw new TickwellError(
            'limit-exceeded',
            `the answer has more than ${MAX_ENTRIES} days and gaps: ask for fewer symbols or a shorter range at once`,
          );
        series.push(answer);
      }
    }
    return create(queryV1.GetCoverageResponseSchema, { series });
  }

  listHoles(request: queryV1.ListHolesRequest): Promise<queryV1.ListHolesResponse> {
    return listHoles(this.#store.ledger, request);
  }

  async #series(series: CoverageSeries, ledger: GapLedger): Promise<queryV1.SeriesCoverage> {
    const { symbol, source = NO_SOURCE, priceType } = series;
    const read = await this.#coverage.read(series);
    if (!read.ok) return create(queryV1.SeriesCoverageSchema, { symbol, source, problem: read.error });
    const { calendar, days, gaps, expected, arrived, outside, gapCount } = read.value;
    return create(queryV1.SeriesCoverageSchema, {
      symbol,
      source,
      calendar,
      expected: BigInt(expected),
      arrived: BigInt(arrived),
      outside: BigInt(outside),
      days: days.map((day) => create(queryV1.DayCoverageSchema, day)),
      gaps: gaps.map((gap) => {
        const hole = ledger.of({ symbol, source, priceType }, gap);
        return create(queryV1.CoverageGapSchema, gapFields(gap, hole));
      }),
      gapCount: BigInt(gapCount),
      repaired: ledger.repaired({ symbol, source, priceType }).map(holeMessage),
    });
  }

  /** The source asked for, else all that have such bars, else none, of which all is missing. */
  async #sources(
    symbol: string,
    source: string,
    { interval, priceType }: Pick<CoverageSeries, 'interval' | 'priceType'>,
  ): Promise<readonly string[]> {
    if (source !== '') return [source];
    const stored = await this.#store.series({ symbolPrefix: symbol, limit: MAX_SERIES });
    const sources = stored
      .filter((one) => one.symbol === symbol && one.kind === 'bars' && one.interval === interval)
      .filter((one) => (one.priceType ?? 'trade') === priceType)
      .map((one) => one.source);
    return sources.length === 0 ? [NO_SOURCE] : [...new Set(sources)].sort();
  }
}

function symbolsOf({ symbols }: queryV1.GetCoverageRequest): readonly string[] {
  const checked = orRefuse(symbolsArgument(symbols));
  if (checked.length === 0)
    throw new TickwellError('invalid-argument', 'symbols is empty: name at least one instrument');
  if (checked.length > MAX_SYMBOLS)
    throw new TickwellError(
      'invalid-argument',
      `symbols has ${checked.length} entries, at most ${MAX_SYMBOLS} go into one call: use several`,
    );
  return checked;
}

/** What is the same for every symbol. */
function orderOf(request: queryV1.GetCoverageRequest): Omit<CoverageSeries, 'symbol' | 'source' | 'signal'> {
  const { startNs, endNs } = orRefuse(rangeArgument(request.range));
  if (startNs === undefined)
    throw new TickwellError('invalid-argument', 'range.start_ns is 0: say from when bars are expected');
  if (request.maxGaps > MAX_GAPS)
    throw new TickwellError(
      'invalid-argument',
      `max_gaps ${request.maxGaps} is more than ${MAX_GAPS}: ask for a shorter range`,
    );
  orRefuse(textArgument('source', request.source));
  return {
    interval: orRefuse(intervalArgument(request.interval)),
    priceType: orRefuse(priceTypeArgument(request.priceType)),
    startNs,
    endNs,
    calendar: orRefuse(textArgument('calendar', request.calendar)),
    maxGaps: request.maxGaps === 0 ? DEFAULT_GAPS : request.maxGaps,
  };
}
