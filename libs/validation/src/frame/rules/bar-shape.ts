import { pricesAt, valueAt } from '../columns.ts';
import type { FrameContext, FrameRule, Sink } from '../frame-rule.ts';

/** Decimal prices stored as single precision are this far off. */
const ROUNDING = 1e-6;
const SIGMAS = 5;
const MIN_EXCESS = 0.01;
const HABIT_SHARE = 0.05;

export const BAR_PRICE: FrameRule = {
  id: 'bar-price-positive',
  severity: 'reject',
  description: 'Open, high, low or close is infinite, zero or negative.',
  reason:
    'Nothing that trades costs nothing. (Spreads and, once, crude oil did: ingest such instruments with a rule of their own.)',
  example: '`2024-05-02, 0, 0, 0, 0, 0`: zeros that stand for "no data".',
  parameters: {},
};

export const BAR_RANGE: FrameRule = {
  id: 'bar-range',
  severity: 'reject',
  description:
    'Low is above high, or open or close lies outside of low and high by more than the price usually moves. Less than that is a note, and so is what more than habitShare of the rows do.',
  reason:
    'High and low are the extremes of the trades that open and close are among. Sources that take open and close from an auction or from quotes, and high and low from the book, break it by a little all the time.',
  example: '`2024-05-02, open 101, high 102, low 100, close 150`: no trade at 150 can have a high of 102.',
  parameters: { sigmas: SIGMAS, minExcess: MIN_EXCESS, habitShare: HABIT_SHARE },
};

export const BAR_VOLUME: FrameRule = {
  id: 'bar-volume',
  severity: 'reject',
  description: 'Volume is infinite or negative.',
  reason: 'A number of shares is 0 or more.',
  example: '`..., close 101, volume -500`.',
  parameters: {},
};

/** What one row says by itself. */
export function findBadShapes({ series }: FrameContext, sink: Sink): void {
  const { frame, sigma } = series;
  const outside: { readonly row: number; readonly excess: number }[] = [];
  for (let row = 0; row < frame.close.length; row++) {
    const prices = pricesAt(frame, row);
    const volume = valueAt(frame.volume, row);
    if (prices.some((price) => price <= 0 || price === Infinity)) {
      sink.row(BAR_PRICE, row, `${showPrices(prices)}: not all are finite and above 0`);
    }
    if (volume < 0 || volume === Infinity) sink.row(BAR_VOLUME, row, `volume is ${volume}`);
    const [, high, low] = prices;
    const excess = excessOf(prices);
    if (low - high > ROUNDING * Math.abs(high))
      sink.row(BAR_RANGE, row, `${showPrices(prices)}: low is above high`);
    else if (excess > ROUNDING) outside.push({ row, excess });
  }
  const tolerance = Math.max(MIN_EXCESS, SIGMAS * sigma);
  const isHabit = outside.length > frame.close.length * HABIT_SHARE;
  const wrong = isHabit ? [] : outside.filter(({ excess }) => excess > tolerance);
  for (const { row, excess } of wrong) {
    const prices = pricesAt(frame, row);
    sink.row(
      BAR_RANGE,
      row,
      `${showPrices(prices)}: open or close is ${percent(excess)} outside of low and high`,
    );
  }
  const most = percent(Math.max(0, ...outside.map(({ excess }) => excess)));
  sink.note(
    BAR_RANGE,
    outside.length - wrong.length,
    `open or close lies outside of low and high, by at most ${most}: they come from elsewhere than high and low`,
  );
}

/** By how much open or close lie outside of low and high, as a share of the price. NaN prices do not. */
function excessOf([open, high, low, close]: readonly [number, number, number, number]): number {
  const beyond = [open - high, close - high, low - open, low - close].filter((value) => value > 0);
  return beyond.length === 0 ? 0 : Math.max(...beyond) / Math.abs(close);
}

function showPrices([open, high, low, close]: readonly [number, number, number, number]): string {
  return `open ${open}, high ${high}, low ${low}, close ${close}`;
}

export function percent(share: number): string {
  const value = share * 100;
  return `${Number(value.toPrecision(3))} %`;
}
