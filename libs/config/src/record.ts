import {
  HEADER_CONTENT_TYPE,
  TOPICS,
  contentType,
  encodeMessage,
  events,
  parseMessage,
} from '@tickwell/contracts';
import { err, ok, type Result } from '@tickwell/domain';
import type { LogRecord, NewRecord } from '@tickwell/ports';
import type { ConfigChange } from './state.ts';

/** A change as a record of the `config` topic (another `topic` is for tests), which has one partition. */
export function recordOf(change: ConfigChange, topic: string): NewRecord {
  const { kindRevision, ...fields } = change;
  return {
    topic,
    partition: 0,
    key: `${change.kind}/${change.id}`,
    value: encodeMessage(events.ConfigRecordSchema, {
      ...fields,
      ...(kindRevision === undefined ? {} : { kindRevision }),
    }),
    headers: { [HEADER_CONTENT_TYPE]: contentType(TOPICS.config.type) },
  };
}

/** The error says why the record is none of ours; every reader ignores it. */
export function changeOf({ value, offset }: LogRecord): Result<ConfigChange, string> {
  if (value === null) return err(`the record at ${offset} has no value`);
  const parsed = parseMessage(events.ConfigRecordSchema, value);
  if (!parsed.ok) return err(`the record at ${offset} is ${parsed.error.reason}`);
  const { kind, id } = parsed.value;
  if (kind === '' || id === '') return err(`the record at ${offset} names no kind or no id`);
  return ok(parsed.value);
}
