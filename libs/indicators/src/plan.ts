import { Admission } from './admission.ts';
import type { IndicatorSpec } from './definition.ts';
import type { PriceSource } from './input.ts';

/** Which number tells one day of a stage from the next. */
export type DaySource = 'utc-day' | 'session' | null;

/** What is known of one indicator of those within each other before an instance of it is made. */
export interface StagePlan {
  readonly spec: IndicatorSpec;
  readonly other: PriceSource | null;
  readonly day: DaySource;
  /** Which output the next stage takes. */
  readonly passes: number;
}

/** What all instances of a specification share. */
export interface Plan {
  /** The innermost first. */
  readonly stages: readonly StagePlan[];
  /** Of the innermost; null: whole bars. */
  readonly source: PriceSource | null;
  readonly admission: Admission;
}

const PLANS = new WeakMap<IndicatorSpec, Plan>();

/** Made once for a specification: a service has thousands of instances of each. */
export function planOf(spec: IndicatorSpec): Plan {
  const known = PLANS.get(spec);
  if (known !== undefined) return known;
  const chain = chainOf(spec);
  const stages = chain.map((stage, index): StagePlan => {
    const { definition, parameters } = stage;
    const memory = definition.memory(parameters);
    return {
      spec: stage,
      other: definition.otherSource?.(parameters) ?? null,
      day: memory === 'utc-day' || memory === 'session' ? memory : null,
      passes: chain[index + 1]?.inner?.output ?? 0,
    };
  });
  const plan = { stages, source: chain[0]?.source ?? null, admission: new Admission(spec, chain) };
  PLANS.set(spec, plan);
  return plan;
}

/** The innermost first. */
function chainOf(spec: IndicatorSpec): readonly IndicatorSpec[] {
  return spec.inner === null ? [spec] : [...chainOf(spec.inner.spec), spec];
}
