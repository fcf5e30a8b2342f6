import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readState, StateWriter, type StateReader } from './state-codec.ts';

describe('state codec', () => {
  it('gives back every int64', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const bytes = new StateWriter().int64(value).finish();
        expect(readState(bytes, (reader) => reader.int64())).toEqual({ ok: true, value });
      }),
    );
  });

  it('gives back int64 at every length of a varint', () => {
    for (let bit = 0n; bit < 63n; bit += 1n) {
      for (const value of [2n ** bit, -(2n ** bit), 2n ** bit - 1n, 1n - 2n ** bit]) {
        const bytes = new StateWriter().int64(value).finish();
        expect(readState(bytes, (reader) => reader.int64())).toEqual({ ok: true, value });
      }
    }
  });

  it('gives back whole numbers, doubles by their bits, texts, blocks and flags', () => {
    const entry = fc.tuple(
      fc.maxSafeNat(),
      fc.double(),
      fc.string({ unit: 'grapheme' }),
      fc.uint8Array(),
      fc.boolean(),
    );
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const writer = new StateWriter();
        for (const [uint, double, text, block, flag] of entries) {
          writer.uint(uint).double(double).text(text).block(block).flag(flag);
        }
        const read = readState(writer.finish(), (reader) =>
          entries.map(() => [reader.uint(), reader.double(), reader.text(), reader.block(), reader.flag()]),
        );
        if (!read.ok) throw new Error(read.error);
        expect(read.value.length).toBe(entries.length);
        for (const [index, values] of read.value.entries()) {
          // toBe is Object.is: NaN equals NaN, and -0 is not 0.
          for (const [at, wanted] of entries[index]!.entries()) {
            if (wanted instanceof Uint8Array) expect(values[at]).toEqual(wanted);
            else expect(values[at]).toBe(wanted);
          }
        }
      }),
    );
  });

  it('writes small numbers in one byte', () => {
    expect(new StateWriter().uint(127).int64(-64n).finish().length).toBe(2);
  });

  it('refuses numbers it cannot hold', () => {
    expect(() => new StateWriter().uint(-1)).toThrow(RangeError);
    expect(() => new StateWriter().uint(1.5)).toThrow(RangeError);
    expect(() => new StateWriter().int64(2n ** 63n)).toThrow(RangeError);
  });

  it('refuses every prefix and every longer form by a returned error', () => {
    const bytes = new StateWriter()
      .uint(300)
      .int64(-(2n ** 60n))
      .double(1.5)
      .text('AAPL')
      .flag(true)
      .finish();
    const read = (reader: StateReader): unknown => [
      reader.uint(),
      reader.int64(),
      reader.double(),
      reader.text(),
      reader.flag(),
    ];
    expect(readState(bytes, read).ok).toBe(true);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(readState(bytes.subarray(0, length), read).ok).toBe(false);
    }
    expect(readState(Uint8Array.of(...bytes, 0), read)).toEqual({ ok: false, error: '1 bytes left over' });
  });

  it('refuses a count that asks for more than the bytes that are left', () => {
    const bytes = new StateWriter().uint(1_000_000).finish();
    expect(readState(bytes, (reader) => reader.count(1)).ok).toBe(false);
  });

  it('never does anything but return on damaged bytes', () => {
    const read = (reader: StateReader): unknown => [
      reader.int64(),
      reader.text(),
      reader.flag(),
      reader.uint(),
    ];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(typeof readState(bytes, read).ok).toBe('boolean');
      }),
    );
  });

  it('lets a bug of the caller through', () => {
    expect(() =>
      readState(new Uint8Array(), () => {
        throw new TypeError('bug');
      }),
    ).toThrow(TypeError);
  });
});
