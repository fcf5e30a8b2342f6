import { parseSessionDate, sessionDateText, WEEKDAYS } from '@tickwell/calendar';
import { emptyBars, NS_PER_DAY, pickBars, type BarColumns } from '@tickwell/domain';
import {
  rollSchedule,
  stitch,
  volumeSchedule,
  volumesOf,
  type Adjustment,
  type ContractBars,
  type Instrument,
} from '@tickwell/instruments';
import type { BarQuery } from '@tickwell/ports';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { continuousBars, type ContinuousChunk, type ContinuousOf } from './continuous-bars.ts';

const HOUR_NS = NS_PER_DAY / 24n;
const EXPIRIES = ['2024-03-15', '2024-06-21', '2024-09-20', '2024-12-20'].map((text) => {
  const date = parseSessionDate(text);
  if (!date.ok) throw new Error(date.error);
  return date.value;
});
const dayNs = (date: number): bigint => BigInt(Date.parse(sessionDateText(date))) * 1_000_000n;

/**
 * A contract's bars at hours `everyHours` apart, from so many days before its expiry up to it. The session of a day begins two hours before it, so
 * bars of the evening carry the next date; their price tells contract and time.
 */
function contract(index: number, daysBack: number, everyHours: number): ContractBars {
  const expiry = EXPIRIES[index] ?? 0;
  const bars = emptyBars();
  const endNs = dayNs(expiry) + NS_PER_DAY - 2n * HOUR_NS;
  const startNs = endNs - BigInt(daysBack) * NS_PER_DAY;
  for (let at = startNs; at < endNs; at += BigInt(everyHours) * HOUR_NS) {
    const session = new Date(Number((at + 2n * HOUR_NS) / 1_000_000n)).toISOString().slice(0, 10);
    const close = 1000 + 10 * index + Number((at / HOUR_NS) % 97n);
    bars.startNs.push(at);
    bars.sessionDate.push(Number(session.replaceAll('-', '')));
    bars.open.push(close - 1);
    bars.high.push(close + 2);
    bars.low.push(close - 2);
    bars.close.push(close);
    bars.volume.push(1 + Number((at / HOUR_NS) % 13n));
  }
  return { id: `ES${index}`, expiry, bars };
}

function readerOf(contracts: readonly ContractBars[], chunkRows: number) {
  const asked: BarQuery[] = [];
  async function* read(query: BarQuery) {
    await Promise.resolve();
    asked.push(query);
    const { symbol, startNs = 0n, endNs, limit, newest, columns, interval } = query;
    const all = contracts.find(({ id }) => id === symbol)?.bars ?? emptyBars();
    const rows =
      interval !== '1h'
        ? []
        : [...all.startNs.keys()].filter((at) => {
            const timeNs = all.startNs[at] ?? 0n;
            return timeNs >= startNs && (endNs === undefined || timeNs < endNs);
          });
    const wanted = limit === undefined ? rows : newest === true ? rows.slice(-limit) : rows.slice(0, limit);
    for (let at = 0; at < wanted.length; at += chunkRows) {
      const bars = pickBars(all, wanted.slice(at, at + chunkRows));
      const chosen = columns === undefined ? bars : withColumns(bars, [...columns, 'startNs']);
      yield { source: 'test', priceBasis: 'raw' as const, bars: chosen, knownNs: bars.startNs };
    }
  }
  return { asked, read };
}

function withColumns(bars: BarColumns, names: readonly string[]): BarColumns {
  return {
    ...emptyBars(),
    ...Object.fromEntries(Object.entries(bars).filter(([name]) => names.includes(name))),
  };
}

type Roll = NonNullable<Instrument['continuous']>['roll'];

function continuous(contracts: readonly ContractBars[], roll: Roll, adjustment: Adjustment): ContinuousOf {
  return {
    id: 'ES.C',
    roll,
    adjustment,
    contracts: contracts.map(({ id, expiry }) => ({ id, expiry })),
    isTradingDay: WEEKDAYS,
    sources: new Map(),
  };
}

const QUERY: BarQuery = { symbol: 'ES.C', source: 'test', interval: '1h', priceType: 'trade' };

/** "contract start close" of every bar. */
function textsOf(chunks: readonly ContinuousChunk[]): readonly string[] {
  return chunks.flatMap(({ contract: id, bars }) =>
    bars.startNs.map((startNs, at) => `${id} ${startNs} ${(bars.close[at] ?? Number.NaN).toFixed(6)}`),
  );
}

async function collect(chunks: AsyncIterable<ContinuousChunk>): Promise<readonly ContinuousChunk[]> {
  const all: ContinuousChunk[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

const rule: fc.Arbitrary<Roll> = fc.oneof(
  fc.record({ rule: fc.constant('days-before-expiry' as const), days: fc.integer({ min: -1, max: 8 }) }),
  fc.record({
    rule: fc.constant('fixed-date' as const),
    day: fc.integer({ min: 1, max: 20 }),
    monthsBefore: fc.integer({ min: 0, max: 1 }),
  }),
  fc.record({ rule: fc.constant('volume' as const), sessions: fc.integer({ min: 1, max: 3 }) }),
);

describe('a continuous future, stitched while it is read', () => {
  it('is the same as stitched as a whole, whatever the rule, the range, the limit and the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        rule,
        fc.constantFrom<Adjustment>('none', 'difference', 'ratio'),
        fc.record({
          startDay: fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
          days: fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }),
          limit: fc.option(fc.integer({ min: 1, max: 3000 }), { nil: undefined }),
          newest: fc.boolean(),
        }),
        fc.integer({ min: 1, max: 700 }),
        fc.constantFrom(3, 6, 24),
        async (roll, adjustment, { startDay, days, limit, newest }, chunkRows, everyHours) => {
          const contracts = EXPIRIES.map((_, index) => contract(index, 180, everyHours));
          const whole = wholeOf(contracts, roll, adjustment);
          const firstNs = dayNs(20231201);
          const startNs = startDay === undefined ? undefined : firstNs + BigInt(startDay) * NS_PER_DAY;
          const endNs = days === undefined ? undefined : (startNs ?? firstNs) + BigInt(days) * NS_PER_DAY;
          const inRange = whole.filter(
            ({ startNs: at }) => at >= (startNs ?? 0n) && (endNs === undefined || at < endNs),
          );
          const isNewest = newest && limit !== undefined;
          const expected = isNewest ? inRange.slice(-limit) : inRange.slice(0, limit);
          const { read } = readerOf(contracts, chunkRows);
          const query = {
            ...QUERY,
            ...(startNs === undefined ? {} : { startNs }),
            ...(endNs === undefined ? {} : { endNs }),
            ...(limit === undefined ? {} : { limit }),
            ...(isNewest ? { newest } : {}),
          };
          const answer = await collect(continuousBars(read, query, continuous(contracts, roll, adjustment)));
          expect(textsOf(answer)).toEqual(expected.map(({ text }) => text));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('fills the columns that are asked for, and no others', async () => {
    const contracts = [contract(0, 90, 24), contract(1, 160, 24)];
    const of = continuous(contracts, { rule: 'days-before-expiry', days: 2 }, 'difference');
    const [first] = await collect(
      continuousBars(readerOf(contracts, 50).read, { ...QUERY, columns: ['high'] }, of),
    );
    const { startNs, high, ...others } = first?.bars ?? emptyBars();
    expect([startNs.length, high.length]).toEqual([50, 50]);
    expect(Object.values(others).every((column) => column.length === 0)).toBe(true);
  });

  it('names a contract without bars between two that have some, unless nothing of it is needed', async () => {
    const all = EXPIRIES.map((_, index) => contract(index, 130, 24));
    const hole = all.map((each) => (each.id === 'ES1' ? { ...each, bars: emptyBars() } : each));
    const roll = { rule: 'days-before-expiry', days: 5 } as const;
    const read = (adjustment: Adjustment, query: BarQuery) =>
      collect(continuousBars(readerOf(hole, 100).read, query, continuous(hole, roll, adjustment)));
    const message =
      'continuous future ES.C: ES1 has no 1h bars from 2024-03-08 to 2024-06-14, when it is the contract, and later ones have: import them, or leave it out of the members';
    await expect(read('none', QUERY)).rejects.toMatchObject({ code: 'failed-precondition', message });
    const before = { ...QUERY, endNs: dayNs(20240301) };
    await expect(read('difference', before)).rejects.toMatchObject({ message });
    expect(textsOf(await read('none', before)).length).toBeGreaterThan(20);
    // Contracts before the first and after the last that have bars are none yet, or any more.
    const ends = all.map((each) =>
      ['ES0', 'ES3'].includes(each.id) ? { ...each, bars: emptyBars() } : each,
    );
    const inner = await collect(
      continuousBars(readerOf(ends, 100).read, QUERY, continuous(ends, roll, 'ratio')),
    );
    expect([...new Set(inner.map((chunk) => chunk.contract))]).toEqual(['ES1', 'ES2']);
  });

  it('says so where no contract has bars, and where prices cannot be compared', async () => {
    const roll = { rule: 'days-before-expiry', days: 5 } as const;
    const none = [{ ...contract(0, 1, 24), bars: emptyBars() }];
    await expect(
      collect(continuousBars(readerOf(none, 100).read, QUERY, continuous(none, roll, 'none'))),
    ).rejects.toMatchObject({
      message: 'continuous future ES.C: none of its contracts has 1h bars in that time (ES0; source test)',
    });
    const apart = [contract(0, 60, 24), contract(1, 20, 24)];
    await expect(
      collect(continuousBars(readerOf(apart, 100).read, QUERY, continuous(apart, roll, 'ratio'))),
    ).rejects.toMatchObject({
      message: expect.stringContaining(
        'the roll from ES0 to ES1 on 2024-03-08: no session before it',
      ) as string,
    });
  });

  it('asks of every question what is asked of the whole: source, price type, the signal', async () => {
    const contracts = [contract(0, 90, 24), contract(1, 160, 24)];
    const { asked, read } = readerOf(contracts, 50);
    const signal = new AbortController().signal;
    const of = continuous(contracts, { rule: 'volume', sessions: 1 }, 'difference');
    await collect(continuousBars(read, { ...QUERY, signal, limit: 3 }, of));
    expect(asked.length).toBeGreaterThan(4);
    for (const query of asked) expect(query).toMatchObject({ source: 'test', priceType: 'trade', signal });
    expect(asked.some(({ limit, symbol }) => (limit ?? 1) > 1 || symbol === 'ES.C')).toBe(false);
  });
});

function wholeOf(
  contracts: readonly ContractBars[],
  roll: Roll,
  adjustment: Adjustment,
): readonly { readonly startNs: bigint; readonly text: string }[] {
  const schedule =
    roll.rule === 'volume'
      ? volumeSchedule(contracts.map(volumesOf), roll.sessions)
      : { ok: true as const, value: rollSchedule(contracts, roll) };
  if (!schedule.ok) throw new Error(schedule.error);
  const made = stitch(contracts, schedule.value, adjustment);
  if (!made.ok) throw new Error(made.error);
  const { bars, contract: ids } = made.value;
  return bars.startNs.map((startNs, at) => ({
    startNs,
    text: `${ids[at]} ${startNs} ${(bars.close[at] ?? Number.NaN).toFixed(6)}`,
  }));
}
