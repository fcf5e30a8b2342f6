import { calendar, type Calendar } from '@tickwell/calendar';
import type { CoverageOptions, SeriesCoverage } from '@tickwell/client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byDay, gapsOf, joined, unasked } from './gap-spans.ts';
import type { Span } from './missing-days.ts';

const DAY = 86_400_000_000_000n;
const span = (fromNs: bigint, toNs: bigint): Span => ({ fromNs, toNs });

function xnys(): Calendar {
  const found = calendar('XNYS');
  if (!found.ok) throw new Error(found.error);
  return found.value;
}

describe('gaps that were not asked for', () => {
  it('are cut by what was, and given up where it covered them after they were over', () => {
    const asked = [
      { span: span(10n, 20n), atNs: 100n },
      { span: span(18n, 30n), atNs: 25n },
      { span: span(50n, 60n), atNs: 50n },
    ];
    expect(unasked([span(12n, 24n), span(22n, 40n), span(50n, 60n)], asked)).toEqual({
      spans: [span(25n, 40n), span(50n, 60n)],
      givenUp: 1,
    });
  });

  it('and what was asked for are the gaps, and share nothing', () => {
    const spans = fc
      .array(fc.tuple(fc.bigInt({ min: 0n, max: 60n }), fc.bigInt({ min: 1n, max: 20n })), { maxLength: 8 })
      .map((list) => list.map(([from, length]) => span(from, from + length)));
    fc.assert(
      fc.property(spans, spans, (gaps, asked) => {
        const whole = joined(gaps);
        const { spans: left } = unasked(
          whole,
          asked.map((one) => ({ span: one, atNs: 1_000n })),
        );
        const holds = (list: readonly Span[], at: bigint): boolean =>
          list.some(({ fromNs, toNs }) => fromNs <= at && at < toNs);
        for (let at = 0n; at < 81n; at += 1n)
          expect(holds(left, at)).toBe(holds(whole, at) && !holds(asked, at));
      }),
    );
  });

  it('of one day are one request', () => {
    expect(byDay([span(1n, 5n), span(7n, 9n), span(DAY, DAY + 3n), span(DAY + 5n, 3n * DAY)])).toEqual([
      span(1n, 9n),
      span(DAY, 3n * DAY),
    ]);
  });
});

describe('the gaps of a series', () => {
  const of = { symbol: 'A', interval: '1m', startNs: 0n, endNs: 100_000n, source: 's' };

  /** Gaps of one, every tenth, in pages as the service makes them. */
  const served = (pages: CoverageOptions[], count: number) => ({
    coverage: (options: CoverageOptions): Promise<readonly SeriesCoverage[]> => {
      pages.push(options);
      const first = Number((options.startNs + 9n) / 10n);
      const length = Math.min(count - first, options.maxGaps ?? 0);
      const gaps = Array.from({ length }, (_, at) => {
        const startNs = BigInt((first + at) * 10);
        return { startNs, endNs: startNs + 1n, missing: 1, hole: undefined };
      });
      const counts = { expected: 0, arrived: 0, outside: 0, days: [], problem: '', calendar: 'XNYS' };
      const series = { symbol: 'A', source: 's', ...counts, gaps, gapCount: count - first, repaired: [] };
      return Promise.resolve([series]);
    },
  });

  it('are read page by page', async () => {
    const pages: CoverageOptions[] = [];
    const gaps = await gapsOf(served(pages, 2_500), of, xnys());
    expect(gaps).toHaveLength(2_500);
    expect(new Set(gaps.map(({ fromNs }) => fromNs)).size).toBe(2_500);
    expect(pages.map(({ symbols, calendar: id, startNs }) => [symbols, id, startNs])).toEqual([
      [['A'], 'XNYS', 0n],
      [['A'], 'XNYS', 9_991n],
      [['A'], 'XNYS', 19_991n],
    ]);
  });

  it('are not read for ever: the rest is one', async () => {
    const pages: CoverageOptions[] = [];
    const gaps = await gapsOf(served(pages, 200_000), { ...of, endNs: 2_000_000n }, xnys());
    expect(pages).toHaveLength(100);
    expect(gaps.at(-1)).toEqual(span(999_991n, 2_000_000n));
  });
});
