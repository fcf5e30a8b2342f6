import { expect, it } from 'vitest';
import { random } from '../fixtures/frames.ts';
import { validateTicks, type TickFrame } from './ticks.ts';

const ROWS = 400;
const START_NS = 1_704_200_000_000_000_000n;

function times(): BigInt64Array {
  // Several ticks share an instant: prints within the resolution of the clock.
  return BigInt64Array.from(
    { length: ROWS },
    (_value, row) => START_NS + BigInt(Math.floor(row / 3)) * 1_000_000n,
  );
}

function walk(): Float64Array {
  const next = random(3);
  let price = 50;
  return Float64Array.from({ length: ROWS }, () => (price *= 1 + (next() - 0.5) * 0.001));
}

function trades(): TickFrame & { readonly price: Float64Array; readonly size: Float64Array } {
  return { symbol: 'T', timeNs: times(), price: walk(), size: new Float64Array(ROWS).fill(100) };
}

function quotes(): TickFrame & { readonly bid: Float64Array; readonly ask: Float64Array } {
  return { symbol: 'T', timeNs: times(), bid: walk(), ask: walk().map((price) => price * 1.0004) };
}

const found = (frame: TickFrame): readonly (readonly [string, number])[] =>
  validateTicks(frame, { nowNs: START_NS + 10n ** 15n }).findings.map(({ rule, from }) => [rule, from]);

it('finds nothing in clean ticks', () => {
  expect(found(trades())).toEqual([]);
  expect(found(quotes())).toEqual([]);
});

it.each<[string, number, (price: Float64Array, size: Float64Array, timeNs: BigInt64Array) => void]>([
  ['price-positive', 100, (price): void => void (price[100] = 0)],
  ['missing-value', 100, (price): void => void (price[100] = NaN)],
  ['size-not-negative', 100, (_price, size): void => void (size[100] = -1)],
  ['bad-tick', 100, (price): void => void (price[100] = 60)],
  ['unit-error', 100, (price): void => void (price[100] = 5000)],
  ['time-order', 100, (_price, _size, timeNs): void => void (timeNs[100] = START_NS)],
  ['time-in-future', 399, (_price, _size, timeNs): void => void (timeNs[399] = START_NS * 2n)],
])('trades: %s', (rule, row, spoil) => {
  const frame = trades();
  spoil(frame.price, frame.size, frame.timeNs);
  expect(found(frame)).toEqual([[rule, row]]);
});

it('a move that is traded through is none', () => {
  const frame = trades();
  for (let row = 200; row < 240; row++) {
    const depth = 1 - Math.abs(row - 220) / 20;
    frame.price[row] = (frame.price[row] ?? NaN) * (1 - 0.2 * depth);
  }
  expect(found(frame)).toEqual([]);
});

it('quotes: crossed, negative and stub quotes are findings; locked and one-sided ones are notes', () => {
  const frame = quotes();
  frame.bid[50] = (frame.ask[50] ?? NaN) * 1.001;
  frame.bid[60] = -1;
  frame.bid[70] = 1;
  frame.bid[80] = frame.ask[80] ?? NaN;
  frame.bid[90] = 0;
  expect(found(frame)).toEqual([
    ['quote-crossed', 50],
    ['quote-price', 60],
    ['quote-spread', 70],
  ]);
  expect(validateTicks(frame).notes.map(({ rule, count }) => [rule, count])).toEqual([
    ['quote-crossed', 1],
    ['quote-price', 1],
  ]);
});
