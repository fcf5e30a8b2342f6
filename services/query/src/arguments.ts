import type { DescMessage } from '@bufbuild/protobuf';
import {
  events,
  priceBasisFromProto,
  priceTypeFromProto,
  queryV1,
  streamKindFromProto,
} from '@tickwell/contracts';
import {
  TickwellError,
  checkLineText,
  checkSymbol,
  err,
  formatNs,
  ok,
  parseBarLength,
  type PriceType,
  type Result,
  type SummedKind,
} from '@tickwell/domain';
import type { Adjustment } from '@tickwell/instruments';
import type { AsOf, SeriesQuery, TimeSpan } from '@tickwell/ports';
import type { WantedBasis } from './adjustment/adjust.ts';

/** Most rows one call may ask for; more is several calls. */
const MAX_LIMIT = 100_000_000n;
const MAX_SYMBOLS = 10_000;
const MAX_TEXT_CHARS = 128;

export type EventKind = SummedKind;

/** The value, or the call ends with INVALID_ARGUMENT and the message. */
export function orRefuse<T>(result: Result<T, string>): T {
  if (result.ok) return result.value;
  throw new TickwellError('invalid-argument', result.error);
}

export function symbolArgument(symbol: string): Result<string, string> {
  if (symbol === '') return err('symbol is empty: name an instrument, for example "AAPL"');
  const checked = checkSymbol(symbol);
  return checked.ok ? checked : err(`symbol ${checked.error}`);
}

export function symbolsArgument(symbols: readonly string[]): Result<readonly string[], string> {
  if (symbols.length > MAX_SYMBOLS) {
    return err(`symbols has ${symbols.length} entries, at most ${MAX_SYMBOLS} go into one call: use several`);
  }
  for (const symbol of symbols) {
    const checked = symbolArgument(symbol);
    if (!checked.ok) return checked;
  }
  return ok([...new Set(symbols)]);
}

export function intervalArgument(interval: string): Result<string, string> {
  if (interval === '') return err('interval is empty: say for example "1d" or "5m"');
  const parsed = parseBarLength(interval);
  return parsed.ok ? ok(interval) : err(`interval: ${parsed.error}`);
}

/** Sources and specifications are free text, but short and without control characters. */
export function textArgument(name: string, text: string): Result<string, string> {
  const checked = checkLineText(text, MAX_TEXT_CHARS);
  return checked.ok ? checked : err(`${name} ${checked.error}`);
}

export function rangeArgument(
  range: { readonly startNs: bigint; readonly endNs: bigint } | undefined,
  name = 'range',
): Result<TimeSpan, string> {
  const { startNs, endNs } = range ?? { startNs: 0n, endNs: 0n };
  if (startNs < 0n)
    return err(`${name}.start_ns ${startNs} is before 1970: nothing is stored there; 0 leaves it open`);
  if (endNs < 0n)
    return err(`${name}.end_ns ${endNs} is before 1970: nothing is stored there; 0 leaves it open`);
  if (endNs !== 0n && startNs >= endNs) {
    return err(
      `${name}.start_ns ${formatNs(startNs)} is not before ${name}.end_ns ${formatNs(endNs)}: swap them`,
    );
  }
  return ok({ ...(startNs === 0n ? {} : { startNs }), ...(endNs === 0n ? {} : { endNs }) });
}

/** Protobuf names of columns ("trade_count") to those of the domain ("tradeCount"); undefined where all are wanted. */
function columnsArgument(
  columns: readonly string[],
  schema: DescMessage,
): Result<readonly string[] | undefined, string> {
  if (columns.length === 0) return ok(undefined);
  const chosen = new Set<string>();
  for (const name of columns) {
    const field = schema.fields.find((one) => one.name === name);
    if (field === undefined) {
      const known = schema.fields.map((one) => one.name).join(', ');
      return err(`columns: ${JSON.stringify(name.slice(0, 80))} is not one of ${known}`);
    }
    chosen.add(field.localName);
  }
  return ok([...chosen]);
}

interface SeriesRequest {
  readonly symbol: string;
  readonly source: string;
  readonly range?: queryV1.TimeRange | undefined;
  readonly limit: bigint;
  readonly newest: boolean;
  readonly columns?: readonly string[];
}

/** What every history call has in common. */
export function seriesArguments(request: SeriesRequest, columns: DescMessage): Result<SeriesQuery, string> {
  const symbol = symbolArgument(request.symbol);
  if (!symbol.ok) return symbol;
  const source = textArgument('source', request.source);
  if (!source.ok) return source;
  const range = rangeArgument(request.range);
  if (!range.ok) return range;
  const chosen = columnsArgument(request.columns ?? [], columns);
  if (!chosen.ok) return chosen;
  if (request.limit > MAX_LIMIT) {
    return err(`limit ${request.limit} is too large: at most ${MAX_LIMIT}, or 0 for everything in the range`);
  }
  if (request.newest && request.limit === 0n)
    return err('newest without limit: say how many of the newest rows');
  return ok({
    symbol: symbol.value,
    ...range.value,
    ...(source.value === '' ? {} : { source: source.value }),
    ...(request.limit === 0n ? {} : { limit: Number(request.limit) }),
    ...(request.newest ? { newest: true } : {}),
    ...(chosen.value === undefined ? {} : { columns: chosen.value }),
  });
}

export function priceTypeArgument(value: events.PriceType): Result<PriceType, string> {
  const priceType = priceTypeFromProto(value);
  return priceType === undefined
    ? err(`price_type ${value} is not known: use PRICE_TYPE_TRADE, _BID, _ASK or _MID`)
    : ok(priceType);
}

const ADJUSTMENT_OF: ReadonlyMap<queryV1.BackAdjustment, Adjustment> = new Map([
  [queryV1.BackAdjustment.NONE, 'none'],
  [queryV1.BackAdjustment.DIFFERENCE, 'difference'],
  [queryV1.BackAdjustment.RATIO, 'ratio'],
]);

/** undefined: as the instrument says. */
export function backAdjustmentArgument(
  value: queryV1.BackAdjustment,
): Result<Adjustment | undefined, string> {
  const adjustment = ADJUSTMENT_OF.get(value);
  return adjustment === undefined && value !== queryV1.BackAdjustment.UNSPECIFIED
    ? err(`back_adjustment ${value} is not known: use BACK_ADJUSTMENT_NONE, _DIFFERENCE or _RATIO`)
    : ok(adjustment);
}

/** Whoever asks for nothing in particular wants what is final. */
const DEFAULT_KINDS: ReadonlySet<EventKind> = new Set(['trades', 'quotes', 'bars', 'indicators']);

/** Empty: every kind but forming bars. */
export function streamKindsArgument(
  kinds: readonly queryV1.StreamKind[],
): Result<ReadonlySet<EventKind>, string> {
  if (kinds.length === 0) return ok(DEFAULT_KINDS);
  const chosen = new Set<EventKind>();
  for (const kind of kinds) {
    const known = streamKindFromProto(kind);
    if (known === undefined) {
      return err(
        `kinds: ${kind} is not one of STREAM_KIND_TRADES, _QUOTES, _BARS, _INDICATORS, _FORMING_BARS`,
      );
    }
    chosen.add(known);
  }
  return ok(chosen);
}

const LATEST_KINDS = ['trades', 'quotes', 'bars'] as const;
export type LatestKind = (typeof LATEST_KINDS)[number];

/** Empty: every kind that has a newest event. */
export function latestKindsArgument(kinds: readonly string[]): Result<ReadonlySet<LatestKind>, string> {
  if (kinds.length === 0) return ok(new Set(LATEST_KINDS));
  const chosen = new Set<LatestKind>();
  for (const kind of kinds) {
    const known = LATEST_KINDS.find((one) => one === kind);
    if (known === undefined) {
      return err(`kinds: ${JSON.stringify(kind.slice(0, 80))} is not one of ${LATEST_KINDS.join(', ')}`);
    }
    chosen.add(known);
  }
  return ok(chosen);
}

/** Undefined: prices as they are stored. */
export function adjustmentArgument(value: events.PriceBasis): Result<WantedBasis | undefined, string> {
  const basis = priceBasisFromProto(value);
  if (basis !== 'unspecified') return ok(basis);
  return value === events.PriceBasis.UNSPECIFIED
    ? ok(undefined)
    : err(`adjustment ${value} is not known: use PRICE_BASIS_RAW, _SPLIT_ADJUSTED or _ALL`);
}

/** Undefined: what is known now. */
export function asOfArgument(timeNs: bigint, strict: boolean): Result<AsOf | undefined, string> {
  if (timeNs < 0n) return err(`as_of_ns ${timeNs} is before 1970: nothing was known then; 0 is now`);
  if (timeNs > 0n) return ok({ timeNs, strict });
  return strict ? err('strict is of a time: say which, as_of_ns') : ok(undefined);
}

/** How many entries of a page; 0: the fallback. */
export function limitArgument(
  limit: number,
  { fallback, max }: { readonly fallback: number; readonly max: number },
): Result<number, string> {
  if (limit > max) return err(`limit ${limit} is more than ${max}: ask page by page`);
  return ok(limit === 0 ? fallback : limit);
}
