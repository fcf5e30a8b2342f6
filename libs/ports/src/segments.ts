import { createHash } from 'node:crypto';
import { TickwellError } from '@tickwell/domain';

/** Most bytes of a segment: that of a record of `ds.*`, in which it comes whole. */
export const MAX_SEGMENT_BYTES = 8 * 1024 * 1024;

/** Most segments of one page of {@link SegmentStore.list}. */
export const MAX_SEGMENT_PAGE = 1_000;

/**
 * Files of frames that never change, by the SHA-256 of their bytes (64 hexadecimal digits, small). Any number of processes may share one. What is there
 * under a name is whole, or {@link SegmentStore.get} says that it is not.
 *
 * Calls reject with a TickwellError: `segments-full` (retryable: no space is left), `segments-unreachable` (retryable: the folder or the bucket cannot be used
 * at present), `segment-invalid` (a bug of the caller: no such name can be, the bytes are too many or not those of the name), and get with
 * `segment-missing` or `segment-corrupt` besides. A store in which nobody has put anything yet is empty.
 */
export interface SegmentStore {
  /**
   * Durable once it resolves; nobody sees a part of it before. Of one that is there already it is the same again: {@link SegmentInfo.storedAtNs} is renewed, and
   * damaged bytes are mended.
   */
  put(sha256: string, bytes: Uint8Array): Promise<void>;
  /** The bytes, compared with their name. */
  get(sha256: string): Promise<Uint8Array>;
  /** Whether there is a file under the name; its bytes are not looked at. */
  has(sha256: string): Promise<boolean>;
  /** Of one that is not there it does nothing. */
  delete(sha256: string): Promise<void>;
  /** By name, ascending. Fewer than `limit` are the last. Files of others in the same place are left out. */
  list(page: SegmentPage): Promise<readonly SegmentInfo[]>;
  close(): Promise<void>;
}

export interface SegmentPage {
  /** Only names after it; "": from the first. */
  readonly after: string;
  /** From 1 to {@link MAX_SEGMENT_PAGE}. */
  readonly limit: number;
}

export interface SegmentInfo {
  readonly sha256: string;
  readonly bytes: number;
  /** When it was put last by the clock of the store, ns since the epoch, to the second at worst. */
  readonly storedAtNs: bigint;
}

/** The name of a segment. */
export function segmentHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** @throws TickwellError `segment-invalid`. */
export function requireSegmentName(sha256: string): void {
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new TickwellError(
      'segment-invalid',
      `no segment has the name ${JSON.stringify(sha256.slice(0, 100))}: it must be a SHA-256, 64 hexadecimal digits in small letters`,
    );
}

/** What every store asks before it keeps bytes. @throws TickwellError `segment-invalid`. */
export function requireSegment(sha256: string, bytes: Uint8Array): void {
  requireSegmentName(sha256);
  if (bytes.byteLength > MAX_SEGMENT_BYTES)
    throw new TickwellError(
      'segment-invalid',
      `segment ${sha256} has ${bytes.byteLength} bytes; a segment has at most ${MAX_SEGMENT_BYTES}: make it of fewer rows`,
    );
  const actual = segmentHash(bytes);
  if (actual !== sha256)
    throw new TickwellError(
      'segment-invalid',
      `the bytes to be kept as segment ${sha256} have the SHA-256 ${actual}: they were changed on the way, or go with another name`,
    );
}

/** @throws TickwellError `segment-invalid`. */
export function requireSegmentPage({ limit }: SegmentPage): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_SEGMENT_PAGE)
    throw new TickwellError(
      'segment-invalid',
      `a page of ${limit} segments cannot be listed: from 1 to ${MAX_SEGMENT_PAGE}`,
    );
}

/** What every store asks of bytes that it has read. @throws TickwellError `segment-corrupt`; `place` says where they are. */
export function requireWhole(sha256: string, bytes: Uint8Array, place: string): void {
  if (segmentHash(bytes) !== sha256)
    throw segmentCorrupt(`${place} (${bytes.byteLength} bytes) is damaged: its SHA-256 is not its name`);
}

/** `what` says which file, and what is wrong with it. */
export function segmentCorrupt(what: string): TickwellError {
  return new TickwellError(
    'segment-corrupt',
    `${what}; put the file back from a backup, or write the version again`,
  );
}

export function segmentMissing(place: string): TickwellError {
  return new TickwellError(
    'segment-missing',
    `${place} is not there; put the file back from a backup, or check that TICKWELL_SEGMENTS is the place that it was written to`,
  );
}
