import { deepEqual, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { calculate } from './calculate.ts';
import type { IndicatorSpec } from './definition.ts';
import { toColumns } from './columns.ts';
import type { Indicator, IndicatorValue } from './engine.ts';
import { createIndicator, Engine, restore } from './engine.ts';
import { IndicatorError } from './errors.ts';
import { lcg } from './fixtures/golden-series.ts';
import type { Style } from './fixtures/random-series.ts';
import { randomSeries, STYLES } from './fixtures/random-series.ts';
import type { IndicatorInput } from './input.ts';

/**
 * What every indicator of a registry keeps, checked on random series: each check throws with a counter-example.
 * "The same" always means every bit: NaN is NaN, −0 is not 0.
 */
export const INDICATOR_CONTRACT: Readonly<Record<string, (spec: IndicatorSpec) => void>> = {
  'is warm from input lookback + 1 on, and not before': warmRule,
  'gives in batch what it gives live': batchIsLive,
  'gives in blocks of any length what it gives live': blocksAreLive,
  'gives the same after a restart at any point': restartIsInvisible,
  'gives the same when the last input came in several versions': replaceIsExact,
  'gives the same with replacements and restarts in any order': anyOrder,
  'says truly how far back its memory goes': memoryRule,
  'refuses damaged snapshots and never throws on them': damagedSnapshots,
  'refuses broken input with its state unchanged': brokenInput,
};

interface Case {
  readonly seed: number;
  readonly count: number;
  readonly style: Style;
}

/** Runs `check` on random series, long enough that most of each is past the warm-up. */
function onSeries(spec: IndicatorSpec, check: (random: Case) => void): void {
  const arbitrary = fc.record({
    seed: fc.nat(),
    count: fc.integer({ min: 1, max: spec.lookback * 2 + 60 }),
    style: fc.constantFrom(...STYLES),
  });
  fc.assert(fc.property(arbitrary, check), { numRuns: 60 });
}

function run(indicator: Indicator, inputs: readonly IndicatorInput[]): IndicatorValue[] {
  return inputs.map((input) => indicator.update(input));
}

/** The indicator as another process would have it after reading the snapshot. */
function restarted(indicator: Indicator): Indicator {
  const result = restore(indicator.spec, indicator.snapshot());
  if (!result.ok) throw new Error(result.error.message);
  deepEqual(result.indicator.value, indicator.value);
  deepEqual(result.indicator.snapshot(), indicator.snapshot());
  return result.indicator;
}

function warmRule(spec: IndicatorSpec): void {
  onSeries(spec, ({ seed, count, style }) => {
    const indicator = createIndicator(spec);
    deepEqual(indicator.value, { warm: false, values: spec.outputs.map(() => NaN) });
    const inputs = randomSeries(seed, count, style, true);
    inputs.forEach((input, index) => {
      const { warm, values } = indicator.update(input);
      const isWarm = index >= spec.lookback && sessionsBefore(input, inputs) >= spec.sessions;
      equal(warm, isWarm, `input ${index + 1} with lookback ${spec.lookback}, sessions ${spec.sessions}`);
      equal(values.length, spec.outputs.length);
      for (const value of values) equal(Number.isFinite(value), warm, `input ${index + 1} gives ${value}`);
      equal(indicator.inputs, index + 1);
    });
  });
}

/** Whole sessions of a series before the one of an input; dates of the random series have no holes. */
function sessionsBefore(input: IndicatorInput, [first]: readonly IndicatorInput[]): number {
  return (input.sessionDate ?? NaN) - (first?.sessionDate ?? NaN);
}

function batchIsLive(spec: IndicatorSpec): void {
  onSeries(spec, ({ seed, count, style }) => {
    const inputs = randomSeries(seed, count, style);
    const columns = calculate(spec, inputs);
    const rows = inputs.map((_, row) => columns.map((column) => column[row]));
    deepEqual(
      rows,
      run(createIndicator(spec), inputs).map(({ values }) => values),
    );
  });
}

function blocksAreLive(spec: IndicatorSpec): void {
  onSeries(spec, ({ seed, count, style }) => {
    const inputs = randomSeries(seed, count, style);
    const live = createIndicator(spec);
    const blocks = new Engine(spec);
    const random = lcg(seed);
    for (let from = 0; from < count;) {
      const block = inputs.slice(from, from + 1 + Math.floor(random() * (spec.lookback + 4)));
      const values = run(live, block);
      const out = blocks.run(toColumns(block));
      deepEqual(
        values.map((value) => value.values),
        block.map((_, row) => spec.outputs.map((_output, index) => out[row + index * block.length])),
      );
      deepEqual(blocks.value, live.value);
      deepEqual(blocks.snapshot(), live.snapshot());
      const [other] = randomSeries(seed + from, 1, style);
      if (other !== undefined && random() < 0.5) deepEqual(blocks.replace(other), live.replace(other));
      from += block.length;
    }
  });
}

function restartIsInvisible(spec: IndicatorSpec): void {
  onSeries(spec, ({ seed, count, style }) => {
    const inputs = randomSeries(seed, count, style);
    const expected = run(createIndicator(spec), inputs);
    const cut = seed % (count + 1);
    const first = createIndicator(spec);
    const before = run(first, inputs.slice(0, cut));
    deepEqual([...before, ...run(restarted(first), inputs.slice(cut))], expected);
  });
}

function replaceIsExact(spec: IndicatorSpec): void {
  onSeries(spec, ({ seed, count, style }) => {
    const inputs = randomSeries(seed, count, style);
    const others = randomSeries(seed + 1, count, style);
    const clean = createIndicator(spec);
    const forming = createIndicator(spec);
    inputs.forEach((input, index) => {
      forming.update(others[index] ?? input);
      forming.replace(others[count - 1 - index] ?? input);
      deepEqual(forming.replace(input), clean.update(input));
      deepEqual(forming.snapshot(), clean.snapshot());
    });
  });
}

function anyOrder(spec: IndicatorSpec): void {
  onSeries(spec, ({ seed, count, style }) => {
    const random = lcg(seed);
    const inputs = randomSeries(seed, count, style);
    const others = randomSeries(seed + 1, count, style);
    const clean = createIndicator(spec);
    let rough = createIndicator(spec);
    inputs.forEach((input, index) => {
      const versions = Math.floor(random() * 3);
      for (let version = 0; version <= versions; version += 1) {
        const next = version === versions ? input : (others[(index + version) % count] ?? input);
        if (random() < 0.3) rough = restarted(rough);
        if (version === 0) rough.update(next);
        else rough.replace(next);
      }
      deepEqual(rough.value, clean.update(input));
    });
    deepEqual(rough.snapshot(), clean.snapshot());
  });
}

/** Where the series may begin later without any value changing that is warm in both. */
function laterStart(spec: IndicatorSpec, inputs: readonly IndicatorInput[], seed: number): number {
  if (spec.memory === 'series') return 0;
  const start = seed % inputs.length;
  if (spec.memory === 'window') return start;
  const day = (input: IndicatorInput | undefined): number =>
    spec.memory === 'session'
      ? (input?.sessionDate ?? NaN)
      : Math.floor(Number(input?.startNs ?? 0n) / 8.64e13);
  const anchor = inputs.findIndex((input, index) => index >= start && day(inputs[index - 1]) < day(input));
  return Math.max(anchor, 0);
}

function memoryRule(spec: IndicatorSpec): void {
  onSeries(spec, ({ seed, count, style }) => {
    const inputs = randomSeries(seed, count, style);
    const start = laterStart(spec, inputs, seed);
    const whole = run(createIndicator(spec), inputs);
    const late = run(createIndicator(spec), inputs.slice(start));
    const rest = inputs.slice(start);
    const isPast = (input: IndicatorInput): boolean => sessionsBefore(input, rest) >= spec.sessions;
    const warmFrom = Math.max(spec.lookback, spec.sessions === 0 ? 0 : indexOr(rest, isPast));
    deepEqual(late.slice(warmFrom), whole.slice(start + warmFrom));
  });
}

/** Of the first input that it holds for, or their number. */
function indexOr(inputs: readonly IndicatorInput[], holds: (input: IndicatorInput) => boolean): number {
  const index = inputs.findIndex(holds);
  return index < 0 ? inputs.length : index;
}

function damagedSnapshots(spec: IndicatorSpec): void {
  onSeries(spec, ({ seed, count, style }) => {
    const indicator = createIndicator(spec);
    run(indicator, randomSeries(seed, count, style));
    const bytes = indicator.snapshot();
    const code = (damaged: Uint8Array): string | null => {
      const result = restore(spec, damaged);
      return result.ok ? null : result.error.code;
    };
    equal(code(bytes.slice(0, seed % bytes.length)), 'indicator-snapshot-damaged');
    equal(code(Uint8Array.of(...bytes, 0)), 'indicator-snapshot-damaged');
    equal(code(bytes.with(0, 2)), 'indicator-snapshot-version');
    const revised = restore({ ...spec, revision: spec.revision + 1 }, bytes);
    equal(revised.ok ? null : revised.error.code, 'indicator-snapshot-revision');
    const renamed = restore({ ...spec, id: `${spec.id} ` }, bytes);
    equal(renamed.ok ? null : renamed.error.code, 'indicator-snapshot-spec');
    // Any other flipped byte may go unnoticed (Kafka and the disk have checksums), but must not throw.
    code(bytes.with(seed % bytes.length, seed % 256));
  });
}

function brokenInput(spec: IndicatorSpec): void {
  // Sessions of the random series have a dozen bars at most.
  const count = spec.lookback + 2 + 60 * spec.sessions;
  const good = randomSeries(1, count, 'cents').map((input) => ({ ...input, vwap: input.close }));
  const indicator = createIndicator(spec);
  const [first, second] = good;
  ok(first !== undefined && second !== undefined);
  throwsCode('indicator-replace-before-update', () => indicator.replace(first));
  run(indicator, good);
  const before = indicator.snapshot();
  let refused = 0;
  for (const field of ['open', 'high', 'low', 'close', 'volume', 'vwap'] as const) {
    for (const value of [NaN, Infinity, -Infinity, 1e101]) {
      // Only what an indicator reads is checked: a bar of midpoints has no volume, and no harm is done.
      const attempt = restarted(indicator);
      const broken = { ...second, [field]: value };
      if (!throws(() => attempt.update(broken))) continue;
      refused += 1;
      throwsCode('indicator-input-not-finite', () => indicator.update(broken));
      throwsCode('indicator-input-not-finite', () => indicator.replace(broken));
    }
  }
  ok(refused > 0, 'no field is ever checked');
  deepEqual(indicator.snapshot(), before);
  for (const value of indicator.value.values) ok(!Number.isNaN(value));
}

function throws(action: () => unknown): boolean {
  try {
    action();
    return false;
  } catch (error) {
    ok(error instanceof IndicatorError);
    return true;
  }
}

function throwsCode(code: string, action: () => unknown): void {
  let thrown: unknown = null;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  ok(thrown instanceof IndicatorError, `expected ${code}`);
  equal(thrown.code, code);
}
