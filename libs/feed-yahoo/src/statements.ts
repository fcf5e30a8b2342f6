import { parseIsoTime, type Fundamental } from '@tickwell/domain';
import { STATEMENT_TYPES, type StatementType } from './client.ts';
import { listOf, numberOf, part, textOf } from './json.ts';
import { refuse, type Unplaced } from './refusal.ts';

export type Item = Omit<Fundamental, 'position'>;

export interface Read {
  readonly items: readonly Item[];
  readonly refusals: readonly Unplaced[];
}

/** Yahoo's twelve months up to a quarter are the domain's "ttm". */
const PERIOD_TYPES: Readonly<Record<StatementType, string>> = {
  annual: 'annual',
  quarterly: 'quarterly',
  trailing: 'ttm',
};

/**
 * Reads `{timeseries:{result:[{meta:{type:["annualTotalRevenue"]},annualTotalRevenue:[{asOfDate,currencyCode,reportedValue:{raw}}]}]}}`:
 * item "totalRevenue" of the period that ends on `asOfDate`, zeros included. Periods that Yahoo has nothing of are null and left out.
 */
export function readStatements(answer: unknown, symbol: string, what: string): Read {
  const items: Item[] = [];
  const refusals: Unplaced[] = [];
  for (const series of listOf(part(part(answer, 'timeseries'), 'result'))) {
    const name = textOf(listOf(part(part(series, 'meta'), 'type'))[0]) ?? '';
    const type = STATEMENT_TYPES.find((each) => name.startsWith(each));
    for (const entry of listOf(part(series, name))) {
      if (entry === null) continue;
      const item = type === undefined ? undefined : readEntry(entry, name.slice(type.length), type);
      if (item !== undefined) items.push(item);
      else
        refusals.push(
          refuse(
            'bad-fundamental',
            `${what}: an entry of ${name.slice(0, 80)} without date or number`,
            symbol,
            entry,
          ),
        );
    }
  }
  // Yahoo's order changes from answer to answer.
  items.sort((a, b) => (orderKey(a) < orderKey(b) ? -1 : 1));
  return { items, refusals };
}

function readEntry(entry: unknown, name: string, type: StatementType): Item | undefined {
  const value = numberOf(part(part(entry, 'reportedValue'), 'raw'));
  const end = parseIsoTime(textOf(part(entry, 'asOfDate')) ?? '');
  if (value === null || !end.ok || name === '') return undefined;
  return {
    item: lowerFirst(name),
    periodType: PERIOD_TYPES[type],
    periodEndNs: end.value,
    value,
    currency: textOf(part(entry, 'currencyCode')) ?? '',
  };
}

function orderKey({ item, periodType, periodEndNs }: Item): string {
  return `${periodType} ${item} ${periodEndNs}`;
}

/** As the library and our proto write it: "totalRevenue", but "EBITDA". */
function lowerFirst(name: string): string {
  return name === name.toUpperCase() ? name : `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
}
