import { TABLES, events, headerFromProto, parseMessage } from '@tickwell/contracts';
import { err, ok } from '@tickwell/domain';
import type { RowColumn } from '@tickwell/ports';
import { flowColumns, type RecordMapper } from './mapped-record.ts';

const SEVERITIES: Readonly<Record<events.Severity, string>> = {
  [events.Severity.UNSPECIFIED]: '',
  [events.Severity.INFO]: 'info',
  [events.Severity.WARNING]: 'warning',
  [events.Severity.ERROR]: 'error',
};

const COVERAGE_STATES: Readonly<Record<events.CoverageState, string>> = {
  [events.CoverageState.UNSPECIFIED]: '',
  [events.CoverageState.PRESENT]: 'present',
  [events.CoverageState.MISSING]: 'missing',
  [events.CoverageState.CLOSED]: 'closed',
};

/** md.quality → quality: findings, and counts as rule "counts"; the time is when it became known. */
export const mapQuality: RecordMapper = (record, epoch) => {
  const parsed = parseMessage(events.QualityEventSchema, record.value);
  if (!parsed.ok) return parsed;
  const { event, kind } = parsed.value;
  const header = headerFromProto(parsed.value.header);
  if (header === undefined)
    return err({ rule: 'missing-header', reason: 'a QualityEvent without header or cause' });
  if (event.case === undefined)
    return err({ rule: 'unknown-value', reason: 'a QualityEvent without an event' });
  const columns: RowColumn[] = [
    ...flowColumns(record, epoch, header),
    { type: 'symbol', name: 'kind', values: kind },
    { type: 'long', name: 'seq', values: BigInt(header.cause.k) },
    ...(event.case === 'finding' ? findingColumns(event.value) : countColumns(event.value)),
  ];
  return ok({
    cause: header.cause,
    rows: [{ table: TABLES.quality.name, timestampNs: [header.knownAtNs], columns }],
  });
};

function findingColumns(finding: events.QualityFinding): RowColumn[] {
  return [
    { type: 'symbol', name: 'rule', values: finding.rule },
    { type: 'symbol', name: 'severity', values: SEVERITIES[finding.severity] },
    { type: 'varchar', name: 'message', values: finding.message },
    ...(finding.endNs > 0n ? [{ type: 'timestamp' as const, name: 'end_ts', values: finding.endNs }] : []),
  ];
}

function countColumns(counts: events.QualityCounts): RowColumn[] {
  return [
    { type: 'symbol', name: 'rule', values: 'counts' },
    { type: 'symbol', name: 'severity', values: 'info' },
    { type: 'long', name: 'received', values: counts.received },
    { type: 'long', name: 'accepted', values: counts.accepted },
    { type: 'long', name: 'dead_lettered', values: counts.deadLettered },
    { type: 'long', name: 'duplicates', values: counts.duplicates },
  ];
}

/** md.coverage → coverage; the time is the start of the span. */
export const mapCoverage: RecordMapper = (record, epoch) => {
  const parsed = parseMessage(events.CoverageEventSchema, record.value);
  if (!parsed.ok) return parsed;
  const event = parsed.value;
  const header = headerFromProto(event.header);
  if (header === undefined)
    return err({ rule: 'missing-header', reason: 'a CoverageEvent without header or cause' });
  const columns: RowColumn[] = [
    ...flowColumns(record, epoch, header),
    { type: 'symbol', name: 'kind', values: event.kind },
    { type: 'symbol', name: 'interval', values: event.interval },
    { type: 'timestamp', name: 'end_ts', values: event.endNs },
    { type: 'symbol', name: 'state', values: COVERAGE_STATES[event.state] },
    { type: 'long', name: 'events', values: event.events },
  ];
  return ok({
    cause: header.cause,
    rows: [{ table: TABLES.coverage.name, timestampNs: [event.startNs], columns }],
  });
};
