import { decodeTickBatch, encodeTickBatch, TOPICS } from '@tickwell/contracts';
import { emptyTrades, ok, type Header, type QuoteColumns, type TradeColumns } from '@tickwell/domain';
import { QUOTES, TRADES } from '@tickwell/validation';
import { rawBatch } from '../raw-batch.ts';
import type { RawTopic } from '../raw-topic.ts';

export const TICKS: RawTopic = {
  name: 'validate-ticks',
  input: TOPICS.rawTicks,
  output: TOPICS.ticks,
  recordKind: 'ticks',
  hasWatermarks: true,
  reportEvery: 64,
  decode(value) {
    const decoded = decodeTickBatch(value, true);
    if (!decoded.ok) return decoded;
    const batch = decoded.value;
    const { header } = batch;
    if (batch.kind === 'quotes') {
      const { quotes: columns, positions } = batch;
      return ok(rawBatch({ kind: QUOTES, header, columns, positions, encode: encodeQuotes }));
    }
    const { columns, positions } =
      batch.kind === 'trades'
        ? { columns: batch.trades, positions: batch.positions }
        : { columns: emptyTrades(), positions: [] };
    return ok(rawBatch({ kind: TRADES, header, columns, positions, encode: encodeTrades }));
  },
};

function encodeTrades(header: Header, trades: TradeColumns, positions: bigint[]): Uint8Array {
  return trades.timeNs.length === 0
    ? encodeTickBatch({ kind: 'watermark', header })
    : encodeTickBatch({ kind: 'trades', header, trades, positions });
}

function encodeQuotes(header: Header, quotes: QuoteColumns, positions: bigint[]): Uint8Array {
  return quotes.timeNs.length === 0
    ? encodeTickBatch({ kind: 'watermark', header })
    : encodeTickBatch({ kind: 'quotes', header, quotes, positions });
}
