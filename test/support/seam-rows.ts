import type { MarketEvent } from '@tickwell/client';
import type { StackEndpoints } from '@tickwell/local-stack';
import { RowSum, rowHash, type RowHash } from './row-sum.ts';
import { queryStore } from './store.ts';

/** Kinds that are stored. */
export const SEAM_KINDS = ['trades', 'bars', 'indicators'] as const;
export type SeamKind = (typeof SEAM_KINDS)[number];

/** A row of the store as the seam sees it. */
export interface SeamRow {
  readonly kind: SeamKind;
  readonly symbol: string;
  readonly timeNs: bigint;
  readonly offset: bigint;
  readonly hash: RowHash;
}

const SELECTS: Readonly<Record<SeamKind, string>> = {
  trades: 'symbol, ts::long, record_offset, seq, price, size from trades',
  bars: 'symbol, ts::long, record_offset, interval, open, high, low, close, volume, vwap, trade_count from bars',
  // Fields are read apart by their commas.
  indicators:
    "symbol, ts::long, record_offset, interval, replace(spec_id, ',', ';'), output, value, warm from indicators",
};

/** Every row of the store, past the code that is tested. */
export async function storedSeamRows(endpoints: StackEndpoints): Promise<SeamRow[]> {
  const rows: SeamRow[] = [];
  for (const kind of SEAM_KINDS) {
    for (const fields of await queryStore(endpoints, `select ${SELECTS[kind]}`)) {
      const [symbol = '', time = '', offset = '', ...values] = fields;
      const hash = rowHash(kind, symbol, time, ...values.map(canonical));
      rows.push({ kind, symbol, timeNs: BigInt(time), offset: BigInt(offset), hash });
    }
  }
  return rows;
}

/** Numbers are written in one way, whoever wrote them; nothing is NaN. */
function canonical(field: string): string | number {
  if (field === '') return Number.NaN;
  const value = Number(field);
  return Number.isNaN(value) ? field : value;
}

/** The rows of an event, as {@link storedSeamRows} hashes them. */
export function addEvent(sum: RowSum, event: MarketEvent): void {
  const { symbol } = event;
  if (event.kind === 'trades') {
    const { timeNs, seq, price, size } = event.trades;
    for (const [at, time] of timeNs.entries())
      sum.add(rowHash('trades', symbol, time, Number(seq[at]), price[at] ?? NaN, size[at] ?? NaN));
  } else if (event.kind === 'bars') {
    const { interval, bars } = event;
    const { startNs, open, high, low, close, volume, vwap, tradeCount } = bars;
    for (const [at, time] of startNs.entries()) {
      const values = [open, high, low, close, volume, vwap, tradeCount].map((column) => column[at] ?? NaN);
      sum.add(rowHash('bars', symbol, time, interval, ...values));
    }
  } else if (event.kind === 'indicators') {
    const { interval, values } = event;
    const specId = event.specId.replaceAll(',', ';');
    for (const [at, time] of values.startNs.entries()) {
      const warm = values.warm[at] ?? false;
      for (const { name, value } of values.outputs)
        sum.add(rowHash('indicators', symbol, time, interval, specId, name, value[at] ?? NaN, warm));
    }
  }
}

/** Sums by symbol and kind. */
export class SeamSums {
  readonly #sums = new Map<string, RowSum>();

  of({ symbol, kind }: { readonly symbol: string; readonly kind: string }): RowSum {
    const key = `${symbol} ${kind}`;
    const sum = this.#sums.get(key) ?? new RowSum();
    this.#sums.set(key, sum);
    return sum;
  }

  digests(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#sums].map(([key, sum]) => [key, sum.digest()]));
  }
}
