import { IndicatorError } from './errors.ts';
import { PRICE_SOURCES, type PriceSource } from './input.ts';
import type { Rows } from './rows.ts';
import type { Window } from './window.ts';

/** A parameter's name and the values it may take; both ends of a range are allowed. */
export type ParameterRule =
  | { readonly kind: 'integer'; readonly name: string; readonly min: number; readonly max: number }
  | { readonly kind: 'number'; readonly name: string; readonly min: number; readonly max: number }
  | { readonly kind: 'choice'; readonly name: string; readonly choices: readonly string[] };

export type ParameterValue = number | string;

/**
 * How far back a value depends on its inputs, which tells a service what history gives the very same bits:
 * - `window`: the last `lookback + 1` inputs, wherever the series began;
 * - `utc-day`: every input of the UTC day, so history starts at a midnight;
 * - `session`: every input of the session and of the `sessions` ones before it, so history starts with the first of a session;
 * - `series`: every input since the first, so history must start where the other computation started.
 */
export type Memory = 'window' | 'utc-day' | 'session' | 'series';

/** A field that is checked before the indicator's state changes; `source` is the specification's price source. */
export type CheckedField = 'source' | 'open' | 'high' | 'low' | 'close' | 'volume';

/**
 * The arithmetic of one indicator instance. Everything it remembers between two inputs is in `state` (numbers, zero at
 * the start) and in `windows`; fields derived from the parameters or from a single input may be cached, nothing else.
 * The engine saves and undoes these two, so a kernel needs no code of its own for replace, snapshot and restore.
 */
export interface Kernel {
  /** How many numbers of `state` it uses. */
  readonly slots: number;
  readonly windows: readonly Window[];
  /**
   * Takes the inputs `from` … `to − 1` in their order and writes the outputs of each that has them: `out[row]`, `out[row + rows.count]`,
   * and so on. `out` is NaN before, and stays so where the indicator is not warm: there no output may be written, least of all the first.
   * One row at a time or all at once must come to the same, for the engine does both. Must not throw.
   */
  run(state: Float64Array, rows: Rows, out: Float64Array, from: number, to: number): void;
}

/** What a kernel is built with, so that a definition outside of this library needs no import. */
export interface KernelTools {
  /** The last `size` numbers that are pushed to it. */
  window(size: number): Window;
}

export interface IndicatorDefinition {
  /** Lower case, unique in its registry: the word before the parenthesis. */
  readonly name: string;
  readonly title: string;
  /** The formula, its start-up, and where both come from. */
  readonly formula: string;
  /** Raised when the same inputs give other values than before, or when `slots` or `windows` change: old snapshots are then refused. */
  readonly revision: number;
  readonly parameters: readonly ParameterRule[];
  /** The price source when the specification names none; `null` for an indicator that reads whole bars. */
  readonly defaultSource: PriceSource | null;
  readonly reads: readonly CheckedField[];
  /** A second number that is read of every input, where a parameter names it. */
  otherSource?(parameters: readonly ParameterValue[]): PriceSource;
  readonly outputs: readonly string[];
  /** Specifications the contract suite runs; the first one is shown in error messages and documentation. */
  readonly examples: readonly [string, ...string[]];
  /** Inputs before the first defined value: value number `lookback + 1` is the first warm one (TA-Lib's lookback). */
  lookback(parameters: readonly ParameterValue[]): number;
  /** One that says `session` is fed with the session's date, without which it refuses an input. */
  memory(parameters: readonly ParameterValue[]): Memory;
  /** Whole sessions before the first defined value, beside {@link lookback}; none if left out. */
  sessions?(parameters: readonly ParameterValue[]): number;
  /** A rule across parameters: what is wrong, or `null`. */
  check?(parameters: readonly ParameterValue[]): string | null;
  create(parameters: readonly ParameterValue[], tools: KernelTools): Kernel;
}

/** A parsed, bounded specification. Only `id` is ever stored: `parseSpec(id)` gives the same specification again. */
export interface IndicatorSpec {
  /** Canonical text, e.g. `sma(20,close)`: the specification id on every stored row. */
  readonly id: string;
  readonly definition: IndicatorDefinition;
  readonly parameters: readonly ParameterValue[];
  /** The number of a bar that it follows; null: whole bars, or {@link inner}. */
  readonly source: PriceSource | null;
  /** The indicator whose output, by its place, it follows instead of a bar's number. */
  readonly inner: { readonly spec: IndicatorSpec; readonly output: number } | null;
  readonly outputs: readonly string[];
  readonly lookback: number;
  readonly memory: Memory;
  /** Whole sessions before the first warm value, beside {@link lookback}. */
  readonly sessions: number;
  /** Whether it, or one within it, reads the `sessionDate` of inputs. */
  readonly needsSession: boolean;
  /** Of its formula and those of the indicators within: what old snapshots must have been made by. */
  readonly revision: number;
}

const MAX_PERIOD = 10_000;

/** A window length. TA-Lib's minimum is 2 for some functions, whose result is trivial or undefined at 1. */
export function period(name = 'period', min = 1): ParameterRule {
  return { kind: 'integer', name, min, max: MAX_PERIOD };
}

/** Parameter number `index`, which the parser has already proved to be a number. */
export function numberAt(parameters: readonly ParameterValue[], index: number): number {
  const value = parameters[index];
  if (typeof value === 'number') return value;
  throw new IndicatorError(
    'indicator-definition',
    `parameter ${index + 1} is ${value}, the definition needs a number`,
  );
}

/** Parameter number `index`, which the parser has already proved to be a price source. */
export function sourceAt(parameters: readonly ParameterValue[], index: number): PriceSource {
  const source = PRICE_SOURCES.find((name) => name === parameters[index]);
  if (source !== undefined) return source;
  throw new IndicatorError(
    'indicator-definition',
    `parameter ${index + 1} is ${parameters[index]}, the definition needs a price source`,
  );
}

/** `state[index]`. A slot outside `state` is a definition whose `slots` is too small; it reads as NaN, which no test survives. */
export function slot(state: Float64Array, index: number): number {
  return state[index] ?? NaN;
}
