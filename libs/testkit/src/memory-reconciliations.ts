import { TABLES } from '@tickwell/contracts';
import type { PriceType } from '@tickwell/domain';
import {
  seriesName,
  type ReconciliationCursor,
  type ReconciliationFilter,
  type ReconciliationReader,
  type StoredReconciliation,
} from '@tickwell/ports';
import { compare, long, text, type MemoryRow } from './memory-table.ts';

const PRICE_TYPES: readonly PriceType[] = ['trade', 'bid', 'ask', 'mid'];

/** Decisions on bars of a store in memory. */
export function memoryReconciliations(rowsOf: (table: string) => readonly MemoryRow[]): ReconciliationReader {
  return {
    list: (filter, { limit, after }) => {
      const all = rowsOf(TABLES.reconciliations.name).map((row) => ({ row, decision: decisionOf(row) }));
      const found = (filter.history ? all : newestOf(all))
        .filter(({ row, decision }) => matches(row, decision, filter))
        .map(({ decision }) => decision)
        .sort((a, b) => order(placeOf(a), placeOf(b)))
        .filter((decision) => after === undefined || order(placeOf(decision), after) > 0);
      return Promise.resolve(found.slice(0, limit));
    },
  };
}

interface Found {
  readonly row: MemoryRow;
  readonly decision: StoredReconciliation;
}

function newestOf(all: readonly Found[]): readonly Found[] {
  const newest = new Map<string, Found>();
  for (const one of all) {
    const key = `${one.decision.startNs} ${seriesName(one.decision)}`;
    const known = newest.get(key);
    if (known === undefined || one.decision.knownAtNs > known.decision.knownAtNs) newest.set(key, one);
  }
  return [...newest.values()];
}

function decisionOf(row: MemoryRow): StoredReconciliation {
  return {
    symbol: text(row, 'symbol'),
    interval: text(row, 'interval'),
    priceType: PRICE_TYPES.find((type) => type === text(row, 'price_type')) ?? 'trade',
    startNs: long(row, 'ts'),
    knownAtNs: long(row, 'known_at'),
    policy: text(row, 'policy'),
    detail: text(row, 'detail'),
  };
}

function matches(row: MemoryRow, decision: StoredReconciliation, filter: ReconciliationFilter): boolean {
  const { symbol, interval, startNs, endNs, classes, source } = filter;
  return (
    (symbol === undefined || decision.symbol === symbol) &&
    (interval === undefined || decision.interval === interval) &&
    (startNs === undefined || decision.startNs >= startNs) &&
    (endNs === undefined || decision.startNs < endNs) &&
    (classes === undefined || classes.includes(text(row, 'class'))) &&
    (source === undefined || text(row, 'sources').includes(`|${source}|`))
  );
}

function placeOf(decision: StoredReconciliation): ReconciliationCursor {
  return { startNs: decision.startNs, series: seriesName(decision), knownAtNs: decision.knownAtNs };
}

function order(a: ReconciliationCursor, b: ReconciliationCursor): number {
  return compare(b.startNs, a.startNs) || compare(a.series, b.series) || compare(b.knownAtNs, a.knownAtNs);
}
