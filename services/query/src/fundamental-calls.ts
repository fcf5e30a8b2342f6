import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { err, ok, type Result } from '@tickwell/domain';
import type { FundamentalQuery, HistoryReader, StoredFundamental } from '@tickwell/ports';
import {
  asOfArgument,
  limitArgument,
  orRefuse,
  rangeArgument,
  symbolsArgument,
  textArgument,
} from './arguments.ts';
import type { CallSignal } from './history.ts';
import { pageToken, parsePageToken } from './quality/page.ts';

const MAX_SYMBOLS = 1_000;
const MAX_ITEMS = 500;
const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 5_000;
const PERIOD_TYPES = ['annual', 'quarterly', 'ttm', 'instant'];

/** Where a page ended: the last value that it has. */
interface Place {
  readonly symbol: string;
  readonly periodEndNs: bigint;
  /** Of what has that period end. */
  readonly key: string;
}

/** Fundamentals of some symbols, a page of them. */
export async function getFundamentals(
  reader: Pick<HistoryReader, 'fundamentals'>,
  request: queryV1.GetFundamentalsRequest,
  { signal }: CallSignal,
): Promise<queryV1.GetFundamentalsResponse> {
  const symbols = orRefuse(fewSymbols(request.symbols));
  const query = { ...orRefuse(filterArgument(request)), signal };
  const limit = orRefuse(limitArgument(request.limit, { fallback: DEFAULT_LIMIT, max: MAX_LIMIT }));
  const after = orRefuse(placeArgument(request.pageToken, symbols));
  const values: queryV1.SourcedFundamental[] = [];
  for await (const { symbol, value } of valuesAfter(reader, query, symbols, after)) {
    const last = values.at(-1);
    if (values.length === limit && last !== undefined)
      return create(queryV1.GetFundamentalsResponseSchema, { values, nextPageToken: tokenOf(last) });
    values.push(valueMessage(symbol, value));
  }
  return create(queryV1.GetFundamentalsResponseSchema, { values });
}

async function* valuesAfter(
  reader: Pick<HistoryReader, 'fundamentals'>,
  query: Omit<FundamentalQuery, 'symbol'>,
  symbols: readonly string[],
  after: Place | undefined,
): AsyncGenerator<{ readonly symbol: string; readonly value: StoredFundamental }> {
  const first = after === undefined ? 0 : symbols.indexOf(after.symbol);
  for (const symbol of symbols.slice(first)) {
    const from = after?.symbol === symbol ? after : undefined;
    const startNs = from?.periodEndNs ?? query.startNs;
    const span = startNs === undefined ? {} : { startNs };
    for await (const rows of reader.fundamentals({ ...query, ...span, symbol }))
      for (const value of rows) if (from === undefined || isAfter(value, from)) yield { symbol, value };
  }
}

function isAfter(value: StoredFundamental, { periodEndNs, key }: Place): boolean {
  if (value.periodEndNs !== periodEndNs) return value.periodEndNs > periodEndNs;
  return keyOf(value) > key;
}

/** In the order in which the store answers values of one period end. */
function keyOf({
  source,
  item,
  periodType,
}: Pick<StoredFundamental, 'source' | 'item' | 'periodType'>): string {
  return [source, item, periodType].join('\0');
}

function tokenOf({ symbol, source, fundamental }: queryV1.SourcedFundamental): string {
  const { item = '', periodType = '', periodEndNs = 0n } = fundamental ?? {};
  return pageToken([symbol, String(periodEndNs), keyOf({ source, item, periodType })]);
}

function placeArgument(token: string, symbols: readonly string[]): Result<Place | undefined, string> {
  const fields = parsePageToken(token, 3);
  if (!fields.ok) return fields;
  if (fields.value === undefined) return ok(undefined);
  const [symbol = '', periodEnd = '', key = ''] = fields.value;
  if (!symbols.includes(symbol) || !/^\d{1,19}$/.test(periodEnd))
    return err('page_token is of another request: leave it empty for the first page');
  return ok({ symbol, periodEndNs: BigInt(periodEnd), key });
}

function fewSymbols(symbols: readonly string[]): Result<readonly string[], string> {
  if (symbols.length === 0) return err('symbols is empty: name at least one instrument');
  if (symbols.length > MAX_SYMBOLS)
    return err(`symbols has ${symbols.length} entries, at most ${MAX_SYMBOLS} go into one call: use several`);
  return symbolsArgument(symbols);
}

function filterArgument(
  request: queryV1.GetFundamentalsRequest,
): Result<Omit<FundamentalQuery, 'symbol'>, string> {
  const range = rangeArgument(request.range);
  if (!range.ok) return range;
  const source = textArgument('source', request.source);
  if (!source.ok) return source;
  const { periodType } = request;
  if (periodType !== '' && !PERIOD_TYPES.includes(periodType))
    return err(
      `period_type ${JSON.stringify(periodType.slice(0, 80))} is not one of ${PERIOD_TYPES.join(', ')}`,
    );
  if (request.items.length > MAX_ITEMS)
    return err(
      `items has ${request.items.length} entries, at most ${MAX_ITEMS} go into one call: none means all`,
    );
  for (const item of request.items) {
    const checked = item === '' ? err('items has an empty entry') : textArgument('items: a name', item);
    if (!checked.ok) return checked;
  }
  const asOf = asOfArgument(request.asOfNs, request.strict);
  if (!asOf.ok) return asOf;
  return ok({
    ...range.value,
    ...(source.value === '' ? {} : { source: source.value }),
    ...(periodType === '' ? {} : { periodType }),
    ...(request.items.length === 0 ? {} : { items: [...new Set(request.items)] }),
    ...(asOf.value === undefined ? {} : { asOf: asOf.value }),
  });
}

function valueMessage(
  symbol: string,
  { source, knownAtNs, backfilled, ...fundamental }: StoredFundamental,
): queryV1.SourcedFundamental {
  return create(queryV1.SourcedFundamentalSchema, {
    symbol,
    source,
    fundamental,
    knownAtNs,
    backfilled: backfilled === true,
  });
}
