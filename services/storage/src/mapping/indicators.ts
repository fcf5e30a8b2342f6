import { TABLES, decodeIndicatorBatches } from '@tickwell/contracts';
import { ok, type IndicatorBatch } from '@tickwell/domain';
import { flowColumns, type RecordMapper } from './mapped-record.ts';

/** md.indicators → indicators, one row per specification, output and version. */
export const mapIndicators: RecordMapper = (record, epoch) => {
  const decoded = decodeIndicatorBatches(record.value);
  if (!decoded.ok) return decoded;
  const [{ header, interval, priceType }] = decoded.value;
  const { timestampNs, specId, output, value, warm } = rowsOf(decoded.value);
  const columns = [
    ...flowColumns(record, epoch, header),
    { type: 'symbol' as const, name: 'interval', values: interval },
    { type: 'symbol' as const, name: 'price_type', values: priceType },
    { type: 'symbol' as const, name: 'spec_id', values: specId },
    { type: 'symbol' as const, name: 'output', values: output },
    { type: 'double' as const, name: 'value', values: value },
    { type: 'boolean' as const, name: 'warm', values: warm },
  ];
  return ok({ cause: header.cause, rows: [{ table: TABLES.indicators.name, timestampNs, columns }] });
};

/** All outputs of all specifications below each other. */
function rowsOf(batches: readonly IndicatorBatch[]) {
  const rows = {
    timestampNs: [] as bigint[],
    specId: [] as string[],
    output: [] as string[],
    value: [] as number[],
    warm: [] as boolean[],
  };
  for (const { specId, startNs, warm, outputs } of batches) {
    for (const { name, value } of outputs) {
      for (const [index, time] of startNs.entries()) {
        rows.timestampNs.push(time);
        rows.specId.push(specId);
        rows.output.push(name);
        rows.value.push(value[index] ?? NaN);
        rows.warm.push(warm[index] ?? false);
      }
    }
  }
  return rows;
}
