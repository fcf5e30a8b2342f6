import { createHash } from 'node:crypto';
import type { FeedRefusal } from '@tickwell/ports';
import { numbersAsText } from './json.ts';

/** Originals are kept up to this size. */
const MAX_ORIGINAL_BYTES = 65_536;

export type Unplaced = Omit<FeedRefusal, 'position'>;

/** Input that becomes no event; `original` as JSON. */
export function refuse(rule: string, reason: string, symbol: string, original: unknown): Unplaced {
  const bytes = Buffer.from(JSON.stringify({ original }, numbersAsText));
  return {
    kind: 'refused',
    rule,
    reason,
    symbol,
    original: bytes.subarray(0, MAX_ORIGINAL_BYTES),
    originalSize: bytes.length,
    originalSha256: createHash('sha256').update(bytes).digest('hex'),
  };
}
