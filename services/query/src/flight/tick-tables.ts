import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { queryV1, type PackedQuoteRows, type PackedTicks } from '@tickwell/contracts';
import { ok } from '@tickwell/domain';
import type { ArrowField, ArrowValues } from '@tickwell/ports';
import type { CallSignal } from '../history.ts';
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
  return tickTable({
    library,
    kind: 'trades',
    fields: TRADE_FIELDS,
    schema: queryV1.GetTicksRequestSchema,
    read: (request, call) => calls.getTicks(request, call),
    valuesOf: tradeValues,
  });
}

export function quoteTable(calls: FlowCalls): FlowTable {
  return tickTable({
    library: 'md.quotes',
    kind: 'quotes',
    fields: QUOTE_FIELDS,
    schema: queryV1.GetQuotesRequestSchema,
    read: (request, call) => calls.getQuotes(request, call),
    valuesOf: quoteValues,
  });
}

/** Columns by the names of fields; `time` is of every row. */
type Values = Readonly<Record<string, ArrowValues>> & { readonly time: BigInt64Array };

interface TickTableParts<D extends DescMessage, A> {
  readonly library: string;
  readonly kind: 'trades' | 'quotes';
  readonly fields: readonly ArrowField[];
  readonly schema: D;
  readonly read: (request: MessageShape<D>, call: CallSignal) => AsyncIterable<A>;
  readonly valuesOf: (answer: A) => Values;
}

type TickRequest = typeof queryV1.GetTicksRequestSchema | typeof queryV1.GetQuotesRequestSchema;

function tickTable<D extends TickRequest, A>(parts: TickTableParts<D, A>): FlowTable {
  const { library, kind, fields: all, schema, read, valuesOf } = parts;
  return {
    library,
    kind,
    interval: '',
    fields: all,
    open: (symbol, rest) => {
      const request = requestOf(schema, { symbol }, rest);
      if (!request.ok) return request;
      const { columns, range, limit } = request.value;
      const { fields, pick } = chosenFields(all, columns);
      return ok({
        fields,
        index: TIME.name,
        range,
        isWhole: limit === 0n,
        batches: async function* (signal) {
          for await (const answer of read(request.value, { signal })) {
            const values = valuesOf(answer);
            yield { rows: values.time.length, columns: pick(values) };
          }
        },
      });
    },
  };
}

function tradeValues({ source, trades }: PackedTicks): Values {
  const { timeNs, seq, price, size, conditions, venue } = trades;
  return {
    time: timeNs,
    seq,
    price,
    size,
    conditions: conditions.length === 0 ? undefined : conditions,
    venue: venue.length === 0 ? undefined : venue,
    source,
  };
}

function quoteValues({ source, quotes }: PackedQuoteRows): Values {
  const { timeNs, seq, bidPrice, bidSize, askPrice, askSize } = quotes;
  return {
    time: timeNs,
    seq,
    bid_price: bidPrice,
    bid_size: bidSize,
    ask_price: askPrice,
    ask_size: askSize,
    source,
  };
}
