import { HEADER_CONTENT_TYPE, TOPICS, contentType, type TopicSpec } from '@tickwell/contracts';
import { err, type Result } from '@tickwell/domain';
import type { LogRecord } from '@tickwell/ports';
import { mapAlerts } from './alerts.ts';
import { mapBars } from './bars.ts';
import { mapCoverage } from './coverage.ts';
import { mapDeadLetters, mapResolutions } from './dead-letters.ts';
import { mapActions, mapFundamentals } from './fundamentals.ts';
import { mapIndicators } from './indicators.ts';
import type { FilledRecord, MappedRecord, MappingError, RecordMapper } from './mapped-record.ts';
import { mapPortfolio } from './portfolio.ts';
import { mapQuality } from './quality.ts';
import { mapReconciliations } from './reconciliations.ts';
import { mapSourceStatus } from './source-status.ts';
import { notStorable } from './storable.ts';
import { mapTicks } from './ticks.ts';

export type { MappedRecord, MappingError } from './mapped-record.ts';

const MAPPERS: readonly { readonly topic: TopicSpec; readonly map: RecordMapper }[] = [
  { topic: TOPICS.ticks, map: mapTicks },
  { topic: TOPICS.bars, map: mapBars },
  { topic: TOPICS.indicators, map: mapIndicators },
  { topic: TOPICS.fundamentals, map: mapFundamentals },
  { topic: TOPICS.actions, map: mapActions },
  { topic: TOPICS.portfolio, map: mapPortfolio },
  { topic: TOPICS.quality, map: mapQuality },
  { topic: TOPICS.coverage, map: mapCoverage },
  { topic: TOPICS.reconciliations, map: mapReconciliations },
  { topic: TOPICS.deadLetters, map: mapDeadLetters },
  { topic: TOPICS.deadLetterResolutions, map: mapResolutions },
  { topic: TOPICS.sourceStatus, map: mapSourceStatus },
  { topic: TOPICS.alerts, map: mapAlerts },
];
const BY_TOPIC = new Map(MAPPERS.map((mapper) => [mapper.topic.name, mapper]));

/** Every topic that becomes rows. */
export const STORED_TOPICS: readonly string[] = MAPPERS.map(({ topic }) => topic.name);

/** The rows of a record, or why it is none of its topic's. */
export function mapRecord(record: LogRecord, epoch: string): Result<MappedRecord, MappingError> {
  const mapper = BY_TOPIC.get(record.topic);
  if (mapper === undefined)
    return err({ rule: 'unknown-type', reason: `topic ${record.topic} has no table` });
  if (!hasValue(record)) return err({ rule: 'no-value', reason: 'the record has no value' });
  const wanted = contentType(mapper.topic.type);
  const found = record.headers[HEADER_CONTENT_TYPE] ?? wanted;
  if (found !== wanted) {
    return err({
      rule: 'unknown-type',
      reason: `content-type "${found.slice(0, 120)}" where "${wanted}" belongs`,
    });
  }
  const mapped = mapper.map(record, epoch);
  if (!mapped.ok) return mapped;
  const problem = notStorable(mapped.value.rows);
  return problem === undefined ? mapped : err({ rule: 'not-storable', reason: problem });
}

function hasValue(record: LogRecord): record is FilledRecord {
  return record.value !== null;
}
