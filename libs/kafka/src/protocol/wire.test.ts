import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WireReader, WireWriter } from './wire.ts';

it('writes the same whatever size it began with, so growing loses nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 64 }), (texts, sizeHint) => {
      const writer = new WireWriter(sizeHint);
      for (const text of texts) writer.compactString(text).int64(-1n).int16(7);
      const reader = new WireReader(writer.finish());
      for (const text of texts) {
        expect(reader.compactNullableString()).toBe(Buffer.from(text).toString());
        expect(reader.int64()).toBe(-1n);
        expect(reader.int16()).toBe(7);
      }
      expect(reader.remaining).toBe(0);
    }),
  );
});
