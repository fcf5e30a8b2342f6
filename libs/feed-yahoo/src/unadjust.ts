import type { PriceBasis } from '@tickwell/domain';
import type { Action, ChartPage, ChartRow } from './chart.ts';

type Split = Pick<Action, 'exDateNs' | 'splitNumerator' | 'splitDenominator'>;

/** A row with the basis of its prices. */
export interface BasedRow {
  readonly row: ChartRow;
  readonly basis: Extract<PriceBasis, 'raw' | 'split-adjusted'>;
}

/** Splits up to now; undefined: they are not known for certain. */
export function splitsOf(pages: readonly ChartPage[]): readonly Split[] | undefined {
  if (pages.some(({ badActions }) => badActions.length > 0)) return undefined;
  const splits = pages.flatMap(({ actions }) => actions.filter(({ kind }) => kind === 'split'));
  const isUsable = splits.every(
    ({ splitNumerator, splitDenominator }) =>
      splitNumerator > 0 && splitDenominator > 0 && Number.isFinite(splitNumerator / splitDenominator),
  );
  // Pages repeat the splits around them.
  return isUsable ? [...new Map(splits.map((split) => [split.exDateNs, split])).values()] : undefined;
}

/** How many shares one share of a day (midnight UTC) is now: the product of the later splits. */
function factorAfter(splits: readonly Split[], dayNs: bigint): number {
  return splits.reduce(
    (factor, { exDateNs, splitNumerator, splitDenominator }) =>
      exDateNs > dayNs ? (factor * splitNumerator) / splitDenominator : factor,
    1,
  );
}

/**
 * Prices and volumes as they were quoted: Yahoo divides prices of the past by every later split, and multiplies volumes. What cannot be
 * undone keeps Yahoo's numbers and says so: everything where splits are not known, and a week or month in the middle of which one lies.
 */
export function unadjustRows(
  rows: readonly ChartRow[],
  splits: readonly Split[] | undefined,
): readonly BasedRow[] {
  if (splits === undefined) return rows.map((row) => ({ row, basis: 'split-adjusted' }));
  return rows.map((row) => {
    const isMixed = splits.some(({ exDateNs }) => exDateNs > row.firstDayNs && exDateNs <= row.lastDayNs);
    if (isMixed) return { row, basis: 'split-adjusted' };
    const factor = factorAfter(splits, row.firstDayNs);
    return { row: factor === 1 ? row : scaled(row, factor), basis: 'raw' };
  });
}

function scaled(row: ChartRow, factor: number): ChartRow {
  const price = (value: number | null): number | null => (value === null ? null : value * factor);
  return {
    ...row,
    open: price(row.open),
    high: price(row.high),
    low: price(row.low),
    close: price(row.close),
    volume: row.volume === null ? null : row.volume / factor,
  };
}

/** Dividends per share as they were paid. */
export function unadjustActions(actions: readonly Action[], splits: readonly Split[]): readonly Action[] {
  return actions.map((action) =>
    action.kind === 'dividend'
      ? { ...action, amount: action.amount * factorAfter(splits, action.exDateNs) }
      : action,
  );
}
