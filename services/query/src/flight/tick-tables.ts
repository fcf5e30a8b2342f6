import { queryV1 } from '@tickwell/contracts';
import { ok } from '@tickwell/domain';
import type { ArrowField, ArrowValues } from '@tickwell/ports';
import { chosenFields } from './chosen-fields.ts';
import type { FlowCalls, FlowTable } from './flow-table.ts';
import { requestOf } from './request-json.ts';

const TIME: ArrowField = { name: 'time', type: 'time' };
const SOURCE: ArrowField = { name: 'source', type: 'category' };
const SEQ: ArrowField = { name: 'seq', type: 'long' };

const TRADE_FIELDS: readonly ArrowField[] = [
  TIME,
  SEQ,
  { name: 'price', type: 'double' },
  { name: 'size', type: 'double' },
  { name: 'conditions', type: 'text', nullable: true },
  { name: 'venue', type: 'text', nullable: true },
  SOURCE,
];

/** A side without a quote is null. */
const QUOTE_FIELDS: readonly ArrowField[] = [
  TIME,
  SEQ,
  { name: 'bid_price', type: 'double', nullable: true },
  { name: 'bid_size', type: 'double', nullable: true },
  { name: 'ask_price', type: 'double', nullable: true },
  { name: 'ask_size', type: 'double', nullable: true },
  SOURCE,
];

/** Trades, under either of their names. */
export function tradeTable(library: string, calls: FlowCalls): FlowTable {
  return {
    library,
    kind: 'trades',
    interval: '',
    fields: TRADE_FIELDS,
    open: (symbol, rest) => {
      const request = requestOf(queryV1.GetTicksRequestSchema, { symbol }, rest);
      if (!request.ok) return request;
      const { fields, pick } = chosenFields(TRADE_FIELDS, request.value.columns);
      return ok({
        fields,
        index: TIME.name,
        range: request.value.range,
        isWhole: request.value.limit === 0n,
        batches: async function* (signal) {
          for await (const { source, trades } of calls.getTicks(request.value, { signal })) {
            const { timeNs, seq, price, size, conditions, venue } = trades;
            const values: Readonly<Record<string, ArrowValues>> = {
              time: timeNs,
              seq,
              price,
              size,
              conditions: conditions.length === 0 ? undefined : conditions,
              venue: venue.length === 0 ? undefined : venue,
              source,
            };
            yield { rows: timeNs.length, columns: pick(values) };
          }
        },
      });
    },
  };
}

export function quoteTable(calls: FlowCalls): FlowTable {
  return {
    library: 'md.quotes',
    kind: 'quotes',
    interval: '',
    fields: QUOTE_FIELDS,
    open: (symbol, rest) => {
      const request = requestOf(queryV1.GetQuotesRequestSchema, { symbol }, rest);
      if (!request.ok) return request;
      const { fields, pick } = chosenFields(QUOTE_FIELDS, request.value.columns);
      return ok({
        fields,
        index: TIME.name,
        range: request.value.range,
        isWhole: request.value.limit === 0n,
        batches: async function* (signal) {
          for await (const { source, quotes } of calls.getQuotes(request.value, { signal })) {
            const { timeNs, seq, bidPrice, bidSize, askPrice, askSize } = quotes;
            const values: Readonly<Record<string, ArrowValues>> = {
              time: timeNs,
              seq,
              bid_price: bidPrice,
              bid_size: bidSize,
              ask_price: askPrice,
              ask_size: askSize,
              source,
            };
            yield { rows: timeNs.length, columns: pick(values) };
          }
        },
      });
    },
  };
}
