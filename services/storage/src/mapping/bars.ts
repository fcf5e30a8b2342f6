import { TABLES, decodeBarBatch } from '@tickwell/contracts';
import { ok } from '@tickwell/domain';
import { flowColumns, optionalColumn, type RecordMapper } from './mapped-record.ts';

/** md.bars → bars, one row per version. */
export const mapBars: RecordMapper = (record, epoch) => {
  const decoded = decodeBarBatch(record.value, false);
  if (!decoded.ok) return decoded;
  const { header, interval, priceType, bars } = decoded.value;
  const columns = [
    ...flowColumns(record, epoch, header),
    { type: 'symbol' as const, name: 'interval', values: interval },
    { type: 'symbol' as const, name: 'price_type', values: priceType },
    { type: 'symbol' as const, name: 'price_basis', values: header.priceBasis },
    { type: 'double' as const, name: 'open', values: bars.open },
    { type: 'double' as const, name: 'high', values: bars.high },
    { type: 'double' as const, name: 'low', values: bars.low },
    { type: 'double' as const, name: 'close', values: bars.close },
    ...optionalColumn({ type: 'double', name: 'volume', values: bars.volume }),
    ...optionalColumn({ type: 'double', name: 'vwap', values: bars.vwap }),
    ...optionalColumn({ type: 'long', name: 'trade_count', values: bars.tradeCount }),
    ...optionalColumn({ type: 'long', name: 'session_date', values: bars.sessionDate }),
  ];
  return ok({ cause: header.cause, rows: [{ table: TABLES.bars.name, timestampNs: bars.startNs, columns }] });
};
