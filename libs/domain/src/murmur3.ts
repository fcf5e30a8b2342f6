const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;
const BLOCK = 16;

/** The four 32-bit words of a hash, each from 0 to 2^32 - 1; as one number of 128 bits the first is the lowest. */
export type Words = [number, number, number, number];

/**
 * MurmurHash3_x86_128 with seed 0 (public domain, Austin Appleby) of the first `length` bytes, into `out`. Of all hashes of 128 bits that every language
 * has, the one that needs nothing but 32-bit arithmetic.
 */
export function murmur3(view: DataView, length: number, out: Words): void {
  let [h1, h2, h3, h4] = [0, 0, 0, 0];
  const whole = length - (length % BLOCK);
  for (let at = 0; at < whole; at += BLOCK) {
    h1 ^= mix(view.getUint32(at, true), C1, 15, C2);
    h1 = (Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 ^= mix(view.getUint32(at + 4, true), C2, 16, C3);
    h2 = (Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 ^= mix(view.getUint32(at + 8, true), C3, 17, C4);
    h3 = (Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 ^= mix(view.getUint32(at + 12, true), C4, 18, C1);
    h4 = (Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
  }
  h1 ^= mix(tailWord(view, whole, length), C1, 15, C2) ^ length;
  h2 ^= mix(tailWord(view, whole + 4, length), C2, 16, C3) ^ length;
  h3 ^= mix(tailWord(view, whole + 8, length), C3, 17, C4) ^ length;
  h4 ^= mix(tailWord(view, whole + 12, length), C4, 18, C1) ^ length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  [h2, h3, h4] = [h2 + h1, h3 + h1, h4 + h1];
  [h1, h2, h3, h4] = [finish(h1), finish(h2), finish(h3), finish(h4)];
  h1 = (h1 + h2 + h3 + h4) | 0;
  out[0] = h1 >>> 0;
  out[1] = (h2 + h1) >>> 0;
  out[2] = (h3 + h1) >>> 0;
  out[3] = (h4 + h1) >>> 0;
}

function mix(word: number, before: number, bits: number, after: number): number {
  return Math.imul(rotate(Math.imul(word, before), bits), after);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Up to four bytes, little-endian; none past the end, of which 0 comes, which changes nothing. */
function tailWord(view: DataView, from: number, length: number): number {
  let word = 0;
  for (let at = Math.min(from + 4, length) - 1; at >= from; at -= 1) word = (word << 8) | view.getUint8(at);
  return word;
}

function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
