import { TABLES, events, headerFromProto, parseMessage } from '@tickwell/contracts';
import { err, ok, type Header } from '@tickwell/domain';
import type { RowColumn, TableRows } from '@tickwell/ports';
import { flowColumns, type RecordMapper } from './mapped-record.ts';

/** Index of a dead letter that is about a whole record. */
const WHOLE_RECORD = -1n;

const ACTIONS: Readonly<Record<events.DeadLetterAction, string>> = {
  [events.DeadLetterAction.UNSPECIFIED]: '',
  [events.DeadLetterAction.REPLAYED]: 'replayed',
  [events.DeadLetterAction.PURGED]: 'purged',
};

const SEVERITIES: Readonly<Record<events.DeadLetterSeverity, string>> = {
  [events.DeadLetterSeverity.UNSPECIFIED]: 'reject',
  [events.DeadLetterSeverity.REJECT]: 'reject',
  [events.DeadLetterSeverity.QUARANTINE]: 'quarantine',
};

/** md.dead-letters → dead_letters, with the original bytes; the time is when it became known. */
export const mapDeadLetters: RecordMapper = (record, epoch) => {
  const parsed = parseMessage(events.DeadLetterSchema, record.value);
  if (!parsed.ok) return parsed;
  const letter = parsed.value;
  const header = headerFromProto(letter.header);
  if (header === undefined)
    return err({ rule: 'missing-header', reason: 'a DeadLetter without header or cause' });
  const rows = [letterRow(letter, header, { epoch, offset: record.offset })];
  return ok({ cause: header.cause, rows });
};

/**
 * md.dead-letter-resolutions → dead_letter_resolutions. A purge also writes the letter's row again without its bytes: the identity is
 * the same, so the row that holds them is replaced.
 */
export const mapResolutions: RecordMapper = (record, epoch) => {
  const parsed = parseMessage(events.DeadLetterResolutionSchema, record.value);
  if (!parsed.ok) return parsed;
  const resolution = parsed.value;
  const { letter, action } = resolution;
  const header = headerFromProto(resolution.header);
  const letterHeader = headerFromProto(letter?.header);
  if (header === undefined || letter === undefined || letterHeader === undefined)
    return err({ rule: 'missing-header', reason: 'a DeadLetterResolution without header, cause or letter' });
  const columns: RowColumn[] = [
    ...flowColumns(record, epoch, header),
    { type: 'symbol', name: 'letter_epoch', values: resolution.letterEpoch },
    ...placeColumns(letter),
    { type: 'symbol', name: 'action', values: ACTIONS[action] },
    { type: 'varchar', name: 'author', values: resolution.author },
    { type: 'varchar', name: 'note', values: resolution.note },
  ];
  const row = { table: TABLES.deadLetterResolutions.name, timestampNs: [header.knownAtNs], columns };
  const place = { epoch: resolution.letterEpoch, offset: resolution.letterOffset };
  const purged =
    action === events.DeadLetterAction.PURGED
      ? [letterRow({ ...letter, original: new Uint8Array(0), truncated: true }, letterHeader, place)]
      : [];
  return ok({ cause: header.cause, rows: [row, ...purged] });
};

function letterRow(
  letter: events.DeadLetter,
  header: Header,
  { epoch, offset }: { readonly epoch: string; readonly offset: bigint },
): TableRows {
  const columns: RowColumn[] = [
    ...flowColumns({ offset }, epoch, header),
    { type: 'symbol', name: 'rule', values: letter.rule },
    { type: 'varchar', name: 'reason', values: letter.reason },
    ...placeColumns(letter),
    { type: 'varchar', name: 'stream', values: header.cause.origin },
    { type: 'long', name: 'stream_position', values: letter.position },
    { type: 'symbol', name: 'content_type', values: letter.contentType },
    { type: 'varchar', name: 'original_base64', values: Buffer.from(letter.original).toString('base64') },
    { type: 'boolean', name: 'truncated', values: letter.truncated },
    { type: 'long', name: 'original_size', values: letter.originalSize },
    { type: 'varchar', name: 'original_sha256', values: letter.originalSha256 },
    { type: 'varchar', name: 'replay_of', values: header.replayOf },
    { type: 'symbol', name: 'severity', values: SEVERITIES[letter.severity] },
  ];
  return { table: TABLES.deadLetters.name, timestampNs: [header.knownAtNs], columns };
}

/** Where it was read. */
function placeColumns(letter: events.DeadLetter): RowColumn[] {
  return [
    { type: 'symbol', name: 'topic', values: letter.topic },
    { type: 'long', name: 'topic_partition', values: BigInt(letter.partition) },
    { type: 'long', name: 'topic_offset', values: letter.offset },
    {
      type: 'long',
      name: 'event_index',
      values: letter.wholeRecord ? WHOLE_RECORD : BigInt(letter.index),
    },
  ];
}
