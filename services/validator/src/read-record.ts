import {
  HEADER_CONTENT_TYPE,
  MAX_BATCH_EVENTS,
  parseContentType,
  type DecodeError,
  type TopicSpec,
} from '@tickwell/contracts';
import { err, ok, type Header, type Result } from '@tickwell/domain';
import type { LogRecord } from '@tickwell/ports';
import { MAX_ORIGIN_LENGTH, MAX_POSITION, positionsIncrease, type RecordRuleId } from '@tickwell/validation';
import type { RawBatch } from './raw-batch.ts';

/** Why a record as a whole is refused. */
export interface RecordProblem {
  readonly rule: RecordRuleId;
  readonly problem: string;
}

/** The value of a record, where its headers say that it is what the topic carries. */
export function readValue(record: LogRecord, topic: TopicSpec): Result<Uint8Array, RecordProblem> {
  if (record.value === null) return err({ rule: 'empty-record', problem: 'the record has no value' });
  const type = parseContentType(record.headers[HEADER_CONTENT_TYPE]);
  if (!type.ok) return err({ rule: 'content-type', problem: type.error });
  return type.value === topic.type
    ? ok(record.value)
    : err({
        rule: 'unknown-type',
        problem: `type ${JSON.stringify(type.value.slice(0, 120))} is not ${topic.type}`,
      });
}

/** The batch a record holds, fit to be judged event by event. */
export function readBatch(
  record: LogRecord,
  topic: TopicSpec,
  decode: (value: Uint8Array) => Result<RawBatch, DecodeError>,
): Result<RawBatch, RecordProblem> {
  const value = readValue(record, topic);
  if (!value.ok) return value;
  const decoded = decode(value.value);
  if (!decoded.ok) return err({ rule: decoded.error.rule, problem: decoded.error.reason });
  const problem = headerProblem(decoded.value.header) ?? positionsProblem(decoded.value.positions);
  return problem === undefined ? decoded : err(problem);
}

/** What would make repeats or versions impossible to tell apart. */
export function headerProblem({ cause, knownAtNs }: Header): RecordProblem | undefined {
  if (
    cause.origin === '' ||
    cause.origin.length > MAX_ORIGIN_LENGTH ||
    cause.n < 1n ||
    cause.n > MAX_POSITION
  ) {
    const origin = JSON.stringify(cause.origin.slice(0, 80));
    return { rule: 'cause-invalid', problem: `cause ${origin} at ${cause.n} names no stream and position` };
  }
  if (knownAtNs <= 0n) return { rule: 'known-at-missing', problem: `known_at_ns is ${knownAtNs}` };
  return undefined;
}

function positionsProblem(positions: readonly bigint[]): RecordProblem | undefined {
  if (positions.length > MAX_BATCH_EVENTS) {
    return {
      rule: 'batch-too-large',
      problem: `${positions.length} events in one record, at most ${MAX_BATCH_EVENTS} are allowed`,
    };
  }
  return positionsIncrease(positions)
    ? undefined
    : { rule: 'position-order', problem: 'positions of the events do not start above 0 and grow' };
}
