import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { negotiate, parseHello } from './handshake.ts';

function hello(text: string, rest = ''): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([Buffer.from('API\0'), length, Buffer.from(text + rest, 'latin1')]);
}

describe('hello', () => {
  test.each([
    ['v100..193', 100, 193, ''],
    ['v157..178', 157, 178, ''],
    ['v100..225', 100, 225, ''],
    ['v157', 157, 157, ''],
    ['v157..178 +PACEAPI', 157, 178, '+PACEAPI'],
  ])('%s', (text, minVersion, maxVersion, options) => {
    expect(parseHello(hello(text))).toMatchObject({ ok: true, value: { minVersion, maxVersion, options } });
  });

  test('needs all its bytes, and leaves what follows', () => {
    const bytes = hello('v157..178', 'xyz');
    for (let end = 0; end < bytes.length - 3; end += 1)
      expect(parseHello(bytes.subarray(0, end))).toEqual({ ok: true, value: undefined });
    const parsed = parseHello(bytes);
    expect(parsed.ok && parsed.value?.rest.toString()).toBe('xyz');
  });

  test('what @stoqey/ib leaks into its next socket is refused at the first byte', () => {
    expect(parseHello(Buffer.from('\0\0\0+1\0'))).toMatchObject({ ok: false });
  });

  test.each(['157..178', 'v..', 'vx', 'v157...178'])('%s is no version range', (text) => {
    expect(parseHello(hello(text))).toMatchObject({ ok: false });
  });

  test('a long text is refused before it has come', () => {
    expect(parseHello(Buffer.from([65, 80, 73, 0, 0xff, 0xff, 0xff, 0xff]))).toMatchObject({ ok: false });
  });

  test('random bytes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        parseHello(Buffer.from(bytes));
        parseHello(Buffer.concat([Buffer.from('API\0\0\0\0\x05'), Buffer.from(bytes)]));
      }),
    );
  });
});

describe('version', () => {
  test.each([
    [100, 193, 178],
    [157, 178, 178],
    [100, 157, 157],
    [100, 225, 178],
    [170, 175, 175],
  ])('v%d..%d gets %d', (minVersion, maxVersion, version) => {
    expect(negotiate({ minVersion, maxVersion }, 178)).toEqual({ ok: true, value: version });
  });

  test.each([
    [100, 151],
    [179, 200],
  ])('v%d..%d is refused', (minVersion, maxVersion) => {
    expect(negotiate({ minVersion, maxVersion }, 178)).toMatchObject({ ok: false });
  });
});
