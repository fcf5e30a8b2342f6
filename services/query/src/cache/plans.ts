import { create, equals, type DescMessage } from '@bufbuild/protobuf';
import { TOPICS, events, queryV1 } from '@tickwell/contracts';
import { NS_PER_DAY, parseBarLength } from '@tickwell/domain';
import type { TimeSpan } from '@tickwell/ports';
import { BEST_SOURCE } from '@tickwell/source-policy';
import { priceTypeArgument, seriesArguments } from '../arguments.ts';
import type { Block } from './block-grid.ts';
import { ACTIONS, barSeries } from './seen-log.ts';

/** What of the log an answer is made of. */
export interface Input extends Block {
  readonly topic: string;
  readonly symbol: string;
  readonly series: string;
}

/** How an answer is cached: rows by blocks of time, each with its own life, or all of it as one. */
export interface ReadPlan {
  readonly by: 'blocks' | 'whole';
  /** Of blocks the series with the range that was asked for. */
  readonly inputs: readonly [Input, ...Input[]];
  readonly limit: number | undefined;
  /** Configuration decides what the answer is. */
  readonly isConfigured: boolean;
}

/** Newest rows that are cached as one. */
const MAX_NEWEST = 50_000;

const TICKS = TOPICS.ticks.name;
const BARS = TOPICS.bars.name;

/** Undefined: it is not cached, be it refused or of something that only the store can tell. */
export function barPlan(request: queryV1.GetBarsRequest, nowNs: bigint): ReadPlan | undefined {
  const { symbol, interval, range, source, priceType, limit, newest, columns } = request;
  const { adjustment, asOfNs, strict, resampleFrom, alignment, empty } = request;
  const plain = { symbol, interval, source, priceType, limit, newest, columns, asOfNs, strict };
  const known = { ...plain, ...rangeOf(range), adjustment, resampleFrom, alignment, empty };
  // What it asks for besides would be missing in what is cached.
  const schema = queryV1.GetBarsRequestSchema;
  if (!equals(schema, create(schema, known), request)) return undefined;
  const [query, type] = [seriesArguments(request, events.BarColumnsSchema), priceTypeArgument(priceType)];
  if (!query.ok || !type.ok || !parseBarLength(interval).ok) return undefined;
  const isMade = resampleFrom !== '';
  if (isMade && asOfNs === 0n && !isOver(interval, query.value, nowNs)) return undefined;
  const isAdjusted = adjustment !== events.PriceBasis.UNSPECIFIED;
  const isConfigured = source === BEST_SOURCE || isMade;
  if (!isMade && !isAdjusted)
    return rowPlan(
      { topic: BARS, symbol, series: barSeries(interval, type.value) },
      query.value,
      isConfigured,
    );
  // Closes before a dividend, and parts of bars that begin before the range, are read besides: all of the series counts.
  const isOfTicks = resampleFrom === 'trades' || resampleFrom === 'quotes';
  const all = { symbol, startNs: undefined, endNs: undefined };
  const read = isOfTicks
    ? { ...all, topic: TICKS, series: resampleFrom }
    : { ...all, topic: BARS, series: barSeries(isMade ? resampleFrom : interval, type.value) };
  const actions = { ...all, topic: TOPICS.actions.name, series: ACTIONS };
  return {
    by: 'whole',
    inputs: isAdjusted ? [read, actions] : [read],
    limit: query.value.limit,
    isConfigured,
  };
}

export function tickPlan(request: queryV1.GetTicksRequest): ReadPlan | undefined {
  const { symbol, range, source, limit, newest, columns } = request;
  const known = { symbol, ...rangeOf(range), source, limit, newest, columns };
  const schema = queryV1.GetTicksRequestSchema;
  if (!equals(schema, create(schema, known), request)) return undefined;
  return eventPlan(request, events.TradeColumnsSchema, 'trades');
}

export function quotePlan(request: queryV1.GetQuotesRequest): ReadPlan | undefined {
  const { symbol, range, source, limit, newest, columns } = request;
  const known = { symbol, ...rangeOf(range), source, limit, newest, columns };
  const schema = queryV1.GetQuotesRequestSchema;
  if (!equals(schema, create(schema, known), request)) return undefined;
  return eventPlan(request, events.QuoteColumnsSchema, 'quotes');
}

function eventPlan(
  request: queryV1.GetTicksRequest | queryV1.GetQuotesRequest,
  columns: DescMessage,
  series: 'trades' | 'quotes',
): ReadPlan | undefined {
  const query = seriesArguments(request, columns);
  if (!query.ok || query.value.source === BEST_SOURCE) return undefined;
  return rowPlan({ topic: TICKS, symbol: request.symbol, series }, query.value, false);
}

function rangeOf(range: queryV1.TimeRange | undefined): { range?: queryV1.TimeRange } {
  return range === undefined ? {} : { range };
}

function rowPlan(
  of: Pick<Input, 'topic' | 'symbol' | 'series'>,
  query: TimeSpan & { readonly limit?: number; readonly newest?: boolean },
  isConfigured: boolean,
): ReadPlan | undefined {
  const { startNs, endNs, limit, newest = false } = query;
  if (newest && (limit ?? 0) > MAX_NEWEST) return undefined;
  return { by: newest ? 'whole' : 'blocks', inputs: [{ ...of, startNs, endNs }], limit, isConfigured };
}

/** Bars that are made are left out until they are over; once all are, time changes nothing any more. */
function isOver(interval: string, { endNs }: TimeSpan, nowNs: bigint): boolean {
  const length = parseBarLength(interval);
  if (endNs === undefined || !length.ok) return false;
  if (length.value.kind === 'threshold') return endNs <= nowNs;
  // Sessions may go on for a while behind the day that they are of.
  const lengthNs =
    length.value.kind === 'fixed' ? length.value.lengthNs : 31n * NS_PER_DAY * BigInt(length.value.count);
  return endNs + lengthNs + 4n * NS_PER_DAY <= nowNs;
}
