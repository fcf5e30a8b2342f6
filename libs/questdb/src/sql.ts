import { checkLineText } from '@tickwell/domain';
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
  const checked = checkLineText(text, MAX_TEXT);
  if (!checked.ok) throw queryRefused(`a name to look up ${checked.error}`);
  return `'${text.replaceAll("'", "''")}'`;
}
