import { TABLES, decodeTickBatch } from '@tickwell/contracts';
import { ok } from '@tickwell/domain';
import { flowColumns, optionalColumn, type RecordMapper } from './mapped-record.ts';

/** md.ticks → trades, quotes. */
export const mapTicks: RecordMapper = (record, epoch) => {
  const decoded = decodeTickBatch(record.value, false);
  if (!decoded.ok) return decoded;
  const batch = decoded.value;
  const { cause } = batch.header;
  switch (batch.kind) {
    case 'watermark':
      return ok({ cause, rows: [] });
    case 'trades': {
      const { timeNs, seq, price, size, conditions, venue } = batch.trades;
      const columns = [
        ...flowColumns(record, epoch, batch.header),
        { type: 'long' as const, name: 'seq', values: seq },
        { type: 'double' as const, name: 'price', values: price },
        { type: 'double' as const, name: 'size', values: size },
        ...optionalColumn({ type: 'symbol', name: 'conditions', values: conditions }),
        ...optionalColumn({ type: 'symbol', name: 'venue', values: venue }),
      ];
      return ok({ cause, rows: [{ table: TABLES.trades.name, timestampNs: timeNs, columns }] });
    }
    case 'quotes': {
      const { timeNs, seq, bidPrice, bidSize, askPrice, askSize } = batch.quotes;
      const columns = [
        ...flowColumns(record, epoch, batch.header),
        { type: 'long' as const, name: 'seq', values: seq },
        { type: 'double' as const, name: 'bid_price', values: bidPrice },
        { type: 'double' as const, name: 'bid_size', values: bidSize },
        { type: 'double' as const, name: 'ask_price', values: askPrice },
        { type: 'double' as const, name: 'ask_size', values: askSize },
      ];
      return ok({ cause, rows: [{ table: TABLES.quotes.name, timestampNs: timeNs, columns }] });
    }
  }
};
