import { err, ok, type Result } from '@tickwell/domain';

/** Longest name of a library or symbol, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 255;
/** Controls, what breaks lines, and halves of surrogate pairs, which UTF-8 cannot say. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/**
 * Checks the name of a symbol or snapshot: 1 to 255 bytes of UTF-8 without control characters or blanks at the ends. Blanks within,
 * slashes and any script are fine: names are keys, never paths. The error is one sentence.
 */
export function checkSymbolName(name: string): Result<string, string> {
  return checkName('symbol', name);
}

/** Checks the name of a library that a user makes: as that of a symbol, and not one of the flow's own (`md`, `md.*`). */
export function checkLibraryName(name: string): Result<string, string> {
  const checked = checkName('library', name);
  if (!checked.ok || !isReservedLibrary(name)) return checked;
  return err(
    `"${name}" is the name of a library of the flow's own data, which is read only: use one that is not md and does not begin with "md."`,
  );
}

/** Whether a library of this name stands for the flow's own data. */
export function isReservedLibrary(name: string): boolean {
  return name === 'md' || name.startsWith('md.');
}

function checkName(what: string, name: string): Result<string, string> {
  if (name === '') return err(`the name of a ${what} is empty: give it one of 1 to ${MAX_NAME_BYTES} bytes`);
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
  const unprintable = UNPRINTABLE.exec(name);
  if (unprintable !== null)
    return err(
      `${shown} is not the name of a ${what}: character ${unprintable.index + 1} is ${codeOf(unprintable[0])}, a control character; leave it out`,
    );
  if (name !== name.trim())
    return err(`${shown} is not the name of a ${what}: it begins or ends with a blank; leave it out`);
  const bytes = new TextEncoder().encode(name).length;
  return bytes > MAX_NAME_BYTES
    ? err(
        `${shown} is not the name of a ${what}: it has ${bytes} bytes of UTF-8, and ${MAX_NAME_BYTES} are the most`,
      )
    : ok(name);
}

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
