import { events, TOPICS } from '@tickwell/contracts';
import { expect, describe, it } from 'vitest';
import { tradeRecord, watermarkRecord } from './fixtures/batches.ts';
import {
  Bench,
  countsOf,
  DAY_NS,
  deadLettersOf,
  KNOWN_NS,
  of,
  qualityOf,
  ticksOf,
} from './fixtures/harness.ts';
import { settingsView } from './settings.ts';

const SECOND_NS = 1_000_000_000n;
const QUIET = 30;

/** A cent up, a cent down, a second apart, then these prices. */
function prices(...after: readonly number[]): readonly { readonly price: number }[] {
  const before = Array.from({ length: QUIET }, (_value, index) => 100 + (index % 2) / 100);
  return [...before, ...after].map((price) => ({ price }));
}

function findingsOf(written: Parameters<typeof qualityOf>[0]): readonly events.QualityFinding[] {
  return qualityOf(written).flatMap(({ event }) => (event.case === 'finding' ? [event.value] : []));
}

function document(
  kind: string,
  id: string,
  value: unknown,
): Parameters<ReturnType<typeof settingsView>>[0][number] {
  const base = { version: 1n, deleted: false, author: 'ann', writtenAtNs: 1n, position: 1n };
  return { ...base, kind, id, payloadJson: JSON.stringify(value) };
}

describe('quarantine', () => {
  it('holds a price that no market walks to as a dead letter, and lets its neighbours through', () => {
    const written = new Bench(TOPICS.rawTicks).feed(tradeRecord(prices(100.01, 10.001, 100)));
    const [ticks] = ticksOf(written);
    expect(ticks?.kind === 'trades' && ticks.trades.price.slice(QUIET)).toEqual([100.01, 100]);
    const [letter, ...more] = deadLettersOf(written);
    expect(more).toEqual([]);
    expect(letter).toMatchObject({
      rule: 'price-absurd',
      severity: events.DeadLetterSeverity.QUARANTINE,
      position: 32n,
      index: 31,
    });
    expect(letter?.reason).toMatch(
      /position 32: trade of AAPL at .+: price 10.001 is 10.0 times away from 100.01, 1 s after/,
    );
    expect(countsOf(written)).toEqual({ 'file:test AAPL trades': [33, 32, 1, 0] });
  });

  it('never holds a market: the third price that insists goes through, and so does everything after it', () => {
    const written = new Bench(TOPICS.rawTicks).feed(tradeRecord(prices(10, 10.01, 10, 10.01, 10, 9.5)));
    expect(deadLettersOf(written).map(({ position }) => position)).toEqual([31n, 32n]);
    expect(countsOf(written)).toEqual({ 'file:test AAPL trades': [36, 34, 2, 0] });
  });

  it('lets a crash through, print by print', () => {
    const crash = [97, 93, 88, 80, 70, 58, 45, 33, 24, 15, 9, 4, 1, 4, 12, 45, 80];
    const written = new Bench(TOPICS.rawTicks).feed(tradeRecord(prices(...crash)));
    expect(deadLettersOf(written)).toEqual([]);
    expect(findingsOf(written).map(({ rule }) => rule)).toContain('price-outlier');
  });

  it('does not judge again what a person has released', () => {
    const bench = new Bench(TOPICS.rawTicks);
    const [letter] = deadLettersOf(bench.feed(tradeRecord(prices(10.001))));
    expect(letter?.severity).toBe(events.DeadLetterSeverity.QUARANTINE);
    const held = prices().concat({ price: 10.001 });
    for (const replayOf of ['', 'md.raw.ticks/1/0/30']) {
      const cause = { origin: `replay:${replayOf}#AAPL`, n: 31n, k: 0 };
      const written = bench.feed(tradeRecord(held, { header: { cause, replayOf } }));
      expect(deadLettersOf(written)).toHaveLength(replayOf === '' ? 1 : 0);
      // That it is odd is told all the same.
      expect(
        findingsOf(written)
          .map(({ rule }) => rule)
          .includes('price-absurd'),
      ).toBe(replayOf !== '');
    }
  });

  it('is what the class of the instrument says: a document turns it off, or on for another rule', () => {
    const view = settingsView();
    const stock = document('instrument', 'AAPL', { type: 'stock', calendar: 'XNYS' });
    const rules = {
      'price-absurd': { action: 'off' },
      'outside-session': { action: 'quarantine', beforeMinutes: 0 },
    };
    const bench = new Bench(TOPICS.rawTicks);
    bench.settings = view([document('validation', 'stock', { rules }), stock]);
    const written = bench.feed(tradeRecord([{}, {}, {}]));
    expect(deadLettersOf(written).map(({ rule }) => rule)).toEqual(Array(3).fill('outside-session'));
    bench.settings = view([document('validation', 'etf', { rules }), stock]);
    const other = tradeRecord(prices(5), { first: 4 });
    expect(deadLettersOf(bench.feed(other)).map(({ rule }) => rule)).toEqual(['price-absurd']);
  });
});

describe('settings of the rules', () => {
  it('take what can be read: a wrong document counts as none', () => {
    const settings = settingsView()([
      document('validation', 'stock', { rules: { 'price-jump': { ratio: 'much' } } }),
      document('instrument', 'AAPL', { type: 'stok' }),
      document('instrument', 'ES-202503', { type: 'future', future: { root: 'ES', expiry: '2025-03-21' } }),
    ]);
    expect(settings.of('AAPL').rules.instrumentClass).toBe('unknown');
    expect(settings.of('ES-202503').rules.allowsNegative).toBe(true);
  });

  it('let oil be sold at -37.63, and no stock', () => {
    const bench = new Bench(TOPICS.rawTicks);
    bench.settings = settingsView()([document('instrument', 'AAPL', { type: 'commodity' })]);
    const oil = tradeRecord([{ price: 1.5 }, { price: -13.1 }, { price: -37.63 }, { price: NaN }]);
    expect(deadLettersOf(bench.feed(oil)).map(({ rule, position }) => [rule, position])).toEqual([
      ['price-positive', 4n],
    ]);
    bench.settings = settingsView()([]);
    expect(deadLettersOf(bench.feed(tradeRecord([{ price: -1 }], { first: 5 })))).toHaveLength(1);
  });
});

describe('a silent stream', () => {
  const trading = (count: number): readonly { readonly timeNs: bigint }[] =>
    Array.from({ length: count }, (_value, index) => ({ timeNs: DAY_NS + BigInt(index) * SECOND_NS }));

  it('is told by the watermark that shows it, once, and again only after it spoke', () => {
    const bench = new Bench(TOPICS.rawTicks);
    bench.settings = settingsView()([document('instrument', 'AAPL', { type: 'crypto' })]);
    const lateNs = DAY_NS + 3000n * SECOND_NS;
    const silences = (written: Parameters<typeof qualityOf>[0]): number =>
      findingsOf(written).filter(({ rule }) => rule === 'stale-feed').length;
    expect(silences(bench.feed(tradeRecord(trading(QUIET))))).toBe(0);
    expect(silences(bench.feed(watermarkRecord(40n, DAY_NS + 600n * SECOND_NS)))).toBe(0);
    const told = bench.feed(watermarkRecord(41n, lateNs));
    expect(qualityOf(told)[0]).toMatchObject({
      kind: 'trades',
      event: { value: { rule: 'stale-feed', endNs: lateNs } },
    });
    bench.restart();
    expect(silences(bench.feed(watermarkRecord(42n, lateNs + SECOND_NS)))).toBe(0);
    expect(silences(bench.feed(tradeRecord([{ timeNs: lateNs + 9n * SECOND_NS }], { first: 50 })))).toBe(0);
    expect(silences(bench.feed(watermarkRecord(60n, lateNs + 3000n * SECOND_NS)))).toBe(1);
  });
});

it('an hour between event time and log is told once: a clock, or a zone', () => {
  const bench = new Bench(TOPICS.rawTicks);
  const written = Array.from({ length: 100 }, (_value, second) => {
    const timeNs = KNOWN_NS + BigInt(second) * SECOND_NS;
    const record = { timestampMs: Number(timeNs / 1_000_000n) + 3_600_000 };
    return bench.feed(tradeRecord([{ timeNs }], { first: second + 1, record }));
  }).flat();
  const skews = findingsOf(written).filter(({ rule }) => rule === 'clock-skew');
  expect(skews.map(({ message }) => message)).toEqual([
    expect.stringContaining('event times are steadily 3.60e+3 s behind the log'),
  ]);
  expect(of(written, TOPICS.ticks)).toHaveLength(100);
});
