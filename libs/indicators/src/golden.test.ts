import { describe, expect, it } from 'vitest';
import { calculate } from './calculate.ts';
import { GOLDEN_SERIES } from './fixtures/golden-series.ts';
import golden from './fixtures/talib-golden.json' with { type: 'json' };
import type { IndicatorInput } from './input.ts';
import { parseSpec } from './spec.ts';

const TOLERANCE = 1e-9;
/** Of the largest value of an output: what the rounding of two ways may differ by where an output crosses zero. */
const NEAR_ZERO = 1e-12;

function seriesOf(name: string): readonly IndicatorInput[] {
  const series = GOLDEN_SERIES[name];
  if (series === undefined) throw new Error(`no series ${name}`);
  return series;
}

describe(`reference values of TA-Lib ${golden.talib}`, () => {
  it.each(Object.entries(golden.checksums))('both sides have the same %s series', (name, checksum) => {
    const sum = seriesOf(name)
      .flatMap(({ open, high, low, close, volume }) => [open, high, low, close, volume])
      .reduce((total, value) => total + value, 0);
    expect(Math.abs(sum - checksum)).toBeLessThanOrEqual(1e-12 * checksum);
  });

  it.each(golden.cases)('$spec on $series agrees with $by', ({ spec: text, series, outputs }) => {
    const parsed = parseSpec(text);
    if (!parsed.ok) throw new Error(parsed.error.message);
    const inputs = seriesOf(series);
    const columns = calculate(parsed.spec, inputs);
    expect(columns.length).toBe(outputs.length);
    outputs.forEach((expected, output) => {
      expect(expected.length).toBe(inputs.length);
      const largest = Math.max(...expected.map((reference) => Math.abs(reference ?? 0)));
      expected.forEach((reference, row) => {
        const value = columns[output]![row]!;
        const place = `${text} ${parsed.spec.outputs[output]} at input ${row + 1}: ${value} for ${reference}`;
        if (reference === null) expect(value, place).toBeNaN();
        else {
          const most = Math.max(TOLERANCE * Math.abs(reference), NEAR_ZERO * largest);
          expect(Math.abs(value - reference), place).toBeLessThanOrEqual(most);
        }
      });
    });
  });
});
