import { createHash } from 'node:crypto';

/**
 * Hash of a set of rows that does not depend on their order: the sum of the rows' hashes modulo 2^64, and their number. A row that
 * is missing, doubled or different changes it.
 */
export class ContentHash {
  #sum = 0n;
  #rows = 0;

  add(...fields: readonly (string | number | bigint)[]): void {
    const digest = createHash('sha1').update(fields.join('|')).digest();
    this.#sum = BigInt.asUintN(64, this.#sum + digest.readBigUInt64LE());
    this.#rows += 1;
  }

  get rows(): number {
    return this.#rows;
  }

  digest(): string {
    return `${this.#rows}:${this.#sum.toString(16)}`;
  }
}
