import { describe, expect, it } from 'vitest';
import { DATA_MISSING, defectCases, reconcile, vendorCases } from './fixtures/real-bars.ts';

/** Real prices, which are not part of the repository. */
describe.skipIf(DATA_MISSING !== undefined)(
  'real sources that disagree (../shared/data; skipped where it is absent)',
  () => {
    const cases = DATA_MISSING === undefined ? vendorCases() : [];

    it.each(cases.filter(({ sources }) => sources.length === 2))(
      '$name: all but 2 % of the days are explained',
      (one) => {
        const { bars, decisions } = reconcile(one);
        const open = [...decisions.values()].filter((each) => each.class === 'unexplained');
        expect(bars).toBeGreaterThan(200);
        // Volumes of no two vendors are the same.
        expect(decisions.size).toBeGreaterThan(0.9 * bars);
        expect(open.length).toBeLessThanOrEqual(0.02 * bars);
      },
    );

    it('a low of 32.65 where everybody paid 325 is a bad print, and the other vendor is taken', () => {
      const [aapl] = cases;
      const decision = aapl === undefined ? undefined : reconcile(aapl).decisions.get('2011-01-03');
      expect(decision).toMatchObject({ class: 'bad-print', winner: { source: 'wiki' } });
      expect(decision?.reason).toMatch(/^low 32\.65 of lean is \d+ times the usual move away/);
    });

    it('prices of before a split of 7:1, adjusted by one of three, are told as that and never taken', () => {
      const of = cases.find(({ sources }) => sources.length === 3);
      if (of === undefined) throw new Error('no case of three sources');
      const { bars, decisions } = reconcile(of);
      const adjusted = [...decisions.values()].filter((each) => each.class === 'adjustment');
      expect(adjusted.length).toBeGreaterThan(0.9 * bars);
      expect(adjusted.every(({ reason }) => reason.includes('a split of 7:1'))).toBe(true);
      expect([...decisions.values()].every(({ winner }) => winner?.source !== 'yahoo')).toBe(true);
    });

    it.each(DATA_MISSING === undefined ? defectCases() : [])(
      '$name: the repaired prices are taken, and whatever differs by more than 1 % is no rounding',
      (one) => {
        const { decisions } = reconcile(one);
        const [fixed, defect] = one.sources;
        for (const [day, decision] of decisions) {
          const [a, b] = [fixed?.bars.get(day)?.close ?? NaN, defect?.bars.get(day)?.close ?? NaN];
          if (Math.abs(a / b - 1) > 0.01) expect(['equal', 'rounding']).not.toContain(decision.class);
          expect(decision.winner?.source).toBe('fixed');
        }
      },
    );
  },
);
