import { err, errorMessage, ok, type Result } from '@tickwell/domain';

/** Strings as they are, and whole numbers that a double may not hold; a digit or point before them belongs to a longer number. */
const STRINGS_AND_LONG_NUMBERS = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;
const LONG_NUMBER = /\d{16}/;

/**
 * Parses a message. Whole numbers of 16 digits and more (times in ns, some ids) become texts, as a double would round them. Errors are one
 * line that says what came instead.
 */
export function parseMessage(text: string): Result<unknown, string> {
  const exact = LONG_NUMBER.test(text)
    ? text.replaceAll(STRINGS_AND_LONG_NUMBERS, (token) => (token.startsWith('"') ? token : `"${token}"`))
    : text;
  try {
    return ok(JSON.parse(exact));
  } catch (cause) {
    const start = text.trimStart().slice(0, 40).replaceAll(/\s+/g, ' ');
    if (/^<(?:!doctype|html|\?xml)/i.test(start))
      return err('is a web page, not JSON: a proxy or a login page answers in place of the feed');
    return err(`is no JSON (${errorMessage(cause)})`);
  }
}
