import { describe, expect, it } from 'vitest';
import type { IndicatorDefinition, IndicatorSpec, Kernel } from './definition.ts';
import { slot } from './definition.ts';
import { INDICATOR_CONTRACT } from './indicator-contract.ts';
import { sma } from './indicators/sma.ts';
import { BUILT_IN } from './registry.ts';
import { at, type Rows } from './rows.ts';
import { parseSpec } from './spec.ts';
import { Window } from './window.ts';

function parsed(text: string, registry = BUILT_IN): IndicatorSpec {
  const result = parseSpec(text, registry);
  if (!result.ok) throw new Error(result.error.message);
  return result.spec;
}

for (const definition of BUILT_IN.values()) {
  for (const example of definition.examples) {
    describe(`${definition.name}: ${example}`, () => {
      it('has a canonical id that parses to itself', () => {
        const spec = parsed(example);
        expect(spec.definition).toBe(definition);
        expect(parsed(spec.id)).toEqual(spec);
      });
      for (const [promise, check] of Object.entries(INDICATOR_CONTRACT)) {
        it(promise, () => {
          check(parsed(example));
        });
      }
    });
  }
}

describe.each([
  'ema(9,rsi(5))',
  'sma(4,macd(2,5,3).signal)',
  'bbands(6,2,sma(3,wma(4)))',
  'stochrsi(4,3,2,obv())',
])('an indicator of an indicator: %s', (text) => {
  for (const [promise, check] of Object.entries(INDICATOR_CONTRACT)) {
    it(promise, () => {
      check(parsed(text));
    });
  }
});

describe('the contract suite', () => {
  /** An SMA(4) with something changed, mostly a planted mistake. */
  function changed(change: Partial<IndicatorDefinition>): IndicatorSpec {
    return parsed('sma(4)', new Map([['sma', { ...sma, ...change }]]));
  }

  function violations(spec: IndicatorSpec): string[] {
    return Object.entries(INDICATOR_CONTRACT).flatMap(([promise, check]) => {
      try {
        check(spec);
        return [];
      } catch {
        return [promise];
      }
    });
  }

  /** Remembers something outside `state` and `windows`. */
  class ForgetfulKernel implements Kernel {
    readonly slots = 1;
    readonly windows = [];
    #sum = 0;
    run(state: Float64Array, { price }: Rows, out: Float64Array, from: number, to: number): void {
      for (let row = from; row < to; row += 1) {
        this.#sum += at(price, row);
        state[0] = slot(state, 0) + 1;
        if (slot(state, 0) >= 4) out[row] = this.#sum;
      }
    }
  }

  /** A running sum in doubles: restarts and replacements are exact, but its rounding remembers every input. */
  class DriftingKernel implements Kernel {
    readonly slots = 1;
    readonly #window = new Window(4);
    readonly windows = [this.#window];
    run(state: Float64Array, { price }: Rows, out: Float64Array, from: number, to: number): void {
      for (let row = from; row < to; row += 1) {
        const value = at(price, row);
        this.#window.push(value);
        state[0] = slot(state, 0) + value - (this.#window.hasLeaving ? this.#window.leaving : 0);
        if (this.#window.full) out[row] = slot(state, 0) / 4;
      }
    }
  }

  /** Pushes to its window for a rising price only, as an indicator of an indicator does while the inner one is not warm. */
  class SparseKernel implements Kernel {
    readonly slots = 2;
    readonly #window = new Window(2);
    readonly windows = [this.#window];
    run(state: Float64Array, { price }: Rows, out: Float64Array, from: number, to: number): void {
      const { data, size } = this.#window;
      for (let row = from; row < to; row += 1) {
        const value = at(price, row);
        const rising = value > slot(state, 0);
        state[0] = value;
        state[1] = slot(state, 1) + 1;
        if (rising) this.#window.push(value);
        const { end } = this.#window;
        const kept = data.subarray(Math.max(0, end - size), end);
        if (slot(state, 1) >= 4) out[row] = kept.reduce((sum, each) => sum * 2 + each, 0);
      }
    }
  }

  it('finds nothing wrong with a kernel that pushes to its window now and then', () => {
    expect(violations(changed({ create: () => new SparseKernel(), memory: () => 'series' }))).toEqual([]);
  });

  it('finds nothing wrong with the unchanged definition', () => {
    expect(violations(changed({}))).toEqual([]);
  });

  it('catches a kernel that keeps state of its own', () => {
    expect(violations(changed({ create: () => new ForgetfulKernel() }))).toEqual(
      expect.arrayContaining([
        'gives the same after a restart at any point',
        'gives the same when the last input came in several versions',
        'gives the same with replacements and restarts in any order',
      ]),
    );
  });

  it('catches a sum that drifts', () => {
    expect(violations(changed({ create: () => new DriftingKernel() }))).toEqual([
      'says truly how far back its memory goes',
    ]);
  });

  it('catches a wrong lookback', () => {
    expect(violations(changed({ lookback: () => 4 }))).toContain(
      'is warm from input lookback + 1 on, and not before',
    );
  });

  it('catches a definition that checks none of its inputs', () => {
    expect(violations(changed({ reads: [], defaultSource: null }))).toContain(
      'refuses broken input with its state unchanged',
    );
  });
});
