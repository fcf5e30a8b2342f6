import {
  HEADER_CONTENT_TYPE,
  HEADER_SOURCE,
  TOPICS,
  contentType,
  encodeMessage,
  events,
  headerToProto,
} from '@tickwell/contracts';
import type { Cause } from '@tickwell/domain';
import type { NewRecord, StoredLetter } from '@tickwell/ports';
import { SEVERITIES } from './letter-message.ts';

/** What somebody did about a letter. */
export interface Resolved {
  readonly action: events.DeadLetterAction;
  readonly author: string;
  readonly note: string;
  readonly atNs: bigint;
}

/** The record that says what became of a letter; storage keeps it beside the letter. */
export function resolutionRecord(letter: StoredLetter, resolved: Resolved, cause: Cause): NewRecord {
  const { source, symbol, replayOf } = letter;
  const header = { source, symbol, watermarkNs: 0n, priceBasis: 'unspecified' as const };
  const value = encodeMessage(events.DeadLetterResolutionSchema, {
    header: headerToProto({ ...header, cause, knownAtNs: resolved.atNs, replayOf: '' }),
    letter: {
      header: headerToProto({
        ...header,
        cause: { origin: letter.stream, n: letter.position, k: 0 },
        knownAtNs: letter.knownAtNs,
        replayOf,
      }),
      rule: letter.rule,
      severity: SEVERITIES[letter.severity],
      reason: letter.reason,
      topic: letter.topic,
      partition: letter.partition,
      offset: letter.offset,
      index: letter.index ?? 0,
      wholeRecord: letter.index === undefined,
      position: letter.position,
      contentType: letter.contentType,
      truncated: letter.truncated,
      originalSize: letter.originalSize,
      originalSha256: letter.originalSha256,
    },
    letterEpoch: letter.epoch,
    letterOffset: letter.recordOffset,
    action: resolved.action,
    author: resolved.author,
    note: resolved.note,
  });
  return {
    topic: TOPICS.deadLetterResolutions.name,
    key: symbol === '' ? source : symbol,
    value,
    headers: {
      [HEADER_CONTENT_TYPE]: contentType(TOPICS.deadLetterResolutions.type),
      [HEADER_SOURCE]: source,
    },
  };
}
