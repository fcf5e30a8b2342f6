import { TABLES } from '@tickwell/contracts';
import type { PriceType } from '@tickwell/domain';
import type {
  BarCount,
  FindingFilter,
  FindingGroup,
  FindingSeverity,
  NewestEvent,
  QualityReader,
  SourceCounts,
  StoredFinding,
  StoredSourceState,
  StoredStatus,
} from '@tickwell/ports';
import type { TextRow } from './pg-client.ts';
import { Binds, clampNs, type BoundSql } from './series-select.ts';

type RunSql = (sql: BoundSql) => Promise<TextRow[]>;

/** Rule of rows that hold counts, not a finding. */
const COUNTS = 'counts';
/** The record of md.quality that brought it: one finding each. */
const NAME = "concat(symbol, '/', epoch, '/', record_offset)";
const FINDING_COLUMNS = `ts::long, symbol, source, kind, rule, severity, message, start_ts::long, end_ts::long, ${NAME}`;
const STATUS_COLUMNS = 'source, stream, state, reason, ts::long, events, refused';
const COUNT_COLUMNS = ['received', 'accepted', 'dead_lettered', 'duplicates'] as const;
const SEVERITIES: readonly FindingSeverity[] = ['info', 'warning', 'error'];
const STATES: readonly StoredSourceState[] = ['up', 'degraded', 'down', 'paced', 'finished', 'stopped'];

/** Reads findings, counts, statuses and the newest events over the pg wire. */
export function qualityReader(query: RunSql): QualityReader {
  return {
    findings: async (filter, page) => (await query(findingsSql(filter, page))).map(findingOf),
    findingGroups: async (filter, limit) => (await query(groupsSql(filter, limit))).map(groupOf),
    counts: async (of) => (await query(countsSql(of))).map(countsOf),
    statuses: async (of) => {
      const before = await query(lastStatusesSql({ ...of, beforeNs: of.startNs, onlyRunning: true }));
      const within = await query(statusesSql(of));
      return [...before.map(statusOf).sort(byTime), ...within.map(statusOf)].slice(0, of.limit);
    },
    newestStatuses: async (of) => (await query(lastStatusesSql(of))).map(statusOf),
    newestEvents: async (limit) => {
      const lists = await Promise.all(NEWEST.map((one) => newestOf(query, one, limit)));
      return lists.flat().slice(0, limit);
    },
    barCounts: async (of) => (of.spans.length === 0 ? [] : (await query(barCountsSql(of))).map(barCountOf)),
  };
}

function findingsSql(
  filter: FindingFilter,
  { limit, after }: Parameters<QualityReader['findings']>[1],
): BoundSql {
  const binds = new Binds();
  const conditions = conditionsOf(filter, binds);
  if (after !== undefined) {
    const ns = clampNs(after.knownAtNs);
    conditions.push(`(ts < ${ns} or (ts = ${ns} and ${NAME} > ${binds.add(after.name)}))`);
  }
  const text = `select ${FINDING_COLUMNS} from ${TABLES.quality.name} where ${conditions.join(' and ')} order by ts desc, ${NAME} limit ${limit}`;
  return { text, values: binds.values };
}

function groupsSql(filter: FindingFilter, limit: number): BoundSql {
  const binds = new Binds();
  const from = `${TABLES.quality.name} where ${conditionsOf(filter, binds).join(' and ')}`;
  const text = `select source, kind, rule, severity, count() findings, min(ts)::long, max(ts)::long, last(message) from ${from} order by findings desc, source, rule, kind limit ${limit}`;
  return { text, values: binds.values };
}

function conditionsOf(filter: FindingFilter, binds: Binds): string[] {
  const equal = (['symbol', 'source', 'rule', 'kind'] as const).flatMap((column) => {
    const value = filter[column];
    return value === undefined ? [] : [`${column} = ${binds.add(value)}`];
  });
  const { severities, startNs, endNs } = filter;
  return [
    `rule != '${COUNTS}'`,
    ...equal,
    ...(severities === undefined ? [] : [`severity in (${severities.map(binds.add).join(', ')})`]),
    ...(startNs === undefined ? [] : [`ts >= ${clampNs(startNs)}`]),
    ...(endNs === undefined ? [] : [`ts < ${clampNs(endNs)}`]),
  ];
}

/** Counts of a series only grow: what was counted in between is the difference of the greatest ones. */
function countsSql({ source, startNs, endNs }: Parameters<QualityReader['counts']>[0]): BoundSql {
  const binds = new Binds();
  const own = source === undefined ? '' : ` and source = ${binds.add(source)}`;
  const before = clampNs(startNs);
  const columns = COUNT_COLUMNS.map(
    (name) => `max(${name}) - max(case when ts < ${before} then ${name} else 0L end) ${name}`,
  );
  const series = `select symbol, source, kind, ${columns.join(', ')} from ${TABLES.quality.name} where rule = '${COUNTS}' and ts < ${clampNs(endNs)}${own} group by symbol, source, kind`;
  const sums = COUNT_COLUMNS.map((name) => `sum(${name}) ${name}`).join(', ');
  const text = `select source, kind, ${sums} from (select * from (${series}) where received > 0) group by source, kind order by source, kind`;
  return { text, values: binds.values };
}

function statusesSql({ source, startNs, endNs, limit }: Parameters<QualityReader['statuses']>[0]): BoundSql {
  const binds = new Binds();
  const own = source === undefined ? '' : ` and source = ${binds.add(source)}`;
  const text = `select ${STATUS_COLUMNS} from ${TABLES.sourceStatus.name} where ts >= ${clampNs(startNs)} and ts < ${clampNs(endNs)}${own} order by ts, record_offset limit ${limit}`;
  return { text, values: binds.values };
}

/** The newest report of every stream. */
function lastStatusesSql(of: {
  readonly source?: string;
  readonly beforeNs?: bigint;
  readonly onlyRunning?: boolean;
  readonly limit: number;
}): BoundSql {
  const binds = new Binds();
  const conditions = [
    ...(of.source === undefined ? [] : [`source = ${binds.add(of.source)}`]),
    ...(of.beforeNs === undefined ? [] : [`ts < ${clampNs(of.beforeNs)}`]),
  ];
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  const last = `select * from ${TABLES.sourceStatus.name}${where} latest on ts partition by source, stream`;
  const over = of.onlyRunning === true ? ` where state not in ('finished', 'stopped')` : '';
  return {
    text: `select ${STATUS_COLUMNS} from (${last})${over} order by ts desc limit ${of.limit}`,
    values: binds.values,
  };
}

const NEWEST: readonly {
  readonly kind: NewestEvent['kind'];
  readonly table: string;
  readonly keys: string;
}[] = [
  { kind: 'trades', table: TABLES.trades.name, keys: 'symbol, source' },
  { kind: 'quotes', table: TABLES.quotes.name, keys: 'symbol, source' },
  { kind: 'bars', table: TABLES.bars.name, keys: 'symbol, source, "interval", price_type' },
];

async function newestOf(
  query: RunSql,
  { kind, table, keys }: (typeof NEWEST)[number],
  limit: number,
): Promise<readonly NewestEvent[]> {
  const parts = kind === 'bars' ? '"interval", price_type' : "'' iv, '' pt";
  const text = `select symbol, source, ${parts}, ts::long, known_at::long, epoch, record_offset from ${table} latest on ts partition by ${keys} limit ${limit}`;
  const rows = await query({ text, values: [] });
  return rows.map(([symbol, source, interval, priceType, event, known, epoch, offset]) => ({
    kind,
    symbol: symbol ?? '',
    source: source ?? '',
    interval: interval ?? '',
    priceType: priceTypeOf(priceType),
    eventNs: long(event),
    knownAtNs: long(known),
    epoch: epoch ?? '',
    recordOffset: long(offset),
  }));
}

function barCountsSql(of: Parameters<QualityReader['barCounts']>[0]): BoundSql {
  const binds = new Binds();
  const { spans } = of;
  const own = of.source === undefined ? '' : ` and source = ${binds.add(of.source)}`;
  const series = `"interval" = ${binds.add(of.interval)} and price_type = ${binds.add(of.priceType)}${own}`;
  // The outer bounds choose the partitions, the spans what of them counts.
  const bounds = `ts >= ${clampNs(spans[0]?.startNs ?? 0n)} and ts < ${clampNs(spans.at(-1)?.endNs ?? 0n)}`;
  const within = spans.map(({ startNs, endNs }) => `(ts >= ${clampNs(startNs)} and ts < ${clampNs(endNs)})`);
  const starts = `select symbol, source, ts, count() versions from ${TABLES.bars.name} where ${bounds} and ${series} and (${within.join(' or ')}) group by symbol, source, ts`;
  const text = `select symbol, source, count() n from (${starts}) group by symbol, source order by symbol, source`;
  return { text, values: binds.values };
}

function findingOf(row: TextRow): StoredFinding {
  const [knownAt, symbol, source, kind, rule, severity, message, start, end, name] = row;
  return {
    symbol: symbol ?? '',
    source: source ?? '',
    kind: kind ?? '',
    rule: rule ?? '',
    severity: severityOf(severity),
    message: message ?? '',
    knownAtNs: long(knownAt),
    startNs: long(start),
    endNs: long(end),
    name: name ?? '',
  };
}

function groupOf(row: TextRow): FindingGroup {
  const [source, kind, rule, severity, findings, first, last, example] = row;
  return {
    source: source ?? '',
    kind: kind ?? '',
    rule: rule ?? '',
    severity: severityOf(severity),
    findings: Number(findings ?? 0),
    firstNs: long(first),
    lastNs: long(last),
    example: example ?? '',
  };
}

function countsOf(row: TextRow): SourceCounts {
  const [source, kind, received, accepted, deadLettered, duplicates] = row;
  return {
    source: source ?? '',
    kind: kind ?? '',
    received: long(received),
    accepted: long(accepted),
    deadLettered: long(deadLettered),
    duplicates: long(duplicates),
  };
}

function statusOf(row: TextRow): StoredStatus {
  const [source, stream, state, reason, time, events, refused] = row;
  return {
    source: source ?? '',
    stream: stream ?? '',
    // What was filed without a state is not up.
    state: STATES.find((one) => one === state) ?? 'down',
    reason: reason ?? '',
    timeNs: long(time),
    events: long(events),
    refused: long(refused),
  };
}

function barCountOf([symbol, source, bars]: TextRow): BarCount {
  return { symbol: symbol ?? '', source: source ?? '', bars: Number(bars ?? 0) };
}

function severityOf(text: string | null | undefined): FindingSeverity {
  return SEVERITIES.find((one) => one === text) ?? 'info';
}

function priceTypeOf(text: string | null | undefined): PriceType {
  return text === 'bid' || text === 'ask' || text === 'mid' ? text : 'trade';
}

function byTime(a: StoredStatus, b: StoredStatus): number {
  return a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0;
}

function long(text: string | null | undefined): bigint {
  return BigInt(text ?? 0);
}
