import { createHash } from 'node:crypto';
import type { FeedRefusal } from '@tickwell/ports';

/** Most bytes of the original a refusal carries; of more, the hash and this prefix. */
const MAX_ORIGINAL_BYTES = 64 * 1024;

/** A row that is no event, with what the vendor sent (`raw`, else the row itself) as JSON. */
export function refuseRow(
  row: unknown,
  of: { readonly rule: string; readonly reason: string; readonly symbol: string; readonly position: bigint },
  hide: (text: string) => string,
): FeedRefusal {
  const original = Buffer.from(hide(jsonOf(originalOf(row))));
  return {
    kind: 'refused',
    ...of,
    reason: hide(of.reason),
    original: original.subarray(0, MAX_ORIGINAL_BYTES),
    originalSize: original.length,
    originalSha256: createHash('sha256').update(original).digest('hex'),
  };
}

function originalOf(row: unknown): unknown {
  const raw = typeof row === 'object' && row !== null && 'raw' in row ? row.raw : undefined;
  return raw === undefined ? row : raw;
}

/** Also of what JSON cannot say: ns become digits, circles and functions a description. Text stays what it is. */
function jsonOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    // What JSON leaves out alone (a function, undefined) still has a place in a list.
    const list = JSON.stringify([value], (_key, inner: unknown) =>
      typeof inner === 'bigint' ? inner.toString() : inner,
    );
    return list.slice(1, -1);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
