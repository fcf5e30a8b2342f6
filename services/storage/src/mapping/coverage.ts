import { TABLES, events, headerFromProto, parseMessage, priceTypeFromProto } from '@tickwell/contracts';
import { err, ok } from '@tickwell/domain';
import type { RowColumn } from '@tickwell/ports';
import { flowColumns, type RecordMapper } from './mapped-record.ts';

const STATES: Readonly<Record<events.CoverageState, string>> = {
  [events.CoverageState.UNSPECIFIED]: '',
  [events.CoverageState.PRESENT]: 'present',
  [events.CoverageState.MISSING]: 'missing',
  [events.CoverageState.CLOSED]: 'closed',
  [events.CoverageState.GIVEN_UP]: 'given-up',
};

/** md.coverage → coverage; the time is the start of the span. */
export const mapCoverage: RecordMapper = (record, epoch) => {
  const parsed = parseMessage(events.CoverageEventSchema, record.value);
  if (!parsed.ok) return parsed;
  const event = parsed.value;
  const header = headerFromProto(event.header);
  if (header === undefined)
    return err({ rule: 'missing-header', reason: 'a CoverageEvent without header or cause' });
  const priceType = priceTypeFromProto(event.priceType);
  if (priceType === undefined)
    return err({ rule: 'unknown-value', reason: `price type ${event.priceType} is not known` });
  const columns: RowColumn[] = [
    ...flowColumns(record, epoch, header),
    { type: 'symbol', name: 'kind', values: event.kind },
    { type: 'symbol', name: 'interval', values: event.interval },
    { type: 'timestamp', name: 'end_ts', values: event.endNs },
    { type: 'symbol', name: 'state', values: STATES[event.state] },
    { type: 'long', name: 'events', values: event.events },
    { type: 'symbol', name: 'price_type', values: event.kind === 'bars' ? priceType : '' },
    { type: 'long', name: 'step', values: BigInt(event.step) },
    ...time('since', event.sinceNs),
    { type: 'varchar', name: 'reason', values: event.reason },
    { type: 'long', name: 'missing', values: event.missing },
    ...(event.request === undefined ? [] : requestColumns(event.request)),
    ...(event.repair === undefined ? [] : repairColumns(event.repair)),
  ];
  return ok({
    cause: header.cause,
    rows: [{ table: TABLES.coverage.name, timestampNs: [event.startNs], columns }],
  });
};

function requestColumns(request: events.HoleRequest): RowColumn[] {
  return [
    { type: 'varchar', name: 'request_id', values: request.requestId },
    { type: 'symbol', name: 'asked_source', values: request.source },
    { type: 'long', name: 'attempts', values: BigInt(request.attempts) },
    { type: 'long', name: 'source_attempts', values: BigInt(request.sourceAttempts) },
    ...time('asked_at', request.askedAtNs),
    ...time('answered_at', request.answeredAtNs),
    { type: 'varchar', name: 'answer', values: request.answer },
    { type: 'boolean', name: 'answer_final', values: request.final },
    { type: 'varchar', name: 'answer_stream', values: request.stream },
  ];
}

function repairColumns(repair: events.HoleRepair): RowColumn[] {
  return [
    { type: 'symbol', name: 'repaired_source', values: repair.source },
    { type: 'varchar', name: 'repaired_stream', values: repair.stream },
    { type: 'varchar', name: 'repair_request_id', values: repair.requestId },
    ...time('repaired_at', repair.repairedAtNs),
  ];
}

/** 0 is none. */
function time(name: string, timeNs: bigint): RowColumn[] {
  return timeNs === 0n ? [] : [{ type: 'timestamp', name, values: timeNs }];
}
