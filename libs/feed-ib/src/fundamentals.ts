import { createHash } from 'node:crypto';
import {
  err,
  NS_PER_SECOND,
  ok,
  parseIsoTime,
  TickwellError,
  type Fundamental,
  type Result,
} from '@tickwell/domain';
import type { EventSource, FeedItem } from '@tickwell/ports';
import type { IbConnection } from './connection.ts';
import type { ResolvedInstrument } from './contracts.ts';
import { xmlTokens } from './xml.ts';

export const REPORT_TYPES = ['ReportSnapshot', 'ReportsFinSummary', 'ReportsFinStatements'] as const;
export type ReportType = (typeof REPORT_TYPES)[number];

type Item = Omit<Fundamental, 'position'>;

/** Where an element stands: what its ancestors say. */
interface Place {
  readonly currency: string;
  readonly periodEnd: string;
  readonly periodType: string;
}

const NOWHERE: Place = { currency: '', periodEnd: '', periodType: 'instant' };
const MAX_DEPTH = 100;

/**
 * The numbers of a report of Refinitiv as IB delivers it: ratios of a snapshot (item `MKTCAP`, at the latest date), series of a
 * summary (`EPS`, `TotalRevenue`, ...), lines of statements (by their code, `INC:SREV`). Amounts are as the report has them.
 */
export function readFundamentals(xml: string): Result<readonly Item[], string> {
  const places: Place[] = [NOWHERE];
  const items: Item[] = [];
  let open: { readonly name: string; readonly attributes: Readonly<Record<string, string>> } | undefined;
  let statement = '';
  for (const token of xmlTokens(xml)) {
    const place = places.at(-1) ?? NOWHERE;
    if (token.kind === 'open') {
      if (token.name === 'Statement') statement = token.attributes['Type'] ?? '';
      places.push(placeOf(token.name, token.attributes, place));
      if (places.length > MAX_DEPTH) return err('its elements are nested too deeply');
      open = token;
    } else if (token.kind === 'close') {
      places.pop();
      open = undefined;
    } else if (open !== undefined) {
      const item = itemOf(open, token.text, place, statement);
      if (item !== undefined) items.push(item);
    }
  }
  return items.length === 0 ? err('it holds no numbers that are known') : ok(items);
}

function placeOf(name: string, attributes: Readonly<Record<string, string>>, outer: Place): Place {
  const currency = attributes['ReportingCurrency'] ?? attributes['currency'] ?? outer.currency;
  switch (name) {
    case 'Ratios':
      return { currency, periodEnd: attributes['LatestAvailableDate'] ?? '', periodType: 'instant' };
    case 'FiscalPeriod': {
      const periodType = attributes['Type'] === 'Annual' ? 'annual' : 'quarterly';
      return { currency, periodEnd: attributes['EndDate'] ?? '', periodType };
    }
    default: {
      const periodEnd = attributes['asofDate'] ?? outer.periodEnd;
      const periodType = attributes['period'] === undefined ? outer.periodType : periodTypeOf(attributes);
      return { currency, periodEnd, periodType };
    }
  }
}

function periodTypeOf({ reportType, period }: Readonly<Record<string, string>>): string {
  if (reportType === 'TTM') return 'ttm';
  return period === '12M' ? 'annual' : 'quarterly';
}

function itemOf(
  { name, attributes }: { readonly name: string; readonly attributes: Readonly<Record<string, string>> },
  text: string,
  place: Place,
  statement: string,
): Item | undefined {
  const item = itemName(name, attributes, statement);
  const end = parseIsoTime(place.periodEnd.slice(0, 10));
  const value = Number(text.trim().replaceAll(',', ''));
  if (item === undefined || !end.ok || text.trim() === '' || !Number.isFinite(value)) return undefined;
  // Reports name no time of day: the period ends with the last second of its day.
  const periodEndNs = end.value + 86_399n * NS_PER_SECOND;
  return { item, periodType: place.periodType, periodEndNs, value, currency: place.currency };
}

function itemName(
  name: string,
  attributes: Readonly<Record<string, string>>,
  statement: string,
): string | undefined {
  if (name === 'Ratio')
    return attributes['Type'] === 'N' || attributes['Type'] === undefined
      ? attributes['FieldName']
      : undefined;
  if (name === 'lineItem')
    return attributes['coaCode'] === undefined ? undefined : `${statement}:${attributes['coaCode']}`;
  return attributes['asofDate'] === undefined ? undefined : name;
}

/**
 * Asks for a report and makes it a stream. Its identity is the hash of the report, so an unchanged one is ingested once. Errors:
 * `ib-430` where IB has none of the instrument or offers none any more, `ib-fundamentals` for a report that cannot be read.
 */
export async function openFundamentals(
  connection: IbConnection,
  instrument: ResolvedInstrument,
  reportType: ReportType,
): Promise<Result<EventSource, TickwellError>> {
  const { symbol, contract } = instrument;
  const answer = await connection.request<string>({
    subject: `${symbol} ${reportType}`,
    pacing: { lane: 'backfill', instrument: symbol, history: 'none', weight: 1, identity: '', group: '' },
    send: (link, reqId) => {
      link.reqFundamentals(reqId, contract, reportType);
    },
    read: (message) => (message.kind === 'fundamentals' ? { answer: message.xml } : undefined),
  });
  if (!answer.ok) return answer;
  const items = readFundamentals(answer.value);
  if (!items.ok)
    return err(
      new TickwellError('ib-fundamentals', `IB ${symbol}: the ${reportType} cannot be read: ${items.error}`),
    );
  const hash = createHash('sha256').update(answer.value).digest('hex').slice(0, 16);
  const id = `${symbol}:${contract.conId}:${reportType}:${hash}`;
  return ok(new FundamentalsSource(symbol, reportType, id, items.value));
}

const CHUNK_ITEMS = 1000;

class FundamentalsSource implements EventSource {
  readonly streamId: string;
  readonly source = 'ib';
  readonly description: string;
  readonly totalPositions: number;
  readonly #symbol: string;
  readonly #items: readonly Fundamental[];

  constructor(symbol: string, reportType: string, id: string, items: readonly Item[]) {
    this.streamId = `ib:fundamentals:${id}`;
    this.description = `IB ${symbol} ${reportType}`;
    this.totalPositions = items.length;
    this.#symbol = symbol;
    this.#items = items.map((item, index) => ({ ...item, position: BigInt(index + 1) }));
  }

  async *read(options: {
    readonly afterPosition: bigint;
    readonly signal: AbortSignal;
  }): AsyncGenerator<FeedItem> {
    const items = this.#items.filter(({ position }) => position > options.afterPosition);
    for (let at = 0; at < items.length && !options.signal.aborted; at += CHUNK_ITEMS) {
      await Promise.resolve();
      const some = items.slice(at, at + CHUNK_ITEMS);
      const positions = some.map(({ position }) => position);
      yield { kind: 'fundamentals', symbol: this.#symbol, priceBasis: 'unspecified', items: some, positions };
      yield { kind: 'progress', position: positions.at(-1) ?? 0n };
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
