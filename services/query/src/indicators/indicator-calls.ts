import { create } from '@bufbuild/protobuf';
import { barSessionDate } from '@tickwell/calendar';
import { events, priceBasisToProto, queryV1 } from '@tickwell/contracts';
import { err, NS_PER_DAY, ok, TickwellError, utcDateNumber, type Result } from '@tickwell/domain';
import { allIndicators, type IndicatorSpec, type Registry } from '@tickwell/indicators';
import type { BarQuery, HistoryReader, IndicatorQuery, IndicatorRows } from '@tickwell/ports';
import { BEST_SOURCE } from '@tickwell/source-policy';
import { orRefuse } from '../arguments.ts';
import { slices, sliceColumns } from '../chunks.ts';
import type { BarWish, CallSignal } from '../history.ts';
import type { InstrumentCalendars } from '../quality/instrument-calendars.ts';
import { computedValues, type ComputedRows } from './computed-values.ts';
import type { SeriesChunk } from './read-bars.ts';
import {
  indicatorArguments,
  isOfTwoSeries,
  type AskedSpec,
  type IndicatorArguments,
} from './indicator-arguments.ts';
import type { IndicatorBudget } from './indicator-budget.ts';
import { seriesOf } from './series-of.ts';
import type { SessionOf } from './series-run.ts';
import { isStored, isStoredWhole, storedValues } from './stored-values.ts';
import { noBarsOf } from './no-bars.ts';
import type { AskedSeries } from './two-series-spec.ts';

export interface IndicatorCallParts {
  readonly reader: HistoryReader;
  /** Bars as GetBars answers them. */
  readonly readBars: (query: BarQuery, wish: BarWish) => AsyncIterable<SeriesChunk>;
  readonly calendars: Pick<InstrumentCalendars, 'of'>;
  readonly budget: IndicatorBudget;
  readonly registry?: Registry;
}

/** GetIndicators: values that are stored, or computed over the stored bars; which of both each message says. */
export class IndicatorCalls {
  readonly #parts: IndicatorCallParts;
  readonly #registry: Registry;

  constructor(parts: IndicatorCallParts) {
    this.#parts = parts;
    this.#registry = parts.registry ?? allIndicators();
  }

  async *getIndicators(
    request: queryV1.GetIndicatorsRequest,
    { signal }: CallSignal,
  ): AsyncGenerator<queryV1.GetIndicatorsResponse> {
    const args = orRefuse(indicatorArguments(request, this.#registry));
    const query: BarQuery & CallSignal = {
      ...args.series,
      interval: args.interval.text,
      priceType: args.priceType,
      ...(args.asOf === undefined ? {} : { asOf: args.asOf }),
      signal,
    };
    const [only, ...others] = args.asked;
    if (args.mode === 'stored') orRefuse(storedArgument(args));
    const isFromStore =
      args.mode === 'stored' || (others.length === 0 && (await this.#isBest(args, only, query)));
    if (isFromStore) for (const asked of args.asked) yield* this.#stored(asked, query);
    else yield* this.#computed(args, query, args.asked.map(askedSeries));
  }

  /** Whether the store has all that a computation would give, or the only values there are. */
  async #isBest(args: IndicatorArguments, asked: AskedSpec | undefined, query: BarQuery): Promise<boolean> {
    if (args.mode !== 'auto' || asked === undefined || !storedArgument(args).ok) return false;
    const { reader } = this.#parts;
    const values: IndicatorQuery = { ...query, specId: asked.id };
    // As of a time the service may not have stored every version that a computation gives: of corrections that follow closely there is one.
    if (args.asOf !== undefined && asked.spec !== undefined) return false;
    if (!(await isStored(reader, values))) return false;
    // What this service cannot compute, of a user's own module or of bars that are gone, is what it is.
    if (asked.spec === undefined || (await isStoredWhole(reader, values, query))) return true;
    return !(await this.#hasBars(query));
  }

  async #hasBars(query: BarQuery): Promise<boolean> {
    const one = { ...seriesOf(query), limit: 1, columns: ['startNs'] };
    for await (const _ of this.#parts.reader.bars(one)) return true;
    return false;
  }

  async *#stored(asked: AskedSpec, query: BarQuery): AsyncGenerator<queryV1.GetIndicatorsResponse> {
    for await (const rows of storedValues(this.#parts.reader, { ...query, specId: asked.id })) {
      const { source, specId, startNs, warm, knownNs, anchorNs } = rows;
      const outputs = inOrder(rows.outputs, asked.spec);
      for (const part of slices(startNs.length)) {
        const knownAtNs = query.asOf === undefined ? [] : sliceColumns({ knownNs }, part).knownNs;
        yield create(queryV1.GetIndicatorsResponseSchema, {
          source,
          specId,
          ...sliceColumns({ startNs, warm }, part),
          knownAtNs: [...knownAtNs],
          outputs: outputs.map(({ name, value }) =>
            create(events.IndicatorOutputSchema, { name, ...sliceColumns({ value }, part) }),
          ),
          mode: queryV1.IndicatorMode.STORED,
          anchorNs,
        });
      }
    }
  }

  async *#computed(
    args: IndicatorArguments,
    query: BarQuery & CallSignal,
    asked: readonly AskedSeries[],
  ): AsyncGenerator<queryV1.GetIndicatorsResponse> {
    const { basis, backAdjustment, asOf } = args;
    const values = computedValues({
      read: (one) => this.#parts.readBars(one, { basis, backAdjustment }),
      query,
      interval: args.interval,
      asked,
      sessionOf: asked.some(({ spec }) => spec.needsSession) ? this.#sessionOf(args) : undefined,
      budget: this.#parts.budget,
      nothing: (one) => noBarsOf(this.#parts.reader, one),
    });
    for await (const rows of values) yield computedResponse(rows, asOf !== undefined);
  }

  #sessionOf({ series, interval, calendar }: IndicatorArguments): SessionOf {
    // Bars of a day are dated without one.
    if (interval.kind !== 'threshold' && (interval.kind !== 'fixed' || interval.lengthNs >= NS_PER_DAY))
      return (startNs) => ok(utcDateNumber(startNs));
    const found = this.#parts.calendars.of(series.symbol, calendar);
    if (!found.ok) throw new TickwellError('failed-precondition', found.error);
    const own = found.value;
    return interval.kind === 'threshold'
      ? (startNs) => own.tradeDateOf(startNs)
      : (startNs) => barSessionDate(own, interval, startNs);
  }
}

/** What is stored is of stored bars as they are. */
function storedArgument({ series, basis, backAdjustment, asked }: IndicatorArguments): Result<true, string> {
  const unfit = [
    ...(series.source === BEST_SOURCE ? [`source "${BEST_SOURCE}"`] : []),
    ...(basis === undefined ? [] : ['adjustment']),
    ...(backAdjustment === undefined ? [] : ['back_adjustment']),
    ...asked.filter(isOfTwoSeries).map(({ id }) => id),
  ];
  return unfit.length === 0
    ? ok(true)
    : err(`mode STORED goes without ${unfit.join(' and ')}: such values are computed, never stored`);
}

function askedSeries(asked: AskedSpec): AskedSeries {
  if (asked.spec === undefined) throw new TickwellError('invalid-argument', asked.problem);
  const { spec, interval } = asked;
  if (interval !== undefined && spec.needsSession)
    throw new TickwellError(
      'invalid-argument',
      `${asked.id} goes by sessions, which are those of the interval asked for: ask for it with its own`,
    );
  return asked;
}

/** The store has outputs by name. */
function inOrder(
  outputs: IndicatorRows['outputs'],
  spec: IndicatorSpec | undefined,
): IndicatorRows['outputs'] {
  if (spec === undefined) return outputs;
  return outputs.toSorted((a, b) => spec.outputs.indexOf(a.name) - spec.outputs.indexOf(b.name));
}

function computedResponse(rows: ComputedRows, withKnown: boolean): queryV1.GetIndicatorsResponse {
  const { source, specId, startNs, warm, outputs, anchorNs, priceBasis, knownAtNs, unusableBars, batch } =
    rows;
  return create(queryV1.GetIndicatorsResponseSchema, {
    source,
    specId,
    startNs,
    warm,
    outputs: outputs.map((output) => create(events.IndicatorOutputSchema, output)),
    mode: queryV1.IndicatorMode.COMPUTED,
    anchorNs,
    priceBasis: priceBasisToProto(priceBasis),
    knownAtNs: withKnown ? [...knownAtNs] : [],
    unusableBars: BigInt(unusableBars),
    batch: BigInt(batch),
  });
}
