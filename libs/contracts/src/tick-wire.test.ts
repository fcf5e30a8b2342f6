import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { TickBatch } from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTickBatch, encodeTickBatch, tickBatchFromProto } from './codec.ts';
import { plain } from './fixtures/plain.ts';
import { anyTickBatch } from './fixtures/tick-batches.ts';
import * as pb from './gen/tickwell/events/v1/market_pb.js';
import { headerToProto } from './header-codec.ts';
import { readTickBatch } from './tick-wire.ts';

function generalEncode(batch: TickBatch): Uint8Array {
  const header = headerToProto(batch.header);
  if (batch.kind === 'watermark') return toBinary(pb.TickBatchSchema, create(pb.TickBatchSchema, { header }));
  const kind =
    batch.kind === 'trades'
      ? { case: 'trades' as const, value: create(pb.TradeColumnsSchema, batch.trades) }
      : { case: 'quotes' as const, value: create(pb.QuoteColumnsSchema, batch.quotes) };
  const message = create(pb.TickBatchSchema, { header, kind, position: batch.positions });
  return toBinary(pb.TickBatchSchema, message);
}

const trade = (overrides: Partial<Extract<TickBatch, { kind: 'trades' }>> = {}): TickBatch => ({
  kind: 'trades',
  header: {
    source: 's',
    symbol: 'A',
    cause: { origin: 'o', n: 1n, k: 0 },
    knownAtNs: 1n,
    watermarkNs: 1n,
    replayOf: '',
    priceBasis: 'raw',
  },
  positions: [7n],
  trades: { timeNs: [1n], seq: [0n], price: [1], size: [1], conditions: [], venue: [] },
  ...overrides,
});

describe('a tick batch by hand', () => {
  it('has the bytes that protobuf-es writes', () => {
    fc.assert(
      fc.property(anyTickBatch, (batch) => {
        expect(encodeTickBatch(batch)).toEqual(generalEncode(batch));
      }),
    );
  });

  it('reads as protobuf-es reads it', () => {
    fc.assert(
      fc.property(anyTickBatch, (batch) => {
        const bytes = generalEncode(batch);
        const general = tickBatchFromProto(fromBinary(pb.TickBatchSchema, bytes), false);
        expect(plain(decodeTickBatch(bytes, false))).toEqual(plain(general));
      }),
    );
  });

  it('is given the same verdict as by protobuf-es, whatever happens to its bytes', () => {
    const general = (bytes: Uint8Array): unknown => {
      try {
        return plain(tickBatchFromProto(fromBinary(pb.TickBatchSchema, bytes), true));
      } catch {
        return 'malformed-protobuf';
      }
    };
    const byHand = (bytes: Uint8Array): unknown => {
      const result = decodeTickBatch(bytes, true);
      return !result.ok && result.error.rule === 'malformed-protobuf' ? 'malformed-protobuf' : plain(result);
    };
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(anyTickBatch, damage, fc.option(fc.nat()), (batch, changes, cut) => {
        const bytes = generalEncode(batch).slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const damaged = cut === null ? bytes : bytes.subarray(0, cut % bytes.length);
        expect(byHand(damaged)).toEqual(general(damaged));
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves numbers of more bits than their field has to the general decoder, which cuts them', () => {
    const cause = new BinaryWriter()
      .tag(3, WireType.Varint)
      .uint64(2n ** 32n + 5n)
      .finish();
    const header = new BinaryWriter()
      .tag(3, WireType.LengthDelimited)
      .bytes(cause)
      .tag(7, WireType.Varint)
      .uint64(2n ** 32n + 1n);
    const bytes = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(header.finish()).finish();
    expect(readTickBatch(bytes)).toBeUndefined();
    const decoded = decodeTickBatch(bytes, false);
    expect(decoded.ok && decoded.value.header).toMatchObject({ cause: { k: 5 }, priceBasis: 'raw' });
  });

  it('leaves a text with a byte order mark to the general decoder', () => {
    const { header } = trade();
    const bytes = generalEncode(trade({ header: { ...header, symbol: '\ufeffA' } }));
    expect(readTickBatch(bytes)).toBeUndefined();
    const general = tickBatchFromProto(fromBinary(pb.TickBatchSchema, bytes), false);
    expect(plain(decodeTickBatch(bytes, false))).toEqual(plain(general));
  });

  it('keeps texts apart that share a slot, and those with other characters', () => {
    const symbols = Array.from({ length: 20_000 }, (_, index) => `S${index}`).concat(['é', 'ée', '株', '']);
    for (const symbol of [...symbols, ...symbols.slice(0, 100)]) {
      const batch = trade({ header: { ...trade().header, symbol } });
      expect(readTickBatch(encodeTickBatch(batch))?.header.symbol).toBe(symbol);
    }
  });

  it.each([
    ['a column that is not packed', (writer: BinaryWriter) => writer.tag(4, WireType.Varint).uint64(9n)],
    ['a field of a later version', (writer: BinaryWriter) => writer.tag(9, WireType.Varint).uint32(1)],
    [
      'a header in two parts',
      (writer: BinaryWriter) => writer.tag(1, WireType.LengthDelimited).bytes(Uint8Array.of(0x12, 1, 66)),
    ],
  ])('leaves %s to the general decoder', (_what, add) => {
    const bytes = Buffer.concat([encodeTickBatch(trade()), add(new BinaryWriter()).finish()]);
    expect(readTickBatch(bytes)).toBeUndefined();
    expect(decodeTickBatch(bytes, false).ok).toBe(true);
  });

  it('refuses numbers that their fields cannot hold', () => {
    const cause = { origin: 'o', n: 1n, k: 0 };
    const { header } = trade();
    const wrong: TickBatch[] = [
      trade({ positions: [-1n] }),
      trade({ positions: [2n ** 64n] }),
      trade({ header: { ...header, knownAtNs: 2n ** 63n } }),
      trade({ header: { ...header, cause: { ...cause, k: -1 } } }),
      trade({ header: { ...header, cause: { ...cause, k: 1.5 } } }),
      trade({ header: { ...header, cause: { ...cause, n: -1n } } }),
    ];
    for (const batch of wrong) expect(() => encodeTickBatch(batch)).toThrow(RangeError);
  });

  it('grows its buffer for a batch above it, and writes small ones again afterwards', () => {
    const rows = 20_000;
    const filled = <T>(value: T): T[] => new Array<T>(rows).fill(value);
    const large = trade({
      positions: filled(2n ** 60n),
      trades: {
        timeNs: filled(5n),
        seq: filled(6n),
        price: filled(7),
        size: filled(8),
        conditions: filled('TI'),
        venue: filled('XNAS'),
      },
    });
    expect(encodeTickBatch(large)).toEqual(generalEncode(large));
    expect(encodeTickBatch(trade())).toEqual(generalEncode(trade()));
  });
});
