import { describe, expect, it } from 'vitest';
import { checkLineText, checkVendorSymbol } from './line-text.ts';

describe('a text on one line', () => {
  it.each(['', 'a b', 'Müller & Söhne', '日本', "'; DROP TABLE bars", '\u{1F600}'])('may be %j', (text) => {
    expect(checkLineText(text, 40)).toEqual({ ok: true, value: text });
  });

  it.each(['a\nb', 'a\tb', '\u0000', '\u007f', '\u0085', 'a\u2028b', 'a\u2029b'])('is not %j', (text) => {
    expect(checkLineText(text, 40)).toEqual({
      ok: false,
      error: `${JSON.stringify(text)} holds control characters or line breaks`,
    });
  });

  it('has a length', () => {
    expect(checkLineText('abcd', 4).ok).toBe(true);
    expect(checkLineText('abcde', 4)).toEqual({ ok: false, error: 'has 5 characters: at most 4' });
  });
});

describe('what a source calls an instrument', () => {
  it('is any text on one line, but some text', () => {
    expect(checkVendorSymbol('BRK B').ok).toBe(true);
    expect(checkVendorSymbol('x'.repeat(128)).ok).toBe(true);
    expect(checkVendorSymbol('')).toEqual({ ok: false, error: 'is empty' });
    expect(checkVendorSymbol('x'.repeat(129))).toEqual({
      ok: false,
      error: 'has 129 characters: at most 128',
    });
    expect(checkVendorSymbol('A\nB').ok).toBe(false);
  });
});
