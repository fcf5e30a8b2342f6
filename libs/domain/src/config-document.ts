/** Largest document of the configuration, bytes of UTF-8. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;

/** Why the text of a document is too large; undefined: it is not. Said by whoever sends it, too: a server does not even read the largest. */
export function documentSizeProblem(text: string): string | undefined {
  const size = text.length > MAX_DOCUMENT_BYTES ? text.length : new TextEncoder().encode(text).length;
  if (size <= MAX_DOCUMENT_BYTES) return undefined;
  const atLeast = size === text.length ? 'at least ' : '';
  return `the document has ${atLeast}${size} bytes, at most ${MAX_DOCUMENT_BYTES} are possible: split it into several`;
}
