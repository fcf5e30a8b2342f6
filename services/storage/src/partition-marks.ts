import type { Cause } from '@tickwell/domain';

/** Bytes a position may carry beside its offset (ports/log.ts says 4,000), with room for the frame. */
const MAX_METADATA_BYTES = 3_800;
/** Origins remembered: validated topics have a handful, one per input partition; a status topic has one per stream. */
const MAX_ORIGINS = 512;
const VERSION = 1;

interface Mark {
  n: bigint;
  k: number;
}

/**
 * The highest cause stored of each origin of one partition, with the ones seen last kept when there are more than fit. (A dropped
 * mark can let a repeat through; its rows then meet their own dedup keys.)
 */
export class PartitionMarks {
  /** In the order they were last advanced. */
  readonly #marks = new Map<string, Mark>();

  constructor(marks: readonly Cause[] = []) {
    for (const { origin, n, k } of marks) this.#marks.set(origin, { n, k });
  }

  /** Whether the cause is new; if so it becomes the mark of its origin. */
  advance(cause: Cause): boolean {
    const mark = this.#marks.get(cause.origin);
    if (mark !== undefined && (cause.n < mark.n || (cause.n === mark.n && cause.k <= mark.k))) return false;
    this.#marks.delete(cause.origin);
    this.#marks.set(cause.origin, { n: cause.n, k: cause.k });
    if (this.#marks.size > MAX_ORIGINS) {
      const [oldest] = this.#marks.keys();
      if (oldest !== undefined) this.#marks.delete(oldest);
    }
    return true;
  }

  /** As many of the marks advanced last as fit beside an offset, the oldest first. */
  snapshot(): Cause[] {
    const kept: Cause[] = [];
    let bytes = 0;
    for (const [origin, { n, k }] of [...this.#marks].reverse()) {
      bytes += Buffer.byteLength(JSON.stringify([origin, n.toString(), k])) + 1;
      if (bytes > MAX_METADATA_BYTES) break;
      kept.push({ origin, n, k });
    }
    return kept.reverse();
  }
}

/** Marks as the text that is committed beside the offset. */
export function encodeMarks(epoch: string, marks: readonly Cause[]): string {
  return JSON.stringify([VERSION, epoch, marks.map(({ origin, n, k }) => [origin, n.toString(), k])]);
}

/** Undefined where the text is not of this version, or of another epoch of the topic: its offset then means nothing here. */
export function decodeMarks(metadata: string, epoch: string): Cause[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(metadata);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed) || parsed[0] !== VERSION || parsed[1] !== epoch || !Array.isArray(parsed[2]))
    return undefined;
  const marks: Cause[] = [];
  for (const entry of parsed[2] as unknown[]) {
    if (!Array.isArray(entry)) return undefined;
    const [origin, n, k] = entry as unknown[];
    if (typeof origin !== 'string' || typeof n !== 'string' || !/^\d{1,20}$/.test(n) || typeof k !== 'number')
      return undefined;
    marks.push({ origin, n: BigInt(n), k });
  }
  return marks;
}
