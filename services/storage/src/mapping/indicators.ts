import { TABLES, decodeIndicatorBatch } from '@tickwell/contracts';
import { ok } from '@tickwell/domain';
import { flowColumns, type RecordMapper } from './mapped-record.ts';

/** md.indicators → indicators, one row per output and version. */
export const mapIndicators: RecordMapper = (record, epoch) => {
  const decoded = decodeIndicatorBatch(record.value);
  if (!decoded.ok) return decoded;
  const { header, interval, priceType, specId, startNs, warm, outputs } = decoded.value;
  const rows = outputs.map(({ name, value }) => ({
    table: TABLES.indicators.name,
    timestampNs: startNs,
    columns: [
      ...flowColumns(record, epoch, header),
      { type: 'symbol' as const, name: 'interval', values: interval },
      { type: 'symbol' as const, name: 'price_type', values: priceType },
      { type: 'symbol' as const, name: 'spec_id', values: specId },
      { type: 'symbol' as const, name: 'output', values: name },
      { type: 'double' as const, name: 'value', values: value },
      { type: 'boolean' as const, name: 'warm', values: warm },
    ],
  }));
  return ok({ cause: header.cause, rows });
};
