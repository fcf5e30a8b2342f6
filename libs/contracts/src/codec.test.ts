import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BarBatch, Header, TickBatch } from '@tickwell/domain';
import {
  decodeActionBatch,
  decodeBarBatch,
  decodeFundamentalBatch,
  decodeIndicatorBatches,
  decodeTickBatch,
  encodeActionBatch,
  encodeBarBatch,
  encodeFundamentalBatch,
  encodeIndicatorBatches,
  type IndicatorBatches,
  encodeTickBatch,
} from './codec.ts';
import { columns, header, int64, optional, trades, uint64 } from './fixtures/tick-batches.ts';
import { peekHeader } from './header-codec.ts';

const bars: fc.Arbitrary<BarBatch> = fc.nat(20).chain((rows) =>
  fc.record({
    header,
    interval: fc.string(),
    priceType: fc.constantFrom('trade', 'bid', 'ask', 'mid'),
    bars: fc.record({
      startNs: columns(rows, int64),
      open: columns(rows, fc.double()),
      high: columns(rows, fc.double()),
      low: columns(rows, fc.double()),
      close: columns(rows, fc.double()),
      volume: optional(rows, fc.double()),
      vwap: optional(rows, fc.double()),
      tradeCount: optional(rows, fc.nat()),
      sessionDate: optional(rows, fc.nat()),
    }),
    positions: columns(rows, uint64),
  }),
);

const HEADER: Header = {
  source: 's',
  symbol: 'AAPL',
  cause: { origin: 'o', n: 1n, k: 0 },
  knownAtNs: 1n,
  watermarkNs: 0n,
  replayOf: '',
  priceBasis: 'raw',
};

describe('codecs', () => {
  it('round-trip trades bit for bit (NaN, infinities, negative zero)', () => {
    fc.assert(
      fc.property(trades, (batch) => {
        expect(decodeTickBatch(encodeTickBatch(batch), true)).toMatchObject({ ok: true, value: batch });
      }),
    );
  });

  it('round-trip bars, and the header can be read alone', () => {
    fc.assert(
      fc.property(bars, (batch) => {
        const bytes = encodeBarBatch(batch);
        expect(decodeBarBatch(bytes, true)).toMatchObject({ ok: true, value: batch });
        expect(peekHeader(bytes)).toEqual(batch.header);
      }),
    );
  });

  it('round-trip quotes, watermarks, indicators, fundamentals and actions', () => {
    const quotes = { timeNs: [5n], seq: [0n], bidPrice: [NaN], bidSize: [NaN], askPrice: [2], askSize: [3] };
    const ticks: TickBatch = { kind: 'quotes', header: HEADER, quotes, positions: [] };
    expect(decodeTickBatch(encodeTickBatch(ticks), false)).toMatchObject({ ok: true, value: ticks });
    const watermark: TickBatch = { kind: 'watermark', header: HEADER };
    expect(decodeTickBatch(encodeTickBatch(watermark), true)).toEqual({ ok: true, value: watermark });
    const indicators = {
      header: HEADER,
      interval: '1m',
      priceType: 'trade' as const,
      specId: 'macd(12,26,9)',
      startNs: [1n, 2n],
      warm: [false, true],
      outputs: [{ name: 'macd', value: [NaN, 1] }],
    };
    const late = { ...indicators, specId: 'rsi(14)', startNs: [2n], warm: [true], outputs: [] };
    const together: IndicatorBatches = [indicators, { ...indicators, specId: 'sma(9)' }, late];
    expect(decodeIndicatorBatches(encodeIndicatorBatches(together))).toMatchObject({
      ok: true,
      value: together,
    });
    const item = {
      item: 'eps',
      periodType: 'annual',
      periodEndNs: 1n,
      value: 2.5,
      currency: 'USD',
      position: 1n,
    };
    expect(decodeFundamentalBatch(encodeFundamentalBatch({ header: HEADER, items: [item] }))).toMatchObject({
      ok: true,
      value: { header: HEADER, items: [item] },
    });
    const split = {
      kind: 'split' as const,
      exDateNs: 1n,
      amount: 0,
      currency: '',
      splitNumerator: 4,
      splitDenominator: 1,
      position: 1n,
    };
    expect(decodeActionBatch(encodeActionBatch({ header: HEADER, actions: [split] }))).toMatchObject({
      ok: true,
      value: { actions: [split] },
    });
  });
});

describe('decoding refuses', () => {
  it('any bytes without ever throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, raw) => {
        expect(typeof decodeTickBatch(bytes, raw).ok).toBe('boolean');
        expect(typeof decodeBarBatch(bytes, raw).ok).toBe('boolean');
        expect(typeof decodeIndicatorBatches(bytes).ok).toBe('boolean');
      }),
    );
  });

  it('a batch cut anywhere', () => {
    const batch: TickBatch = {
      kind: 'trades',
      header: HEADER,
      trades: { timeNs: [1n, 2n], seq: [0n, 0n], price: [1, 2], size: [1, 2], conditions: [], venue: [] },
      positions: [1n, 2n],
    };
    const bytes = encodeTickBatch(batch);
    for (let length = 0; length < bytes.length; length += 1) {
      const decoded = decodeTickBatch(bytes.subarray(0, length), true);
      expect(decoded.ok && decoded.value.kind === 'trades').toBe(false);
    }
  });

  it.each([
    ['a short price column', { price: [1] }, 'column price has 1 of 2 entries'],
    ['a half-filled optional column', { venue: ['x'] }, 'optional column venue has 1 of 2 entries'],
  ])('%s', (_, wrong, reason) => {
    const full = { timeNs: [1n, 2n], seq: [0n, 0n], price: [1, 2], size: [1, 2], conditions: [], venue: [] };
    const bytes = encodeTickBatch({
      kind: 'trades',
      header: HEADER,
      trades: { ...full, ...wrong },
      positions: [1n, 2n],
    });
    expect(decodeTickBatch(bytes, true)).toEqual({ ok: false, error: { rule: 'column-length', reason } });
  });

  it('raw events without positions', () => {
    const trade = { timeNs: [1n], seq: [0n], price: [1], size: [1], conditions: [], venue: [] };
    const bytes = encodeTickBatch({ kind: 'trades', header: HEADER, trades: trade, positions: [] });
    expect(decodeTickBatch(bytes, true)).toMatchObject({ ok: false, error: { rule: 'column-length' } });
    expect(decodeTickBatch(bytes, false).ok).toBe(true);
  });

  it('a missing header', () => {
    expect(decodeTickBatch(new Uint8Array(), true)).toMatchObject({
      ok: false,
      error: { rule: 'missing-header' },
    });
  });
});
