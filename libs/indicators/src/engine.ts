import { MAX_MAGNITUDE } from './admission.ts';
import { dayColumn, sourceColumn, type Columns } from './columns.ts';
import type { IndicatorSpec } from './definition.ts';
import { IndicatorError } from './errors.ts';
import type { IndicatorInput } from './input.ts';
import { fillLive, fillStage, LIVE } from './live-rows.ts';
import { planOf, type Plan } from './plan.ts';
import { at, type Rows } from './rows.ts';
import type { SavedState, SnapshotError, StateShape } from './snapshot.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts';
import { kernelError, Stage } from './stage.ts';
import type { Window } from './window.ts';

/** A value belongs to the input that made it. `values` is in the order of `outputs`; all NaN while `warm` is false. */
export interface IndicatorValue {
  readonly warm: boolean;
  readonly values: readonly number[];
}

/**
 * One indicator of one series. Live, in batch, restored from a snapshot at any point and after any replacements it gives
 * the same bits for the same inputs. Methods throw `IndicatorError`, state unchanged, on input that no validated stream holds.
 */
export interface Indicator {
  readonly spec: IndicatorSpec;
  /** E.g. `['macd', 'signal', 'histogram']`. */
  readonly outputs: readonly string[];
  /** How many inputs it has taken; replacements do not count. */
  readonly inputs: number;
  /** The last input's value. */
  readonly value: IndicatorValue;
  readonly warm: boolean;
  /** One number of the last input's value, by its place in `outputs`; NaN while not warm. */
  output(index: number): number;
  update(input: IndicatorInput): IndicatorValue;
  /** As {@link update}, without making a value: returns whether it is warm, and {@link output} has the numbers. */
  advance(input: IndicatorInput): boolean;
  /** The last input again, corrected (a bar that is still forming): as if its earlier versions had never been. */
  replace(input: IndicatorInput): IndicatorValue;
  /** As {@link replace}, without making a value. */
  revise(input: IndicatorInput): boolean;
  /** Everything it remembers, exactly, for `restore`. Equal inputs give equal bytes. */
  snapshot(): Uint8Array;
}

export type RestoreResult =
  | { readonly ok: true; readonly indicator: Indicator }
  | { readonly ok: false; readonly error: SnapshotError };

/** A new indicator that has seen no input. */
export function createIndicator(spec: IndicatorSpec): Indicator {
  return new Engine(spec);
}

/** An indicator that goes on where `snapshot` was taken. Never throws on bytes: what is wrong with them is returned. */
export function restore(spec: IndicatorSpec, snapshot: Uint8Array): RestoreResult {
  const engine = new Engine(spec);
  const decoded = decodeSnapshot(snapshot, spec, engine.shape);
  if (!decoded.ok) return decoded;
  engine.load(decoded.state);
  return { ok: true, indicator: engine };
}

const NO_STAGES: readonly Stage[] = [];

/** What {@link createIndicator} makes. */
export class Engine implements Indicator {
  readonly spec: IndicatorSpec;
  #inputs = 0;
  #warm = false;
  readonly #plan: Plan;
  /** One indicator that reads the close alone, as most are: it must not pay for the others. */
  readonly #isPlain: boolean;
  /** Those within, the innermost first. */
  readonly #inner: readonly Stage[];
  readonly #last: Stage;

  constructor(spec: IndicatorSpec) {
    this.spec = spec;
    this.#plan = planOf(spec);
    const stages = this.#plan.stages.map((stage) => new Stage(stage));
    const last = stages.at(-1);
    if (last === undefined) throw new IndicatorError('indicator-definition', `${spec.id} computes nothing`);
    this.#inner = stages.length === 1 ? NO_STAGES : stages.slice(0, -1);
    this.#last = last;
    this.#isPlain = stages.length === 1 && this.#plan.admission.readsCloseOnly;
  }

  get outputs(): readonly string[] {
    return this.spec.outputs;
  }

  get inputs(): number {
    return this.#inputs;
  }

  get warm(): boolean {
    return this.#warm;
  }

  get value(): IndicatorValue {
    return { warm: this.#warm, values: Array.from(this.#last.out) };
  }

  output(index: number): number {
    return this.#last.out[index] ?? NaN;
  }

  update(input: IndicatorInput): IndicatorValue {
    this.advance(input);
    return this.value;
  }

  advance(input: IndicatorInput): boolean {
    this.#admit(input);
    this.#save();
    this.#inputs += 1;
    return this.#step(input);
  }

  replace(input: IndicatorInput): IndicatorValue {
    this.revise(input);
    return this.value;
  }

  revise(input: IndicatorInput): boolean {
    if (this.#inputs === 0) {
      throw new IndicatorError(
        'indicator-replace-before-update',
        `${this.spec.id}: replace() before any update(): there is no input to replace`,
      );
    }
    this.#admit(input);
    this.#undo();
    return this.#step(input);
  }

  /**
   * Takes many inputs, which were checked: as many updates, and as fast as a loop over arrays. Returns the outputs of each, the first output's
   * column first, NaN where it is not warm. The last one can be replaced afterwards.
   */
  run(columns: Columns): Float64Array {
    const { count } = columns;
    let out = sourceColumn(columns, this.#plan.source);
    try {
      for (const stage of this.#inner) {
        out = runStage(stage, columns, out);
        out = out.subarray(stage.plan.passes * count, (stage.plan.passes + 1) * count);
      }
      out = runStage(this.#last, columns, out);
    } catch (error) {
      throw kernelError(this.spec.id, error);
    }
    this.#inputs += count;
    if (count > 0) this.#warm = !Number.isNaN(this.#last.out[0]);
    return out;
  }

  snapshot(): Uint8Array {
    const stages = this.#stages();
    return encodeSnapshot(this.spec, {
      inputs: this.#inputs,
      warm: this.#warm,
      state: [...stages.map(({ state }) => state), ...stages.map(({ saved }) => saved)],
      out: this.#last.out,
      windows: windowsOf(stages).map((window) => ({ values: window.values(), pushed: window.pushed })),
    });
  }

  get shape(): StateShape {
    const stages = this.#stages();
    return {
      state: 2 * stages.reduce((sum, { state }) => sum + state.length, 0),
      out: this.#last.out.length,
      windowSizes: windowsOf(stages).map((window) => window.size),
    };
  }

  load(saved: SavedState): void {
    const stages = this.#stages();
    this.#inputs = saved.inputs;
    this.#warm = saved.warm;
    let from = 0;
    for (const part of [...stages.map(({ state }) => state), ...stages.map((stage) => stage.saved)]) {
      part.set(saved.state.subarray(from, from + part.length));
      from += part.length;
    }
    this.#last.out.set(saved.out);
    for (const [index, window] of windowsOf(stages).entries()) {
      const values = saved.windows[index];
      if (values !== undefined) window.load(values.values, values.pushed);
    }
  }

  /** Makes the live row of an input, or throws, nothing changed. */
  #admit(input: IndicatorInput): void {
    if (this.#isPlain) {
      const { close } = input;
      if (!(Math.abs(close) <= MAX_MAGNITUDE)) this.#plan.admission.check(input);
      LIVE.price[0] = close;
      return;
    }
    const { admission, source } = this.#plan;
    admission.check(input);
    fillLive(input, source);
  }

  #stages(): readonly Stage[] {
    return [...this.#inner, this.#last];
  }

  #save(): void {
    const inner = this.#inner;
    for (let index = 0; index < inner.length; index += 1) inner[index]?.save();
    this.#last.save();
  }

  #undo(): void {
    const inner = this.#inner;
    for (let index = 0; index < inner.length; index += 1) inner[index]?.undo();
    this.#last.undo();
  }

  #step(input: IndicatorInput): boolean {
    try {
      this.#warm = this.#isPlain ? this.#last.step(LIVE) : this.#stepAll(input);
      return this.#warm;
    } catch (error) {
      this.#undo();
      this.#warm = false;
      this.#last.cool();
      throw kernelError(this.spec.id, error);
    }
  }

  #stepAll(input: IndicatorInput): boolean {
    for (const stage of this.#inner) {
      fillStage(input, stage.plan);
      if (!stage.step(LIVE)) {
        this.#last.cool();
        return false;
      }
      LIVE.price[0] = at(stage.out, stage.plan.passes);
    }
    fillStage(input, this.#last.plan);
    return this.#last.step(LIVE);
  }
}

function windowsOf(stages: readonly Stage[]): readonly Window[] {
  return stages.flatMap(({ kernel }) => kernel.windows);
}

/** Takes all rows that have a price; returns its outputs' columns. */
function runStage(stage: Stage, columns: Columns, price: Float64Array): Float64Array {
  const { count } = columns;
  const { plan, kernel, state, out: last } = stage;
  const out = new Float64Array(count * last.length).fill(NaN);
  if (count === 0) return out;
  const rows: Rows = {
    count,
    price,
    other: sourceColumn(columns, plan.other),
    open: columns.open,
    high: columns.high,
    low: columns.low,
    close: columns.close,
    volume: columns.volume,
    day: dayColumn(columns, plan.day),
  };
  for (const [from, to] of spansOf(stage, price, 0, count - 1)) kernel.run(state, rows, out, from, to);
  stage.save();
  for (const [from, to] of spansOf(stage, price, count - 1, count)) kernel.run(state, rows, out, from, to);
  for (let index = 0; index < last.length; index += 1) last[index] = at(out, index * count + count - 1);
  return out;
}

type Span = readonly [from: number, to: number];

/** Rows one after another that a stage takes: where the indicator within is warm, or all. */
function spansOf({ plan }: Stage, price: Float64Array, start: number, end: number): readonly Span[] {
  if (plan.spec.inner === null) return [[start, end]];
  const spans: Span[] = [];
  let from = start;
  for (let row = start; row <= end; row += 1) {
    if (row < end && !Number.isNaN(price[row])) continue;
    if (row > from) spans.push([from, row]);
    from = row + 1;
  }
  return spans;
}
