import type { IndicatorRows } from '@tickwell/ports';
import type { RunSlot, SeriesRun } from './series-run.ts';

/** Values of one specification, with when the bars became known that each may depend on. */
export type KnownRows = Omit<IndicatorRows, 'source'> & { readonly knownAtNs: readonly bigint[] };

/** Values of several specifications of the same bars, column by column. */
export class ValueRows {
  readonly #columns: readonly SlotColumns[];
  /** Bars taken. */
  length = 0;

  constructor({ slots }: SeriesRun) {
    this.#columns = slots.map((slot) => new SlotColumns(slot));
  }

  /** The values of the bar that the run took last. */
  add(startNs: bigint): void {
    this.length += 1;
    for (const columns of this.#columns) columns.add(startNs);
  }

  /** One answer per specification that has any value. */
  answers(): readonly KnownRows[] {
    return this.#columns.filter(({ rows }) => rows.startNs.length > 0).map(({ rows }) => rows);
  }
}

class SlotColumns {
  readonly rows: KnownRows;
  readonly #slot: RunSlot;
  readonly #startNs: bigint[] = [];
  readonly #warm: boolean[] = [];
  readonly #knownAtNs: bigint[] = [];
  readonly #values: readonly number[][];

  constructor(slot: RunSlot) {
    this.#slot = slot;
    const { outputs } = slot.indicator;
    this.#values = outputs.map(() => []);
    this.rows = {
      specId: slot.asked.id,
      startNs: this.#startNs,
      warm: this.#warm,
      knownAtNs: this.#knownAtNs,
      outputs: outputs.map((name, at) => ({ name, value: this.#values[at] ?? [] })),
    };
  }

  add(startNs: bigint): void {
    const { indicator, hasValue, knownAtNs } = this.#slot;
    if (!hasValue) return;
    this.#startNs.push(startNs);
    this.#warm.push(indicator.warm);
    this.#knownAtNs.push(knownAtNs);
    for (const [output, column] of this.#values.entries()) column.push(indicator.output(output));
  }
}
