import type { Kernel, KernelTools } from './definition.ts';
import { IndicatorError } from './errors.ts';
import type { StagePlan } from './plan.ts';
import type { Rows } from './rows.ts';
import { Window } from './window.ts';

const NONE = new Float64Array(0);
const TOOLS: KernelTools = { window: (size) => new Window(size) };

/** One indicator of those within each other: its kernel, what that remembers, and what it remembered before the last input. */
export class Stage {
  readonly plan: StagePlan;
  readonly kernel: Kernel;
  readonly #windows: readonly Window[];
  readonly state: Float64Array;
  /** `state` before the last input. */
  readonly saved: Float64Array;
  /** The last input's outputs. */
  readonly out: Float64Array;

  constructor(plan: StagePlan) {
    const { definition, parameters, outputs } = plan.spec;
    this.plan = plan;
    this.kernel = definition.create(parameters, TOOLS);
    const { slots, windows } = this.kernel;
    this.#windows = windows;
    this.state = slots === 0 ? NONE : new Float64Array(slots);
    this.saved = slots === 0 ? NONE : new Float64Array(slots);
    this.out = new Float64Array(outputs.length).fill(NaN);
  }

  /** Starts an input, to which {@link undo} returns. */
  save(): void {
    copy(this.state, this.saved);
    const windows = this.#windows;
    for (let index = 0; index < windows.length; index += 1) windows[index]?.mark();
  }

  undo(): void {
    copy(this.saved, this.state);
    const windows = this.#windows;
    for (let index = 0; index < windows.length; index += 1) windows[index]?.undo();
  }

  /** Takes the one row of a live input; whether it is warm with it. */
  step(rows: Rows): boolean {
    const { out } = this;
    for (let index = 0; index < out.length; index += 1) out[index] = NaN;
    this.kernel.run(this.state, rows, out, 0, 1);
    return !Number.isNaN(out[0]);
  }

  cool(): void {
    this.out.fill(NaN);
  }
}

/** `set` would cost more than the few numbers there are. */
function copy(from: Float64Array, to: Float64Array): void {
  for (let index = 0; index < from.length; index += 1) to[index] = from[index] ?? NaN;
}

/** What a kernel threw, which is a mistake in its definition, as an error that names the specification. */
export function kernelError(id: string, cause: unknown): IndicatorError {
  const what = cause instanceof Error ? cause.message : String(cause);
  return new IndicatorError(
    'indicator-kernel-failed',
    `${id}: its kernel threw "${what}": mend its definition, a kernel must not throw`,
    cause,
  );
}
