/** CRC-32C (Castagnoli), RFC 3720 appendix B.4, reflected polynomial 0x82F63B78; Node's zlib has only CRC-32. */
const POLYNOMIAL = 0x82f63b78;
const LANES = 4;

/** Four tables, so that four bytes are taken at a time ("slicing by 4"). */
const TABLES = makeTables();

function makeTables(): readonly Uint32Array[] {
  const tables = Array.from({ length: LANES }, () => new Uint32Array(256));
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let lane = 0; lane < LANES; lane++) {
      for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ POLYNOMIAL;
      const table = tables[lane];
      if (table !== undefined) table[byte] = value;
    }
  }
  return tables;
}

const NONE = new Uint32Array(256);
const [T0 = NONE, T1 = NONE, T2 = NONE, T3 = NONE] = TABLES;

/** Unsigned checksum. */
export function crc32c(bytes: Uint8Array): number {
  const end = bytes.length;
  let crc = 0xffffffff;
  let at = 0;
  for (; at + LANES <= end; at += LANES) {
    const word =
      crc ^
      ((bytes[at] ?? 0) |
        ((bytes[at + 1] ?? 0) << 8) |
        ((bytes[at + 2] ?? 0) << 16) |
        ((bytes[at + 3] ?? 0) << 24));
    crc =
      (T3[word & 0xff] ?? 0) ^
      (T2[(word >>> 8) & 0xff] ?? 0) ^
      (T1[(word >>> 16) & 0xff] ?? 0) ^
      (T0[word >>> 24] ?? 0);
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ (T0[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  return ~crc >>> 0;
}
