import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkLibraryName, checkSymbolName, isReservedLibrary } from './index.ts';

describe('names of symbols', () => {
  it.each([
    'AAPL',
    'EUR/USD',
    'my notes 2024',
    '../etc',
    "'; drop table x",
    'мир',
    '株価',
    '🍏',
    'a'.repeat(255),
  ])('takes %s', (name) => {
    expect(checkSymbolName(name)).toEqual({ ok: true, value: name });
  });

  it.each([
    ['', 'the name of a symbol is empty: give it one of 1 to 255 bytes'],
    [
      'a\u0000b',
      '"a\\u0000b" is not the name of a symbol: character 2 is U+0000, a control character; leave it out',
    ],
    ['a\nb', '"a\\nb" is not the name of a symbol: character 2 is U+000A, a control character; leave it out'],
    [
      'a\u2028b',
      '"a\u2028b" is not the name of a symbol: character 2 is U+2028, a control character; leave it out',
    ],
    [
      '\ud800',
      '"\\ud800" is not the name of a symbol: character 1 is U+D800, a control character; leave it out',
    ],
    [' a', '" a" is not the name of a symbol: it begins or ends with a blank; leave it out'],
    ['a\u00a0', '"a\u00a0" is not the name of a symbol: it begins or ends with a blank; leave it out'],
    [
      'é'.repeat(128),
      `"${'é'.repeat(80)}…" is not the name of a symbol: it has 256 bytes of UTF-8, and 255 are the most`,
    ],
  ])('refuses %j', (name, error) => {
    expect(checkSymbolName(name)).toEqual({ ok: false, error });
  });

  it('takes only what comes back from UTF-8 as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
        if (!checkSymbolName(name).ok) return;
        const bytes = new TextEncoder().encode(name);
        expect(bytes.length).toBeLessThanOrEqual(255);
        expect(new TextDecoder().decode(bytes)).toBe(name);
      }),
    );
  });
});

describe('names of libraries', () => {
  it.each(['research', 'md2', 'my md', 'MD', 'mdx.bars'])('takes %s', (name) => {
    expect(checkLibraryName(name).ok).toBe(true);
    expect(isReservedLibrary(name)).toBe(false);
  });

  it.each(['md', 'md.', 'md.bars.1d'])('keeps %s for the flow', (name) => {
    expect(isReservedLibrary(name)).toBe(true);
    expect(checkLibraryName(name)).toEqual({
      ok: false,
      error: `"${name}" is the name of a library of the flow's own data, which is read only: use one that is not md and does not begin with "md."`,
    });
  });

  it('refuses what no symbol is called either', () => {
    expect(checkLibraryName('')).toEqual({
      ok: false,
      error: 'the name of a library is empty: give it one of 1 to 255 bytes',
    });
  });
});
