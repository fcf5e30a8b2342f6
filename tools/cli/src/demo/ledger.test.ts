import { describe, expect, it } from 'vitest';
import type { StreamResult } from '../ingest/report.ts';
import { importedRows } from './account.ts';
import { differences, ledgerLines, type LedgerRow } from './ledger.ts';

const AGREED: LedgerRow = {
  symbol: 'BTCUSD',
  source: 'file:x',
  data: 'trades',
  ingested: 100,
  refused: 3,
  duplicates: 2,
  accepted: 95,
  deadLetters: 3,
  stored: 95,
  readBack: 95,
};

describe('differences', () => {
  it('finds none where every stage agrees', () => {
    expect(differences([AGREED, { symbol: 'A', source: 's', data: 'bars', stored: 4, readBack: 4 }])).toEqual(
      [],
    );
  });

  it.each([
    [{ ingested: 101 }, 'BTCUSD trades (file:x): 101 read by ingest, 100 accepted, refused or duplicate'],
    [{ stored: 94, readBack: 94 }, 'BTCUSD trades (file:x): 95 accepted, 94 stored'],
    [{ deadLetters: 2 }, 'BTCUSD trades (file:x): 3 refused, 2 kept as dead letters'],
    [{ readBack: 96 }, 'BTCUSD trades (file:x): 95 stored, 96 read back over gRPC'],
  ])('names the stages that differ: %o', (change, line) => {
    expect(differences([{ ...AGREED, ...change }])).toEqual([line]);
  });
});

describe('ledgerLines', () => {
  it('leaves out what a stage does not count', () => {
    const [, line] = ledgerLines([
      { symbol: 'BTCUSD', source: 'derived:file:x', data: 'bars 1m', stored: 9_398, readBack: 9_398 },
    ]);
    expect(line).toMatch(/^BTCUSD +bars 1m +- +- +9,398 +9,398 +derived:file:x$/);
  });
});

describe('importedRows', () => {
  const stream: StreamResult = {
    type: 'done',
    stream: 'file:1:x',
    source: 'file:x',
    description: 'x.csv',
    outcome: 'finished',
    position: 6,
    events: 4,
    refused: 1,
    seconds: 1,
  };
  const count = {
    symbol: 'A',
    source: 'file:x',
    kind: 'trades',
    received: 4,
    accepted: 3,
    deadLettered: 1,
    duplicates: 0,
  };
  const refused = { ...count, symbol: '', kind: 'refused', received: 1, accepted: 0 };

  it('counts what ingest could not read and what the validator refused as refused', () => {
    const series = {
      kind: 'trades' as const,
      symbol: 'A',
      source: 'file:x',
      interval: '',
      specId: '',
      rows: 3,
    };
    const rows = importedRows({
      stream,
      series: [series],
      counts: [count, refused],
      letters: new Map([['file:x', 2]]),
      read: new Map([[series, 3]]),
    });
    expect(rows).toMatchObject([
      { symbol: 'A', ingested: 5, refused: 2, accepted: 3, stored: 3, readBack: 3 },
    ]);
    expect(differences(rows)).toEqual([]);
  });

  it('a stream of which nothing is stored differs', () => {
    const rows = importedRows({
      stream,
      series: [],
      counts: [count, refused],
      letters: new Map(),
      read: new Map(),
    });
    expect(differences(rows)).toEqual([
      '- * (file:x): 3 accepted, 0 stored',
      '- * (file:x): 2 refused, 0 kept as dead letters',
    ]);
  });
});
