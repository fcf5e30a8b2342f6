import { describe, expect, it } from 'vitest';
import { dailyBars, pay, scale, type WritableFrame } from '../fixtures/frames.ts';
import { FRAME_RULES } from './catalogue.ts';
import { takeRows } from './columns.ts';
import { validateMarketData } from './validate.ts';
import type { BarFrame } from './bar-frame.ts';

interface Case {
  readonly rule: string;
  readonly name: string;
  /** Changes clean bars so that the rule finds exactly `from` to `to`. */
  readonly breaks: (frame: WritableFrame) => BarFrame | undefined;
  readonly from: number;
  readonly to?: number;
  /** The nearest change that is none of its business; no rule may find anything. */
  readonly passes: (frame: WritableFrame) => BarFrame | undefined;
}

const set =
  (column: 'open' | 'high' | 'low' | 'close' | 'volume', row: number, value: (old: number) => number) =>
  (frame: WritableFrame): undefined => {
    frame[column][row] = value(frame[column][row] ?? NaN);
  };

const reordered = (frame: BarFrame, order: (rows: number[]) => readonly number[]): BarFrame =>
  takeRows(frame, order(Array.from(frame.close, (_value, row) => row)));

const quarterly = (frame: WritableFrame, wrong = -1, adjustedShare = 0): void => {
  for (const row of [30, 95, 160, 225]) pay(frame, row, 0.015, row === wrong ? adjustedShare : 0.015);
};

const CASES: readonly Case[] = [
  {
    rule: 'time-order',
    name: 'one row moved',
    breaks: (frame) =>
      reordered(frame, (rows) => [...rows.slice(0, 50), ...rows.slice(51, 60), 50, ...rows.slice(60)]),
    from: 59,
    passes: (frame) => reordered(frame, (rows) => rows.toReversed()),
  },
  {
    rule: 'duplicate',
    name: 'a row twice',
    breaks: (frame) => reordered(frame, (rows) => [...rows.slice(0, 51), 50, ...rows.slice(51)]),
    from: 51,
    passes: () => undefined,
  },
  {
    rule: 'duplicate-conflict',
    name: 'two rows of one day',
    breaks: (frame) => {
      frame.timeNs[51] = frame.timeNs[50] ?? 0n;
      return undefined;
    },
    from: 51,
    passes: () => undefined,
  },
  {
    rule: 'time-in-future',
    name: 'the year 2204',
    breaks: (frame) => {
      frame.timeNs[299] = 7_394_000_000_000_000_000n;
      return undefined;
    },
    from: 299,
    passes: () => undefined,
  },
  {
    rule: 'missing-value',
    name: 'no high',
    breaks: set('high', 50, () => NaN),
    from: 50,
    passes: (frame) => {
      for (const name of ['open', 'high', 'low', 'close', 'adjClose', 'volume'] as const)
        frame[name][50] = NaN;
      return undefined;
    },
  },
  {
    rule: 'bar-price-positive',
    name: 'a low of 0',
    breaks: set('low', 50, () => 0),
    from: 50,
    passes: set('low', 50, (old) => old * 0.98),
  },
  {
    rule: 'bar-volume',
    name: 'a negative volume',
    breaks: set('volume', 50, (old) => -old),
    from: 50,
    passes: set('volume', 50, () => 0),
  },
  {
    rule: 'bar-range',
    name: 'a high far below close',
    breaks: set('high', 50, (old) => old * 0.85),
    from: 50,
    passes: (frame) => {
      frame.high[50] = (frame.close[50] ?? NaN) * 1.0001;
      frame.open[50] = (frame.close[50] ?? NaN) * 1.004;
      return undefined;
    },
  },
  {
    rule: 'unit-error',
    name: 'pence before the change to pounds',
    breaks: (frame) => {
      scale(frame, 0, 200, 100);
      return undefined;
    },
    from: 0,
    to: 199,
    passes: () => undefined,
  },
  {
    rule: 'unit-error',
    name: 'one row in cents',
    breaks: (frame) => {
      scale(frame, 150, 151, 100);
      return undefined;
    },
    from: 150,
    passes: () => undefined,
  },
  {
    rule: 'split-unadjusted',
    name: 'history before a 4:1 split in old shares',
    breaks: (frame) => {
      frame.splits[200] = 4;
      scale(frame, 0, 200, 4);
      return undefined;
    },
    from: 0,
    to: 199,
    passes: (frame) => {
      frame.splits[200] = 4;
      return undefined;
    },
  },
  {
    rule: 'split-unadjusted',
    name: 'one row before a split in old shares',
    breaks: (frame) => {
      frame.splits[200] = 4;
      scale(frame, 195, 196, 4);
      return undefined;
    },
    from: 195,
    passes: () => undefined,
  },
  {
    rule: 'split-missing',
    name: 'a fall to a half at the usual turnover',
    breaks: (frame) => {
      scale(frame, 0, 200, 2);
      return undefined;
    },
    from: 0,
    to: 199,
    passes: (frame) => {
      // A crash: everybody trades.
      scale(frame, 0, 200, 2);
      for (let row = 200; row < 220; row++) frame.volume[row] = 2e7;
      return undefined;
    },
  },
  {
    rule: 'bad-tick',
    name: 'a row half as high again',
    breaks: (frame) => {
      scale(frame, 150, 151, 1.5);
      return undefined;
    },
    from: 150,
    passes: (frame) => {
      // A takeover: up, and it stays.
      scale(frame, 150, 300, 1.3);
      for (let row = 150; row < 170; row++) frame.volume[row] = 2e7;
      return undefined;
    },
  },
  {
    rule: 'dividend-wrong',
    name: 'a dividend in pence, adjusted for in pounds',
    breaks: (frame) => {
      quarterly(frame);
      frame.dividends[160] = (frame.dividends[160] ?? NaN) * 30;
      return undefined;
    },
    from: 160,
    passes: (frame) => {
      quarterly(frame);
      return undefined;
    },
  },
  {
    rule: 'dividend-missing',
    name: 'an adjustment without a dividend',
    breaks: (frame) => {
      quarterly(frame);
      frame.dividends[160] = 0;
      return undefined;
    },
    from: 160,
    passes: () => undefined,
  },
  {
    rule: 'adjustment-wrong',
    name: 'a dividend that is not adjusted for',
    breaks: (frame) => {
      quarterly(frame, 160, 0);
      return undefined;
    },
    from: 0,
    to: 159,
    passes: (frame) => {
      quarterly(frame);
      return undefined;
    },
  },
  {
    rule: 'adjustment-wrong',
    name: 'a hundredth of a dividend',
    breaks: (frame) => {
      quarterly(frame, 225, 0.000_15);
      return undefined;
    },
    from: 0,
    to: 224,
    passes: () => undefined,
  },
  {
    rule: 'adjustment-odd',
    name: 'one adjusted close that is off',
    breaks: (frame) => {
      quarterly(frame);
      frame.adjClose[120] = (frame.adjClose[120] ?? NaN) * 1.03;
      return undefined;
    },
    from: 120,
    passes: () => undefined,
  },
];

const NOW_NS = 1_796_000_000_000_000_000n;

describe.each(CASES)('$rule: $name', ({ rule, breaks, passes, from, to }) => {
  it('finds those rows and no others', () => {
    const frame = dailyBars();
    const { findings } = validateMarketData(breaks(frame) ?? frame, { nowNs: NOW_NS });
    expect(findings.map((finding) => [finding.rule, finding.from, finding.to])).toEqual([
      [rule, from, to ?? from],
    ]);
  });

  it('lets the nearest clean bars pass', () => {
    const frame = dailyBars();
    expect(validateMarketData(passes(frame) ?? frame, { nowNs: NOW_NS }).findings).toEqual([]);
  });
});

it('a dividend recorded twice is one, and the adjustment for the second is wrong', () => {
  const frame = dailyBars();
  quarterly(frame);
  frame.dividends[158] = frame.dividends[160] ?? NaN;
  for (let row = 0; row < 158; row++) frame.adjClose[row] = (frame.adjClose[row] ?? NaN) * 0.985;
  const { findings } = validateMarketData(frame);
  expect(findings.map(({ rule, from, to }) => [rule, from, to])).toEqual([
    ['adjustment-wrong', 0, 157],
    ['dividend-phantom', 158, 158],
  ]);
});

/** Of ticks: ticks.test.ts. */
const TICK_RULES = ['price-positive', 'size-not-negative', 'quote-price', 'quote-crossed', 'quote-spread'];

it('every rule about frames has a case', () => {
  const tested = new Set([...CASES.map(({ rule }) => rule), 'dividend-phantom', ...TICK_RULES]);
  expect(FRAME_RULES.map(({ id }) => id).filter((id) => !tested.has(id))).toEqual([]);
});

it('a frame may come newest first, and findings name its own rows', () => {
  const frame = dailyBars();
  scale(frame, 0, 200, 100);
  const newestFirst = reordered(frame, (rows) => rows.toReversed());
  const { findings } = validateMarketData(newestFirst);
  expect(findings.map(({ rule, from, to }) => [rule, from, to])).toEqual([['unit-error', 299, 100]]);
});

it('rows without a price inside of a wrong stretch are not wrong', () => {
  const frame = dailyBars();
  quarterly(frame, 160, 0);
  for (const name of ['open', 'high', 'low', 'close', 'adjClose', 'volume'] as const) frame[name][50] = NaN;
  const { findings, notes } = validateMarketData(frame);
  expect(findings.map(({ from, to }) => [from, to])).toEqual([
    [0, 49],
    [51, 159],
  ]);
  expect(notes.map(({ rule, count }) => [rule, count])).toEqual([['missing-value', 1]]);
});

it('says nothing about an empty frame and about one row', () => {
  for (const rows of [0, 1, 2]) expect(validateMarketData(dailyBars(rows)).findings).toEqual([]);
});

it('a row a hundredth too small beside one a hundred times too large are two rows in another unit, and those after them are not', () => {
  const frame = dailyBars();
  scale(frame, 100, 101, 0.01);
  scale(frame, 101, 102, 100);
  const { findings } = validateMarketData(frame);
  expect(findings.map(({ rule, from, to }) => [rule, from, to])).toEqual([
    ['unit-error', 100, 100],
    ['unit-error', 101, 101],
  ]);
});
