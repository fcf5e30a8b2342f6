import { BarRollup, utcGrid, type Bar, type BarGrid, type LeftOut } from '@tickwell/bars';
import {
  formatNs,
  intervalStartNs,
  NS_PER_DAY,
  parseInterval,
  TickwellError,
  type Interval,
} from '@tickwell/domain';
import { sliceColumns } from '../chunks.ts';
import type { MadeBar, MadeChunk, Said } from './made-bars.ts';
import type { ResamplePlan } from './plan.ts';

/** A long bar goes out as soon as a part of the next one comes: no more are kept. */
const LIMITS = { retainedBars: 1, formingBars: 2 };
const MOST_PARTS = 1_500n;
const LADDER = ['1m', '1h', '1d'].flatMap((text) => {
  const parsed = parseInterval(text);
  return parsed.ok ? [parsed.value] : [];
});

/**
 * Stored bars, in order of time, to longer ones. Those that are not over at `untilNs` are left out. Refusals are `failed-precondition` and name
 * the bar that does not fit.
 */
export async function* barsOfBars(
  chunks: AsyncIterable<MadeChunk>,
  plan: ResamplePlan,
  { symbol, untilNs }: { readonly symbol: string; readonly untilNs: bigint },
): AsyncGenerator<MadeBar> {
  const { from } = plan;
  if (typeof from === 'string' || plan.grid === undefined) throw new TypeError('bars are made of bars here');
  let maker: Maker | undefined;
  for await (const chunk of chunks) {
    for (const [index, startNs] of chunk.bars.startNs.entries()) {
      maker ??= new Maker(symbol, from, partGrid(from, startNs, plan), plan.grid, plan);
      yield* maker.add(chunk, index);
    }
  }
  if (maker !== undefined) yield* maker.finish(untilNs);
}

/** Why bars of one interval do not make those of the other; undefined: they do. */
export function whyNot({ from, grid, gridOf }: ResamplePlan): string | undefined {
  if (typeof from === 'string' || grid === undefined) return undefined;
  for (const [one, other] of steps(from, utcGrid(from), grid, gridOf)) {
    const created = BarRollup.create(one, other, LIMITS);
    if (!created.ok) return created.error;
  }
  return undefined;
}

/** Stored bars go by UTC, or by sessions where they start at none of its multiples, as some sources' hours do. */
function partGrid(from: Interval, startNs: bigint, { gridOf }: ResamplePlan): BarGrid {
  const aligned = intervalStartNs(from, startNs) === startNs;
  return aligned ? utcGrid(from) : gridOf(from);
}

/** One rollup, or by lengths between where a bar would be of more parts than are kept. */
function steps(
  from: Interval,
  fromGrid: BarGrid,
  to: BarGrid,
  gridOf: (interval: Interval) => BarGrid,
): readonly (readonly [BarGrid, BarGrid])[] {
  const partNs = from.kind === 'fixed' ? from.lengthNs : 7n * NS_PER_DAY;
  if (spanOf(to.interval) / partNs <= MOST_PARTS) return [[fromGrid, to]];
  const between = LADDER.findLast(
    (each) => spanOf(each) / partNs <= MOST_PARTS && spanOf(each) > partNs && spanOf(each) % partNs === 0n,
  );
  if (between === undefined) return [[fromGrid, to]];
  const middle = gridOf(between);
  return [[fromGrid, middle], ...steps(between, middle, to, gridOf)];
}

function spanOf(interval: Interval): bigint {
  return interval.kind === 'fixed' ? interval.lengthNs : (interval.kind === 'week' ? 7n : 31n) * NS_PER_DAY;
}

class Maker {
  readonly #symbol: string;
  readonly #from: Interval;
  readonly #to: BarGrid;
  readonly #rollups: readonly BarRollup[];
  /** Of the parts since the last bar went out. */
  #said: Said | undefined;

  constructor(symbol: string, from: Interval, fromGrid: BarGrid, to: BarGrid, { gridOf }: ResamplePlan) {
    this.#symbol = symbol;
    this.#from = from;
    this.#to = to;
    this.#rollups = steps(from, fromGrid, to, gridOf).map(([one, other]) => {
      const created = BarRollup.create(one, other, LIMITS);
      if (!created.ok) throw new TickwellError('invalid-argument', created.error);
      return created.value;
    });
  }

  *add(chunk: MadeChunk, index: number): Generator<MadeBar> {
    const bars = sliceColumns(chunk.bars, { from: index, to: index + 1, whole: false });
    const [startNs = 0n] = bars.startNs;
    const knownAtNs = chunk.knownNs[index] ?? 0n;
    const outside: LeftOut[] = [];
    const made = this.#roll(startNs, (rollup) => {
      const outcome = rollup.apply({ bars, knownAtNs, watermarkNs: startNs });
      if (outcome.misfits !== null) throw this.#misfit(startNs);
      if (outcome.outside !== null) outside.push(outcome.outside);
      return outcome.closed;
    });
    yield* this.#tell(made);
    if (outside.length === 0) this.#said = this.#joined(chunk, startNs);
  }

  *finish(untilNs: bigint): Generator<MadeBar> {
    const made = this.#roll(untilNs, (rollup) => {
      return rollup.apply({ bars: [], knownAtNs: 0n, watermarkNs: untilNs }).closed;
    });
    yield* this.#tell(made);
  }

  /** What comes out of the last rollup once the first one has its input. */
  #roll(
    watermarkNs: bigint,
    first: (rollup: BarRollup) => ReturnType<BarRollup['apply']>['closed'],
  ): readonly Bar[] {
    let bars: readonly Bar[] = [];
    let lineNs = watermarkNs;
    for (const [index, rollup] of this.#rollups.entries()) {
      const closed =
        index === 0 ? first(rollup) : rollup.apply({ bars, knownAtNs: 0n, watermarkNs: lineNs }).closed;
      bars = closed?.bars ?? [];
      // What closed nothing makes no claim.
      lineNs = closed?.watermarkNs ?? 0n;
    }
    return bars;
  }

  *#tell(bars: readonly Bar[]): Generator<MadeBar> {
    const said = this.#said;
    if (bars.length === 0 || said === undefined) return;
    this.#said = undefined;
    for (const bar of bars) yield { bar, said };
  }

  #joined(chunk: MadeChunk, startNs: bigint): Said {
    const { source, priceBasis, contract = '', backfilled = false } = chunk;
    const said = this.#said;
    if (said === undefined) return { source, priceBasis, contract, backfilled };
    if (said.priceBasis !== priceBasis)
      throw new TickwellError(
        'failed-precondition',
        `${this.#symbol}: the ${this.#to.interval.text} bar of ${formatNs(startNs)} would be of ${said.priceBasis} prices of ${said.source} and ${priceBasis} ones of ${source}: ask for an adjustment, or for one source`,
      );
    return {
      source: withName(said.source, source),
      priceBasis,
      contract: withName(said.contract, contract),
      backfilled: said.backfilled || backfilled,
    };
  }

  #misfit(startNs: bigint): TickwellError {
    const by = this.#to.id === '' ? 'UTC' : `the sessions of ${this.#to.id}`;
    return new TickwellError(
      'failed-precondition',
      `${this.#symbol}: the ${this.#from.text} bar of ${formatNs(startNs)} fits no ${this.#to.interval.text} bar by ${by}: resample from shorter bars, or by another alignment`,
    );
  }
}

function withName(names: string, name: string): string {
  return names.split('+').includes(name) ? names : `${names}+${name}`;
}
