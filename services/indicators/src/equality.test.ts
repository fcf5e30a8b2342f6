import { BarsBook } from '@tickwell/bars';
import { encodeBarBatch } from '@tickwell/contracts';
import { emptyBars, type BarBatch } from '@tickwell/domain';
import {
  BUILT_IN,
  createIndicator,
  IndicatorPlan,
  parseSpec,
  takes,
  type IndicatorInput,
  type IndicatorSpec,
} from '@tickwell/indicators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logRecord, ProcessorRun } from './fixtures/run.ts';
import { StoredHistory } from './fixtures/stored-history.ts';
import { IndicatorEngine } from './indicator-engine.ts';
import { SessionBook } from './sessions.ts';
import type { ServiceSettings } from './settings.ts';

const HOUR_NS = 3_600_000_000_000n;
const FIRST_NS = 1_704_153_600_000_000_000n;
const SESSIONS = new SessionBook(() => 'XNYS');
const NO_BARS = new BarsBook([], () => '');
const ALL = { symbols: undefined, sources: undefined, intervals: undefined, priceTypes: undefined };
/** So few that the states at the anchor move with every few bars, and most corrections are behind them. */
const KEPT = 4;

type Step =
  /** New bars in one batch; `skipped` of them are left out and may come late. */
  | { readonly kind: 'bars'; readonly count: number; readonly skipped: readonly number[] }
  /** The last bar again with other numbers: it was forming. */
  | { readonly kind: 'replace' }
  /** A bar of before, anywhere: `at` is a share of all there are. */
  | { readonly kind: 'correct'; readonly at: number }
  /** One that was left out. */
  | { readonly kind: 'late' }
  | { readonly kind: 'restart' }
  /** What the state lacks is brought in; meanwhile so many bars come. */
  | { readonly kind: 'prepare'; readonly meanwhile: number }
  /** The specifications begin, or end. */
  | { readonly kind: 'toggle' };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('bars' as const),
      count: fc.integer({ min: 1, max: 12 }),
      skipped: fc.array(fc.integer({ min: 0, max: 11 }), { maxLength: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'replace' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('correct' as const),
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'late' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'restart' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('prepare' as const),
      meanwhile: fc.integer({ min: 0, max: 9 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'toggle' as const }) },
);

const anyRun = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 - 2 }),
  chunk: fc.constantFrom(1, 5, 64),
  restartAlways: fc.boolean(),
  startsEarly: fc.boolean(),
  steps: fc.array(anyStep, { minLength: 1, maxLength: 25 }),
});
type Run = typeof anyRun extends fc.Arbitrary<infer T> ? T : never;

/** One series of hourly bars and the service's processor, whatever comes. */
class World {
  readonly #random: () => number;
  readonly #specs: readonly IndicatorSpec[];
  readonly #run: ProcessorRun<unknown>;
  readonly #history: StoredHistory;
  readonly #skipped: number[] = [];
  /** Since which hour the specifications run; null: they do not. */
  #runsFrom: number | null = null;
  /** Hours for which a value is wanted. */
  readonly #wanted = new Set<number>();
  #next = 0;
  #deliveries = 0;
  #price = 100;

  constructor({ seed, chunk, restartAlways }: Run, specs: readonly IndicatorSpec[]) {
    this.#random = lehmer(seed);
    this.#specs = specs;
    const written: ProcessorRun<unknown>['written'] = [];
    this.#history = new StoredHistory(written, chunk);
    const engine = new IndicatorEngine({ keptBars: KEPT, history: this.#history });
    this.#run = new ProcessorRun<unknown>(engine, settingsOf([]), { restart: restartAlways, written });
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'bars':
        this.#bars(step.count, step.skipped);
        return;
      case 'replace':
        if (this.#next > 0) this.#deliver([this.#next - 1]);
        return;
      case 'correct':
        if (this.#next > 0) this.#deliver([Math.floor(step.at * this.#next)]);
        return;
      case 'late':
        this.#late();
        return;
      case 'restart':
        this.#run.restart();
        return;
      case 'prepare':
        await this.#run.prepare(() => {
          this.#bars(step.meanwhile, []);
        });
        return;
      case 'toggle':
        this.toggle();
    }
  }

  toggle(): void {
    this.#runsFrom = this.#runsFrom === null ? this.#next : null;
    this.#run.settings = settingsOf(this.#runsFrom === null ? [] : this.#specs);
  }

  /** Everything that is missing is brought in, and every value that is stored is that of a calculation over the bars as they are. */
  async expectEqual(): Promise<void> {
    for (let rounds = 0; await this.#run.prepare(); rounds += 1) expect(rounds).toBeLessThan(1_000);
    const inputs = this.#history.current().map((bar): IndicatorInput => {
      const sessionDate = SESSIONS.of('AAPL', '1h')?.dateOf(bar.startNs);
      return sessionDate === undefined ? bar : { ...bar, sessionDate };
    });
    const stored = this.#history.allValues();
    for (const spec of this.#specs) {
      const own = stored.get(spec.id);
      const indicator = createIndicator(spec);
      for (const input of inputs) {
        if (!takes(spec, input)) continue;
        const { warm, values } = indicator.update(input);
        const hour = hourOf(input.startNs);
        const found = own?.get(input.startNs);
        if (found === undefined)
          expect({ hour, isWanted: this.#isWanted(hour) }).toEqual({ hour, isWanted: false });
        // Without specifications nothing is corrected any more.
        else if (this.#runsFrom !== null) expectSame({ spec: spec.id, hour }, found, { warm, values });
      }
    }
  }

  #isWanted(hour: number): boolean {
    return this.#runsFrom !== null && hour >= this.#runsFrom && this.#wanted.has(hour);
  }

  #bars(count: number, skipped: readonly number[]): void {
    const hours = Array.from({ length: count }, (_, at) => this.#next + at);
    this.#next += count;
    const left = hours.filter((_, at) => skipped.includes(at));
    this.#skipped.push(...left);
    this.#deliver(hours.filter((hour) => !left.includes(hour)));
  }

  #late(): void {
    const hour = this.#skipped.shift();
    if (hour !== undefined) this.#deliver([hour]);
  }

  #deliver(hours: readonly number[]): void {
    if (hours.length === 0) return;
    this.#deliveries += 1;
    const bars = emptyBars();
    for (const hour of hours) {
      this.#wanted.add(hour);
      this.#price = Math.max(1, this.#price + Math.round((this.#random() - 0.5) * 400) / 100);
      const [open, close] = [
        this.#price,
        Math.max(1, this.#price + Math.round((this.#random() - 0.5) * 8) / 4),
      ];
      bars.startNs.push(FIRST_NS + BigInt(hour) * HOUR_NS);
      bars.open.push(open);
      bars.high.push(Math.max(open, close) + this.#random());
      bars.low.push(Math.min(open, close) * (1 - this.#random() / 10));
      bars.close.push(close);
      bars.volume.push(Math.floor(this.#random() * 5) * 100);
    }
    const batch = batchOf(bars, BigInt(100 + this.#deliveries));
    this.#history.take(batch);
    this.#run.feed(logRecord('md.bars', this.#deliveries, encodeBarBatch(batch)));
  }
}

function expectSame(
  of: object,
  found: { readonly warm: boolean; readonly values: readonly number[] },
  wanted: { readonly warm: boolean; readonly values: readonly number[] },
): void {
  expect({ ...of, warm: found.warm, count: found.values.length }).toEqual({
    ...of,
    warm: wanted.warm,
    count: wanted.values.length,
  });
  const differing = found.values.filter((value, at) => !Object.is(value, wanted.values[at]));
  if (differing.length > 0)
    expect({ ...of, values: found.values }).toStrictEqual({ ...of, values: wanted.values });
  expect(differing).toEqual([]);
}

function hourOf(startNs: bigint): number {
  return Number((startNs - FIRST_NS) / HOUR_NS);
}

function batchOf(bars: BarBatch['bars'], knownAtNs: bigint): BarBatch {
  const cause = { origin: 'x', n: 1n, k: 0 };
  const rest = { watermarkNs: 0n, replayOf: '', priceBasis: 'raw' as const };
  const header = { source: 'yahoo', symbol: 'AAPL', cause, knownAtNs, ...rest };
  return { header, interval: '1h', priceType: 'trade', bars, positions: [] };
}

function settingsOf(specs: readonly IndicatorSpec[]): ServiceSettings {
  return { indicators: new IndicatorPlan([{ specs, ...ALL }]), sessions: SESSIONS, bars: NO_BARS };
}

/** Numbers from 0 to 1. */
function lehmer(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

function specsOf(examples: readonly string[]): IndicatorSpec[] {
  return examples.map((text) => {
    const parsed = parseSpec(text);
    if (!parsed.ok) throw new Error(parsed.error.message);
    return parsed.spec;
  });
}

describe('live, over history, after restarts, replacements and corrections, and warmed up from the store: the same bits', () => {
  it.each([...BUILT_IN.values()].map(({ name, examples }) => [name, examples] as const))(
    '%s',
    async (_name, examples) => {
      const specs = specsOf(examples);
      // Long enough that all are warm for a while, by steps of some bars.
      const warm = Math.max(...specs.map(({ lookback }) => lookback)) + 10;
      await fc.assert(
        fc.asyncProperty(anyRun, async (run) => {
          const world = new World(run, specs);
          if (run.startsEarly) world.toggle();
          await world.take({ kind: 'bars', count: warm, skipped: [3] });
          for (const step of run.steps) await world.take(step);
          await world.expectEqual();
        }),
        { numRuns: 30 },
      );
    },
    60_000,
  );
});
