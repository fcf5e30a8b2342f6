const DOUBLE = new Float64Array(1);
const HALVES = new Uint32Array(DOUBLE.buffer);
const PAIR = new Uint32Array(2);
const WHOLE = new BigInt64Array(PAIR.buffer);

/** 64 bits of numbers by their bits (NaN equals NaN, 0 is not -0): two sets of values share them by chance once in 10^19. */
export function hashOf(values: readonly number[]): bigint {
  let low = 0x2545f491;
  let high = 0x3c6ef372;
  for (const value of values) {
    // NaN has many forms, and each means "missing".
    DOUBLE[0] = Number.isNaN(value) ? NaN : value;
    for (const word of HALVES) {
      low = mix(low, Math.imul(word, 0x2c1b3c6d));
      high = mix(high, Math.imul(word, 0x297a2d39) ^ low);
    }
  }
  PAIR[0] = finish(low);
  PAIR[1] = finish(high);
  return WHOLE[0] ?? 0n;
}

function mix(hash: number, word: number): number {
  const mixed = hash ^ Math.imul((word << 15) | (word >>> 17), 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0x561ccd1b) | 0;
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x5bd1e995);
  return mixed ^ (mixed >>> 16);
}
