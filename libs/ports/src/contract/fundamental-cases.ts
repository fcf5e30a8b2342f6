import { expect, it } from 'vitest';
import type { FundamentalQuery, StoredFundamental } from '../store.ts';
import type { Cases } from './store-cases.ts';
import { SECOND, T0, fundamentalRows } from './store-fixtures.ts';

const DAY = 86_400n * SECOND;
const day = (at: number): bigint => T0 + BigInt(at) * DAY;

async function all({ store }: Cases, query: FundamentalQuery): Promise<StoredFundamental[]> {
  const found: StoredFundamental[] = [];
  for await (const rows of store().reader.fundamentals(query)) found.push(...rows);
  return found;
}

/** "day source item value", a star where it was not known then. */
async function read(cases: Cases, query: FundamentalQuery): Promise<string[]> {
  return (await all(cases, query)).map(
    ({ periodEndNs, source, item, value, backfilled = false }) =>
      `${(periodEndNs - T0) / DAY} ${source} ${item} ${value}${backfilled ? ' *' : ''}`,
  );
}

/** Reads of fundamentals. */
export function fundamentalCases(cases: Cases): void {
  currentCases(cases);
  versionCases(cases);
}

function currentCases(cases: Cases): void {
  const { store, fresh } = cases;
  it('answers fundamentals by period end, source and item, each in the version known last', async () => {
    const symbol = fresh();
    expect(await read(cases, { symbol })).toEqual([]);
    await store().writer.write([
      fundamentalRows({ symbol, source: 'b', knownAtNs: day(20) }, [
        { periodEndNs: day(5), item: 'revenue', value: 1 },
      ]),
      fundamentalRows({ symbol, source: 'a', knownAtNs: day(20) }, [
        { periodEndNs: day(5), item: 'revenue', value: 2, currency: null },
        { periodEndNs: day(5), item: 'revenue', value: 3, periodType: 'quarterly' },
        { periodEndNs: day(5), item: 'margin', value: 4 },
        { periodEndNs: day(1), item: 'revenue', value: 5 },
      ]),
      fundamentalRows({ symbol, source: 'a', knownAtNs: day(30), offset: 7n }, [
        { periodEndNs: day(5), item: 'revenue', value: 6 },
      ]),
      fundamentalRows({ symbol: `${symbol}X`, source: 'a' }, [
        { periodEndNs: day(5), item: 'revenue', value: 9 },
      ]),
    ]);
    const whole = ['1 a revenue 5', '5 a margin 4', '5 a revenue 6', '5 a revenue 3', '5 b revenue 1'];
    expect(await read(cases, { symbol })).toEqual(whole);
    expect(await read(cases, { symbol, source: 'b' })).toEqual(whole.slice(4));
    expect(await read(cases, { symbol, items: ['margin', 'none'] })).toEqual(whole.slice(1, 2));
    expect(await read(cases, { symbol, periodType: 'quarterly' })).toEqual(whole.slice(3, 4));
    expect(await read(cases, { symbol, startNs: day(2), endNs: day(5) })).toEqual([]);
    expect(await read(cases, { symbol, startNs: day(5), limit: 2 })).toEqual(whole.slice(1, 3));
    expect(await read(cases, { symbol, newest: true, limit: 2 })).toEqual(whole.slice(3));
    const before = { epoch: 'e1', offset: 5n };
    expect(await read(cases, { symbol, before, limit: 3 })).toContain('5 a revenue 2');
    expect(await all(cases, { symbol, limit: 1 })).toEqual([
      {
        source: 'a',
        item: 'revenue',
        periodType: 'annual',
        periodEndNs: day(1),
        value: 5,
        currency: 'USD',
        knownAtNs: day(20),
      },
    ]);
  });
}

function versionCases(cases: Cases): void {
  const { store, fresh } = cases;
  it('answers fundamentals as of a time', async () => {
    const symbol = fresh();
    const known = (knownDay: number, endDay: number, value: number) =>
      fundamentalRows({ symbol, source: 'a', knownAtNs: day(knownDay) }, [
        { periodEndNs: day(endDay), item: 'revenue', value },
      ]);
    await store().writer.write([known(9, 3, 1), known(20, 3, 2), known(30, 3, 3), known(8, 12, 4)]);
    const at = (when: number, strict = false) => read(cases, { symbol, asOf: { timeNs: day(when), strict } });
    expect(await at(2)).toEqual([]);
    expect(await at(3)).toEqual(['3 a revenue 1 *']);
    expect(await at(8, true)).toEqual(['12 a revenue 4']);
    expect(await at(9, true)).toEqual(['3 a revenue 1', '12 a revenue 4']);
    expect(await at(29)).toEqual(['3 a revenue 2', '12 a revenue 4']);
    expect(await at(30)).toEqual(['3 a revenue 3', '12 a revenue 4']);
  });

  it('reads many fundamentals in chunks, with their limits', async () => {
    const symbol = fresh();
    const items = Array.from({ length: 40 }, (_, at) => `item${String(at).padStart(2, '0')}`);
    for (const [at, version] of [1, 2, 3].entries())
      await store().writer.write([
        fundamentalRows(
          { symbol, source: 'a', knownAtNs: day(1_000 + at) },
          Array.from({ length: 60 }, (_, end) => end).flatMap((end) =>
            items.map((item) => ({ periodEndNs: day(end), item, value: end * version })),
          ),
        ),
      ]);
    const expected = Array.from({ length: 60 }, (_, end) =>
      items.map((item) => `${end} a ${item} ${end * 3}`),
    ).flat();
    expect(await read(cases, { symbol })).toEqual(expected);
    expect(await read(cases, { symbol, limit: 1_234 })).toEqual(expected.slice(0, 1_234));
    expect(await read(cases, { symbol, limit: 1_234, newest: true })).toEqual(expected.slice(-1_234));
  });
}
