import { create } from '@bufbuild/protobuf';
import type { Calendar } from '@tickwell/calendar';
import {
  events,
  priceBasisToProto,
  priceTypeToProto,
  queryV1,
  type PackedQuoteRows,
  type PackedTicks,
} from '@tickwell/contracts';
import { err, ok, TickwellError, type Result } from '@tickwell/domain';
import { nameAt, type Adjustment, type Instrument, type InstrumentMap } from '@tickwell/instruments';
import { BEST_SOURCE } from '@tickwell/source-policy';
import type { BarQuery, HistoryReader, HoleReader, SeriesQuery, StoredSeries } from '@tickwell/ports';
import {
  adjustmentArgument,
  asOfArgument,
  backAdjustmentArgument,
  intervalArgument,
  orRefuse,
  priceTypeArgument,
  seriesArguments,
  textArgument,
} from './arguments.ts';
import type { WantedBasis } from './adjustment/adjust.ts';
import { adjustedReader } from './adjustment/adjusted-bars.ts';
import { bestBars, sliceChunk, type BestChunk } from './best-bars.ts';
import { slices, tradeParts } from './chunks.ts';
import { GapLedger } from './quality/gap-ledger.ts';
import { gapFields } from './quality/hole-message.ts';
import { missingText, type CoverageReader, type CoverageSeries } from './quality/coverage-reader.ts';
import { continuousBars, type ContinuousOf } from './continuous-bars.ts';
import { continuousOf } from './continuous-of.ts';
import type { MadeChunk } from './resample/made-bars.ts';
import { resampleArgument, sourceQuery, type ResamplePlan } from './resample/plan.ts';
import { resampledBars } from './resample/resampled-bars.ts';
import type { InstrumentCalendars } from './quality/instrument-calendars.ts';
import type { SourcePolicies } from './source-policies.ts';

export interface CallSignal {
  readonly signal: AbortSignal;
}

/** How prices are wanted. */
export interface BarWish {
  readonly basis: WantedBasis | undefined;
  readonly backAdjustment: Adjustment | undefined;
}

const MAX_INSTRUMENTS = 50_000;
const DEFAULT_INSTRUMENTS = 10_000;
/** Told with an answer. */
const MAX_GAPS = 1_000;

export interface HistoryParts {
  readonly reader: HistoryReader & { readonly ledger: HoleReader };
  readonly policies: Pick<SourcePolicies, 'bestOf'>;
  readonly coverage: Pick<CoverageReader, 'read'>;
  readonly instruments: Pick<InstrumentMap, 'get' | 'contractsOf'>;
  readonly calendars: Pick<InstrumentCalendars, 'of'>;
  readonly nowNs: () => bigint;
}

/** The history calls over the store: arguments checked, rows passed on in messages of bounded size, at the reader's pace. */
export class HistoryCalls {
  readonly #reader: HistoryReader;
  readonly #ledger: HoleReader;
  readonly #policies: Pick<SourcePolicies, 'bestOf'>;
  readonly #coverage: Pick<CoverageReader, 'read'>;
  readonly #instruments: Pick<InstrumentMap, 'get' | 'contractsOf'>;
  readonly #calendars: Pick<InstrumentCalendars, 'of'>;
  readonly #nowNs: () => bigint;

  constructor({ reader, policies, coverage, instruments, calendars, nowNs }: HistoryParts) {
    this.#reader = reader;
    this.#ledger = reader.ledger;
    this.#policies = policies;
    this.#coverage = coverage;
    this.#instruments = instruments;
    this.#calendars = calendars;
    this.#nowNs = nowNs;
  }

  async listInstruments(request: queryV1.ListInstrumentsRequest): Promise<queryV1.ListInstrumentsResponse> {
    const symbolPrefix = orRefuse(prefixArgument(request.symbolPrefix));
    const limit = request.limit === 0 ? DEFAULT_INSTRUMENTS : Math.min(request.limit, MAX_INSTRUMENTS);
    // One more than asked for tells whether there are more.
    const found = await this.#reader.series({ symbolPrefix, limit: limit + 1 });
    const nowNs = this.#nowNs();
    return create(queryV1.ListInstrumentsResponseSchema, {
      series: found
        .slice(0, limit)
        .map((each) => seriesMessage(each, this.#instruments.get(each.symbol), nowNs)),
      truncated: found.length > limit,
    });
  }

  async *getBars(
    request: queryV1.GetBarsRequest,
    { signal }: CallSignal,
  ): AsyncGenerator<queryV1.GetBarsResponse> {
    const asOf = orRefuse(asOfArgument(request.asOfNs, request.strict));
    const priceType = orRefuse(priceTypeArgument(request.priceType));
    const series = orRefuse(seriesArguments(request, events.BarColumnsSchema));
    const interval = orRefuse(intervalArgument(request.interval));
    const query: BarQuery = {
      ...series,
      interval,
      priceType,
      ...(asOf === undefined ? {} : { asOf }),
      signal,
    };
    const calendarOf = (): Result<Calendar, string> => this.#calendars.of(query.symbol, request.calendar);
    const plan = orRefuse(resampleArgument(request, priceType, calendarOf));
    const asked = orRefuse(backAdjustmentArgument(request.backAdjustment));
    const basis = orRefuse(adjustmentArgument(request.adjustment));
    const stored = plan === undefined ? query : sourceQuery(query, plan);
    const continuous = await this.#continuous(stored, asked);
    const complete = orRefuse(completeFlag(request, query, { continuous, plan }));
    if (complete !== undefined) {
      const limit = query.limit === undefined ? {} : { limit: query.limit };
      const whole = orRefuse(completeArgument(complete, { ...stored, ...limit }, request.calendar));
      const coverage = await this.#judged(whole, request);
      if (coverage !== undefined) yield create(queryV1.GetBarsResponseSchema, { coverage });
    }
    const read = (one: BarQuery): AsyncIterable<BestChunk> => this.#bars(one, basis);
    const chunks: AsyncIterable<MadeChunk> =
      plan === undefined
        ? continuous === undefined
          ? read(query)
          : continuousBars(read, query, continuous)
        : resampledBars(
            { reader: this.#reader, bars: read, untilNs: asOf?.timeNs ?? this.#nowNs() },
            { query, stored, plan, continuous, basis },
          );
    yield* barMessages(chunks, asOf !== undefined);
  }

  /** What the bars hold of those that there should be, where it is wanted; rejects where all are demanded and some are missing. */
  async #judged(
    series: CoverageSeries & { readonly source: string },
    { requireComplete, withCoverage }: queryV1.GetBarsRequest,
  ): Promise<queryV1.BarsCoverage | undefined> {
    const read = await this.#coverage.read(series);
    if (requireComplete && !read.ok) throw new TickwellError('failed-precondition', read.error);
    if (requireComplete && read.ok && read.value.arrived < read.value.expected)
      throw new TickwellError('failed-precondition', missingText(series, read.value));
    if (!withCoverage) return undefined;
    if (!read.ok) return create(queryV1.BarsCoverageSchema, { problem: read.error });
    const { calendar, expected, arrived, gaps, gapCount } = read.value;
    const ledger = await GapLedger.read(this.#ledger, { ...series, symbols: [series.symbol] });
    return create(queryV1.BarsCoverageSchema, {
      calendar,
      expected: BigInt(expected),
      arrived: BigInt(arrived),
      gaps: gaps.map((gap) => create(queryV1.MissingBarsSchema, gapFields(gap, ledger.of(series, gap)))),
      gapCount: BigInt(gapCount),
    });
  }

  /** Bars as {@link getBars} answers them, for what is computed of them. */
  async *readBars(query: BarQuery, { basis, backAdjustment }: BarWish): AsyncGenerator<MadeChunk> {
    const continuous = await this.#continuous(query, backAdjustment);
    if (continuous === undefined) yield* this.#bars(query, basis);
    else yield* continuousBars((one) => this.#bars(one, basis), query, continuous);
  }

  /** Undefined: the symbol is no continuous future. */
  async #continuous(query: BarQuery, asked: Adjustment | undefined): Promise<ContinuousOf | undefined> {
    const continuous = await continuousOf(this.#instruments, this.#reader, query, asked);
    if (continuous !== undefined || asked === undefined) return continuous;
    throw new TickwellError(
      'invalid-argument',
      `back_adjustment is of continuous futures, and the instrument map has none called ${query.symbol}`,
    );
  }

  #bars(query: BarQuery, basis: WantedBasis | undefined): AsyncIterable<BestChunk> {
    const reader = basis === undefined ? this.#reader : adjustedReader(this.#reader, basis);
    if (query.source !== BEST_SOURCE) return reader.bars(query);
    return bestBars(reader, query, this.#policies.bestOf(query.symbol, query.interval));
  }

  async *getTicks(request: queryV1.GetTicksRequest, { signal }: CallSignal): AsyncGenerator<PackedTicks> {
    const query = { ...orRefuse(ofASource(seriesArguments(request, events.TradeColumnsSchema))), signal };
    for await (const { source, trades } of this.#reader.trades(query))
      for (const part of tradeParts(trades)) yield { source, trades: part };
  }

  async *getQuotes(
    request: queryV1.GetQuotesRequest,
    { signal }: CallSignal,
  ): AsyncGenerator<PackedQuoteRows> {
    const query = { ...orRefuse(ofASource(seriesArguments(request, events.QuoteColumnsSchema))), signal };
    yield* this.#reader.quotes(query);
  }
}

/** Only bars have the series "best": of other kinds nothing is stored under that name, and no rows would look like no data. */
function ofASource(query: Result<SeriesQuery, string>): Result<SeriesQuery, string> {
  return query.ok && query.value.source === BEST_SOURCE
    ? err(`source "${BEST_SOURCE}" is of bars only: name a source, or none for all of them`)
    : query;
}

/** Bars in messages of bounded size. */
async function* barMessages(
  chunks: AsyncIterable<MadeChunk>,
  isAsOf: boolean,
): AsyncGenerator<queryV1.GetBarsResponse> {
  for await (const chunk of chunks) {
    const { source, priceBasis, contract = '', backfilled = false } = chunk;
    for (const part of slices(chunk.bars.startNs.length)) {
      const { bars, knownNs } = sliceChunk(chunk, part);
      yield create(queryV1.GetBarsResponseSchema, {
        source,
        priceBasis: priceBasisToProto(priceBasis),
        bars: create(events.BarColumnsSchema, bars),
        contract,
        backfilled,
        knownAtNs: isAsOf ? [...knownNs] : [],
      });
    }
  }
}

/** The flag that asks what is missing; undefined: none does. */
function completeFlag(
  { requireComplete, withCoverage }: queryV1.GetBarsRequest,
  { symbol, asOf }: BarQuery,
  {
    continuous,
    plan,
  }: { readonly continuous: ContinuousOf | undefined; readonly plan: ResamplePlan | undefined },
): Result<string | undefined, string> {
  const flag = requireComplete ? 'require_complete' : withCoverage ? 'with_coverage' : undefined;
  if (flag === undefined) return ok(flag);
  if (continuous !== undefined)
    return err(
      `${flag} is of stored bars, and ${symbol} is stitched of ${continuous.contracts.length} contracts: ask for each`,
    );
  if (asOf !== undefined) return err(`${flag} goes without as_of_ns: it is of what is stored now`);
  if (typeof plan?.from === 'string')
    return err(`${flag} is of stored bars, not of ${plan.from}: leave it out`);
  return ok(flag);
}

/** What is complete can only be said of one series from a known start on. */
function completeArgument(
  flag: string,
  query: BarQuery,
  calendar: string,
): Result<CoverageSeries & { readonly source: string }, string> {
  const { source, startNs, endNs, limit } = query;
  if (source === undefined) return err(`${flag}: name a source, or "${BEST_SOURCE}" for what any has`);
  if (startNs === undefined) return err(`${flag}: name the start of the range`);
  if (limit !== undefined) return err(`${flag} goes without limit: name the range instead`);
  const named = textArgument('calendar', calendar);
  return named.ok
    ? ok({ ...query, source, startNs, endNs, calendar: named.value, maxGaps: MAX_GAPS })
    : named;
}

function prefixArgument(prefix: string): Result<string, string> {
  if (prefix === '') return ok('');
  return /^[A-Za-z0-9.^_=:/-]{1,64}$/.test(prefix)
    ? ok(prefix)
    : err(
        `symbol_prefix ${JSON.stringify(prefix.slice(0, 80))} cannot start an instrument id: use A-Z a-z 0-9 . _ ^ = : / -`,
      );
}

function seriesMessage(
  series: StoredSeries,
  instrument: Instrument | undefined,
  nowNs: bigint,
): queryV1.InstrumentSeries {
  const { symbol, source, kind, interval, rows, firstNs, lastNs, specId, priceType } = series;
  return create(queryV1.InstrumentSeriesSchema, {
    symbol,
    source,
    kind,
    interval,
    rows: BigInt(rows),
    firstNs,
    lastNs,
    specId: specId ?? '',
    ...(priceType === undefined ? {} : { priceType: priceTypeToProto(priceType) }),
    ...(instrument === undefined ? {} : factsOf(instrument, nowNs)),
  });
}

function factsOf(
  instrument: Instrument,
  nowNs: bigint,
): Pick<queryV1.InstrumentSeries, 'instrumentType' | 'name' | 'exchange' | 'currency'> {
  const { type, exchange, currency } = instrument;
  return { instrumentType: type, name: nameAt(instrument, nowNs), exchange, currency };
}
