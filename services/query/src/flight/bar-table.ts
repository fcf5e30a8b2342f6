import { events, queryV1 } from '@tickwell/contracts';
import { ok } from '@tickwell/domain';
import { NULL_DATE, type ArrowField, type ArrowValues } from '@tickwell/ports';
import { chosenFields } from './chosen-fields.ts';
import type { FlowBatch, FlowCalls, FlowTable } from './flow-table.ts';
import { requestOf } from './request-json.ts';

const FIELDS: readonly ArrowField[] = [
  { name: 'time', type: 'time' },
  { name: 'open', type: 'double', nullable: true },
  { name: 'high', type: 'double', nullable: true },
  { name: 'low', type: 'double', nullable: true },
  { name: 'close', type: 'double', nullable: true },
  { name: 'volume', type: 'double', nullable: true },
  { name: 'vwap', type: 'double', nullable: true },
  { name: 'trade_count', type: 'long', nullable: true },
  { name: 'session_date', type: 'date', nullable: true },
  { name: 'price_basis', type: 'category' },
  { name: 'source', type: 'category' },
];
/** With as_of_ns. */
const KNOWN: ArrowField = { name: 'known_at', type: 'time' };
/** Of continuous futures; empty elsewhere. */
const CONTRACT: ArrowField = { name: 'contract', type: 'category' };

const BASIS_TEXT: Readonly<Record<events.PriceBasis, string>> = {
  [events.PriceBasis.UNSPECIFIED]: 'unspecified',
  [events.PriceBasis.RAW]: 'raw',
  [events.PriceBasis.SPLIT_ADJUSTED]: 'split-adjusted',
  [events.PriceBasis.ALL]: 'all',
};

/** Bars of an interval; `time` is their start. */
export function barTable(interval: string, calls: FlowCalls): FlowTable {
  return {
    library: `md.bars.${interval}`,
    kind: 'bars',
    interval,
    fields: FIELDS,
    open: (symbol, rest) => {
      const request = requestOf(queryV1.GetBarsRequestSchema, { symbol, interval }, rest);
      if (!request.ok) return request;
      const { asOfNs, columns, backAdjustment, range, limit } = request.value;
      const all = [
        ...FIELDS,
        ...(asOfNs === 0n ? [] : [KNOWN]),
        ...(backAdjustment === queryV1.BackAdjustment.UNSPECIFIED ? [] : [CONTRACT]),
      ];
      const { fields, pick } = chosenFields(all, columns);
      return ok({
        fields,
        index: 'time',
        range,
        isWhole: limit === 0n,
        batches: async function* (signal) {
          for await (const message of calls.getBars(request.value, { signal })) {
            const batch = barBatch(message);
            if (batch !== undefined) yield { rows: batch.rows, columns: pick(batch.values) };
          }
        },
      });
    },
  };
}

/** Undefined: the message says something about the answer, and has no bars. */
function barBatch({
  bars,
  source,
  priceBasis,
  contract,
  knownAtNs,
}: queryV1.GetBarsResponse):
  { readonly rows: FlowBatch['rows']; readonly values: Readonly<Record<string, ArrowValues>> } | undefined {
  if (bars === undefined || bars.startNs.length === 0) return undefined;
  const values = {
    time: BigInt64Array.from(bars.startNs),
    open: doubles(bars.open),
    high: doubles(bars.high),
    low: doubles(bars.low),
    close: doubles(bars.close),
    volume: doubles(bars.volume),
    vwap: doubles(bars.vwap),
    trade_count: bars.tradeCount.length === 0 ? undefined : BigInt64Array.from(bars.tradeCount, BigInt),
    session_date:
      bars.sessionDate.length === 0 ? undefined : Int32Array.from(bars.sessionDate, daysOfSessionDate),
    price_basis: BASIS_TEXT[priceBasis],
    source,
    known_at: BigInt64Array.from(knownAtNs),
    contract,
  };
  return { rows: bars.startNs.length, values };
}

function doubles(values: readonly number[]): Float64Array | undefined {
  return values.length === 0 ? undefined : Float64Array.from(values);
}

const MS_PER_DAY = 86_400_000;

/** yyyymmdd to days since 1970; 0: there is none. */
function daysOfSessionDate(date: number): number {
  if (date === 0) return NULL_DATE;
  return Date.UTC(Math.floor(date / 10_000), (Math.floor(date / 100) % 100) - 1, date % 100) / MS_PER_DAY;
}
