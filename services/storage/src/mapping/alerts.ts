import { TABLES, decodeAlertEvent } from '@tickwell/contracts';
import { ok } from '@tickwell/domain';
import type { RowColumn } from '@tickwell/ports';
import type { RecordMapper } from './mapped-record.ts';

/** alerts → alerts. Every record, also one that counts nothing: what happened is all of it. */
export const mapAlerts: RecordMapper = (record, epoch) => {
  const decoded = decodeAlertEvent(record.value);
  if (!decoded.ok) return decoded;
  const event = decoded.value;
  const columns: RowColumn[] = [
    { type: 'symbol', name: 'rule', values: event.rule },
    { type: 'varchar', name: 'alert_group', values: event.group },
    { type: 'symbol', name: 'epoch', values: epoch },
    { type: 'long', name: 'record_offset', values: record.offset },
    { type: 'symbol', name: 'kind', values: event.kind },
    { type: 'timestamp', name: 'since', values: event.sinceNs },
    { type: 'symbol', name: 'severity', values: event.severity },
    { type: 'varchar', name: 'summary', values: event.summary },
    { type: 'double', name: 'value', values: event.value },
    { type: 'long', name: 'member_count', values: BigInt(event.memberCount) },
    {
      type: 'varchar',
      name: 'members',
      values: JSON.stringify(event.members.map(({ name, value }) => [name, value])),
    },
    { type: 'varchar', name: 'channels', values: JSON.stringify(event.channels) },
    { type: 'varchar', name: 'reason', values: event.reason },
    { type: 'varchar', name: 'event_id', values: event.eventId },
    { type: 'varchar', name: 'of_event_id', values: event.ofEventId },
    { type: 'varchar', name: 'channel', values: event.channel },
    { type: 'long', name: 'attempt', values: BigInt(event.attempt) },
    { type: 'long', name: 'rule_version', values: event.ruleVersion },
    { type: 'varchar', name: 'owner', values: event.owner },
  ];
  return ok({
    cause: undefined,
    rows: [{ table: TABLES.alerts.name, timestampNs: [event.timeNs], columns }],
  });
};
