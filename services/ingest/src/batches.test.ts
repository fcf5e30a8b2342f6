import { encodeTickBatch, MAX_BATCH_BYTES, MAX_BATCH_EVENTS } from '@tickwell/contracts';
import { emptyQuotes, emptyTrades } from '@tickwell/domain';
import type { FeedChunk } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { PendingBatches } from './batches.ts';

function trades(symbol: string, from: number, size: number, venue = ''): FeedChunk {
  const columns = emptyTrades();
  const positions: bigint[] = [];
  for (let at = from; at < from + size; at++) {
    positions.push(BigInt(at));
    columns.timeNs.push(BigInt(at));
    columns.seq.push(0n);
    columns.price.push(at);
    columns.size.push(1);
    if (venue !== '') columns.venue.push(venue);
  }
  return { kind: 'trades', symbol, priceBasis: 'raw', trades: columns, positions };
}

function quotes(symbol: string, at: number): FeedChunk {
  const columns = emptyQuotes();
  for (const column of [columns.bidPrice, columns.bidSize, columns.askPrice, columns.askSize]) column.push(1);
  columns.timeNs.push(BigInt(at));
  columns.seq.push(0n);
  return { kind: 'quotes', symbol, priceBasis: 'raw', quotes: columns, positions: [BigInt(at)] };
}

function taken(pending: PendingBatches): string[] {
  return pending
    .take()
    .map(({ kind, symbol, positions }) => `${kind} ${symbol} ${positions.at(0)}-${positions.at(-1)}`);
}

describe('PendingBatches', () => {
  it('joins what belongs together and keeps the order of each symbol', () => {
    const pending = new PendingBatches();
    pending.add(trades('A', 1, 10));
    pending.add(trades('B', 2, 5));
    pending.add(trades('A', 11, 5));
    expect([pending.events, taken(pending), pending.events]).toEqual([
      20,
      ['trades A 1-15', 'trades B 2-6'],
      0,
    ]);
  });

  it('starts a new batch where the series of a symbol changes, so that positions never overlap', () => {
    const pending = new PendingBatches();
    pending.add(trades('A', 1, 2));
    pending.add(quotes('A', 3));
    pending.add(trades('A', 4, 2));
    pending.add(trades('A', 6, 1, 'X'));
    expect(taken(pending)).toEqual(['trades A 1-2', 'quotes A 3-3', 'trades A 4-5', 'trades A 6-6']);
  });

  it('gives every portfolio event a batch of its own, in order', () => {
    const pending = new PendingBatches();
    const items = [1n, 2n, 3n].map((timeNs) => ({
      kind: 'accountValue' as const,
      timeNs,
      tag: 'NetLiquidation',
      value: '100',
      currency: 'USD',
    }));
    pending.add({
      kind: 'portfolio',
      symbol: 'DU1',
      priceBasis: 'unspecified',
      items: items.slice(0, 2),
      positions: [1n, 2n],
    });
    pending.add({
      kind: 'portfolio',
      symbol: 'DU1',
      priceBasis: 'unspecified',
      items: items.slice(2),
      positions: [3n],
    });
    expect(taken(pending)).toEqual(['portfolio DU1 1-1', 'portfolio DU1 2-2', 'portfolio DU1 3-3']);
  });

  it('never exceeds 1,000 events or 512 KiB, whatever comes in', () => {
    const pending = new PendingBatches();
    pending.add(trades('A', 1, 2500));
    pending.add(trades('B', 1, 999, 'é'.repeat(250)));
    pending.add(trades('B', 1000, 999, 'é'.repeat(250)));
    const batches = pending.take();
    expect(batches.flatMap((batch) => (batch.symbol === 'B' ? batch.positions : [])).map(Number)).toEqual(
      Array.from({ length: 1998 }, (_, index) => index + 1),
    );
    for (const batch of batches) {
      expect(batch.positions.length).toBeLessThanOrEqual(MAX_BATCH_EVENTS);
      if (batch.kind !== 'trades') throw new Error(batch.kind);
      const header = {
        source: 'file:test',
        symbol: batch.symbol,
        cause: { origin: 'x', n: 1n, k: 0 },
        knownAtNs: 0n,
        watermarkNs: 0n,
        replayOf: '',
        priceBasis: 'raw' as const,
      };
      const value = encodeTickBatch({
        kind: 'trades',
        header,
        trades: batch.trades,
        positions: batch.positions,
      });
      expect(value.length).toBeLessThanOrEqual(MAX_BATCH_BYTES);
    }
  });
});
