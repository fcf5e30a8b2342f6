import type { CheckedField, IndicatorSpec, Kernel } from './definition.ts';
import { IndicatorError } from './errors.ts';
import type { IndicatorInput, PriceSource } from './input.ts';
import { isSessionDate, readSource } from './input.ts';
import type { SavedState, SnapshotError, StateShape } from './snapshot.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts';
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

/** Beyond it squares and sums of squares would overflow; no price or volume comes near. */
const MAX_MAGNITUDE = 1e100;

/** One indicator of those within each other: the innermost first, each fed with an output of the one before. */
interface Stage {
  readonly kernel: Kernel;
  /** Its part of the engine's state. */
  readonly state: Float64Array;
  readonly out: number[];
  /** Which output the next one takes. */
  readonly passes: number;
}

/** What {@link createIndicator} makes. */
export class Engine implements Indicator {
  readonly spec: IndicatorSpec;
  #inputs = 0;
  #warm = false;
  readonly #stages: readonly Stage[];
  readonly #last: Stage;
  readonly #windows: readonly Window[];
  readonly #slots: number;
  /** The kernels' slots, then the same slots as they were before the last input. */
  readonly #state: Float64Array;
  readonly #admission: Admission;

  constructor(spec: IndicatorSpec) {
    this.spec = spec;
    const chain = chainOf(spec);
    const kernels = chain.map(({ definition, parameters }) => definition.create(parameters));
    this.#slots = kernels.reduce((sum, { slots }) => sum + slots, 0);
    this.#state = new Float64Array(this.#slots * 2);
    this.#windows = kernels.flatMap(({ windows }) => windows);
    let at = 0;
    const stages = kernels.map((kernel, index): Stage => {
      const state = this.#state.subarray(at, (at += kernel.slots));
      // A plain array, because copying one of these for every value is many times faster than copying a typed array.
      const out = chain[index]?.outputs.map(() => NaN) ?? [];
      return { kernel, state, out, passes: chain[index + 1]?.inner?.output ?? 0 };
    });
    const last = stages.at(-1);
    if (last === undefined) throw new IndicatorError('indicator-definition', `${spec.id} computes nothing`);
    this.#stages = stages.slice(0, -1);
    this.#last = last;
    this.#admission = new Admission(spec, chain);
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
    return { warm: this.#warm, values: this.#last.out.slice() };
  }

  output(index: number): number {
    return this.#last.out[index] ?? NaN;
  }

  update(input: IndicatorInput): IndicatorValue {
    this.advance(input);
    return this.value;
  }

  advance(input: IndicatorInput): boolean {
    const price = this.#admission.admit(input);
    this.#save();
    this.#inputs += 1;
    return this.#step(price, input);
  }

  /** As {@link advance}, of inputs that are final and were checked: none can be replaced afterwards. */
  run(input: IndicatorInput): boolean {
    this.#inputs += 1;
    const windows = this.#windows;
    for (let index = 0; index < windows.length; index += 1) windows[index]?.mark();
    return this.#step(this.#admission.read(input), input);
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
    const price = this.#admission.admit(input);
    this.#undo();
    return this.#step(price, input);
  }

  snapshot(): Uint8Array {
    return encodeSnapshot(this.spec, {
      inputs: this.#inputs,
      warm: this.#warm,
      state: this.#state,
      out: Float64Array.from(this.#last.out),
      windows: this.#windows.map((window) => ({ values: window.values(), pushed: window.pushed })),
    });
  }

  get shape(): StateShape {
    return {
      state: this.#state.length,
      out: this.#last.out.length,
      windowSizes: this.#windows.map((window) => window.size),
    };
  }

  load(saved: SavedState): void {
    this.#inputs = saved.inputs;
    this.#warm = saved.warm;
    this.#state.set(saved.state);
    saved.out.forEach((value, index) => (this.#last.out[index] = value));
    this.#windows.forEach((window, index) => {
      const values = saved.windows[index];
      if (values !== undefined) window.load(values.values, values.pushed);
    });
  }

  #save(): void {
    const state = this.#state;
    const slots = this.#slots;
    for (let index = 0; index < slots; index += 1) state[slots + index] = state[index] ?? NaN;
    const windows = this.#windows;
    for (let index = 0; index < windows.length; index += 1) windows[index]?.mark();
  }

  #undo(): void {
    const state = this.#state;
    const slots = this.#slots;
    for (let index = 0; index < slots; index += 1) state[index] = state[slots + index] ?? NaN;
    const windows = this.#windows;
    for (let index = 0; index < windows.length; index += 1) windows[index]?.undo();
  }

  #step(price: number, input: IndicatorInput): boolean {
    let value = price;
    const stages = this.#stages;
    for (let index = 0; index < stages.length; index += 1) {
      const stage = stages[index];
      if (stage === undefined || !stage.kernel.step(stage.state, value, input, stage.out))
        return this.#cold();
      value = stage.out[stage.passes] ?? NaN;
    }
    const { kernel, state, out } = this.#last;
    if (!kernel.step(state, value, input, out)) return this.#cold();
    this.#warm = true;
    return true;
  }

  #cold(): boolean {
    this.#warm = false;
    this.#last.out.fill(NaN);
    return false;
  }
}

/** Checks all that the kernels will read, before anything changes. */
class Admission {
  readonly #id: string;
  readonly #source: PriceSource | null;
  /** Most indicators read the close alone: they must not pay for the others. */
  readonly #readsCloseOnly: boolean;
  readonly #others: readonly PriceSource[];
  readonly #readsOpen: boolean;
  readonly #readsHigh: boolean;
  readonly #readsLow: boolean;
  readonly #readsClose: boolean;
  readonly #readsVolume: boolean;
  readonly #readsSession: boolean;

  constructor(spec: IndicatorSpec, chain: readonly IndicatorSpec[]) {
    const reads = (field: CheckedField): boolean =>
      chain.some(({ definition }) => definition.reads.includes(field));
    this.#id = spec.id;
    this.#source = chain[0]?.source ?? null;
    this.#others = chain.flatMap(({ definition, parameters }) => definition.otherSource?.(parameters) ?? []);
    this.#readsOpen = reads('open');
    this.#readsHigh = reads('high');
    this.#readsLow = reads('low');
    this.#readsClose = reads('close');
    this.#readsVolume = reads('volume');
    this.#readsSession = spec.needsSession;
    const readsMore = chain.some(({ definition }) => definition.reads.some((field) => field !== 'source'));
    this.#readsCloseOnly =
      this.#source === 'close' && !readsMore && this.#others.length === 0 && !this.#readsSession;
  }

  /** The source's number, unchecked; 0 of whole bars. */
  read(input: IndicatorInput): number {
    if (this.#readsCloseOnly) return input.close;
    return this.#source === null ? 0 : readSource(input, this.#source);
  }

  /** Returns the source's number. */
  admit(input: IndicatorInput): number {
    if (this.#readsCloseOnly) {
      const { close } = input;
      if (!(Math.abs(close) <= MAX_MAGNITUDE)) this.#finite('close', close);
      return close;
    }
    const price = this.#source === null ? 0 : readSource(input, this.#source);
    this.#finite(this.#source ?? 'price', price);
    if (this.#others.length > 0)
      for (const other of this.#others) this.#finite(other, readSource(input, other));
    if (this.#readsOpen) this.#finite('open', input.open);
    if (this.#readsHigh) this.#finite('high', input.high);
    if (this.#readsLow) this.#finite('low', input.low);
    if (this.#readsClose) this.#finite('close', input.close);
    if (this.#readsVolume) this.#volume(input.volume);
    if (this.#readsSession) this.#session(input.sessionDate);
    return price;
  }

  #volume(volume: number): void {
    this.#finite('volume', volume);
    if (volume < 0) {
      throw new IndicatorError(
        'indicator-negative-volume',
        `${this.#id}: volume ${volume} is negative; inputs must be validated before they get here`,
      );
    }
  }

  #session(date: number | undefined): void {
    if (isSessionDate(date)) return;
    throw new IndicatorError(
      'indicator-no-session',
      `${this.#id}: sessionDate is ${date}, the date of the session is needed as yyyymmdd; give the instrument a calendar`,
    );
  }

  #finite(field: string, value: number): void {
    if (Math.abs(value) <= MAX_MAGNITUDE) return;
    throw new IndicatorError(
      'indicator-input-not-finite',
      `${this.#id}: ${field} is ${value}, a finite number up to 1e100 is needed; inputs must be validated before they get here`,
    );
  }
}

/** The innermost first. */
function chainOf(spec: IndicatorSpec): readonly IndicatorSpec[] {
  return spec.inner === null ? [spec] : [...chainOf(spec.inner.spec), spec];
}
