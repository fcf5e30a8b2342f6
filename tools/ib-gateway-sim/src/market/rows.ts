const COMMA = 44;
const NEW_LINE = 10;
const CARRIAGE_RETURN = 13;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
/** More decimals are cut: no price or size here has them, and sixteen digits would no longer be exact. */
const MAX_DECIMALS = 8;
const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

/**
 * Calls back for every line with its first `count` fields as numbers, without making strings (a day of quotes has half a million
 * lines). A field that is no number is the code of its first letter, an empty one NaN. The array is used again for the next line.
 */
export function scanRows(bytes: Buffer, count: number, onRow: (fields: Float64Array) => void): void {
  const fields = new Float64Array(count).fill(Number.NaN);
  let column = 0;
  let digits = 0;
  let decimals = -1;
  let empty = true;
  let letter = 0;
  for (let at = 0; at <= bytes.length; at++) {
    const byte = at === bytes.length ? NEW_LINE : (bytes[at] ?? 0);
    if (byte >= ZERO && byte <= NINE) {
      empty = false;
      if (decimals < MAX_DECIMALS) digits = digits * 10 + (byte - ZERO);
      if (decimals >= 0 && decimals < MAX_DECIMALS) decimals++;
    } else if (byte === COMMA || byte === NEW_LINE) {
      if (column < count && letter !== 0) fields[column] = letter;
      else if (column < count && !empty)
        fields[column] = decimals > 0 ? digits / (POWERS[decimals] ?? 1) : digits;
      column++;
      digits = 0;
      decimals = -1;
      empty = true;
      letter = 0;
      if (byte === COMMA) continue;
      if (column >= count) onRow(fields);
      fields.fill(Number.NaN);
      column = 0;
    } else if (byte === POINT && decimals < 0) decimals = 0;
    else if (byte !== CARRIAGE_RETURN && letter === 0) letter = byte;
  }
}

/** Lines of a small file, cut at commas; the lines before the header and the header itself are left out. */
export function splitRows(bytes: Buffer, skipLines: number): readonly (readonly string[])[] {
  return bytes
    .toString('utf8')
    .split('\n')
    .slice(skipLines)
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(','));
}
