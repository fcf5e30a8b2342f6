import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BarValues } from './bar.ts';
import {
  DAILY,
  INTRADAY,
  market,
  marketBar,
  MINUTE,
  RULES,
  run,
  times,
  values,
  type Given,
} from './fixtures/feed.ts';
import { ReconciledSeries, type BarDecision } from './series.ts';

const AT = 20;
/** Two sources agree for 20 bars; in the next one the second says something else. */
const differing = (change: (bar: BarValues) => BarValues | undefined, sources = ['a', 'b']): Given[] =>
  market(AT + 1, sources, (source, at, bar) => (source === 'b' && at === AT ? change(bar) : bar));

function only(decisions: readonly BarDecision[]): BarDecision {
  expect(decisions).toHaveLength(1);
  const [decision] = decisions;
  if (decision === undefined) throw new Error('there is no decision');
  return decision;
}

const brief = ({ class: of, winner, startNs }: BarDecision): string =>
  `${startNs / MINUTE} ${of} ${winner?.source ?? 'none'}`;

describe('why two sources differ', () => {
  it('is not asked where they say the same', () => {
    const { decisions, published } = run(market(30, ['a', 'b', 'c']));
    expect(decisions).toEqual([]);
    expect(published).toHaveLength(30);
    expect(published.every(({ source }) => source === 'a')).toBe(true);
  });

  it('rounding: within the decimals of the coarser one', () => {
    const { decisions } = run(
      market(AT + 1, ['a', 'b'], (source, at, bar) =>
        source === 'b' ? bar : { ...bar, close: bar.close + (at === AT ? 0.0037 : 0) },
      ),
    );
    const decision = only(decisions);
    expect(brief(decision)).toBe('20 rounding a');
    expect(decision.reason).toMatch(
      /^close of a and b differ by rounding \(close [\d.]+ and [\d.]+\); a is taken, the first in the policy$/,
    );
    expect(decision.differences).toEqual([
      expect.objectContaining({ source: 'b', against: 'a', field: 'close', class: 'rounding' }),
    ]);
  });

  it('rounding: volumes in lots, floats of 32 bits, what the policy calls a tick', () => {
    const lots = run(
      market(AT, ['a', 'b'], (source, _at, bar) =>
        source === 'b' ? { ...bar, volume: Math.round(bar.volume / 100) * 100 } : bar,
      ),
    );
    expect(new Set(lots.decisions.map((one) => one.class))).toEqual(new Set(['rounding']));
    const floats = run(differing((bar) => ({ ...bar, close: Math.fround(bar.close) })));
    expect(brief(only(floats.decisions))).toBe('20 rounding a');
    const tick = run(
      differing((bar) => ({ ...bar, low: bar.low - 0.25 })),
      { rules: { ...RULES, tick: 0.25 } },
    );
    expect(brief(only(tick.decisions))).toBe('20 rounding a');
  });

  it('adjustment: a constant ratio over the bars around, named as the split that it is', () => {
    const split = run(
      market(AT + 1, ['a', 'b'], (source, _at, bar) =>
        source === 'b' ? { ...times(bar, 0.25), volume: bar.volume * 4 } : bar,
      ),
    );
    expect(split.decisions.length).toBe(AT + 1);
    const last = split.decisions.at(-1);
    expect(last?.class).toBe('adjustment');
    expect(last?.reason).toBe(
      'prices of a are 4 times those of b (a split of 4:1 that one of them is adjusted for), as over 16 bars around; a is taken, whose level the series has',
    );
    expect(split.published).toHaveLength(AT + 1);
  });

  it('adjustment: the small step of a dividend, by what the sources say of their basis', () => {
    const given = market(AT + 1, ['a', 'b'], (source, at, bar) =>
      source === 'b' ? times(bar, at < 10 ? 0.985 : 1) : bar,
    ).map((one) => (one.source === 'b' ? { ...one, basis: 'all' as const } : one));
    const { decisions } = run(given);
    expect(decisions.map(brief)).toEqual(Array.from({ length: 10 }, (_, at) => `${at} adjustment a`));
    expect(decisions[0]?.reason).toContain('as a is raw and b all');
  });

  it('session: hours outside count in a daily bar, the official close is not the last trade', () => {
    const wide = run(
      differing((bar) => ({ ...bar, high: bar.high + 0.4, low: bar.low - 0.3, volume: bar.volume * 1.2 })),
      { facts: DAILY },
    );
    const decision = only(wide.decisions);
    expect(brief(decision)).toBe('20 session a');
    expect(decision.reason).toMatch(
      /^high, low, volume of b hold more than those of a with [\d.]+ % more volume: trades outside the session count there; a is taken/,
    );
    const close = run(
      differing((bar) => ({ ...bar, close: bar.close > bar.open ? bar.low + 0.01 : bar.high - 0.01 })),
      { facts: DAILY },
    );
    expect(brief(only(close.decisions))).toBe('20 session a');
  });

  it('session: a bar outside it that only one source has', () => {
    const facts = { isDaily: false, inSession: (startNs: bigint) => startNs / MINUTE !== BigInt(AT - 1) };
    const given = market(AT + 1, ['a', 'b'], (source, at, bar) =>
      source === 'b' && at === AT - 1 ? undefined : bar,
    );
    const decision = only(run(given, { facts }).decisions);
    expect(brief(decision)).toBe('19 session a');
    expect(decision.reason).toBe('b has no bars outside the session; a is taken, the only one that has it');
  });

  it('late-trade: the same open, more volume, later trades', () => {
    const { decisions, published } = run(
      differing((bar) => ({
        ...bar,
        close: bar.close + 0.02,
        high: bar.high + 0.02,
        volume: bar.volume + 40,
      })),
    );
    expect(brief(only(decisions))).toBe('20 late-trade b');
    expect(only(decisions).reason).toMatch(
      /later trades of the bar count there; b is taken, the one with the most volume$/,
    );
    // The first known was a's; b's is a correction.
    expect(published.slice(-2).map(({ source, startNs }) => `${startNs / MINUTE} ${source}`)).toEqual([
      '20 a',
      '20 b',
    ]);
  });

  it('bad-print: far from the bars around, where the other source is not', () => {
    const bad = run(differing((bar) => ({ ...bar, low: bar.low * 0.8 })));
    expect(brief(only(bad.decisions))).toBe('20 bad-print a');
    expect(only(bad.decisions).reason).toMatch(
      /^low [\d.]+ of b is \d+ times the usual move away from the bars around, [\d.]+ of a is not; a is taken, the only one left$/,
    );
    const first = market(AT + 1, ['a', 'b'], (source, at, bar) =>
      source === 'a' && at === AT ? { ...bar, high: bar.high * 1.3 } : bar,
    );
    const { decisions, published } = run(first);
    expect(brief(only(decisions))).toBe('20 bad-print b');
    expect(published.at(-1)).toMatchObject({ source: 'b', high: marketBar(AT).high });
    // A crash that both saw is none.
    const crash = market(AT + 1, ['a', 'b'], (source, at, bar) =>
      at === AT ? { ...times(bar, 0.7), close: bar.close * (source === 'a' ? 0.7 : 0.71) } : bar,
    );
    expect(run(crash).decisions.map((one) => one.class)).toEqual(['unexplained']);
  });

  it('missing: a source has gone on and left a bar out', () => {
    const given = market(AT + 3, ['a', 'b'], (source, at, bar) =>
      (source === 'b' && at === AT) || (source === 'a' && at === AT + 1) ? undefined : bar,
    );
    const { decisions, published } = run(given);
    expect(decisions.map(brief)).toEqual(['20 missing a', '21 missing b']);
    expect(decisions[0]?.reason).toBe(
      'b has bars before and after, and not this one; a is taken, the only one that has it',
    );
    expect(published).toHaveLength(AT + 3);
    const filled = run([...given, { source: 'b', start: AT, bar: marketBar(AT), known: 99 }]);
    expect(filled.decisions.slice(2).map(brief)).toEqual(['20 equal a']);
  });

  it('missing: by the watermark of a source that has no later bar', () => {
    const given = market(AT + 1, ['a', 'b'], (source, at, bar) =>
      source === 'b' && at > AT - 3 ? undefined : bar,
    );
    expect(run(given).decisions).toEqual([]);
    const last = { source: 'b', start: AT - 3, bar: marketBar(AT - 3), watermark: AT, known: 90 };
    const { decisions } = run([...given, last]);
    expect(decisions.map(brief)).toEqual(['18 missing a', '19 missing a']);
    expect(decisions.map(({ knownAtNs }) => knownAtNs / MINUTE)).toEqual([90n, 90n]);
  });

  it('missing: not filled from a source on another level', () => {
    const given = market(AT + 2, ['a', 'b'], (source, at, bar) =>
      source === 'a' ? (at === AT ? undefined : bar) : { ...times(bar, 0.5), volume: bar.volume * 2 },
    );
    const { decisions, published } = run(given);
    const left = decisions.find(({ startNs }) => startNs === BigInt(AT) * MINUTE);
    expect(left?.winner).toBeUndefined();
    expect(left?.reason).toContain('none is taken: prices of b are on another level than those of a');
    expect(published.some(({ startNs, source }) => startNs === BigInt(AT) * MINUTE && source === 'b')).toBe(
      false,
    );
  });

  it('unexplained: honest where nothing tells, and a majority of three decides', () => {
    const odd = (bar: BarValues): BarValues => ({ ...bar, open: bar.open + 0.15, close: bar.close - 0.15 });
    const two = only(run(differing(odd)).decisions);
    expect(brief(two)).toBe('20 unexplained a');
    expect(two.reason).toMatch(
      /differ by more than rounding .*nothing around tells why; a is taken, the first in the policy, as no majority agrees$/,
    );
    const three = run(
      market(AT + 1, ['a', 'b', 'c'], (source, at, bar) => (source === 'a' && at === AT ? odd(bar) : bar)),
    );
    const last = three.decisions.at(-1);
    expect(last?.winner?.source).toBe('b');
    expect(last?.reason).toMatch(/b is taken: 2 of 3 agree$/);
  });
});

describe('which bar is taken', () => {
  const odd = (source: string, at: number, bar: BarValues): BarValues =>
    at !== AT ? bar : { ...bar, open: bar.open + { a: 0.4, b: 0.1, c: -0.1 }[source as 'a'] };
  const winner = (choice: 'prefer' | 'newest' | 'most-volume' | 'median'): string | undefined => {
    const given = market(AT + 1, ['a', 'b', 'c'], odd).map((one) => ({
      ...one,
      bar: {
        ...one.bar,
        high: one.bar.high + 1,
        low: one.bar.low - 1,
        volume: one.bar.volume + (one.source === 'c' ? 0 : 0),
      },
      known: one.start + { a: 1, b: 2, c: 3 }[one.source as 'a'],
    }));
    const choose = { ...RULES.choose, unexplained: choice };
    return run(given, { rules: { ...RULES, choose } }).decisions.at(-1)?.winner?.source;
  };

  it('is what the policy says', () => {
    expect(winner('prefer')).toBe('a');
    expect(winner('newest')).toBe('c');
    expect(winner('median')).toBe('b');
  });

  it('watch-only decides and publishes nothing', () => {
    const told = run(
      differing((bar) => ({ ...bar, low: bar.low * 0.8 })),
      { rules: { ...RULES, watchOnly: true } },
    );
    expect(told.decisions).toHaveLength(1);
    expect(told.published).toEqual([]);
    expect(told.decisions[0]?.published).toBe(false);
  });
});

describe('the reconciled series', () => {
  it('knows a correction when the last of its inputs was known, and never twice at one time', () => {
    const bar = marketBar(0);
    const better = { ...bar, close: bar.close + 0.01, high: bar.high + 0.05, volume: bar.volume + 10 };
    const { published } = run([
      { source: 'b', start: 0, bar, known: 5 },
      { source: 'a', start: 0, bar: better, known: 5 },
      { source: 'a', start: 0, bar: values({ ...bar, volume: bar.volume + 20 }), known: 9 },
      { source: 'a', start: 0, bar: values({ ...bar, volume: bar.volume + 20 }), known: 12 },
      { source: 'a', start: 0, bar, known: 7 },
    ]);
    expect(published.map(({ source, knownAtNs }) => `${source} ${knownAtNs}`)).toEqual([
      `b ${5n * MINUTE}`,
      `a ${5n * MINUTE + 1n}`,
      `a ${9n * MINUTE}`,
    ]);
  });

  it('is the same wherever the process restarts, however bars are grouped', () => {
    fc.assert(
      fc.property(scripts(), (given) => {
        expect(run(given, { restart: true })).toEqual(run(given));
      }),
      { numRuns: 150 },
    );
  });

  it('holds of every bar what the newest decision took, and its known-at only grows', () => {
    fc.assert(
      fc.property(scripts(), (given) => {
        const { published, decisions } = run(given, { rules: { ...RULES, windowBars: 4_000 } });
        const byStart = Map.groupBy(published, ({ startNs }) => startNs);
        for (const versions of byStart.values())
          for (const [index, version] of versions.entries()) {
            const before = versions[index - 1];
            expect(before === undefined || before.knownAtNs < version.knownAtNs).toBe(true);
          }
        for (const [startNs, told] of Map.groupBy(decisions, (one) => one.startNs)) {
          const newest = told.at(-1);
          if (newest?.winner === undefined) continue;
          const { open, high, low, close, volume } = newest.winner;
          expect(byStart.get(startNs)?.at(-1)).toMatchObject({ open, high, low, close, volume });
        }
      }),
      { numRuns: 150 },
    );
  });

  it('explains every bar on which the sources end up disagreeing, and no other', () => {
    fc.assert(
      fc.property(scripts(), (given) => {
        const { decisions } = run(given, { rules: { ...RULES, windowBars: 4_000 } });
        const current = new Map<string, Given>();
        for (const one of given) {
          const key = `${one.start} ${one.source}`;
          if ((current.get(key)?.known ?? -1) <= (one.known ?? 0)) current.set(key, one);
        }
        const newest = new Map(decisions.map((one) => [one.startNs, one]));
        for (const [start, bars] of Map.groupBy(current.values(), (one) => one.start)) {
          const closes = new Set(bars.map(({ bar }) => JSON.stringify(bar)));
          const told = newest.get(BigInt(start) * MINUTE);
          if (closes.size > 1) expect(told).toMatchObject({ reason: expect.stringMatching(/\S/) as string });
          if (closes.size > 1) expect(told?.class).not.toBe('equal');
          if (closes.size === 1 && told !== undefined) expect(['equal', 'missing']).toContain(told.class);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('keeps no more bars than its window, and says what is older', () => {
    const rules = { ...RULES, windowBars: 16 };
    const series = new ReconciledSeries();
    const given = market(500, ['a', 'b']);
    for (const { source, start, bar } of given)
      series.apply(
        {
          source,
          knownAtNs: BigInt(start) * MINUTE,
          priceBasis: 'raw',
          watermarkNs: 0n,
          bars: [{ ...bar, startNs: BigInt(start) * MINUTE }],
        },
        rules,
        INTRADAY,
      );
    expect(series.encode().length).toBeLessThan(20 * 2 * 80);
    const late = run([...given, { source: 'c', start: 3, bar: marketBar(3), known: 900 }], { rules });
    expect(late.tooOld).toEqual([3n * MINUTE]);
  });

  it('refuses bytes that are no state', () => {
    const bytes = new ReconciledSeries().encode();
    expect(ReconciledSeries.decode(bytes.subarray(1)).ok).toBe(false);
    expect(ReconciledSeries.decode(new Uint8Array([1, 2, 3])).ok).toBe(false);
  });
});

/** Bars of three sources in any order, some changed, some left out, some revised. */
function scripts(): fc.Arbitrary<Given[]> {
  const one = fc.record({
    source: fc.constantFrom('a', 'b', 'c'),
    start: fc.integer({ min: 0, max: 40 }),
    change: fc.constantFrom(1, 1, 1, 1, 1, 1.00001, 1.002, 0.5, 1.4),
    more: fc.constantFrom(0, 0, 0, 7, 300),
    basis: fc.constantFrom('raw' as const, 'raw' as const, 'all' as const),
  });
  return fc.array(one, { minLength: 1, maxLength: 120 }).map((list) =>
    list.map(({ source, start, change, more, basis }, known): Given => {
      const bar = marketBar(start);
      const changed = change === 1 ? bar : { ...bar, close: bar.close * change };
      const { open, close, high, low } = changed;
      return {
        source,
        start,
        known: known + 50,
        basis,
        bar: {
          ...changed,
          high: Math.max(high, open, close),
          low: Math.min(low, open, close),
          volume: changed.volume + more,
        },
      };
    }),
  );
}
