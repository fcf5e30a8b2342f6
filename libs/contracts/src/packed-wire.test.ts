import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  packQuotes,
  packTrades,
  unpackQuotes,
  unpackTrades,
  type QuoteColumns,
  type TradeColumns,
} from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyTickBatch } from './fixtures/tick-batches.ts';
import * as pb from './gen/tickwell/query/v1/market_data_pb.js';
import {
  decodeQuotesResponse,
  decodeTicksResponse,
  encodeQuotesResponse,
  encodeTicksResponse,
} from './packed-wire.ts';

const ticksOf = (source: string, trades: TradeColumns): Uint8Array =>
  toBinary(pb.GetTicksResponseSchema, create(pb.GetTicksResponseSchema, { source, trades }));
const quotesOf = (source: string, quotes: QuoteColumns): Uint8Array =>
  toBinary(pb.GetQuotesResponseSchema, create(pb.GetQuotesResponseSchema, { source, quotes }));

describe('packed answers by hand', () => {
  it('have the bytes that protobuf-es writes, and read as what was written', () => {
    fc.assert(
      fc.property(anyTickBatch, (batch) => {
        const { source } = batch.header;
        if (batch.kind === 'trades') {
          const trades = packTrades(batch.trades);
          const bytes = encodeTicksResponse({ source, trades });
          expect(bytes).toEqual(ticksOf(source, batch.trades));
          expect(decodeTicksResponse(bytes)).toEqual({ source, trades });
          expect(unpackTrades(trades)).toEqual(batch.trades);
        } else if (batch.kind === 'quotes') {
          const quotes = packQuotes(batch.quotes);
          const bytes = encodeQuotesResponse({ source, quotes });
          expect(bytes).toEqual(quotesOf(source, batch.quotes));
          expect(decodeQuotesResponse(bytes)).toEqual({ source, quotes });
          expect(unpackQuotes(quotes)).toEqual(batch.quotes);
        }
      }),
    );
  });

  it('are parts of the memory they are taken from', () => {
    const all = packTrades({
      timeNs: [1n, 2n, 3n],
      seq: [],
      price: [1, 2, 3],
      size: [],
      conditions: [],
      venue: [],
    });
    const part = { ...all, timeNs: all.timeNs.subarray(1, 3), price: all.price.subarray(1, 3) };
    const { trades } = decodeTicksResponse(encodeTicksResponse({ source: '', trades: part }));
    expect(unpackTrades(trades)).toMatchObject({ timeNs: [2n, 3n], price: [2, 3] });
  });

  it('read as protobuf-es reads them where another writer made them: in another order, in pieces, without columns', () => {
    const first = ticksOf('', {
      timeNs: [1n],
      seq: [],
      price: [1.5],
      size: [],
      conditions: ['x'],
      venue: [],
    });
    const second = ticksOf('s', {
      timeNs: [2n],
      seq: [],
      price: [2.5],
      size: [],
      conditions: ['y'],
      venue: [],
    });
    const bytes = new Uint8Array([...first, ...second]);
    const { trades, source } = fromBinary(pb.GetTicksResponseSchema, bytes);
    expect(trades?.timeNs).toEqual([1n, 2n]);
    const read = decodeTicksResponse(bytes);
    expect(read.source).toBe(source);
    expect(unpackTrades(read.trades)).toMatchObject({
      timeNs: [1n, 2n],
      price: [1.5, 2.5],
      conditions: ['x', 'y'],
    });
    expect(decodeTicksResponse(new Uint8Array()).trades.timeNs).toHaveLength(0);
    expect(decodeQuotesResponse(new Uint8Array()).quotes.timeNs).toHaveLength(0);
  });

  it('say that bytes are no such message', () => {
    expect(() => decodeTicksResponse(new Uint8Array([0x12, 0xff]))).toThrow();
    expect(() =>
      decodeQuotesResponse(new Uint8Array([0x12, 0x09, 0x0a, 0x07, 1, 2, 3, 4, 5, 6, 7])),
    ).toThrow();
  });
});
