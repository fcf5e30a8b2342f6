import { createHash } from 'node:crypto';
import { encodeMessage, events, headerToProto, TOPICS } from '@tickwell/contracts';
import type { Header } from '@tickwell/domain';
import type { LogRecord } from '@tickwell/ports';
import type { Output } from './processor.ts';

/** Most bytes of an original that a dead letter holds; of more it holds the start, the size and the hash. */
export const MAX_ORIGINAL_BYTES = 64 * 1024;

/** One refused event or record. */
export interface DeadLetterParts {
  readonly record: LogRecord;
  /** Of the refused batch where it could be read; its symbol is what the dead letter is filed under. */
  readonly header: Header;
  readonly rule: string;
  /** `quarantine`: held until somebody decides, where `reject` is for good unless it is mended. */
  readonly severity: 'reject' | 'quarantine';
  readonly reason: string;
  /** Position in the stream of the source. */
  readonly position: bigint;
  /** Index of the event in its record; undefined: the whole record. */
  readonly index: number | undefined;
  readonly contentType: string;
  readonly original: Original;
}

/** What was refused: its bytes, or the start of them. */
export interface Original {
  readonly bytes: Uint8Array;
  readonly size: bigint;
  readonly sha256: string;
}

export function wholeOriginal(bytes: Uint8Array): Original {
  return {
    bytes: bytes.subarray(0, MAX_ORIGINAL_BYTES),
    size: BigInt(bytes.length),
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

/** The output that files what was refused; nothing of it is lost up to {@link MAX_ORIGINAL_BYTES}. */
export function deadLetter(parts: DeadLetterParts): Output {
  const { record, header, original, index } = parts;
  return {
    topic: TOPICS.deadLetters.name,
    key: record.key ?? '',
    type: TOPICS.deadLetters.type,
    source: header.source,
    encode: (cause) =>
      encodeMessage(events.DeadLetterSchema, {
        header: headerToProto({ ...header, cause, watermarkNs: 0n }),
        rule: parts.rule,
        severity:
          parts.severity === 'quarantine'
            ? events.DeadLetterSeverity.QUARANTINE
            : events.DeadLetterSeverity.REJECT,
        reason: parts.reason,
        topic: record.topic,
        partition: record.partition,
        offset: record.offset,
        index: index ?? 0,
        wholeRecord: index === undefined,
        position: parts.position,
        contentType: parts.contentType,
        original: original.bytes,
        truncated: BigInt(original.bytes.length) < original.size,
        originalSize: original.size,
        originalSha256: original.sha256,
      }),
  };
}
