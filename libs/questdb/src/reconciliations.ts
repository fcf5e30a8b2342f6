import { TABLES } from '@tickwell/contracts';
import type { PriceType } from '@tickwell/domain';
import type {
  ReconciliationCursor,
  ReconciliationFilter,
  ReconciliationReader,
  StoredReconciliation,
} from '@tickwell/ports';
import type { TextRow } from './pg-client.ts';
import { Binds, clampNs, type BoundSql } from './series-select.ts';

/** As `seriesName` writes it. */
const SERIES = "concat(symbol, ' ', interval, ' ', price_type)";
const COLUMNS = 'ts, known_at, symbol, interval, price_type, policy, class, sources, detail';
const PRICE_TYPES: readonly PriceType[] = ['trade', 'bid', 'ask', 'mid'];

/** Reads decisions on bars over the pg wire. */
export function reconciliationReader(query: (sql: BoundSql) => Promise<TextRow[]>): ReconciliationReader {
  return {
    list: async (filter, page) => (await query(listSql(filter, page))).map(decisionOf),
  };
}

function listSql(
  filter: ReconciliationFilter,
  { limit, after }: { readonly limit: number; readonly after?: ReconciliationCursor },
): BoundSql {
  const binds = new Binds();
  const inner = where(barConditions(filter, binds));
  // Which decision on a bar is the newest must not depend on what is asked of it.
  const ranked = `select ${COLUMNS}, row_number() over (partition by symbol, interval, price_type, ts order by known_at desc) place from ${TABLES.reconciliations.name}${inner}`;
  const from = filter.history ? TABLES.reconciliations.name : `(${ranked})`;
  const conditions = [
    ...(filter.history ? barConditions(filter, binds) : ['place = 1']),
    ...decisionConditions(filter, binds),
    ...(after === undefined ? [] : [afterCondition(after, binds)]),
  ];
  const columns = 'ts::long, known_at::long, symbol, interval, price_type, policy, detail';
  const text = `select ${columns} from ${from}${where(conditions)} order by ts desc, ${SERIES}, known_at desc limit ${limit}`;
  return { text, values: binds.values };
}

/** What is the same for every decision on a bar. */
function barConditions({ symbol, interval, startNs, endNs }: ReconciliationFilter, binds: Binds): string[] {
  return [
    ...(symbol === undefined ? [] : [`symbol = ${binds.add(symbol)}`]),
    ...(interval === undefined ? [] : [`interval = ${binds.add(interval)}`]),
    ...(startNs === undefined ? [] : [`ts >= ${clampNs(startNs)}`]),
    ...(endNs === undefined ? [] : [`ts < ${clampNs(endNs)}`]),
  ];
}

function decisionConditions({ classes, source }: ReconciliationFilter, binds: Binds): string[] {
  return [
    ...(classes === undefined ? [] : [`class in (${classes.map((one) => binds.add(one)).join(', ')})`]),
    ...(source === undefined ? [] : [`strpos(sources, ${binds.add(`|${source}|`)}) > 0`]),
  ];
}

function afterCondition({ startNs, series, knownAtNs }: ReconciliationCursor, binds: Binds): string {
  const [ts, known] = [clampNs(startNs), clampNs(knownAtNs)];
  const same = binds.add(series);
  const later = binds.add(series);
  return `(ts < ${ts} or (ts = ${ts} and (${SERIES} > ${later} or (${SERIES} = ${same} and known_at < ${known}))))`;
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
}

function decisionOf(row: TextRow): StoredReconciliation {
  const [ts, known, symbol, interval, priceType, policy, detail] = row;
  return {
    symbol: symbol ?? '',
    interval: interval ?? '',
    priceType: PRICE_TYPES.find((type) => type === priceType) ?? 'trade',
    startNs: BigInt(ts ?? 0),
    knownAtNs: BigInt(known ?? 0),
    policy: policy ?? '',
    detail: detail ?? '',
  };
}
