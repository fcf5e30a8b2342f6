import { at, type Rows } from './rows.ts';

/** Volume · ((close − low) − (high − close)) / (high − low); 0 for a bar without a range (M. Chaikin; TA-Lib AD). */
export function moneyFlow(rows: Rows, row: number): number {
  const high = at(rows.high, row);
  const low = at(rows.low, row);
  const close = at(rows.close, row);
  const range = high - low;
  return range > 0 ? ((close - low - (high - close)) / range) * at(rows.volume, row) : 0;
}
