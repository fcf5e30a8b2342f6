import {
  encodeMessage,
  events,
  headerFromProto,
  headerToProto,
  parseMessage,
  TOPICS,
} from '@tickwell/contracts';
import { checkSymbol, err, ok, parseInterval, type Header, type Result } from '@tickwell/domain';
import type { Output, Processor } from '@tickwell/flow';
import type { LogRecord } from '@tickwell/ports';
import type { KeyState, ValidationSettings } from '@tickwell/validation';
import { countEvents, filedHeader, keyProcessor, recordKey, refuseRecord } from './key-processor.ts';
import type { OutcomeCounter } from './outcome-counter.ts';
import { headerProblem, readValue, type RecordProblem } from './read-record.ts';

const KIND = 'holes';
const SERIES: readonly string[] = ['trades', 'quotes', 'bars'];
const STATES: ReadonlySet<events.CoverageState> = new Set([
  events.CoverageState.MISSING,
  events.CoverageState.PRESENT,
  events.CoverageState.GIVEN_UP,
]);
const MAX_TEXT_LENGTH = 1_000;

/** Every hole that is told becomes an entry of the ledger (md.coverage), whose latest step is what is known. */
export function holeProcessor(counter: OutcomeCounter): Processor<KeyState, ValidationSettings> {
  return keyProcessor('validate-holes', TOPICS.rawHoles, (record, state) => {
    const read = readHole(record);
    if (!read.ok) return refuseRecord(counter, state, record, read.error, KIND);
    const { hole } = read.value;
    const header = filedHeader(read.value.header, recordKey(record));
    const stream = state.stream(KIND, header.cause.origin);
    const isNew = header.cause.n > stream.position;
    if (isNew) stream.position = header.cause.n;
    const outcome = { accepted: isNew ? 1 : 0, deadLettered: 0, duplicates: isNew ? 0 : 1 };
    const counts = countEvents(counter, state, record, { header, kind: KIND, ...outcome, reportEvery: 1 });
    return isNew ? [coverageEvent(header, hole), ...counts] : counts;
  });
}

interface ReadHole {
  readonly header: Header;
  readonly hole: events.Hole;
}

function readHole(record: LogRecord): Result<ReadHole, RecordProblem> {
  const value = readValue(record, TOPICS.rawHoles);
  if (!value.ok) return value;
  const parsed = parseMessage(events.HoleSchema, value.value);
  if (!parsed.ok) return err({ rule: parsed.error.rule, problem: parsed.error.reason });
  const hole = parsed.value;
  const header = headerFromProto(hole.header);
  if (header === undefined) return err({ rule: 'missing-header', problem: 'a Hole without header or cause' });
  const unsound = headerProblem(header);
  if (unsound !== undefined) return err(unsound);
  const problem = holeProblem(hole, header, recordKey(record));
  return problem === undefined ? ok({ header, hole }) : err({ rule: 'hole-fields', problem });
}

function holeProblem(hole: events.Hole, { symbol, source }: Header, key: string): string | undefined {
  const { kind, interval, startNs, endNs, state } = hole;
  const checked = checkSymbol(symbol);
  if (!checked.ok) return `symbol ${checked.error}`;
  if (key !== symbol) return `the key is "${key.slice(0, 80)}" and the symbol ${symbol}`;
  if (source === '') return 'it names no source';
  if (!SERIES.includes(kind)) return `kind "${kind.slice(0, 80)}" is none of ${SERIES.join(', ')}`;
  if (kind === 'bars') {
    const parsed = parseInterval(interval);
    if (!parsed.ok) return `interval: ${parsed.error}`;
  } else if (interval !== '') return `${kind} have no interval, and this says "${interval.slice(0, 80)}"`;
  if (startNs < 0n || startNs >= endNs) return `the span from ${startNs} to ${endNs} is none`;
  return STATES.has(state) ? undefined : `state ${state} is none that a hole can have`;
}

function coverageEvent(header: Header, hole: events.Hole): Output {
  const { kind, interval, priceType, startNs, endNs, state, step, sinceNs, missing, request, repair } = hole;
  return {
    topic: TOPICS.coverage.name,
    key: header.symbol,
    type: TOPICS.coverage.type,
    source: header.source,
    encode: (cause) =>
      encodeMessage(events.CoverageEventSchema, {
        header: headerToProto({ ...header, cause, watermarkNs: 0n }),
        kind,
        interval,
        priceType,
        startNs,
        endNs,
        state,
        step,
        sinceNs,
        missing,
        events: hole.events,
        reason: hole.reason.slice(0, MAX_TEXT_LENGTH),
        ...(request === undefined
          ? {}
          : { request: { ...request, answer: request.answer.slice(0, MAX_TEXT_LENGTH) } }),
        ...(repair === undefined ? {} : { repair }),
      }),
  };
}
