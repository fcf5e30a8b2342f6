import type { queryV1 } from '@tickwell/contracts';
import { err, ok, type Result } from '@tickwell/domain';
import { allIndicators, type IndicatorSpec } from '@tickwell/indicators';
import { BEST_SOURCE } from '@tickwell/source-policy';
import { intervalArgument, streamKindsArgument, symbolsArgument, textArgument } from './arguments.ts';
import type { EventFilter } from './event-filter.ts';
import type { ComputedFilter } from './indicators/computed-view.ts';
import { isOfTwoSeries, specsArgument } from './indicators/indicator-arguments.ts';
import type { Position } from './response.ts';

export type From =
  | { readonly kind: 'live' }
  | { readonly kind: 'after'; readonly positions: readonly Position[] }
  | { readonly kind: 'since'; readonly sinceNs: bigint };

export interface SubscribeArguments {
  readonly filter: EventFilter;
  readonly from: From;
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
  const from = fromArgument(request.from);
  if (!from.ok) return from;
  const filter: EventFilter = {
    symbols: symbols.value.length === 0 ? undefined : new Set(symbols.value),
    kinds: kinds.value,
    source: source.value,
    intervals: request.intervals.length === 0 ? undefined : new Set(request.intervals),
    sinceNs: from.value.kind === 'since' ? from.value.sinceNs : undefined,
  };
  if (request.specs.length === 0) return ok({ from: from.value, filter, computed: undefined });
  const computed = computedArgument(request.specs, filter);
  return computed.ok
    ? ok({ from: from.value, filter: computed.value.filter, computed: computed.value })
    : computed;
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

function fromArgument(from: queryV1.SubscribeRequest['from']): Result<From, string> {
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
    case 'after':
      return positionsArgument(from.value.partitions);
  }
}

function positionsArgument(partitions: readonly queryV1.PartitionPosition[]): Result<From, string> {
  if (partitions.length === 0)
    return err('from.after has no partitions: send back a position that the stream sent');
  if (partitions.length > MAX_POSITIONS) {
    return err(`from.after has ${partitions.length} partitions: send back a position that the stream sent`);
  }
  const positions = partitions.map(({ topic, partition, epoch, nextOffset }) => ({
    topic,
    partition,
    epoch,
    nextOffset,
  }));
  return ok({ kind: 'after', positions });
}
