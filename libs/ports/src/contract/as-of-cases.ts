import { expect, it } from 'vitest';
import type { AsOf, BarQuery, TableRows } from '../store.ts';
import type { Cases } from './store-cases.ts';
import { SECOND, actionRows, barRows } from './store-fixtures.ts';

const MINUTE = 60n * SECOND;
/** A whole minute, so that bars of a minute end with one. */
const M0 = 28_333_333n * MINUTE;

/** "start close source", a star where it was not known then. */
async function read({ store }: Cases, symbol: string, query: Partial<BarQuery>): Promise<string[]> {
  const found: string[] = [];
  const all = { symbol, interval: '1m', priceType: 'trade' as const, ...query };
  for await (const { source, bars, knownNs, backfilled = false } of store().reader.bars(all)) {
    expect(knownNs).toHaveLength(bars.startNs.length);
    for (const [at, startNs] of bars.startNs.entries())
      found.push(`${(startNs - M0) / MINUTE} ${bars.close[at] ?? NaN} ${source}${backfilled ? ' *' : ''}`);
  }
  return found;
}

function asOf(minute: number, strict = false): { readonly asOf: AsOf } {
  return { asOf: { timeNs: M0 + BigInt(minute) * MINUTE, strict } };
}

/** Bars by start, each with its close, known at a minute. */
function known(symbol: string, minute: number, closes: Readonly<Record<number, number>>): TableRows {
  return barRows(
    { symbol, knownAtNs: M0 + BigInt(minute) * MINUTE },
    Object.entries(closes).map(([start, close]) => ({ startNs: M0 + BigInt(start) * MINUTE, close })),
  );
}

/** Reads as of a time. */
export function asOfCases(cases: Cases): void {
  shortCases(cases);
  sessionCases(cases);
  longCases(cases);
}

function shortCases(cases: Cases): void {
  const { store, fresh } = cases;
  it('answers as of a time the newest version of then', async () => {
    const symbol = fresh();
    await store().writer.write([
      known(symbol, 1, { 0: 10 }),
      known(symbol, 2, { 1: 11 }),
      known(symbol, 3, { 2: 12 }),
      known(symbol, 5, { 0: 100, 2: 102 }),
      known(symbol, 9, { 0: 1000 }),
    ]);
    expect(await read(cases, symbol, asOf(3))).toEqual(['0 10 file:a', '1 11 file:a', '2 12 file:a']);
    expect(await read(cases, symbol, asOf(5))).toEqual(['0 100 file:a', '1 11 file:a', '2 102 file:a']);
    expect(await read(cases, symbol, {})).toEqual(['0 1000 file:a', '1 11 file:a', '2 102 file:a']);
    // What was not over and not known is not there.
    expect(await read(cases, symbol, asOf(2))).toEqual(['0 10 file:a', '1 11 file:a']);
    expect(await read(cases, symbol, { ...asOf(3), limit: 2, newest: true })).toEqual([
      '1 11 file:a',
      '2 12 file:a',
    ]);
    expect(await read(cases, symbol, { ...asOf(3), limit: 1 })).toEqual(['0 10 file:a']);
  });

  it('answers what was over but not known yet in its first version, marked; strict leaves it out', async () => {
    const symbol = fresh();
    await store().writer.write([
      known(symbol, 20, { 0: 10, 1: 11, 2: 12, 3: 13 }),
      known(symbol, 2, { 1: 21 }),
      known(symbol, 30, { 0: 30, 1: 31 }),
    ]);
    expect(await read(cases, symbol, asOf(3))).toEqual(['0 10 file:a *', '1 21 file:a', '2 12 file:a *']);
    expect(await read(cases, symbol, asOf(3, true))).toEqual(['1 21 file:a']);
    expect(await read(cases, symbol, { ...asOf(3), limit: 2, newest: true })).toEqual([
      '1 21 file:a',
      '2 12 file:a *',
    ]);
    expect(await read(cases, symbol, { ...asOf(3, true), limit: 2, newest: true })).toEqual(['1 21 file:a']);
    expect(await read(cases, symbol, asOf(0, true))).toEqual([]);
    expect(await read(cases, symbol, asOf(25, true))).toEqual(
      ['0 10', '1 11', '2 12', '3 13'].map((bar) => `${bar} file:a`),
    );
  });
}

/** Backfilled bars of a session, which do not start on the hour, and of days that go on into the next date. */
function sessionCases(cases: Cases): void {
  const { store, fresh } = cases;
  const DAY = 1_440n * MINUTE;
  /** A midnight. */
  const D0 = 19_676n * DAY;
  const sources = ['derived:ib', 'derived:ib@XNYS', 'derived:ib@XNYS/all'];

  /** "start source" of what is answered as of a time, minutes after D0. */
  const at = async (
    query: Pick<BarQuery, 'symbol' | 'interval' | 'source'>,
    minute: number,
  ): Promise<string[]> => {
    const found: string[] = [];
    const asOfTime = { timeNs: D0 + BigInt(minute) * MINUTE, strict: false };
    for await (const one of store().reader.bars({ ...query, priceType: 'trade', asOf: asOfTime }))
      for (const startNs of one.bars.startNs) found.push(`${(startNs - D0) / MINUTE} ${one.source}`);
    return found;
  };
  const write = (symbol: string, interval: string, minutes: readonly number[]): Promise<void> =>
    store().writer.write(
      sources.map((source) =>
        barRows(
          { symbol, source, knownAtNs: D0 + 10n * DAY },
          minutes.map((minute) => ({ startNs: D0 + BigInt(minute) * MINUTE, close: 1 })),
          interval,
        ),
      ),
    );

  it('takes a bar that starts at a session opening as over when its length has passed', async () => {
    const symbol = fresh();
    await write(symbol, '1h', [870, 930]);
    const query = { symbol, interval: '1h', source: 'derived:ib@XNYS' };
    expect(await at(query, 910)).toEqual([]);
    expect(await at(query, 929)).toEqual([]);
    expect(await at(query, 930)).toEqual(['870 derived:ib@XNYS']);
    expect(await at(query, 990)).toEqual(['870 derived:ib@XNYS', '930 derived:ib@XNYS']);
    expect(await at({ symbol, interval: '1h' }, 930)).toEqual(sources.map((source) => `870 ${source}`));
  });

  it('takes days of all hours as over one day later, with the source named or not', async () => {
    const symbol = fresh();
    await write(symbol, '1d', [0]);
    const [utc = '', regular = '', all = ''] = sources;
    for (const [minute, over] of [
      [1_439, []],
      [1_440, [utc, regular]],
      [2_879, [utc, regular]],
      [2_880, [utc, regular, all]],
    ] as const) {
      expect(await at({ symbol, interval: '1d' }, minute)).toEqual(over.map((source) => `0 ${source}`));
      for (const source of sources)
        expect(await at({ symbol, interval: '1d', source }, minute)).toEqual(
          over.filter((one) => one === source).map(() => `0 ${source}`),
        );
    }
  });
}

function longCases(cases: Cases): void {
  const { store, fresh } = cases;
  it('tells the two apart in long series, with limits, as in short ones', async () => {
    const symbol = fresh();
    const starts = Array.from({ length: 400 }, (_, at) => at);
    const closes = (of: readonly number[], base: number): Record<number, number> =>
      Object.fromEntries(of.map((at) => [at, base + at]));
    await store().writer.write([
      known(symbol, 1_000, closes(starts, 0)),
      known(
        symbol,
        500,
        closes(
          starts.filter((at) => at % 3 === 0),
          10_000,
        ),
      ),
      known(
        symbol,
        2_000,
        closes(
          starts.filter((at) => at % 2 === 0),
          20_000,
        ),
      ),
    ]);
    const expected = starts.map((at) =>
      at % 3 === 0 ? `${at} ${10_000 + at} file:a` : `${at} ${at} file:a *`,
    );
    expect(await read(cases, symbol, asOf(600))).toEqual(expected);
    expect(await read(cases, symbol, { ...asOf(600), limit: 150, newest: true })).toEqual(
      expected.slice(-150),
    );
    const strict = expected.filter((bar) => !bar.endsWith('*'));
    expect(await read(cases, symbol, asOf(600, true))).toEqual(strict);
    expect(await read(cases, symbol, { ...asOf(600, true), limit: 100, newest: true })).toEqual(
      strict.slice(-100),
    );
  });

  it('answers dividends and splits as of a time', async () => {
    const symbol = fresh();
    const { writer, reader } = store();
    const amounts = async (minute: number, strict = false): Promise<string[]> =>
      (await reader.actions({ symbol, ...asOf(minute, strict) })).map(
        ({ amount, backfilled = false }) => `${amount}${backfilled ? ' *' : ''}`,
      );
    const dividend = (knownMinute: number, exMinute: number, amount: number): TableRows =>
      actionRows({ symbol, knownAtNs: M0 + BigInt(knownMinute) * MINUTE }, [
        { exDateNs: M0 + BigInt(exMinute) * MINUTE, kind: 'dividend', amount },
      ]);
    await writer.write([dividend(1, 0, 1), dividend(9, 0, 2), dividend(8, 4, 3), dividend(1, 7, 4)]);
    expect(await amounts(0, true)).toEqual([]);
    expect(await amounts(0)).toEqual(['1 *']);
    // The last one was announced before its ex date.
    expect(await amounts(1)).toEqual(['1', '4']);
    expect(await amounts(5)).toEqual(['1', '3 *', '4']);
    expect(await amounts(5, true)).toEqual(['1', '4']);
    expect(await amounts(9)).toEqual(['2', '3', '4']);
  });
}
