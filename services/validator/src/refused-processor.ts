import { events, headerFromProto, parseMessage, TOPICS } from '@tickwell/contracts';
import { err, ok, type Cause, type Header, type Result } from '@tickwell/domain';
import { deadLetter, MAX_ORIGINAL_BYTES, type Output, type Processor } from '@tickwell/flow';
import type { LogRecord } from '@tickwell/ports';
import type { KeyState, ValidationSettings } from '@tickwell/validation';
import { countEvents, judgedHeader, keyProcessor, refuseRecord } from './key-processor.ts';
import type { OutcomeCounter } from './outcome-counter.ts';
import { headerProblem, readValue, type RecordProblem } from './read-record.ts';

const KIND = 'refused';
const MAX_TEXT_LENGTH = 2_000;
const MAX_RULE_LENGTH = 100;

/** Turns input that ingest could not read into dead letters, so that it is counted and kept like everything else refused. */
export function refusedProcessor(counter: OutcomeCounter): Processor<KeyState, ValidationSettings> {
  return keyProcessor('validate-refused', TOPICS.rawRefused, (record, state) => {
    const read = readRefused(record);
    if (!read.ok) return refuseRecord(counter, state, record, read.error, KIND);
    const { input } = read.value;
    const header = judgedHeader(record, read.value.header, read.value.header.symbol);
    const isNew = advance(state, header.cause);
    const outcome = { accepted: 0, deadLettered: isNew ? 1 : 0, duplicates: isNew ? 0 : 1 };
    const counts = countEvents(counter, state, record, { header, kind: KIND, ...outcome, reportEvery: 1 });
    return isNew ? [refusedLetter(record, header, input), ...counts] : counts;
  });
}

interface ReadRefused {
  readonly header: Header;
  readonly input: events.RefusedInput;
}

function readRefused(record: LogRecord): Result<ReadRefused, RecordProblem> {
  const value = readValue(record, TOPICS.rawRefused);
  if (!value.ok) return value;
  const parsed = parseMessage(events.RefusedInputSchema, value.value);
  if (!parsed.ok) return err({ rule: parsed.error.rule, problem: parsed.error.reason });
  const header = headerFromProto(parsed.value.header);
  if (header === undefined)
    return err({ rule: 'missing-header', problem: 'a RefusedInput without header or cause' });
  const problem = headerProblem(header);
  return problem === undefined ? ok({ header, input: parsed.value }) : err(problem);
}

/** Whether the cause is above the last one of its stream; several refusals may share a position and differ in k. */
function advance(state: KeyState, { origin, n, k }: Cause): boolean {
  const stream = state.stream(KIND, origin);
  const next = BigInt(k);
  if (n < stream.position || (n === stream.position && next <= stream.seq)) return false;
  stream.position = n;
  stream.seq = next;
  return true;
}

function refusedLetter(record: LogRecord, header: Header, input: events.RefusedInput): Output {
  return deadLetter({
    record,
    header,
    rule: input.rule.slice(0, MAX_TEXT_LENGTH),
    severity: 'reject',
    reason: `${input.reason.slice(0, MAX_TEXT_LENGTH)} (${input.rule.slice(0, MAX_RULE_LENGTH)})`,
    position: input.position,
    index: undefined,
    contentType: '',
    original: {
      bytes: input.original.subarray(0, MAX_ORIGINAL_BYTES),
      size: input.originalSize,
      sha256: input.originalSha256,
    },
  });
}
