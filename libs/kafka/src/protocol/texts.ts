/** Keys and headers repeat from record to record: most texts are encoded once. */
const MAX_CACHED = 8_192;
const MAX_CACHED_LENGTH = 256;
let cached = new Map<string, Buffer>();

/** The text as UTF-8, to be read only. */
export function utf8(text: string): Buffer {
  const known = cached.get(text);
  if (known !== undefined) return known;
  const bytes = Buffer.from(text);
  if (text.length <= MAX_CACHED_LENGTH) {
    if (cached.size >= MAX_CACHED) cached = new Map();
    cached.set(text, bytes);
  }
  return bytes;
}
