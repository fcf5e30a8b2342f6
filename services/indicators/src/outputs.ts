import { createHash } from 'node:crypto';
import {
  encodeMessage,
  events,
  headerToProto,
  parseContentType,
  TOPICS,
  type DecodeError,
} from '@tickwell/contracts';
import type { Header } from '@tickwell/domain';
import type { Output } from '@tickwell/flow';
import type { LogRecord } from '@tickwell/ports';
import { HEADER_CONTENT_TYPE } from '@tickwell/contracts';

/** Most bytes of an original that a dead letter holds; of more it holds the start, the size and the hash. */
const MAX_ORIGINAL_BYTES = 64 * 1024;

export interface Finding {
  readonly rule: string;
  readonly message: string;
  /** Half-open span of event time. */
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** Says about input that went through what is not in the output. */
export function qualityFinding(key: string, header: Header, kind: string, finding: Finding): Output {
  return {
    topic: TOPICS.quality.name,
    key,
    type: TOPICS.quality.type,
    source: header.source,
    encode: (cause) =>
      encodeMessage(events.QualityEventSchema, {
        header: headerToProto({ ...header, cause, watermarkNs: 0n }),
        kind,
        event: { case: 'finding', value: { ...finding, severity: events.Severity.WARNING } },
      }),
  };
}

/** A record of a validated topic that cannot be read after all. */
export function unreadableRecord(record: LogRecord, error: DecodeError): Output {
  const original = record.value ?? new Uint8Array();
  const key = record.key ?? '';
  const contentType = parseContentType(record.headers[HEADER_CONTENT_TYPE]);
  return {
    topic: TOPICS.deadLetters.name,
    key,
    type: TOPICS.deadLetters.type,
    source: record.headers['source'] ?? '',
    encode: (cause) =>
      encodeMessage(events.DeadLetterSchema, {
        header: headerToProto({
          source: record.headers['source'] ?? '',
          symbol: key,
          cause,
          knownAtNs: 0n,
          watermarkNs: 0n,
          replayOf: '',
          priceBasis: 'unspecified',
        }),
        rule: error.rule,
        reason: `${record.topic}/${record.partition} offset ${record.offset}: ${error.reason}`,
        topic: record.topic,
        partition: record.partition,
        offset: record.offset,
        wholeRecord: true,
        contentType: contentType.ok ? contentType.value : '',
        original: original.subarray(0, MAX_ORIGINAL_BYTES),
        truncated: original.length > MAX_ORIGINAL_BYTES,
        originalSize: BigInt(original.length),
        originalSha256: createHash('sha256').update(original).digest('hex'),
      }),
  };
}

/**
 * Cuts what goes out into pieces a record can hold: of one known-at, which only the header says, and of at most `most` events.
 * The order stays.
 */
export function cutForRecords<T extends { readonly knownAtNs: bigint }>(
  items: readonly T[],
  most: number,
): T[][] {
  const pieces: T[][] = [];
  let piece: T[] = [];
  for (const item of items) {
    const [first] = piece;
    if (first !== undefined && (first.knownAtNs !== item.knownAtNs || piece.length === most)) {
      pieces.push(piece);
      piece = [];
    }
    piece.push(item);
  }
  if (piece.length > 0) pieces.push(piece);
  return pieces;
}
