import type { BarFrame } from './bar-frame.ts';
import type { ValueColumn } from './columns.ts';
import type { PriceSeries } from './series.ts';

/** The frame with cells of the named columns multiplied, by place of the series; columns in which nothing changes are shared. */
export function scaleCells(
  series: PriceSeries,
  names: readonly ValueColumn[],
  factorOf: (name: ValueColumn, at: number) => number,
): BarFrame {
  const scaled: Partial<Record<ValueColumn, Float64Array>> = {};
  for (const name of names) {
    const column = series.frame[name];
    if (column === undefined) continue;
    for (let at = 0; at < series.length; at++) {
      const factor = factorOf(name, at);
      if (factor === 1) continue;
      const changed = (scaled[name] ??= Float64Array.from(column));
      changed[series.row(at)] = (column[series.row(at)] ?? NaN) * factor;
    }
  }
  return { ...series.frame, ...scaled };
}

/** The column with some of its values replaced, by row. */
export function replaceValues(column: Float64Array, values: ReadonlyMap<number, number>): Float64Array {
  if (values.size === 0) return column;
  const replaced = Float64Array.from(column);
  for (const [row, value] of values) replaced[row] = value;
  return replaced;
}
