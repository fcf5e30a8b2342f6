import type { DecodeError } from '@tickwell/contracts';
import type { Cause, Header, Result } from '@tickwell/domain';
import type { LogRecord, RowColumn, TableRows } from '@tickwell/ports';

/** What a record becomes. No rows: it only moves a watermark, or holds no event. */
export interface MappedRecord {
  /** Undefined where records of the topic need not have one: they are then told apart by their offset alone. */
  readonly cause: Cause | undefined;
  readonly rows: readonly TableRows[];
}

/** Why a record is none of its topic's. */
export interface MappingError {
  readonly rule: DecodeError['rule'] | 'unknown-type' | 'no-value' | 'not-storable';
  readonly reason: string;
}

type Mapping = Result<MappedRecord, MappingError>;

/** Turns a record of one topic into rows: a pure function of the record and the topic's epoch. */
export type RecordMapper = (record: FilledRecord, epoch: string) => Mapping;

/** A record that has a value. */
export interface FilledRecord extends LogRecord {
  readonly value: Uint8Array;
}

/** The columns every row of the flow has, equal for all events of a record. */
export function flowColumns(record: Pick<LogRecord, 'offset'>, epoch: string, header: Header): RowColumn[] {
  return [
    { type: 'symbol', name: 'symbol', values: header.symbol },
    { type: 'symbol', name: 'source', values: header.source },
    { type: 'symbol', name: 'epoch', values: epoch },
    { type: 'long', name: 'record_offset', values: record.offset },
    { type: 'timestamp', name: 'known_at', values: header.knownAtNs },
  ];
}

/** An optional column of a batch: left out of the rows where the batch leaves it out. */
export function optionalColumn(column: RowColumn): RowColumn[] {
  return Array.isArray(column.values) && column.values.length === 0 ? [] : [column];
}
