import { describe, expect, it } from 'vitest';
import { DATA_MISSING, linesOf } from '../fixtures/real-data.ts';
import type { BarFrame } from './bar-frame.ts';
import { validateMarketData } from './validate.ts';

/** Raw daily bars of LEAN: date, open, high, low, close times 10,000, volume. */
function leanDaily(symbol: string): BarFrame {
  const cells = linesOf(`lean/equity/usa/daily/${symbol}.zip`).map((line) => line.split(','));
  const column = (at: number): Float64Array => Float64Array.from(cells, (row) => Number(row[at]));
  const day = ([text = '']: readonly string[]): bigint =>
    BigInt(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(4, 6)) - 1, Number(text.slice(6, 8)))) *
    1_000_000n;
  return {
    symbol,
    timeNs: BigInt64Array.from(cells, day),
    open: column(1),
    high: column(2),
    low: column(3),
    close: column(4),
    volume: column(5),
  };
}

describe.skipIf(DATA_MISSING !== undefined)(`real daily bars ${DATA_MISSING ?? ''}`, () => {
  it('AAPL: four splits by their ratio; -52 % on 2000-09-29 was a crash', () => {
    const frame = leanDaily('aapl');
    const { findings } = validateMarketData(frame);
    const date = (row: number): string =>
      new Date(Number((frame.timeNs[row] ?? 0n) / 1_000_000n)).toISOString().slice(0, 10);
    const splits = findings.filter(({ rule }) => rule === 'split-missing');
    expect(splits.map(({ to, message }) => [date(to + 1), /split of (\S+)/.exec(message)?.[1]])).toEqual([
      ['2000-06-21', '2'],
      ['2005-02-28', '2'],
      ['2014-06-09', '7'],
      ['2020-08-31', '4'],
    ]);
    // Lows that are a fraction of every price around, no trades of a crash.
    expect(
      findings.filter(({ rule }) => rule !== 'split-missing').map(({ rule, from }) => [rule, date(from)]),
    ).toEqual([
      ['bad-tick', '2009-09-21'],
      ['bad-tick', '2010-08-31'],
      ['bad-tick', '2011-01-03'],
    ]);
  });

  it('SPY from 1998 to 2021 has nothing wrong, the crashes of 2008 and 2020 included', () => {
    expect(validateMarketData(leanDaily('spy')).findings).toEqual([]);
  });
});
