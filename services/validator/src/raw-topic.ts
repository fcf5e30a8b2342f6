import type { DecodeError, TopicSpec } from '@tickwell/contracts';
import type { Result } from '@tickwell/domain';
import type { RawBatch } from './raw-batch.ts';

/** What sets one raw topic apart from the others; the rest is the generic processor. */
export interface RawTopic {
  /** Name of its processor: part of the checkpoint's key. */
  readonly name: string;
  readonly input: TopicSpec;
  readonly output: TopicSpec;
  /** Kind under which records are counted that cannot be decoded. */
  readonly recordKind: string;
  /** Whether records move a watermark, with events or without. */
  readonly hasWatermarks: boolean;
  /**
   * Counts are reported at least every so many records. More than 1 only where streams end with a watermark, which reports the
   * rest.
   */
  readonly reportEvery: number;
  decode(value: Uint8Array): Result<RawBatch, DecodeError>;
}
