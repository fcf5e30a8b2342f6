import { priceTypeFromProto, type queryV1 } from '@tickwell/contracts';
import { err, formatNs, ok, type Result } from '@tickwell/domain';
import { allIndicators, type IndicatorSpec } from '@tickwell/indicators';
import { BEST_SOURCE } from '@tickwell/source-policy';
import { intervalArgument, streamKindsArgument, symbolsArgument, textArgument } from './arguments.ts';
import type { EventFilter } from './event-filter.ts';
import type { ComputedFilter } from './indicators/computed-view.ts';
import { isOfTwoSeries, specsArgument } from './indicators/indicator-arguments.ts';
import type { Position } from './response.ts';
import type { HistoryRow } from './store-history.ts';

export type From =
  | { readonly kind: 'live' }
  | {
      readonly kind: 'after';
      readonly positions: readonly Position[];
      /** Where the stream began that is gone on with. */
      readonly began: Began | undefined;
    }
  | { readonly kind: 'since'; readonly sinceNs: bigint }
  /** The newest of each series, then what comes after it. */
  | { readonly kind: 'snapshot' }
  /** In the middle of history, which ends at the cut. Without a row: before the first. */
  | {
      readonly kind: 'within';
      readonly sinceNs: bigint;
      readonly cut: readonly Position[];
      readonly row: HistoryRow | undefined;
    };

interface Began {
  readonly positions: readonly Position[];
  /** It brought history from here on, up to the positions. */
  readonly sinceNs: bigint | undefined;
}

/** When a stream ends. */
export interface Ending {
  /** Not before the clock has reached it; undefined: with what is in the log when the call is made. */
  readonly timeNs: bigint | undefined;
  /** Only once the store holds everything. */
  readonly stored: boolean;
}

export interface SubscribeArguments {
  readonly filter: EventFilter;
  readonly from: From;
  /** Undefined: never. */
  readonly until: Ending | undefined;
  /** Whether heartbeats say what the stream has brought. */
  readonly sums: boolean;
  /** Whether a reader who is too slow gets the newest of each series, instead of an error. */
  readonly conflate: boolean;
  /** Indicators to compute, and of what; undefined: none. */
  readonly computed:
    { readonly specs: readonly IndicatorSpec[]; readonly filter: ComputedFilter } | undefined;
}

const MAX_INTERVALS = 64;
const MAX_POSITIONS = 10_000;

export function subscribeArguments(request: queryV1.SubscribeRequest): Result<SubscribeArguments, string> {
  const symbols = symbolsArgument(request.symbols);
  if (!symbols.ok) return symbols;
  const kinds = streamKindsArgument(request.kinds);
  if (!kinds.ok) return kinds;
  const source = textArgument('source', request.source);
  if (!source.ok) return source;
  if (request.intervals.length > MAX_INTERVALS) {
    return err(`intervals has ${request.intervals.length} entries: at most ${MAX_INTERVALS}`);
  }
  for (const interval of request.intervals) {
    const checked = intervalArgument(interval);
    if (!checked.ok) return checked;
  }
  const from = fromArgument(request);
  if (!from.ok) return from;
  const until = untilArgument(request.until, sinceOf(from.value));
  if (!until.ok) return until;
  const asked = { from: from.value, until: until.value, sums: request.sums, conflate: request.conflate };
  const filter: EventFilter = {
    symbols: symbols.value.length === 0 ? undefined : new Set(symbols.value),
    kinds: kinds.value,
    source: source.value,
    intervals: request.intervals.length === 0 ? undefined : new Set(request.intervals),
    sinceNs: sinceOf(from.value),
    untilNs: until.value?.timeNs,
  };
  if (request.specs.length === 0) return ok({ ...asked, filter, computed: undefined });
  if (until.value !== undefined || request.sums)
    return err(
      'specs with until or sums: what is computed for a subscription is not stored, and has no sums',
    );
  if (request.conflate)
    return err(
      'specs with conflate: values belong to their bars, none of which can be left out; leave out one of the two',
    );
  if (from.value.kind === 'within')
    return err(
      'from.within with specs: such a stream is not gone on with in its history; begin anew with since_ns',
    );
  if (from.value.kind === 'snapshot')
    return err(
      'from.snapshot with specs: what is computed for a subscription is not stored; say since_ns, or ask GetIndicators for the newest',
    );
  const computed = computedArgument(request.specs, filter);
  return computed.ok ? ok({ ...asked, filter: computed.value.filter, computed: computed.value }) : computed;
}

/** Events before it are left out, also where such a stream is gone on with. */
function sinceOf(from: From): bigint | undefined {
  if (from.kind === 'after') return from.began?.sinceNs;
  return from.kind === 'since' || from.kind === 'within' ? from.sinceNs : undefined;
}

function untilArgument(
  until: queryV1.Until | undefined,
  sinceNs: bigint | undefined,
): Result<Ending | undefined, string> {
  if (until === undefined) return ok(undefined);
  const { timeNs, stored } = until;
  if (timeNs < 0n) return err(`until.time_ns ${timeNs} is before 1970: nothing is stored there; 0 is now`);
  if (timeNs !== 0n && sinceNs !== undefined && sinceNs >= timeNs)
    return err(
      `from.since_ns ${formatNs(sinceNs)} is not before until.time_ns ${formatNs(timeNs)}: swap them`,
    );
  return ok({ timeNs: timeNs === 0n ? undefined : timeNs, stored });
}

/** Computed indicators are those of the stream: published ones do not come. */
function computedArgument(
  texts: readonly string[],
  filter: EventFilter,
): Result<NonNullable<SubscribeArguments['computed']>, string> {
  const asked = specsArgument(texts, allIndicators());
  if (!asked.ok) return asked;
  const { symbols, intervals, source } = filter;
  if (symbols === undefined) return err('specs: name the symbols of whose bars indicators are computed');
  if (intervals === undefined)
    return err('specs: name the intervals of the bars that indicators are computed of');
  if (source === BEST_SOURCE)
    return err(
      `specs: source "${BEST_SOURCE}" is of GetIndicators; a subscription names a source, or none for each of them`,
    );
  if (!filter.kinds.has('indicators'))
    return err('specs without STREAM_KIND_INDICATORS: ask for that kind, or for none');
  const specs: IndicatorSpec[] = [];
  for (const one of asked.value) {
    if (one.spec === undefined) return err(one.problem);
    if (isOfTwoSeries(one))
      return err(`specs: ${one.id} is of two series: GetIndicators computes it, Subscribe does not`);
    if (one.spec.needsSession)
      return err(`specs: ${one.id} goes by sessions: GetIndicators computes it, Subscribe does not`);
    specs.push(one.spec);
  }
  const kinds = new Set([...filter.kinds].filter((kind) => kind !== 'indicators'));
  return ok({ specs, filter: { ...filter, symbols, intervals, kinds } });
}

function fromArgument({ from, began }: queryV1.SubscribeRequest): Result<From, string> {
  if (began !== undefined && from.case !== 'after')
    return err('began is where a stream began that is gone on with: send it with from.after, or not at all');
  switch (from.case) {
    case undefined:
      return ok({ kind: 'live' });
    case 'live':
      return from.value
        ? ok({ kind: 'live' })
        : err('from.live is false: leave it out, or set after or since_ns');
    case 'sinceNs':
      return from.value < 0n
        ? err(`from.since_ns ${from.value} is before 1970: nothing is stored there; 0 is everything`)
        : ok({ kind: 'since', sinceNs: from.value });
    case 'snapshot':
      return from.value
        ? ok({ kind: 'snapshot' })
        : err('from.snapshot is false: leave it out, or set after or since_ns');
    case 'after':
      return afterArgument(from.value, began);
    case 'within':
      return withinArgument(from.value);
  }
}

function afterArgument(
  after: queryV1.StreamPosition,
  began: queryV1.StreamBegin | undefined,
): Result<From, string> {
  const positions = positionsArgument('from.after', after.partitions);
  if (!positions.ok) return positions;
  if (began === undefined) return ok({ kind: 'after', positions: positions.value, began: undefined });
  const first = positionsArgument('began.position', began.position?.partitions ?? []);
  return first.ok
    ? ok({
        kind: 'after',
        positions: positions.value,
        began: { positions: first.value, sinceNs: began.sinceNs },
      })
    : first;
}

function withinArgument(place: queryV1.HistoryPlace): Result<From, string> {
  const cut = positionsArgument('from.within.cut', place.cut?.partitions ?? []);
  if (!cut.ok) return cut;
  const { sinceNs, symbol, source, interval, specId, timeNs, seq } = place;
  if (sinceNs < 0n) return err(`from.within.since_ns ${sinceNs} is before 1970`);
  const from = { kind: 'within' as const, sinceNs, cut: cut.value };
  if (symbol === '') return ok({ ...from, row: undefined });
  const kinds = streamKindsArgument([place.kind]);
  if (!kinds.ok) return kinds;
  const [kind = 'trades'] = kinds.value;
  const priceType = priceTypeFromProto(place.priceType) ?? 'trade';
  return ok({ ...from, row: { symbol, source, kind, interval, priceType, specId, timeNs, seq } });
}

function positionsArgument(
  name: string,
  partitions: readonly queryV1.PartitionPosition[],
): Result<readonly Position[], string> {
  if (partitions.length === 0)
    return err(`${name} has no partitions: send back a position that the stream sent`);
  if (partitions.length > MAX_POSITIONS) {
    return err(`${name} has ${partitions.length} partitions: send back a position that the stream sent`);
  }
  return ok(
    partitions.map(({ topic, partition, epoch, nextOffset }) => ({ topic, partition, epoch, nextOffset })),
  );
}
