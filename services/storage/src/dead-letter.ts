import { createHash } from 'node:crypto';
import {
  HEADER_CONTENT_TYPE,
  HEADER_SOURCE,
  HEADER_TRACEPARENT,
  TOPICS,
  contentType,
  encodeMessage,
  events,
  headerToProto,
  parseContentType,
  peekHeader,
} from '@tickwell/contracts';
import { msToNs } from '@tickwell/domain';
import type { LogRecord, NewRecord } from '@tickwell/ports';
import type { MappingError } from './mapping/index.ts';

const MALFORMED_RULE = 'storage-malformed';
/** Bytes of the original a dead letter holds; the hash is of all of them. */
const MAX_ORIGINAL_BYTES = 64 * 1024;

/**
 * The dead letter of a record on a validated topic that is none: only a foreign writer puts it there. Its cause is storage's own,
 * so that storing the record again after a restart says the same, and readers drop it.
 */
export function malformedLetter(record: LogRecord, epoch: string, error: MappingError): NewRecord {
  const bytes = record.value ?? new Uint8Array(0);
  const header = peekHeader(bytes);
  const source = header?.source ?? record.headers[HEADER_SOURCE] ?? 'unknown';
  const type = parseContentType(record.headers[HEADER_CONTENT_TYPE]);
  const loggedAtNs = msToNs(Math.max(record.timestampMs, 0));
  const value = encodeMessage(events.DeadLetterSchema, {
    header: headerToProto({
      source: source.slice(0, 128),
      symbol: (record.key ?? '').slice(0, 128),
      cause: { origin: `storage:${record.topic}@${epoch}/${record.partition}`, n: record.offset + 1n, k: 0 },
      knownAtNs: loggedAtNs,
      watermarkNs: 0n,
      replayOf: '',
      priceBasis: 'unspecified',
    }),
    rule: MALFORMED_RULE,
    severity: events.DeadLetterSeverity.REJECT,
    reason: `${record.topic}/${record.partition} offset ${record.offset}: ${error.reason} (${error.rule})`,
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    index: 0,
    wholeRecord: true,
    position: 0n,
    contentType: type.ok ? type.value.slice(0, 200) : '',
    original: bytes.subarray(0, MAX_ORIGINAL_BYTES),
    truncated: bytes.length > MAX_ORIGINAL_BYTES,
    originalSize: BigInt(bytes.length),
    originalSha256: createHash('sha256').update(bytes).digest('hex'),
  });
  const traceparent = record.headers[HEADER_TRACEPARENT];
  return {
    topic: TOPICS.deadLetters.name,
    partition: record.partition,
    key: record.key ?? '',
    value,
    headers: {
      [HEADER_CONTENT_TYPE]: contentType(TOPICS.deadLetters.type),
      [HEADER_SOURCE]: 'storage',
      ...(traceparent === undefined ? {} : { [HEADER_TRACEPARENT]: traceparent }),
    },
  };
}
