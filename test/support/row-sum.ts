/**
 * Sum over rows that does not depend on their order: their number, and two sums of 32-bit hashes. A row that is missing, doubled or
 * different changes it. Cheap enough for millions of rows (the hash is FNV-1a twice, with different primes), exact up to two million.
 */
export class RowSum {
  #rows = 0;
  #low = 0;
  #high = 0;

  add({ low, high }: RowHash): void {
    this.#rows += 1;
    this.#low += low;
    this.#high += high;
  }

  digest(): string {
    return `${this.#rows}:${this.#low.toString(16)}:${this.#high.toString(16)}`;
  }
}

export interface RowHash {
  readonly low: number;
  readonly high: number;
}

export function rowHash(...fields: readonly (string | number | bigint | boolean)[]): RowHash {
  const text = fields.join('|');
  let low = 0x811c9dc5;
  let high = 0x2f6b9a17;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x5bd1e995);
    high ^= high >>> 15;
  }
  return { low: (low ^ (low >>> 16)) >>> 0, high: high >>> 0 };
}
