import type { IndicatorSpec } from './definition.ts';
import { createIndicator } from './engine.ts';
import type { IndicatorInput } from './input.ts';

/**
 * A whole series at once, by the same engine as live: one column per output, one number per input, NaN where the
 * indicator is not warm. Throws `IndicatorError` as `update` does.
 */
export function calculate(spec: IndicatorSpec, inputs: readonly IndicatorInput[]): readonly Float64Array[] {
  const indicator = createIndicator(spec);
  const columns = spec.outputs.map(() => new Float64Array(inputs.length));
  inputs.forEach((input, row) => {
    const { values } = indicator.update(input);
    for (const [index, column] of columns.entries()) column[row] = values[index] ?? NaN;
  });
  return columns;
}
