/** A value as a format holds it. Of CSV files it is text of one character per byte (Latin-1) until somebody decodes it. */
export type Cell = string | number | bigint | boolean | null | undefined;

const NON_DECIMAL = /[xXbBoO]/;
const NOT_A_NUMBER = /^\s*[+-]?nan\s*$/i;

/** A cell as a number: NaN and negative numbers are numbers (rules judge them), undefined is not one. Blank: undefined. */
export function toNumber(cell: Cell): number | undefined {
  if (typeof cell === 'number') return cell;
  if (typeof cell === 'bigint') return Number(cell);
  if (typeof cell !== 'string') return undefined;
  const value = Number(cell);
  if (Number.isNaN(value)) return NOT_A_NUMBER.test(cell) ? NaN : undefined;
  if (value === 0 && cell.trim() === '') return undefined;
  return NON_DECIMAL.test(cell) ? undefined : value;
}

export function isBlank(cell: Cell): boolean {
  return cell === null || cell === undefined || (typeof cell === 'string' && cell.trim() === '');
}

/** For messages: what was there, shortened, on one line. `decode`: what the characters of a text mean. */
export function showCell(cell: Cell, decode: (text: string) => string = (text) => text): string {
  if (isBlank(cell)) return 'empty';
  const text = typeof cell === 'string' ? decode(cell) : String(cell);
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
