import { expect, it } from 'vitest';
import type { HoleFilter, HoleReader } from '../holes.ts';
import type { RowColumn, TableRows } from '../store.ts';
import type { Cases } from './store-cases.ts';
import { SECOND, T0, flowColumns } from './store-fixtures.ts';

interface Step {
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  readonly source?: string;
  readonly kind?: string;
  readonly state?: string;
  readonly step?: bigint;
  readonly knownAtNs?: bigint;
  readonly more?: readonly RowColumn[];
}

function stepRow(symbol: string, of: Step): TableRows {
  const { startNs = T0, endNs = T0 + 60n * SECOND, source = 'best', kind = 'bars', step = 1n } = of;
  return {
    table: 'coverage',
    timestampNs: [startNs],
    columns: [
      ...flowColumns({ symbol, source, offset: 7n, knownAtNs: of.knownAtNs ?? T0, epoch: 'e1' }),
      { type: 'symbol', name: 'kind', values: kind },
      { type: 'symbol', name: 'interval', values: kind === 'bars' ? '5s' : '' },
      { type: 'symbol', name: 'price_type', values: kind === 'bars' ? 'trade' : '' },
      { type: 'timestamp', name: 'end_ts', values: endNs },
      { type: 'symbol', name: 'state', values: of.state ?? 'missing' },
      { type: 'long', name: 'events', values: 3n },
      { type: 'long', name: 'step', values: step },
      { type: 'timestamp', name: 'since', values: T0 + 2n },
      { type: 'varchar', name: 'reason', values: `it's "${step}"` },
      { type: 'long', name: 'missing', values: 12n },
      ...(of.more ?? []),
    ],
  };
}

const REPAIRED: readonly RowColumn[] = [
  { type: 'varchar', name: 'request_id', values: 'r1' },
  { type: 'symbol', name: 'asked_source', values: 'desk' },
  { type: 'long', name: 'attempts', values: 4n },
  { type: 'long', name: 'source_attempts', values: 1n },
  { type: 'timestamp', name: 'asked_at', values: T0 + 3n },
  { type: 'timestamp', name: 'answered_at', values: T0 + 4n },
  { type: 'varchar', name: 'answer', values: '12 events' },
  { type: 'boolean', name: 'answer_final', values: true },
  { type: 'varchar', name: 'answer_stream', values: 'repair:r1:desk' },
  { type: 'symbol', name: 'repaired_source', values: 'desk' },
  { type: 'varchar', name: 'repaired_stream', values: 'repair:r1:desk' },
  { type: 'varchar', name: 'repair_request_id', values: 'r1' },
  { type: 'timestamp', name: 'repaired_at', values: T0 + 5n },
];

/** The ledger of holes. */
export function holeCases({ store, fresh }: Cases): void {
  it('answers of a hole its newest step with all that it says, whatever came last', async () => {
    const symbol = fresh();
    const { writer, reader } = store();
    await writer.write([stepRow(symbol, { step: 4n, state: 'present', knownAtNs: T0 + 5n, more: REPAIRED })]);
    await writer.write([stepRow(symbol, { step: 1n, knownAtNs: T0 + 9n })]);
    expect(await reader.ledger.holes({ symbols: [symbol] }, 10)).toEqual([
      {
        symbol,
        source: 'best',
        kind: 'bars',
        interval: '5s',
        priceType: 'trade',
        startNs: T0,
        endNs: T0 + 60n * SECOND,
        state: 'repaired',
        reason: `it's "4"`,
        sinceNs: T0 + 2n,
        missing: 12n,
        events: 3n,
        step: 4,
        attempts: 4,
        askedSource: 'desk',
        sourceAttempts: 1,
        requestId: 'r1',
        askedAtNs: T0 + 3n,
        answeredAtNs: T0 + 4n,
        answer: '12 events',
        isAnswerFinal: true,
        answerStream: 'repair:r1:desk',
        repairedAtNs: T0 + 5n,
        repairedSource: 'desk',
        repairedStream: 'repair:r1:desk',
        repairRequestId: 'r1',
      },
    ]);
    expect(await reader.ledger.holes({ symbols: [symbol], states: ['missing'] }, 10)).toEqual([]);
  });

  it('lists holes by series, span and state, the newest first', async () => {
    const symbol = fresh();
    const { writer, reader } = store();
    await writer.write([
      stepRow(symbol, {}),
      stepRow(symbol, { endNs: T0 + SECOND, state: 'given-up' }),
      stepRow(symbol, { startNs: T0 + 60n * SECOND, endNs: T0 + 90n * SECOND }),
      stepRow(symbol, { source: 'ib', kind: 'trades' }),
    ]);
    const starts = (filter: HoleFilter): Promise<readonly string[]> =>
      startsOf(reader.ledger, { symbols: [symbol, 'NONE'], ...filter });
    expect(await starts({})).toEqual(['60 best bars', '0 best bars', '0 best bars', '0 ib trades']);
    expect(await starts({ source: 'ib' })).toEqual(['0 ib trades']);
    expect(await starts({ kind: 'bars', states: ['given-up', 'repaired'] })).toEqual(['0 best bars']);
    expect(await starts({ interval: '5s', startNs: T0 + 60n * SECOND })).toEqual(['60 best bars']);
    expect(await starts({ startNs: T0 + SECOND, endNs: T0 + 60n * SECOND })).toEqual([
      '0 best bars',
      '0 ib trades',
    ]);
    expect(await reader.ledger.holes({ symbols: [symbol] }, 2)).toHaveLength(2);
  });
}

async function startsOf(reader: HoleReader, filter: HoleFilter): Promise<readonly string[]> {
  const holes = await reader.holes(filter, 100);
  return holes.map(({ startNs, source, kind }) => `${(startNs - T0) / SECOND} ${source} ${kind}`);
}
