import { err, ok, type Result } from './result.ts';

/** Control characters (tab and line feed are some of them) and the line and paragraph separators of Unicode. */
const NOT_IN_A_LINE = /[\p{Cc}\p{Zl}\p{Zp}]/u;

const MAX_VENDOR_SYMBOL_CHARS = 128;

/**
 * Checks a text that somebody names something with, and that is quoted in messages, requests and keys: one line of at most `maxChars` UTF-16
 * units, without control characters. The error is to be read after the name of the thing: "has 200 characters: at most 128".
 */
export function checkLineText(text: string, maxChars: number): Result<string, string> {
  if (text.length > maxChars) return err(`has ${text.length} characters: at most ${maxChars}`);
  return NOT_IN_A_LINE.test(text)
    ? err(`${JSON.stringify(text)} holds control characters or line breaks`)
    : ok(text);
}

/** Checks what a source calls an instrument, which is free text but never empty; the error as that of {@link checkLineText}. */
export function checkVendorSymbol(text: string): Result<string, string> {
  return text === '' ? err('is empty') : checkLineText(text, MAX_VENDOR_SYMBOL_CHARS);
}
