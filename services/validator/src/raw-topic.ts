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
  /** Whether streams move a watermark, with events or without, and end with one. */
  readonly hasWatermarks: boolean;
  decode(value: Uint8Array): Result<RawBatch, DecodeError>;
}
