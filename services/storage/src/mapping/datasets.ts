import { TABLES, events, headerFromProto, parseMessage } from '@tickwell/contracts';
import { err, ok } from '@tickwell/domain';
import { payloadJson } from './json.ts';
import { flowColumns, type RecordMapper } from './mapped-record.ts';

/** ds.rows → dataset_rows; `seq` is a row's ordinal among rows of equal time in its record. */
export const mapDatasets: RecordMapper = (record, epoch) => {
  const parsed = parseMessage(events.DatasetRowsSchema, record.value);
  if (!parsed.ok) return parsed;
  const { rows, dataset } = parsed.value;
  const header = headerFromProto(parsed.value.header);
  if (header === undefined)
    return err({ rule: 'missing-header', reason: 'DatasetRows without header or cause' });
  const timestampNs = rows.map(({ timeNs }) => timeNs);
  const columns = [
    ...flowColumns(record, epoch, header),
    { type: 'symbol' as const, name: 'dataset', values: dataset },
    { type: 'long' as const, name: 'seq', values: ordinals(timestampNs) },
    {
      type: 'varchar' as const,
      name: 'payload',
      values: rows.map(({ values }) => payloadJson(plain(values))),
    },
  ];
  return ok({ cause: header.cause, rows: [{ table: TABLES.datasetRows.name, timestampNs, columns }] });
};

function ordinals(times: readonly bigint[]): number[] {
  const seen = new Map<bigint, number>();
  return times.map((time) => {
    const ordinal = seen.get(time) ?? 0;
    seen.set(time, ordinal + 1);
    return ordinal;
  });
}

function plain(values: Readonly<Record<string, events.DatasetValue>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value.value ?? null]));
}
