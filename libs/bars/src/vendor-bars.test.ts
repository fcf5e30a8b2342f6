import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Bar } from './bar.ts';
import { columns, interval, newest, type Trade } from './fixtures/trades.ts';
import { unzip } from './fixtures/zip.ts';
import { plainBars, TradeBars } from './trade-bars.ts';

/**
 * Bars built of a vendor's recorded ticks against the minute bars the same vendor made of them (QuantConnect LEAN's sample data, which is
 * not ours to commit): an answer that nothing of this project computed.
 */
const DATA = path.resolve(
  process.env['TICKWELL_TEST_DATA'] ?? path.join(import.meta.dirname, '../../../../shared/data'),
);
const GC = path.join(DATA, 'lean/future/comex');
const IBM = path.join(DATA, 'lean/equity/usa');
const here = existsSync(GC) && existsSync(IBM);
const MINUTE = interval('1m');
const NS_PER_MS = 1_000_000n;

/** Rows "ms since midnight, number, ..." of every file of an archive. */
function rows(archive: string): Map<string, number[][]> {
  const files = [...unzip(readFileSync(archive))].map(([name, text]): [string, number[][]] => [
    name,
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => line.split(',').map(Number)),
  ]);
  return new Map(files);
}

/** Minute → open, high, low, close, volume as built from ticks, in batches of 1,000. */
function build(ticks: readonly number[][], scale: number): Map<number, number[]> {
  const trades = ticks.map(([ms = NaN, price = NaN, size = NaN], index): Trade => {
    return { timeNs: BigInt(ms) * NS_PER_MS, seq: BigInt(index), price: price / scale, size };
  });
  const bars = new TradeBars([plainBars(MINUTE)], { retainedBars: 8, formingBars: 8 });
  const outcomes = [];
  for (let from = 0; from < trades.length; from += 1_000) {
    const batch = trades.slice(from, from + 1_000);
    outcomes.push(bars.apply({ trades: columns(batch), knownAtNs: 1n, watermarkNs: batch.at(-1)!.timeNs }));
  }
  outcomes.push(bars.apply({ knownAtNs: 1n, watermarkNs: 2n * 86_400_000n * NS_PER_MS }));
  expect(outcomes.flatMap((outcome) => outcome.tooLate)).toEqual([]);
  const built = newest(outcomes).get('1m') ?? new Map<bigint, Bar>();
  return new Map(
    [...built].map(([startNs, { open, high, low, close, volume }]) => [
      Number(startNs / NS_PER_MS),
      [open, high, low, close, volume],
    ]),
  );
}

/** How many bars both have, and in how many of them open, high, low, close and volume are equal. */
function compare(
  built: ReadonlyMap<number, number[]>,
  vendor: readonly number[][],
  scale: number,
): { bars: number; equal: number[]; onlyBuilt: number; onlyVendor: number } {
  const equal = [0, 0, 0, 0, 0];
  let bars = 0;
  for (const [ms = NaN, ...values] of vendor) {
    const ours = built.get(ms);
    if (ours === undefined) continue;
    bars += 1;
    for (const at of equal.keys()) if (ours[at] === values[at]! / (at < 4 ? scale : 1)) equal[at]! += 1;
  }
  return { bars, equal, onlyBuilt: built.size - bars, onlyVendor: vendor.length - bars };
}

const title = here ? '' : ` (skipped: no test data at TICKWELL_TEST_DATA or ../shared/data)`;

describe.skipIf(!here)(`bars of recorded trades and the vendor's own${title}`, () => {
  it('gold futures: every price of 1,500 minutes is equal; five volumes differ, where the vendor left trades out', () => {
    const ticks = rows(path.join(GC, 'tick/gc/20131007_trade.zip'));
    const minutes = rows(path.join(GC, 'minute/gc/20131007_trade.zip'));
    const total = { bars: 0, equal: [0, 0, 0, 0, 0], onlyBuilt: 0, onlyVendor: 0 };
    for (const [name, vendor] of minutes) {
      const expiry = ticks.get(name.replace('minute', 'tick')) ?? [];
      const { bars, equal, onlyBuilt, onlyVendor } = compare(build(expiry, 1), vendor, 1);
      total.bars += bars;
      total.onlyBuilt += onlyBuilt;
      total.onlyVendor += onlyVendor;
      for (const [at, count] of equal.entries()) total.equal[at]! += count;
    }
    expect(total).toEqual({
      bars: 1_500,
      equal: [1_500, 1_500, 1_500, 1_500, 1_495],
      onlyBuilt: 0,
      onlyVendor: 0,
    });
  });

  it('IBM: the same minutes and volumes; prices differ as the vendor leaves odd lots and some conditions out', () => {
    const [ticks = []] = rows(path.join(IBM, 'tick/ibm/20131007_trade.zip')).values();
    const [vendor = []] = rows(path.join(IBM, 'minute/ibm/20131007_trade.zip')).values();
    expect(compare(build(ticks, 10_000), vendor, 10_000)).toEqual({
      bars: 453,
      equal: [372, 378, 363, 378, 449],
      onlyBuilt: 0,
      onlyVendor: 0,
    });
  });
});
