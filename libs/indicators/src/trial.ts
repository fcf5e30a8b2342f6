import { toColumns } from './columns.ts';
import type { IndicatorDefinition, IndicatorSpec } from './definition.ts';
import { createIndicator, Engine, restore, type Indicator } from './engine.ts';
import type { IndicatorInput } from './input.ts';
import { at } from './rows.ts';
import { parseSpec } from './spec.ts';
import { Window } from './window.ts';

/** Most inputs one example is tried with. */
const MAX_LOOKBACK = 10_000;
const AFTER_WARM = 40;
const MEMORIES: readonly unknown[] = ['window', 'utc-day', 'session', 'series'];

/**
 * Whether an example of a definition computes, and says the same live, over columns, after a restart and with its last input corrected: what
 * the contract suite asks of those here, in short. Returns what is wrong.
 */
export function trialProblem(definition: IndicatorDefinition, example: string): string | null {
  const parsed = parseSpec(example, new Map([[definition.name, definition]]));
  if (!parsed.ok) return `examples: ${parsed.error.message}`;
  const { spec } = parsed;
  if (!Number.isInteger(spec.lookback) || spec.lookback < 0 || spec.lookback > MAX_LOOKBACK)
    return `${example}: lookback is ${spec.lookback}, it must be a whole number from 0 to ${MAX_LOOKBACK}`;
  if (!MEMORIES.includes(spec.memory)) return `${example}: memory must be one of ${MEMORIES.join(', ')}`;
  return kernelProblem(spec) ?? sameProblem(spec);
}

function kernelProblem({ definition, parameters }: IndicatorSpec): string | null {
  const kernel = definition.create(parameters, { window: (size) => new Window(size) });
  const { slots, windows } = kernel;
  if (!Number.isInteger(slots) || slots < 0) return `slots is ${slots}, it must be a whole number`;
  if (!Array.isArray(windows) || !windows.every((window: unknown) => window instanceof Window))
    return 'windows must be a list of what tools.window(size) made';
  return typeof kernel.run === 'function'
    ? null
    : 'create must return { slots, windows, run(state, rows, out, from, to) }';
}

function sameProblem(spec: IndicatorSpec): string | null {
  const inputs = walk(spec.lookback + AFTER_WARM);
  const out = new Engine(spec).run(toColumns(inputs));
  let live = createIndicator(spec);
  for (const [row, input] of inputs.entries()) {
    if (row % 7 === 5) live.update({ ...input, close: input.close + 1, high: input.high + 1 });
    const { warm, values } = row % 7 === 5 ? live.replace(input) : live.update(input);
    const number = row + 1;
    if (warm !== row >= spec.lookback && spec.sessions === 0)
      return `${spec.id}: is ${warm ? '' : 'not '}warm at input ${number}, its lookback says ${spec.lookback} inputs before`;
    const inColumns = values.map((_value, index) => at(out, index * inputs.length + row));
    if (!values.every((value, index) => Object.is(value, inColumns[index])))
      return `${spec.id}: says ${values.join(', ')} at input ${number} live or after a restart and ${inColumns.join(', ')} over columns: all that it remembers must be in state and windows`;
    if (row % 11 === 3) live = restarted(spec, live);
  }
  return null;
}

function restarted(spec: IndicatorSpec, live: Indicator): Indicator {
  const restored = restore(spec, live.snapshot());
  if (!restored.ok) throw new Error(restored.error.message);
  return restored.indicator;
}

/** Bars that rise and fall, each with volume; a session of ten. */
function walk(count: number): readonly IndicatorInput[] {
  return Array.from({ length: count }, (_bar, index) => {
    const open = 100 + Math.sin(index) * 5;
    const close = 100 + Math.sin(index + 1) * 5 + (index % 3);
    return {
      open,
      high: Math.max(open, close) + (index % 4) / 8,
      low: Math.min(open, close) - (index % 5) / 8,
      close,
      volume: 1 + (index % 6),
      startNs: BigInt(index) * 3_600_000_000_000n,
      sessionDate: 20_240_101 + Math.floor(index / 10),
    };
  });
}
