import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WireReader, WireWriter } from './wire.ts';

it('reads what it writes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -0x8000, max: 0x7fff }),
      fc.integer({ min: -0x80000000, max: 0x7fffffff }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.integer({ min: 0, max: 0x7fffffff }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      (short, int, long, unsigned, text) => {
        const bytes = new WireWriter(1)
          .int16(short)
          .int32(int)
          .int64(long)
          .unsignedVarint(unsigned)
          .string(text)
          .compactString(text)
          .int8(-1)
          .finish();
        const reader = new WireReader(bytes);
        expect(reader.int16()).toBe(short);
        expect(reader.int32()).toBe(int);
        expect(reader.int64()).toBe(long);
        expect(reader.unsignedVarint()).toBe(unsigned);
        expect(reader.string()).toBe(text);
        expect(reader.compactNullableString()).toBe(text);
        expect(reader.int8()).toBe(-1);
        expect(reader.remaining).toBe(0);
      },
    ),
  );
});

it.each([
  ['00', 0],
  ['01', -1],
  ['02', 1],
  ['ac02', 150],
  ['feffffff0f', 2147483647],
  ['ffffffff0f', -2147483648],
  ['80a094a58d1d', 500_000_000_000],
])('reads the zigzag varint %s as Kafka does', (hex, value) => {
  expect(new WireReader(Buffer.from(hex, 'hex')).varint()).toBe(value);
});

it('answers damage with an error that says where, never with what lies behind', () => {
  const damaged = { code: 'kafka-protocol' };
  const read = (hex: string): WireReader => new WireReader(Buffer.from(hex, 'hex'));
  expect(() => read('0005').string()).toThrow(expect.objectContaining(damaged));
  expect(() => read('ffffffffffffffffffffff01').unsignedVarint()).toThrow(expect.objectContaining(damaged));
  expect(() => read('0102').int32()).toThrow(expect.objectContaining(damaged));
  expect(() => read('00').take(-1)).toThrow(expect.objectContaining(damaged));
});
