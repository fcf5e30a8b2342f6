import { HEADER_STREAM_NAME } from '@tickwell/contracts';
import type { Header } from '@tickwell/domain';
import { deadLetter, qualityFinding, wholeOriginal, type Output, type Processor } from '@tickwell/flow';
import type { LogRecord } from '@tickwell/ports';
import { soundWatermark, type Judgement, type KeyState, type ValidationSettings } from '@tickwell/validation';
import {
  countEvents,
  judgedHeader,
  keyProcessor,
  loggedAtNs,
  recordKey,
  referenceNs,
  refuseRecord,
} from './key-processor.ts';
import type { OutcomeCounter } from './outcome-counter.ts';
import { qualityCounts } from './quality.ts';
import { silences } from './silences.ts';
import type { RawBatch, RecordContext } from './raw-batch.ts';
import type { RawTopic } from './raw-topic.ts';
import { readBatch } from './read-record.ts';

/** Most characters of a stream's name that go into a reason. */
const MAX_STREAM_NAME = 300;

/**
 * Validates one raw topic: every record yields at most one validated record (what was accepted, in order), one dead letter per
 * refused event, findings about what is odd, and counts.
 */
export function rawProcessor(
  topic: RawTopic,
  counter: OutcomeCounter,
): Processor<KeyState, ValidationSettings> {
  return keyProcessor(topic.name, topic.input, (record, state, settings) => {
    const read = readBatch(record, topic.input, (value) => topic.decode(value));
    if (!read.ok) return refuseRecord(counter, state, record, read.error, topic.recordKind);
    return read.value.positions.length === 0
      ? moveWatermark(topic, counter, record, read.value, state, settings)
      : judgeBatch(topic, counter, record, read.value, state, settings);
  });
}

function judgeBatch(
  topic: RawTopic,
  counter: OutcomeCounter,
  record: LogRecord,
  batch: RawBatch,
  state: KeyState,
  settings: ValidationSettings,
): readonly Output[] {
  const context = recordContext(record, batch.header, settings);
  const judgement = batch.judge(state, context);
  const { refusals, findings, duplicates, received } = judgement;
  const header = judgedHeader(record, batch.header, context.key);
  for (const { rule } of findings) counter.found(batch.kind, rule);
  const counts = countEvents(counter, state, record, {
    header,
    kind: batch.kind,
    accepted: received - refusals.length - duplicates,
    deadLettered: refusals.length,
    duplicates,
    reportEvery: topic.reportEvery,
  });
  const lastNs = batch.lastAcceptedNs(state);
  return [
    ...validated(topic, batch, context, lastNs, judgement),
    ...refusals.map((refusal) =>
      deadLetter({
        record,
        header,
        ...refusal,
        position: batch.positions[refusal.index] ?? 0n,
        contentType: topic.input.type,
        original: wholeOriginal(batch.encodeOriginal(refusal.index)),
      }),
    ),
    ...findings.map((finding) => qualityFinding(context.key, header, batch.kind, finding)),
    ...counts,
  ];
}

/** What went through. Where everything was refused the watermark still goes, as bars wait for it; mere repeats move none. */
function validated(
  topic: RawTopic,
  batch: RawBatch,
  context: RecordContext,
  lastNs: bigint,
  { accepted, refusals }: Judgement,
): readonly Output[] {
  const watermarkNs = soundWatermark(batch.header.watermarkNs, context.referenceNs, lastNs);
  if (accepted !== 'all' && accepted.length === 0) {
    return refusals.length === 0 ? [] : watermarkRecord(topic, batch, context, watermarkNs);
  }
  return [validatedRecord(topic, batch, context.key, { ...batch.header, watermarkNs }, accepted)];
}

/** A record without events: its watermark passes, and counts that have not been reported yet are. */
function moveWatermark(
  topic: RawTopic,
  counter: OutcomeCounter,
  record: LogRecord,
  batch: RawBatch,
  state: KeyState,
  settings: ValidationSettings,
): readonly Output[] {
  const { header } = batch;
  const context = recordContext(record, header, settings);
  const filed = judgedHeader(record, header, context.key);
  const unreported = state.countsOf(filed.source).filter(({ counts }) => counts.unreported > 0);
  const watermarkNs = soundWatermark(
    header.watermarkNs,
    context.referenceNs,
    state.lastAcceptedNs(header.cause.origin),
  );
  const silent = silences(topic, state, header, context.settings, watermarkNs);
  for (const { kind, finding } of silent) counter.found(kind, finding.rule);
  return [
    ...watermarkRecord(topic, batch, context, watermarkNs),
    ...silent.map(({ kind, finding }) => qualityFinding(context.key, filed, kind, finding)),
    ...unreported.map(({ kind, counts }) => qualityCounts(context.key, filed, kind, counts)),
  ];
}

function watermarkRecord(
  topic: RawTopic,
  batch: RawBatch,
  context: RecordContext,
  watermarkNs: bigint,
): readonly Output[] {
  if (!topic.hasWatermarks || watermarkNs <= 0n || !batch.isSound(context)) return [];
  return [validatedRecord(topic, batch, context.key, { ...batch.header, watermarkNs }, [])];
}

function recordContext(record: LogRecord, header: Header, settings: ValidationSettings): RecordContext {
  const key = recordKey(record);
  return {
    key,
    referenceNs: referenceNs(record, header),
    loggedNs: loggedAtNs(record),
    settings: settings.of(key),
    streamName: record.headers[HEADER_STREAM_NAME]?.slice(0, MAX_STREAM_NAME),
  };
}

function validatedRecord(
  topic: RawTopic,
  batch: RawBatch,
  key: string,
  header: Header,
  accepted: Judgement['accepted'],
): Output {
  return {
    topic: topic.output.name,
    key,
    type: topic.output.type,
    source: header.source,
    encode: (cause) => batch.encodeAccepted({ ...header, cause }, accepted),
  };
}
