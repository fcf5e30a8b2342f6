import { err, ok, type Result } from './result.ts';

const SYMBOL = /^[A-Za-z0-9^][A-Za-z0-9._^=:/-]{0,63}$/;

/** Checks a Tickwell instrument id: 1 to 64 of letters, digits and . _ ^ = : / - ; what separates keys (#, |) is never part. */
export function checkSymbol(text: string): Result<string, string> {
  return SYMBOL.test(text)
    ? ok(text)
    : err(`"${text.slice(0, 80)}" is not an instrument id: use 1 to 64 of A-Z a-z 0-9 . _ ^ = : / -`);
}
