import type { CheckedField, IndicatorSpec, Kernel } from './definition.ts';
import { IndicatorError } from './errors.ts';
import type { IndicatorInput } from './input.ts';
import { readSource } from './input.ts';
import type { SavedState, SnapshotError, StateShape } from './snapshot.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts';

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
  update(input: IndicatorInput): IndicatorValue;
  /** The last input again, corrected (a bar that is still forming): as if its earlier versions had never been. */
  replace(input: IndicatorInput): IndicatorValue;
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

/** Beyond it squares and sums of squares would overflow; no price or volume comes near. */
const MAX_MAGNITUDE = 1e100;

class Engine implements Indicator {
  readonly spec: IndicatorSpec;
  #inputs = 0;
  #warm = false;
  readonly #kernel: Kernel;
  /** The kernel's slots, then the same slots as they were before the last input. */
  readonly #state: Float64Array;
  /** A plain array, because copying one of these for every value is many times faster than copying a typed array. */
  readonly #out: number[];
  readonly #readsHigh: boolean;
  readonly #readsLow: boolean;
  readonly #readsClose: boolean;
  readonly #readsVolume: boolean;

  constructor(spec: IndicatorSpec) {
    const { definition } = spec;
    const reads = (field: CheckedField): boolean => definition.reads.includes(field);
    this.spec = spec;
    this.#kernel = definition.create(spec.parameters);
    this.#state = new Float64Array(this.#kernel.slots * 2);
    this.#out = spec.outputs.map(() => NaN);
    this.#readsHigh = reads('high');
    this.#readsLow = reads('low');
    this.#readsClose = reads('close');
    this.#readsVolume = reads('volume');
  }

  get outputs(): readonly string[] {
    return this.spec.outputs;
  }

  get inputs(): number {
    return this.#inputs;
  }

  get value(): IndicatorValue {
    return { warm: this.#warm, values: this.#out.slice() };
  }

  update(input: IndicatorInput): IndicatorValue {
    const price = this.#admit(input);
    const { slots, windows } = this.#kernel;
    for (let index = 0; index < slots; index += 1) this.#state[slots + index] = this.#state[index] ?? NaN;
    for (const window of windows) window.mark();
    this.#inputs += 1;
    this.#step(price, input);
    return this.value;
  }

  replace(input: IndicatorInput): IndicatorValue {
    if (this.#inputs === 0) {
      throw new IndicatorError(
        'indicator-replace-before-update',
        `${this.spec.id}: replace() before any update(): there is no input to replace`,
      );
    }
    const price = this.#admit(input);
    const { slots, windows } = this.#kernel;
    for (let index = 0; index < slots; index += 1) this.#state[index] = this.#state[slots + index] ?? NaN;
    for (const window of windows) window.undo();
    this.#step(price, input);
    return this.value;
  }

  snapshot(): Uint8Array {
    const { windows } = this.#kernel;
    return encodeSnapshot(this.spec, {
      inputs: this.#inputs,
      warm: this.#warm,
      state: this.#state,
      out: Float64Array.from(this.#out),
      windows: windows.map((window) => ({ values: window.values(), pushed: window.pushed })),
    });
  }

  get shape(): StateShape {
    return {
      state: this.#state.length,
      out: this.#out.length,
      windowSizes: this.#kernel.windows.map((window) => window.size),
    };
  }

  load(saved: SavedState): void {
    this.#inputs = saved.inputs;
    this.#warm = saved.warm;
    this.#state.set(saved.state);
    saved.out.forEach((value, index) => (this.#out[index] = value));
    this.#kernel.windows.forEach((window, index) => {
      const values = saved.windows[index];
      if (values !== undefined) window.load(values.values, values.pushed);
    });
  }

  #step(price: number, input: IndicatorInput): void {
    this.#warm = this.#kernel.step(this.#state, price, input, this.#out);
    if (!this.#warm) this.#out.fill(NaN);
  }

  /** Checks all that the kernel will read, before anything changes, and returns the price. */
  #admit(input: IndicatorInput): number {
    const { source } = this.spec;
    const price = source === null ? 0 : readSource(input, source);
    this.#finite(source ?? 'price', price);
    if (this.#readsHigh) this.#finite('high', input.high);
    if (this.#readsLow) this.#finite('low', input.low);
    if (this.#readsClose) this.#finite('close', input.close);
    if (this.#readsVolume) {
      this.#finite('volume', input.volume);
      if (input.volume < 0) {
        throw new IndicatorError(
          'indicator-negative-volume',
          `${this.spec.id}: volume ${input.volume} is negative; inputs must be validated before they get here`,
        );
      }
    }
    return price;
  }

  #finite(field: string, value: number): void {
    if (Math.abs(value) <= MAX_MAGNITUDE) return;
    throw new IndicatorError(
      'indicator-input-not-finite',
      `${this.spec.id}: ${field} is ${value}, a finite number up to 1e100 is needed; inputs must be validated before they get here`,
    );
  }
}
