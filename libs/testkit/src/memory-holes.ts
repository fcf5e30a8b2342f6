import { TABLES } from '@tickwell/contracts';
import type { HoleFilter, HoleReader, StoredHole, StoredHoleState } from '@tickwell/ports';
import { compare, long, text, type MemoryRow } from './memory-table.ts';

/** The ledger of holes of a store in memory. */
export function memoryHoles(rowsOf: (table: string) => readonly MemoryRow[]): HoleReader {
  return {
    holes: (filter, limit) => {
      const versions = rowsOf(TABLES.coverage.name).toSorted(
        (a, b) =>
          compare(long(a, 'step'), long(b, 'step')) || compare(long(a, 'known_at'), long(b, 'known_at')),
      );
      const newest = new Map(versions.map((row) => [identityOf(row), row]));
      const holes = [...newest.values()].map(holeOf).filter((hole) => matches(hole, filter));
      return Promise.resolve(holes.sort(newestFirst).slice(0, limit));
    },
  };
}

function identityOf(row: MemoryRow): string {
  const names = ['symbol', 'source', 'kind', 'interval', 'price_type'];
  return [...names.map((name) => text(row, name)), long(row, 'ts'), long(row, 'end_ts')].join('\n');
}

function holeOf(row: MemoryRow): StoredHole {
  return {
    symbol: text(row, 'symbol'),
    source: text(row, 'source'),
    kind: text(row, 'kind'),
    interval: text(row, 'interval'),
    priceType: priceTypeOf(text(row, 'price_type')),
    startNs: long(row, 'ts'),
    endNs: long(row, 'end_ts'),
    state: stateOf(text(row, 'state')),
    reason: text(row, 'reason'),
    sinceNs: long(row, 'since'),
    missing: long(row, 'missing'),
    events: long(row, 'events'),
    step: Number(long(row, 'step')),
    attempts: Number(long(row, 'attempts')),
    askedSource: text(row, 'asked_source'),
    sourceAttempts: Number(long(row, 'source_attempts')),
    requestId: text(row, 'request_id'),
    askedAtNs: long(row, 'asked_at'),
    answeredAtNs: long(row, 'answered_at'),
    answer: text(row, 'answer'),
    isAnswerFinal: row.get('answer_final') === true,
    answerStream: text(row, 'answer_stream'),
    repairedAtNs: long(row, 'repaired_at'),
    repairedSource: text(row, 'repaired_source'),
    repairedStream: text(row, 'repaired_stream'),
    repairRequestId: text(row, 'repair_request_id'),
  };
}

function stateOf(state: string): StoredHoleState {
  return state === 'missing' || state === 'given-up' ? state : 'repaired';
}

function priceTypeOf(value: string): StoredHole['priceType'] {
  return value === 'trade' || value === 'bid' || value === 'ask' || value === 'mid' ? value : undefined;
}

function matches(hole: StoredHole, { symbols, startNs, endNs, states, ...equal }: HoleFilter): boolean {
  return (
    (['source', 'kind', 'interval'] as const).every(
      (name) => equal[name] === undefined || equal[name] === hole[name],
    ) &&
    (symbols === undefined || symbols.includes(hole.symbol)) &&
    (startNs === undefined || hole.endNs > startNs) &&
    (endNs === undefined || hole.startNs < endNs) &&
    (states === undefined || states.includes(hole.state))
  );
}

function newestFirst(a: StoredHole, b: StoredHole): number {
  return (
    compare(b.startNs, a.startNs) ||
    compare(a.symbol, b.symbol) ||
    compare(a.source, b.source) ||
    compare(a.kind, b.kind) ||
    compare(a.interval, b.interval) ||
    compare(a.endNs, b.endNs)
  );
}
