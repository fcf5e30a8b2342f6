import { queryRefused } from './errors.ts';

const MAX_TEXT = 512;

/** A table or column of the catalogue as SQL. Names never come from clients; anything else than a plain word is a bug. */
export function quoteName(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,100}$/.test(name)) throw new RangeError(`"${name}" is no plain SQL name`);
  return `"${name}"`;
}

/**
 * A text as an SQL literal, for the one interface without parameters (`/exp`). QuestDB has no escape but the doubled quote
 * (checked against 9.3.4 with backslashes, quotes and comments, see history-reader.real.test.ts).
 */
export function quoteText(text: string): string {
  if (text.length > MAX_TEXT)
    throw queryRefused(`a name of ${text.length} characters: at most ${MAX_TEXT} are looked up`);
  if (hasControlCharacter(text))
    throw queryRefused(`${JSON.stringify(text)} holds control characters: no series is named so`);
  return `'${text.replaceAll("'", "''")}'`;
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}
