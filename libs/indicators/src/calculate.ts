import { toColumns } from './columns.ts';
import type { IndicatorSpec } from './definition.ts';
import { Engine } from './engine.ts';
import type { IndicatorInput } from './input.ts';
import { planOf } from './plan.ts';

/**
 * A whole series at once, by the same engine as live: one column per output, one number per input, NaN where the
 * indicator is not warm. Throws `IndicatorError` as `update` does.
 */
export function calculate(spec: IndicatorSpec, inputs: readonly IndicatorInput[]): readonly Float64Array[] {
  const { admission } = planOf(spec);
  for (const input of inputs) admission.check(input);
  const count = inputs.length;
  const out = new Engine(spec).run(toColumns(inputs));
  return spec.outputs.map((_output, index) => out.slice(index * count, (index + 1) * count));
}
