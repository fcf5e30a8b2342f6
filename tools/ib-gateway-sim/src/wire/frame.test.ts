import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameReader, MAX_FRAME_BYTES, asciiText, encodeFrame, numberText } from './frame.ts';

const fieldText = fc.string({ unit: fc.constantFrom(...' !"abcXYZ0189~[]{}=;,.\n'.split('')) });
const messages = fc.array(fc.array(fieldText, { minLength: 1, maxLength: 8 }), { maxLength: 12 });

/** Cuts bytes at the given places, whatever they are. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
  const chunks: Buffer[] = [];
  let start = 0;
  for (const end of [...ends, bytes.length]) {
    chunks.push(bytes.subarray(start, end));
    start = end;
  }
  return chunks;
}

function readAll(reader: FrameReader, chunks: readonly Buffer[]): unknown[] {
  return chunks
    .flatMap((chunk) => [...reader.push(chunk)])
    .map((frame) => (frame.ok ? frame.value : frame.error));
}

describe('frames', () => {
  test('are read as they were written, however the bytes are cut', () => {
    fc.assert(
      fc.property(messages, fc.array(fc.nat(), { maxLength: 40 }), (sent, places) => {
        const bytes = Buffer.concat(sent.map((message) => encodeFrame(message)));
        const reader = new FrameReader();
        expect(readAll(reader, cut(bytes, places))).toEqual(sent);
        expect(reader.pendingBytes).toBe(0);
      }),
    );
  });

  test('half a frame stays pending', () => {
    const reader = new FrameReader();
    const frame = encodeFrame([49, 1]);
    expect(readAll(reader, [frame.subarray(0, 6)])).toEqual([]);
    expect(reader.pendingBytes).toBe(6);
    expect(readAll(reader, [frame.subarray(6)])).toEqual([['49', '1']]);
  });

  test('the layout: length of the payload, and a NUL after every field', () => {
    expect(encodeFrame(['15', 1, true, 'DU1,']).toString('latin1')).toBe('\0\0\0\x0c15\x001\x001\0DU1,\0');
  });

  test('a longer length than is read ends the reading', () => {
    const reader = new FrameReader(10);
    const seen = readAll(reader, [Buffer.from([0, 0, 0, 11, 65]), encodeFrame([49, 1])]);
    expect(seen).toEqual(['a frame of 11 bytes, more than the 10 that are read']);
    expect(reader.pendingBytes).toBe(0);
  });

  test.each([
    ['an empty frame', Buffer.from([0, 0, 0, 0])],
    ['a frame that does not end with NUL', Buffer.from([0, 0, 0, 2, 65, 66])],
  ])('%s is an error', (error, bytes) => {
    expect(readAll(new FrameReader(), [bytes])).toEqual([error]);
  });

  test('random bytes give frames or one error and never more memory than a frame', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 20 }), (chunks) => {
        const reader = new FrameReader(100);
        const frames = chunks.flatMap((chunk) => [...reader.push(Buffer.from(chunk))]);
        expect(frames.filter(({ ok }) => !ok).length).toBeLessThanOrEqual(1);
        expect(reader.pendingBytes).toBeLessThanOrEqual(104);
      }),
    );
  });

  test('an answer beyond what clients take is a bug of the caller', () => {
    expect(() => encodeFrame([17, 'x'.repeat(MAX_FRAME_BYTES)])).toThrow('message 17');
  });
});

describe('numbers', () => {
  test('have no exponent and read back as what they were', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e15, max: 1e15, noNaN: true }), (value) => {
        const text = numberText(value);
        expect(text).toMatch(/^-?\d+(\.\d+)?$/);
        expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(1e-20);
      }),
    );
  });

  test.each([
    [1e-7, '0.0000001'],
    [0.01, '0.01'],
    [1e21, '1000000000000000000000'],
    [NaN, ''],
    [Infinity, ''],
    [-1, '-1'],
  ])('%d is %s', (value, text) => {
    expect(numberText(value)).toBe(text);
  });
});

describe('text', () => {
  test('is ASCII with escapes, without backslash and NUL', () => {
    expect(asciiText('Société\\ \0€\n')).toBe('Soci\\u00e9t\\u00e9\\u005c  \\u20ac\n');
  });

  test('is escaped in frames of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const [frame] = [...new FrameReader(MAX_FRAME_BYTES).push(encodeFrame([46, text]))];
        const sent = frame?.ok === true ? (frame.value[1] ?? '') : '';
        const read = sent.replaceAll(/\\u([0-9a-f]{4})/g, (_, hex: string) =>
          String.fromCharCode(parseInt(hex, 16)),
        );
        expect(read).toBe(text.replaceAll('\0', ' '));
      }),
    );
  });
});
