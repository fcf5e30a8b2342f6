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
    ...timeColumn('start_ts', finding.startNs),
    ...timeColumn('end_ts', finding.endNs),
  ];
}

/** Left out where the finding names no time. */
function timeColumn(name: string, timeNs: bigint): RowColumn[] {
  return timeNs > 0n ? [{ type: 'timestamp', name, values: timeNs }] : [];
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
