import {
  HEADER_CONTENT_TYPE,
  HEADER_SOURCE,
  parseContentType,
  peekHeader,
  type TopicSpec,
} from '@tickwell/contracts';
import { msToNs, type Header } from '@tickwell/domain';
import { deadLetter, wholeOriginal, type Output, type Processor } from '@tickwell/flow';
import type { LogRecord } from '@tickwell/ports';
import { countRecord, KeyState, type Outcome, type ValidationSettings } from '@tickwell/validation';
import type { OutcomeCounter } from './outcome-counter.ts';
import { qualityCounts } from './quality.ts';
import type { RecordProblem } from './read-record.ts';

const MAX_SOURCE_LENGTH = 128;
const NOTHING = new Uint8Array(0);

/** The processor around one topic's way of handling a record; state is kept per record key. */
export function keyProcessor(
  name: string,
  input: TopicSpec,
  process: Processor<KeyState, ValidationSettings>['process'],
): Processor<KeyState, ValidationSettings> {
  return {
    name,
    inputTopic: input.name,
    // A writer of raw topics may cut its batches anew after a resume: repeats are told event by event, by position.
    dedup: 'none',
    keyOf: recordKey,
    createState: () => new KeyState(),
    process,
    stateVersion: KeyState.version,
    encodeState: (state) => state.encode(),
    decodeState: (_key, version, bytes) => KeyState.decode(version, bytes),
  };
}

export function recordKey(record: LogRecord): string {
  return record.key ?? '';
}

/** When the log took the record, ns since the epoch. */
export function loggedAtNs(record: LogRecord): bigint {
  return msToNs(Math.max(record.timestampMs, 0));
}

/**
 * The latest time at which the record is known to have been known. Both are in the log, so every run measures "future" against
 * the same moment; a stream's `known_at` is set at its start, the record's time keeps long ones going.
 */
export function referenceNs(record: LogRecord, header: Header): bigint {
  const logged = loggedAtNs(record);
  return logged > header.knownAtNs ? logged : header.knownAtNs;
}

/** The outcome of one record, as it is counted. */
export interface CountedOutcome extends Outcome {
  readonly header: Header;
  readonly kind: string;
  /** Report at least every so many records. */
  readonly reportEvery: number;
}

/** Counts what became of the events of one record, and reports the counts where it is time to. */
export function countEvents(
  counter: OutcomeCounter,
  state: KeyState,
  record: LogRecord,
  outcome: CountedOutcome,
): readonly Output[] {
  const { header, kind, reportEvery } = outcome;
  counter.add(kind, outcome);
  const counts = state.counts(header.source, kind);
  return countRecord(counts, outcome, reportEvery)
    ? [qualityCounts(recordKey(record), header, kind, counts)]
    : [];
}

/** A record that holds no batch to judge: one dead letter with its bytes, counted as one event. */
export function refuseRecord(
  counter: OutcomeCounter,
  state: KeyState,
  record: LogRecord,
  { rule, problem }: RecordProblem,
  kind: string,
): readonly Output[] {
  const header = headerOf(record);
  const contentType = record.headers[HEADER_CONTENT_TYPE];
  const type = parseContentType(contentType);
  const letter = deadLetter({
    record,
    header,
    rule,
    severity: 'reject',
    reason: `${record.topic}/${record.partition} offset ${record.offset}: ${problem} (${rule})`,
    position: header.cause.n,
    index: undefined,
    contentType: (type.ok ? type.value : (contentType ?? '')).slice(0, 200),
    original: wholeOriginal(record.value ?? NOTHING),
  });
  const outcome = { header, kind, accepted: 0, deadLettered: 1, duplicates: 0, reportEvery: 1 };
  return [letter, ...countEvents(counter, state, record, outcome)];
}

/** As much of the header as can be read; else the record's own headers and the log's time. */
function headerOf(record: LogRecord): Header {
  const read = record.value === null ? undefined : peekHeader(record.value);
  const source = read?.source ?? record.headers[HEADER_SOURCE] ?? '';
  const header: Header = {
    source,
    symbol: '',
    cause: read?.cause ?? { origin: '', n: 0n, k: 0 },
    knownAtNs: read?.knownAtNs ?? 0n,
    watermarkNs: 0n,
    replayOf: read?.replayOf ?? '',
    priceBasis: read?.priceBasis ?? 'unspecified',
  };
  return judgedHeader(record, header, recordKey(record));
}

/**
 * The header that dead letters and quality events of a record carry: they became known when the record was logged, also where a source
 * has known its events for longer.
 */
export function judgedHeader(record: LogRecord, header: Header, key: string): Header {
  return { ...filedHeader(header, key), knownAtNs: referenceNs(record, header) };
}

/**
 * The header of what is filed about a record. Symbol is the record's key, whatever the batch claims: it is
 * what decided their partition.
 */
export function filedHeader(header: Header, key: string): Header {
  return { ...header, symbol: key, source: header.source.slice(0, MAX_SOURCE_LENGTH) };
}
