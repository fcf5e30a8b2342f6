import type { IndicatorRows } from '@tickwell/ports';
import type { SeriesRun } from './series-run.ts';

/** Values of several specifications of the same bars, column by column. */
export class ValueRows {
  readonly startNs: bigint[] = [];
  readonly knownAtNs: bigint[] = [];
  readonly #warm: readonly boolean[][];
  readonly #values: readonly (readonly number[][])[];

  constructor({ indicators }: SeriesRun) {
    this.#warm = indicators.map(() => []);
    this.#values = indicators.map(({ outputs }) => outputs.map(() => []));
  }

  get length(): number {
    return this.startNs.length;
  }

  /** The values of the bar that the run took last. */
  add({ indicators, knownAtNs }: SeriesRun, startNs: bigint): void {
    this.startNs.push(startNs);
    this.knownAtNs.push(knownAtNs);
    for (const [at, indicator] of indicators.entries()) {
      this.#warm[at]?.push(indicator.warm);
      for (const [output, column] of this.#values[at]?.entries() ?? []) column.push(indicator.output(output));
    }
  }

  /** One answer per specification. */
  answers({ indicators }: SeriesRun, source: string): readonly IndicatorRows[] {
    return indicators.map(({ spec, outputs }, at) => ({
      source,
      specId: spec.id,
      startNs: this.startNs,
      warm: this.#warm[at] ?? [],
      outputs: outputs.map((name, output) => ({ name, value: this.#values[at]?.[output] ?? [] })),
    }));
  }
}
