import { expect, it } from 'vitest';
import { barFrame, processMarketData, validateMarketData, type FrameBar } from './index.ts';

const DAY_NS = 86_400_000_000_000n;

/** Quiet days; the close of one of them is changed. */
function days(count: number, wrongAt: number, wrong: number): readonly FrameBar[] {
  return Array.from({ length: count }, (_value, index) => {
    const close = index === wrongAt ? wrong : 100 + (index % 3);
    const range = { open: close, high: close + 0.5, low: close - 0.5 };
    return { startNs: 1_704_153_600_000_000_000n + BigInt(index) * DAY_NS, ...range, close, volume: 1_000 };
  });
}

it('bars that were read, or come from anywhere, are judged and cleaned', () => {
  const frame = barFrame('AAPL', days(60, 30, 10_100));
  expect(validateMarketData(frame).findings).toMatchObject([{ rule: 'unit-error', from: 30, to: 30 }]);
  const { frame: clean, changes } = processMarketData(frame);
  expect(clean.close[30]).toBe(101);
  expect(changes).toContainEqual({ row: 30, column: 'close', from: 10_100, to: 101 });
  expect(validateMarketData(clean).findings).toEqual([]);
});

it('a source without volumes has no column of them', () => {
  const bars = days(3, -1, 0).map((bar) => ({ ...bar, volume: undefined }));
  expect(barFrame('EURUSD', bars).volume).toBeUndefined();
  expect(validateMarketData(barFrame('EURUSD', bars)).findings).toEqual([]);
});
