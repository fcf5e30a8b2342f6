import { createHash } from 'node:crypto';
import type { FeedRefusal } from '@tickwell/ports';

/** Most bytes of the original a refusal carries; of more, the hash and this prefix. */
export const MAX_ORIGINAL_BYTES = 64 * 1024;

export interface Refused {
  readonly rule: string;
  readonly reason: string;
  readonly position: number;
  readonly symbol?: string;
}

/** A refusal of input whose bytes are at hand. */
export function refuse(refused: Refused, original: Uint8Array): FeedRefusal {
  return {
    kind: 'refused',
    rule: refused.rule,
    reason: refused.reason,
    position: BigInt(refused.position),
    symbol: refused.symbol ?? '',
    original: original.subarray(0, MAX_ORIGINAL_BYTES),
    originalSize: original.length,
    originalSha256: createHash('sha256').update(original).digest('hex'),
  };
}
