import { TABLES, causeFromProto, events, parseMessage } from '@tickwell/contracts';
import { ok } from '@tickwell/domain';
import type { RecordMapper } from './mapped-record.ts';

const STATES: Readonly<Record<events.SourceState, string>> = {
  [events.SourceState.UNSPECIFIED]: '',
  [events.SourceState.UP]: 'up',
  [events.SourceState.DEGRADED]: 'degraded',
  [events.SourceState.DOWN]: 'down',
  [events.SourceState.PACED]: 'paced',
  [events.SourceState.FINISHED]: 'finished',
  [events.SourceState.STOPPED]: 'stopped',
};

/** source.status → source_status. */
export const mapSourceStatus: RecordMapper = (record, epoch) => {
  const parsed = parseMessage(events.SourceStatusSchema, record.value);
  if (!parsed.ok) return parsed;
  const status = parsed.value;
  const columns = [
    { type: 'symbol' as const, name: 'source', values: status.source },
    { type: 'symbol' as const, name: 'epoch', values: epoch },
    { type: 'long' as const, name: 'record_offset', values: record.offset },
    { type: 'symbol' as const, name: 'stream', values: status.stream },
    { type: 'symbol' as const, name: 'state', values: STATES[status.state] },
    { type: 'varchar' as const, name: 'reason', values: status.reason },
    { type: 'long' as const, name: 'events', values: status.events },
    { type: 'long' as const, name: 'refused', values: status.refused },
  ];
  return ok({
    cause: status.cause === undefined ? undefined : causeFromProto(status.cause),
    rows: [{ table: TABLES.sourceStatus.name, timestampNs: [status.timeNs], columns }],
  });
};
