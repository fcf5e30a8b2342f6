import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { rollSchedule, stitch, volumeSchedule, volumesOf, type ContractBars } from './continuous.ts';
import { at, daily, mapOf, symbol } from './fixtures/build.ts';

/** Real files, which are not part of the repository. */
const FOLDER = process.env['TICKWELL_TEST_DATA'] ?? join(import.meta.dirname, '../../../../shared/data');
const has = (path: string): boolean => existsSync(join(FOLDER, path));
const rowsOf = (text: string): readonly string[][] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(','));
const dashed = (digits: string): string =>
  `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6, 8)}`;
const gzipped = (path: string): readonly string[][] =>
  rowsOf(gunzipSync(readFileSync(join(FOLDER, path))).toString());

const MAP_FILES = 'lean/equity/usa/map_files';

describe.skipIf(!has(MAP_FILES))('tickers of real companies, from map files', () => {
  /** A line names the last day of a ticker; the first one the first day. */
  const instrument = (file: string) => {
    const rows = rowsOf(readFileSync(join(FOLDER, MAP_FILES, `${file}.csv`), 'utf8'));
    const days = rows.map(([day = '']) => dashed(day));
    const after = (day: string): string => new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
    const vendors = rows.slice(1).map(([, ticker = ''], index) => ({
      source: 'lean',
      symbol: ticker.toUpperCase(),
      from: index === 0 ? days[0] : after(days[index] ?? ''),
      to: after(days[index + 1] ?? ''),
    }));
    return { type: 'stock', vendors };
  };
  const map = mapOf(
    Object.fromEntries(
      ['fb.1', 'fb', 'googl', 'qqq', 'tfcfa', 'aapl', 'ibm'].map((file) => [
        file.toUpperCase(),
        instrument(file),
      ]),
    ),
  );

  it('has no contradictions: FB was two companies, one after the other', () => {
    expect(map.problems()).toEqual([]);
    const owner = (ticker: string, day: string) => map.idOf('lean', symbol(ticker), at(day));
    expect(owner('FB', '2001-06-01')).toBe('FB.1');
    expect(owner('FB', '2005-06-01')).toBeUndefined();
    expect(owner('FB', '2015-06-01')).toBe('FB');
    expect([owner('GOOG', '2014-04-02'), owner('GOOGL', '2014-04-03')]).toEqual(['GOOGL', 'GOOGL']);
  });

  it('splits QQQ at its two renames', () => {
    const segments = map.segments('QQQ', 'lean', at('2003-01-01'), at('2012-01-01')) ?? [];
    expect(segments.map(({ vendor }) => vendor.symbol)).toEqual(['QQQ', 'QQQQ', 'QQQ']);
    expect(segments.map(({ fromNs }) => fromNs)).toEqual([
      at('2003-01-01'),
      at('2004-12-01'),
      at('2011-03-23'),
    ]);
  });
});

const RTL = 'r_rtl_futures/futures_daily_CL_HO_NG_2007_2025.csv.gz';

describe.skipIf(!has(RTL))('crude oil, from the settlements of its first six months', () => {
  const expiries = gzipped('r_rtl_futures/expiry_table.csv.gz')
    .filter(([commodity]) => commodity === 'cmewti')
    .map(([, , day = '']) => Number(day.replaceAll('-', '')))
    .sort((a, b) => a - b);
  const settlements = new Map<string, Map<string, number>>();
  for (const [day = '', series = '', value = ''] of gzipped(RTL)) {
    if (!/^CL0[1-6]$/.test(series)) continue;
    const ofDay = settlements.get(day) ?? new Map<string, number>();
    settlements.set(day, ofDay.set(series, Number(value)));
  }
  const days = [...settlements.keys()].sort();
  // The n-th month on a day is the n-th contract that has not expired: up to and including its last day of trading.
  const rows = new Map<number, [string, number][]>();
  for (const day of days) {
    const first = expiries.findIndex((expiry) => expiry >= Number(day.replaceAll('-', '')));
    for (let month = 0; month < 6; month += 1) {
      const value = settlements.get(day)?.get(`CL0${month + 1}`);
      const expiry = expiries[first + month];
      if (value === undefined || expiry === undefined) continue;
      rows.set(expiry, [...(rows.get(expiry) ?? []), [day, value]]);
    }
  }
  const contracts: readonly ContractBars[] = [...rows].map(([expiry, of]) => ({
    id: `CL-${expiry}`,
    expiry,
    bars: daily(of),
  }));
  const sessions = new Set(days.map((day) => Number(day.replaceAll('-', ''))));
  const isTradingDay = (date: number): boolean => sessions.has(date) || date > 20250224;

  const continuous = (rollDays: number, adjustment: 'none' | 'difference' | 'ratio') => {
    const schedule = rollSchedule(contracts, { rule: 'days-before-expiry', days: rollDays }, isTradingDay);
    return stitch(contracts, schedule, adjustment);
  };

  it('rolled after the expiry without adjustment is the published series of the first month, day for day', () => {
    const made = continuous(-1, 'none');
    expect(made.ok && made.value.bars.close).toEqual(days.map((day) => settlements.get(day)?.get('CL01')));
    expect(contracts.length).toBeGreaterThan(200);
  });

  it('by difference every daily change is that of one contract, also on the day of a roll', () => {
    const made = continuous(5, 'difference');
    if (!made.ok) throw new Error(made.error);
    const { bars, contract } = made.value;
    const closeOf = new Map(
      contracts.map(({ id, bars: own }) => [
        id,
        new Map(own.sessionDate.map((day, n) => [day, own.close[n]])),
      ]),
    );
    for (const [n, close] of bars.close.entries()) {
      if (n === 0) continue;
      const own = closeOf.get(contract[n] ?? '');
      const change =
        (own?.get(bars.sessionDate[n] ?? 0) ?? NaN) - (own?.get(bars.sessionDate[n - 1] ?? 0) ?? NaN);
      expect(close - (bars.close[n - 1] ?? NaN)).toBeCloseTo(change, 6);
    }
    expect(bars.close.at(-1)).toBe(closeOf.get(contract.at(-1) ?? '')?.get(20250224));
  });

  it('has no ratio where April 2020 settled below zero, and says which roll', () => {
    const made = continuous(0, 'ratio');
    expect(made).toMatchObject({
      ok: false,
      error: expect.stringMatching(
        /^the roll from CL-20200421 to CL-20200519 on 2020-04-21: closes of -37.63 and [\d.]+ have no ratio/,
      ) as string,
    });
  });
});

const ES = 'lean/future/cme/daily/es_trade.zip';

describe.skipIf(!has(ES))('the E-mini S&P 500, with the volumes of its contracts', () => {
  const contract = (month: string, expiry: number): ContractBars => {
    const text = execFileSync('unzip', ['-p', join(FOLDER, ES), `es_trade_${month}.csv`]).toString();
    const rows = rowsOf(text).map(
      ([time = '', , , , close = '', volume = '']) => [dashed(time), Number(close), Number(volume)] as const,
    );
    return { id: `ES-${month}`, expiry, bars: daily(rows) };
  };

  it('goes from December 2013 to March 2014 on the session after March traded more', () => {
    const contracts = [contract('201312', 20131220), contract('201403', 20140321)];
    const schedule = volumeSchedule(contracts.map(volumesOf), 1);
    if (!schedule.ok) throw new Error(schedule.error);
    const on = schedule.value[1]?.from ?? 0;
    const volume = (index: number, date: number): number => {
      const { bars } = contracts[index]!;
      return bars.volume[bars.sessionDate.indexOf(date)] ?? 0;
    };
    const both = new Set(contracts[1]!.bars.sessionDate);
    const dates = contracts[0]!.bars.sessionDate.filter((date) => date < on && both.has(date));
    expect(on).toBe(20131216);
    expect(volume(1, dates.at(-1)!)).toBeGreaterThan(volume(0, dates.at(-1)!));
    expect(dates.slice(0, -1).every((date) => volume(1, date) <= volume(0, date))).toBe(true);
    const made = stitch(contracts, schedule.value, 'ratio');
    expect(made.ok && made.value.rolls[0]?.amount).toBeCloseTo(1, 1);
  });
});
