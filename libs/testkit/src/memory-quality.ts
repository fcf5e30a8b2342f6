import { TABLES } from '@tickwell/contracts';
import type {
  FindingFilter,
  FindingGroup,
  NewestEvent,
  QualityReader,
  SourceCounts,
  StoredFinding,
  StoredStatus,
} from '@tickwell/ports';
import { compare, long, text, type MemoryRow } from './memory-table.ts';

const COUNTS = 'counts';

/** Findings, counts, statuses and newest events of a store in memory. */
export function memoryQuality(rowsOf: (table: string) => readonly MemoryRow[]): QualityReader {
  const findings = (filter: FindingFilter): StoredFinding[] =>
    rowsOf(TABLES.quality.name)
      .filter((row) => text(row, 'rule') !== COUNTS)
      .map(findingOf)
      .filter((finding) => matches(finding, filter))
      .sort(newestFirst);
  const statuses = (source: string | undefined): StoredStatus[] =>
    rowsOf(TABLES.sourceStatus.name)
      .map(statusOf)
      .filter((one) => source === undefined || one.source === source)
      .sort((a, b) => compare(a.timeNs, b.timeNs));
  return {
    findings: (filter, { limit, after }) => {
      const found = findings(filter).filter((one) => after === undefined || newestFirst(after, one) < 0);
      return Promise.resolve(found.slice(0, limit));
    },
    findingGroups: (filter, limit) => {
      const groups = Map.groupBy(findings(filter), ({ source, kind, rule, severity }) =>
        [source, kind, rule, severity].join('\n'),
      );
      return Promise.resolve([...groups.values()].map(groupOf).sort(mostFirst).slice(0, limit));
    },
    counts: (of) => Promise.resolve(countsOf(rowsOf(TABLES.quality.name), of)),
    statuses: ({ source, startNs, endNs, limit }) => {
      const all = statuses(source);
      const before = newestOf(all.filter(({ timeNs }) => timeNs < startNs)).filter(
        ({ state }) => state !== 'finished' && state !== 'stopped',
      );
      const within = all.filter(({ timeNs }) => timeNs >= startNs && timeNs < endNs);
      return Promise.resolve([...before.reverse(), ...within].slice(0, limit));
    },
    newestStatuses: ({ source, limit }) => Promise.resolve(newestOf(statuses(source)).slice(0, limit)),
    newestEvents: (limit) =>
      Promise.resolve(
        (['trades', 'quotes', 'bars'] as const)
          .flatMap((kind) => newestEvents(kind, rowsOf(TABLES[kind].name)))
          .slice(0, limit),
      ),
    barCounts: ({ interval, priceType, source, spans }) => {
      const rows = rowsOf(TABLES.bars.name).filter(
        (row) =>
          text(row, 'interval') === interval &&
          text(row, 'price_type') === priceType &&
          (source === undefined || text(row, 'source') === source) &&
          spans.some(({ startNs, endNs }) => long(row, 'ts') >= startNs && long(row, 'ts') < endNs),
      );
      const series = Map.groupBy(rows, (row) => `${text(row, 'symbol')}\n${text(row, 'source')}`);
      return Promise.resolve(
        [...series.values()].map((group) => ({
          symbol: text(group[0], 'symbol'),
          source: text(group[0], 'source'),
          bars: new Set(group.map((row) => long(row, 'ts'))).size,
        })),
      );
    },
  };
}

function findingOf(row: MemoryRow): StoredFinding {
  const severity = text(row, 'severity');
  return {
    symbol: text(row, 'symbol'),
    source: text(row, 'source'),
    kind: text(row, 'kind'),
    rule: text(row, 'rule'),
    severity: severity === 'warning' || severity === 'error' ? severity : 'info',
    message: text(row, 'message'),
    knownAtNs: long(row, 'ts'),
    startNs: long(row, 'start_ts'),
    endNs: long(row, 'end_ts'),
    name: [text(row, 'symbol'), text(row, 'epoch'), long(row, 'record_offset')].join('/'),
  };
}

function matches(finding: StoredFinding, filter: FindingFilter): boolean {
  const { startNs, endNs, severities } = filter;
  return (
    (['symbol', 'source', 'rule', 'kind'] as const).every(
      (name) => filter[name] === undefined || filter[name] === finding[name],
    ) &&
    (severities === undefined || severities.includes(finding.severity)) &&
    (startNs === undefined || finding.knownAtNs >= startNs) &&
    (endNs === undefined || finding.knownAtNs < endNs)
  );
}

type Place = Pick<StoredFinding, 'knownAtNs' | 'name'>;

function newestFirst(a: Place, b: Place): number {
  return compare(b.knownAtNs, a.knownAtNs) || compare(a.name, b.name);
}

function groupOf(findings: readonly StoredFinding[]): FindingGroup {
  const [newest] = findings;
  return {
    source: newest?.source ?? '',
    kind: newest?.kind ?? '',
    rule: newest?.rule ?? '',
    severity: newest?.severity ?? 'info',
    findings: findings.length,
    firstNs: findings.at(-1)?.knownAtNs ?? 0n,
    lastNs: newest?.knownAtNs ?? 0n,
    example: newest?.message ?? '',
  };
}

function mostFirst(a: FindingGroup, b: FindingGroup): number {
  return (
    b.findings - a.findings ||
    compare(a.source, b.source) ||
    compare(a.rule, b.rule) ||
    compare(a.kind, b.kind)
  );
}

function countsOf(
  rows: readonly MemoryRow[],
  { source, startNs, endNs }: Parameters<QualityReader['counts']>[0],
): readonly SourceCounts[] {
  const counted = rows.filter(
    (row) =>
      text(row, 'rule') === COUNTS &&
      long(row, 'ts') < endNs &&
      (source === undefined || text(row, 'source') === source),
  );
  const keyOf = (row: MemoryRow, ...names: readonly string[]): string =>
    names.map((name) => text(row, name)).join('\n');
  const series = [...Map.groupBy(counted, (row) => keyOf(row, 'symbol', 'source', 'kind')).values()];
  const most = (group: readonly MemoryRow[], column: string): bigint =>
    group.reduce((max, row) => (long(row, column) > max ? long(row, column) : max), 0n);
  const grown = series.map((group): SourceCounts => {
    const before = group.filter((row) => long(row, 'ts') < startNs);
    const difference = (column: string): bigint => most(group, column) - most(before, column);
    return {
      source: text(group[0], 'source'),
      kind: text(group[0], 'kind'),
      received: difference('received'),
      accepted: difference('accepted'),
      deadLettered: difference('dead_lettered'),
      duplicates: difference('duplicates'),
    };
  });
  const some = grown.filter(({ received }) => received > 0n);
  const sums = [...Map.groupBy(some, (one) => `${one.source}\n${one.kind}`).values()].map((group) =>
    group.reduce((sum, one) => ({
      source: one.source,
      kind: one.kind,
      received: sum.received + one.received,
      accepted: sum.accepted + one.accepted,
      deadLettered: sum.deadLettered + one.deadLettered,
      duplicates: sum.duplicates + one.duplicates,
    })),
  );
  return sums.sort((a, b) => compare(a.source, b.source) || compare(a.kind, b.kind));
}

function statusOf(row: MemoryRow): StoredStatus {
  const state = text(row, 'state');
  return {
    source: text(row, 'source'),
    stream: text(row, 'stream'),
    state:
      state === 'up' ||
      state === 'degraded' ||
      state === 'paced' ||
      state === 'finished' ||
      state === 'stopped'
        ? state
        : 'down',
    reason: text(row, 'reason'),
    timeNs: long(row, 'ts'),
    events: long(row, 'events'),
    refused: long(row, 'refused'),
  };
}

/** Of every stream, the newest first. `statuses` are by time. */
function newestOf(statuses: readonly StoredStatus[]): StoredStatus[] {
  const newest = new Map(statuses.map((one) => [`${one.source}\n${one.stream}`, one]));
  return [...newest.values()].sort((a, b) => compare(b.timeNs, a.timeNs));
}

function newestEvents(kind: NewestEvent['kind'], rows: readonly MemoryRow[]): readonly NewestEvent[] {
  const keyOf = (row: MemoryRow): string =>
    ['symbol', 'source', 'interval', 'price_type'].map((name) => text(row, name)).join('\n');
  const newest = new Map<string, MemoryRow>();
  for (const row of rows) {
    const known = newest.get(keyOf(row));
    if (known === undefined || long(row, 'ts') >= long(known, 'ts')) newest.set(keyOf(row), row);
  }
  return [...newest.values()].map((row) => {
    const priceType = text(row, 'price_type');
    return {
      kind,
      symbol: text(row, 'symbol'),
      source: text(row, 'source'),
      interval: text(row, 'interval'),
      priceType: priceType === 'bid' || priceType === 'ask' || priceType === 'mid' ? priceType : 'trade',
      eventNs: long(row, 'ts'),
      knownAtNs: long(row, 'known_at'),
      epoch: text(row, 'epoch'),
      recordOffset: long(row, 'record_offset'),
    };
  });
}
