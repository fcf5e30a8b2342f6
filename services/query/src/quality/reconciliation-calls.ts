import { create } from '@bufbuild/protobuf';
import {
  differenceClassFromProto,
  events,
  messageFromJson,
  priceTypeToProto,
  queryV1,
} from '@tickwell/contracts';
import { err, ok, TickwellError, type DifferenceClass, type Result } from '@tickwell/domain';
import {
  seriesName,
  type ReconciliationCursor,
  type ReconciliationFilter,
  type ReconciliationReader,
  type StoredReconciliation,
} from '@tickwell/ports';
import {
  intervalArgument,
  limitArgument,
  orRefuse,
  rangeArgument,
  symbolArgument,
  textArgument,
} from '../arguments.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const CURSOR = /^(\d{1,19}) (\d{1,19}) (.{1,200})$/;

/** QualityService.ListReconciliations: decisions on bars, page by page. */
export async function listReconciliations(
  reader: ReconciliationReader,
  request: queryV1.ListReconciliationsRequest,
): Promise<queryV1.ListReconciliationsResponse> {
  const filter = orRefuse(filterArgument(request));
  const limit = orRefuse(limitArgument(request.limit, { fallback: DEFAULT_LIMIT, max: MAX_LIMIT }));
  const after = orRefuse(parseCursor(request.after));
  // One more than asked for tells whether there is a next page.
  const page = { limit: limit + 1, ...(after === undefined ? {} : { after }) };
  const found = await reader.list(filter, page);
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  return create(queryV1.ListReconciliationsResponseSchema, {
    entries: shown.map(entryMessage),
    next: last === undefined || found.length <= limit ? '' : cursorText(last),
  });
}

function filterArgument(request: queryV1.ListReconciliationsRequest): Result<ReconciliationFilter, string> {
  const { history } = request;
  const symbol = request.symbol === '' ? ok('') : symbolArgument(request.symbol);
  if (!symbol.ok) return symbol;
  const interval = request.interval === '' ? ok('') : intervalArgument(request.interval);
  if (!interval.ok) return interval;
  const source = textArgument('source', request.source);
  if (!source.ok) return source;
  if (source.value.includes('|')) return err('source has a bar in it, which no name of a source has');
  const range = rangeArgument(request.range);
  if (!range.ok) return range;
  const classes: DifferenceClass[] = [];
  for (const one of request.classes) {
    const of = differenceClassFromProto(one);
    if (of === undefined)
      return err(`classes: ${one} is none: use DIFFERENCE_CLASS_…, or leave it empty for all`);
    classes.push(of);
  }
  return ok({
    ...range.value,
    history,
    ...(symbol.value === '' ? {} : { symbol: symbol.value }),
    ...(interval.value === '' ? {} : { interval: interval.value }),
    ...(source.value === '' ? {} : { source: source.value }),
    ...(classes.length === 0 ? {} : { classes: [...new Set(classes)] }),
  });
}

function entryMessage(stored: StoredReconciliation): queryV1.ReconciliationEntry {
  const { symbol, interval, priceType, policy, detail, startNs } = stored;
  const decision = messageFromJson(events.ReconciliationSchema, detail);
  if (!decision.ok)
    throw new TickwellError(
      'store-unreadable',
      `the decision on ${seriesName(stored)} at ${startNs} cannot be read: ${decision.error}`,
    );
  return create(queryV1.ReconciliationEntrySchema, {
    symbol,
    interval,
    priceType: priceTypeToProto(priceType),
    policy,
    decision: decision.value,
  });
}

/** Where a page ended, as a text that a client hands back. */
function cursorText(last: StoredReconciliation): string {
  return `${last.startNs} ${last.knownAtNs} ${seriesName(last)}`;
}

function parseCursor(text: string): Result<ReconciliationCursor | undefined, string> {
  if (text === '') return ok(undefined);
  const match = CURSOR.exec(text);
  if (match === null)
    return err(
      `after ${JSON.stringify(text.slice(0, 120))} is not what a page ended with: leave it empty for the first page`,
    );
  const [, start = '', known = '', series = ''] = match;
  return ok({ startNs: BigInt(start), knownAtNs: BigInt(known), series });
}
