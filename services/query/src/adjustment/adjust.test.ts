import { emptyBars } from '@tickwell/domain';
import type { StoredAction } from '@tickwell/ports';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adjustBars, dividendFactor, splitsOf, type DividendFactor } from './adjust.ts';

const DAY = 86_400_000_000_000n;
const day = (at: number): bigint => BigInt(at) * DAY;

function split(at: number, ratio: number, known = 1_000): StoredAction {
  return {
    source: 's',
    kind: 'split',
    exDateNs: day(at),
    amount: 0,
    currency: '',
    splitNumerator: ratio,
    splitDenominator: 1,
    priceBasis: 'raw',
    knownAtNs: day(known),
  };
}

function dividend(at: number, amount: number, changes: Partial<StoredAction> = {}): StoredAction {
  return { ...split(at, 0), kind: 'dividend', amount, currency: 'USD', ...changes };
}

function unwrap<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string },
): T {
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function stored(
  priceBasis: 'raw' | 'split-adjusted' | 'all' | 'unspecified',
  closes: readonly number[],
  known = 1_000,
) {
  const values = [...closes];
  const startNs = values.map((_, at) => day(at));
  const bars = { ...emptyBars(), startNs, open: values, high: values, low: values, close: values };
  return {
    priceBasis,
    bars: { ...bars, volume: values.map(() => 100) },
    knownNs: values.map(() => day(known)),
  };
}

const splits = (...actions: readonly StoredAction[]) => unwrap(splitsOf(actions));

describe('prices on another basis', () => {
  it('divides what was quoted by the later splits, and multiplies volumes', () => {
    const { close, volume } = unwrap(
      adjustBars(stored('raw', [400, 404, 101, 102]), 'split-adjusted', splits(split(2, 4)), []),
    );
    expect(close).toEqual([100, 101, 101, 102]);
    expect(volume).toEqual([400, 400, 100, 100]);
  });

  it('takes out of adjusted prices the splits that the source knew, and puts in those since', () => {
    // Known on day 5: the split of day 2 is in them, that of day 9 is not.
    const bars = stored('split-adjusted', [100, 101, 101, 102], 5);
    const both = splits(split(2, 4), split(9, 2));
    expect(unwrap(adjustBars(bars, 'raw', both, [])).close).toEqual([400, 404, 101, 102]);
    expect(unwrap(adjustBars(bars, 'split-adjusted', both, [])).close).toEqual([50, 50.5, 50.5, 51]);
  });

  it('multiplies prices before a dividend with what it left of the close before', () => {
    const factor = unwrap(dividendFactor(dividend(2, 1), [], 100));
    expect(factor).toEqual({ exDateNs: day(2), factor: 0.99 });
    const dividends = factor === undefined ? [] : [factor];
    const { close, volume } = unwrap(adjustBars(stored('raw', [100, 100, 99]), 'all', [], dividends));
    expect(close).toEqual([99, 99, 99]);
    expect(volume).toEqual([100, 100, 100]);
  });

  it('brings a dividend that was adjusted for later splits back to what was paid', () => {
    const four = splits(split(5, 4));
    const adjusted = dividend(2, 0.25, { priceBasis: 'split-adjusted' });
    expect(unwrap(dividendFactor(adjusted, four, 100))?.factor).toBe(0.99);
    // It became known before the split: nothing was taken off it.
    const early = dividend(2, 1, { priceBasis: 'split-adjusted', knownAtNs: day(3) });
    expect(unwrap(dividendFactor(early, four, 100))?.factor).toBe(0.99);
    expect(unwrap(dividendFactor(early, four, undefined))).toBeUndefined();
  });

  it('leaves the very same columns where nothing changes', () => {
    const raw = stored('raw', [1, 2, 3]);
    expect(unwrap(adjustBars(raw, 'raw', splits(split(1, 4)), []))).toBe(raw.bars);
    expect(unwrap(adjustBars(raw, 'all', [], []))).toBe(raw.bars);
    const all = stored('all', [1, 2, 3]);
    expect(unwrap(adjustBars(all, 'all', splits(split(1, 4)), []))).toBe(all.bars);
  });

  it.each([
    [
      'an unknown basis',
      stored('unspecified', [1]),
      /basis of these prices is not known: say it where they are ingested/,
    ],
    [
      'dividends that are in the prices',
      stored('all', [1]),
      /adjusted for dividends, which cannot be undone/,
    ],
  ] as const)('refuses %s in one line with the remedy', (_, bars, message) => {
    const refused = adjustBars(bars, 'split-adjusted', [], []);
    expect(refused.ok ? '' : refused.error).toMatch(message);
  });

  it('refuses actions that cannot be: a split of nothing, a dividend above the price', () => {
    const nothing = splitsOf([split(3, 0)]);
    expect(nothing.ok ? '' : nothing.error).toMatch(/split of 1970-01-04 is 0:1/);
    const dear = dividendFactor(dividend(3, 200), [], 100);
    expect(dear.ok ? '' : dear.error).toMatch(
      /dividend of 200 USD on 1970-01-04 does not fit the close of 100/,
    );
    expect(dividendFactor(dividend(3, Number.NaN), [], 100).ok).toBe(false);
  });

  it('there and back again is where it began, whatever the splits', () => {
    const ratios = fc.constantFrom(2, 3, 4, 7, 0.5, 0.1, 1.5);
    const action = fc.tuple(fc.integer({ min: 0, max: 30 }), ratios).map(([at, ratio]) => split(at, ratio));
    fc.assert(
      fc.property(
        fc.uniqueArray(action, { maxLength: 5, selector: ({ exDateNs }) => exDateNs }),
        fc.array(fc.double({ min: 0.01, max: 10_000, noNaN: true }), { minLength: 1, maxLength: 30 }),
        (actions, closes) => {
          const all = splits(...actions);
          const there = unwrap(adjustBars(stored('raw', closes), 'split-adjusted', all, []));
          const back = unwrap(
            adjustBars({ ...stored('split-adjusted', closes), bars: there }, 'raw', all, []),
          );
          for (const [at, close] of closes.entries()) expect(back.close[at]).toBeCloseTo(close, 8);
        },
      ),
    );
  });

  it('total return is kept: a holder who reinvests has the product of adjusted returns', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 50, noNaN: true }),
        fc.integer({ min: 1, max: 4 }),
        (amount, ex) => {
          const closes = [100, 101, 99, 100 - amount / 2, 98];
          const before = closes[ex - 1] ?? 0;
          const factor: DividendFactor | undefined = unwrap(dividendFactor(dividend(ex, amount), [], before));
          const { close } = unwrap(
            adjustBars(stored('raw', closes), 'all', [], factor === undefined ? [] : [factor]),
          );
          const price = closes[ex] ?? 0;
          // CRSP reinvests at the close before the ex date less the dividend.
          expect((close[ex] ?? 0) / (close[ex - 1] ?? 1)).toBeCloseTo(price / (before - amount), 9);
        },
      ),
    );
  });
});
