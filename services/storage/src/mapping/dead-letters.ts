import { TABLES, events, headerFromProto, parseMessage } from '@tickwell/contracts';
import { err, ok } from '@tickwell/domain';
import { flowColumns, type RecordMapper } from './mapped-record.ts';

/** Index of a dead letter that is about a whole record. */
const WHOLE_RECORD = -1n;

/** md.dead-letters → dead_letters, with the original bytes; the time is when it became known. */
export const mapDeadLetters: RecordMapper = (record, epoch) => {
  const parsed = parseMessage(events.DeadLetterSchema, record.value);
  if (!parsed.ok) return parsed;
  const letter = parsed.value;
  const header = headerFromProto(letter.header);
  if (header === undefined)
    return err({ rule: 'missing-header', reason: 'a DeadLetter without header or cause' });
  const columns = [
    ...flowColumns(record, epoch, header),
    { type: 'symbol' as const, name: 'rule', values: letter.rule },
    { type: 'varchar' as const, name: 'reason', values: letter.reason },
    { type: 'symbol' as const, name: 'topic', values: letter.topic },
    { type: 'long' as const, name: 'topic_partition', values: BigInt(letter.partition) },
    { type: 'long' as const, name: 'topic_offset', values: letter.offset },
    {
      type: 'long' as const,
      name: 'event_index',
      values: letter.wholeRecord ? WHOLE_RECORD : BigInt(letter.index),
    },
    { type: 'varchar' as const, name: 'stream', values: header.cause.origin },
    { type: 'long' as const, name: 'stream_position', values: letter.position },
    { type: 'symbol' as const, name: 'content_type', values: letter.contentType },
    {
      type: 'varchar' as const,
      name: 'original_base64',
      values: Buffer.from(letter.original).toString('base64'),
    },
    { type: 'boolean' as const, name: 'truncated', values: letter.truncated },
    { type: 'long' as const, name: 'original_size', values: letter.originalSize },
    { type: 'varchar' as const, name: 'original_sha256', values: letter.originalSha256 },
  ];
  return ok({
    cause: header.cause,
    rows: [{ table: TABLES.deadLetters.name, timestampNs: [header.knownAtNs], columns }],
  });
};
