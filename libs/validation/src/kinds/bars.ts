import {
  intervalStartNs,
  NS_PER_DAY,
  NS_PER_SECOND,
  pickBars,
  utcDateNumber,
  type BarColumns,
  type Interval,
} from '@tickwell/domain';
import { marketRules } from '../market-rule.ts';
import type { EventRule, Kind } from '../rule.ts';
import { BAR_BATCH_RULES } from '../rules/batch.ts';
import { ordered, type OrderedEvents } from '../rules/order.ts';
import { versioned } from '../rules/versions.ts';
import { badPrint, priceAbsurd, priceOutlier } from '../rules/outlier.ts';
import { isAmount, isPriceOf, priceJump, priceText, unitError } from '../rules/prices.ts';
import { outsideSession } from '../rules/session.ts';
import { staleFeed } from '../rules/stream.ts';
import { FUTURE_ALLOWANCE_HOURS, timeInFuture, timeTooOld } from '../rules/time.ts';

/** Sessions open on the quarter hour, and hourly bars of many vendors start with the session (13:30, 14:30, ... UTC). */
const SESSION_GRID_MINUTES = 15;
const SESSION_GRID_NS = BigInt(SESSION_GRID_MINUTES) * 60n * NS_PER_SECOND;

const open = (bars: BarColumns, index: number): number => bars.open[index] ?? NaN;
const high = (bars: BarColumns, index: number): number => bars.high[index] ?? NaN;
const low = (bars: BarColumns, index: number): number => bars.low[index] ?? NaN;
const close = (bars: BarColumns, index: number): number => bars.close[index] ?? NaN;

const events: OrderedEvents<BarColumns> = {
  time: (bars, index) => bars.startNs[index] ?? 0n,
  seq: () => 0n,
  remember: (bars, index, stream) => {
    stream.hasLast = true;
    stream.timeNs = bars.startNs[index] ?? 0n;
    stream.numbers.splice(0, Infinity, ...values(bars, index));
  },
};

/** Everything there is to say of a bar; the close first, which the next bar's is compared with. */
function values(bars: BarColumns, index: number): readonly number[] {
  return [
    close(bars, index),
    open(bars, index),
    high(bars, index),
    low(bars, index),
    bars.volume[index] ?? NaN,
    bars.vwap[index] ?? NaN,
    bars.tradeCount[index] ?? NaN,
    bars.sessionDate[index] ?? NaN,
  ];
}

function prices(bars: BarColumns, index: number): string {
  return `open ${open(bars, index)}, high ${high(bars, index)}, low ${low(bars, index)}, close ${close(bars, index)}`;
}

const barPrice: EventRule<BarColumns> = {
  id: 'bar-price-positive',
  severity: 'reject',
  description:
    'Open, high, low or close is NaN, infinite, zero or negative (these two not where the class says so).',
  parameters: {},
  broken: (bars, index, _stream, { settings }) => {
    const { allowsNegative } = settings.rules;
    return (
      !isPriceOf(open(bars, index), allowsNegative) ||
      !isPriceOf(high(bars, index), allowsNegative) ||
      !isPriceOf(low(bars, index), allowsNegative) ||
      !isPriceOf(close(bars, index), allowsNegative)
    );
  },
  explain: (bars, index, _stream, { settings }) =>
    `${prices(bars, index)}: one is not ${priceText(settings.rules.allowsNegative)}`,
};

const barRange: EventRule<BarColumns> = {
  id: 'bar-range',
  severity: 'reject',
  description: 'Low is above high, or open or close lies outside of low and high.',
  parameters: {},
  broken: (bars, index) => {
    const [top, bottom] = [high(bars, index), low(bars, index)];
    const [first, last] = [open(bars, index), close(bars, index)];
    return bottom > top || first < bottom || first > top || last < bottom || last > top;
  },
  explain: (bars, index) => `${prices(bars, index)}: not low <= open, close <= high`,
};

const barVolume: EventRule<BarColumns> = {
  id: 'bar-volume',
  severity: 'reject',
  description: 'Volume is NaN, infinite or negative. A source without volumes leaves the column out.',
  parameters: {},
  broken: (bars, index) => {
    const volume = bars.volume[index];
    return volume !== undefined && !isAmount(volume);
  },
  explain: (bars, index) => `volume ${bars.volume[index]} is not a finite number of 0 or more`,
};

const barVwap: EventRule<BarColumns> = {
  id: 'bar-vwap',
  severity: 'reject',
  description:
    'Volume-weighted average price is infinite, zero or negative (these two not where the class says so). An unknown one is NaN.',
  parameters: {},
  broken: (bars, index, _stream, { settings }) => {
    const vwap = bars.vwap[index];
    return vwap !== undefined && !Number.isNaN(vwap) && !isPriceOf(vwap, settings.rules.allowsNegative);
  },
  explain: (bars, index, _stream, { settings }) =>
    `vwap ${bars.vwap[index]} is neither missing nor ${priceText(settings.rules.allowsNegative)}`,
};

const barMisaligned: EventRule<BarColumns> = {
  id: 'bar-misaligned',
  severity: 'reject',
  description:
    'Start is not one of its interval: up to the grid, a multiple of the interval since midnight UTC; longer intraday bars start on the grid; daily bars at midnight UTC of the session date, weekly ones on Monday, monthly ones on the first.',
  parameters: { gridMinutes: SESSION_GRID_MINUTES },
  broken: (bars, index, _stream, batch) =>
    batch.interval !== undefined && !isAligned(batch.interval, events.time(bars, index)),
  explain: (_bars, _index, _stream, batch) => `start is not aligned to the interval ${batch.intervalText}`,
};

function isAligned(interval: Interval, startNs: bigint): boolean {
  if (interval.kind !== 'fixed' || isDaily(interval)) {
    return intervalStartNs(interval, startNs) === startNs;
  }
  const gridNs = interval.lengthNs < SESSION_GRID_NS ? interval.lengthNs : SESSION_GRID_NS;
  return startNs % gridNs === 0n;
}

/** The session date is redundant for daily bars; where it contradicts the start, one of them is wrong. */
const barSessionDate: EventRule<BarColumns> = {
  id: 'bar-session-date',
  severity: 'reject',
  description: 'Session date of a daily bar is not the day (UTC) of its start; 0: none.',
  parameters: {},
  broken: (bars, index, _stream, batch) => {
    const date = bars.sessionDate[index];
    if (date === undefined || date === 0 || !isDaily(batch.interval)) return false;
    return date !== utcDateNumber(events.time(bars, index));
  },
  explain: (bars, index) =>
    `session date ${bars.sessionDate[index]} is not ${utcDateNumber(events.time(bars, index))}, the day the bar starts`,
};

function isDaily(interval: Interval | undefined): boolean {
  return interval?.kind === 'fixed' && interval.lengthNs === NS_PER_DAY;
}

export const BARS: Kind<BarColumns> = {
  name: 'bars',
  noun: 'bar',
  batchRules: BAR_BATCH_RULES,
  eventRules: [
    timeTooOld(events.time),
    timeInFuture(events.time, FUTURE_ALLOWANCE_HOURS),
    barMisaligned,
    barPrice,
    barRange,
    barVolume,
    barVwap,
    barSessionDate,
  ],
  versions: versioned(values),
  ...ordered(events, false),
  priceOf: close,
  marketRules: marketRules([
    priceAbsurd(),
    outsideSession(events.time),
    priceJump(),
    unitError(),
    priceOutlier(),
    badPrint(),
    staleFeed(events.time),
  ]),
  pick: pickBars,
};
