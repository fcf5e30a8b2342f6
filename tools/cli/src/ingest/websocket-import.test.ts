import { describe, expect, it } from 'vitest';
import { websocketImport } from './websocket-import.ts';

describe('ingest provider of a feed over WebSocket', () => {
  it('makes a job of a ready definition', () => {
    expect(
      websocketImport('coinbase', ['BTC-USD', 'ETHUSD=ETH-USD'], { kind: ['trades'], live: true, for: 60 }),
    ).toEqual({
      jobs: [
        {
          type: 'websocket',
          definition: 'coinbase',
          symbols: ['BTC-USD', { symbol: 'ETHUSD', vendor: 'ETH-USD' }],
          kinds: ['trades'],
        },
      ],
      sources: ['coinbase'],
      untilMs: 60_000,
    });
  });

  it('has no history', () => {
    expect(() => websocketImport('coinbase', ['A'], { from: 0n })).toThrow(
      /has no history: ask for it with --live/,
    );
  });

  it('names a definition that is not there', () => {
    expect(() => websocketImport('nowhere.json', ['A'], { live: true })).toThrow(
      /nowhere.json cannot be read/,
    );
    expect(() => websocketImport('nasdaq', ['A'], { live: true })).toThrow(
      /nasdaq is none of the ready ones: binance-futures, bitmex, coinbase;/,
    );
  });
});
