import { pickTrades, type TradeColumns } from '@tickwell/domain';
import { marketRules } from '../market-rule.ts';
import type { EventRule, Kind } from '../rule.ts';
import { INSTRUMENT_RULES } from '../rules/batch.ts';
import { ordered, type OrderedEvents } from '../rules/order.ts';
import { CLOCK_RULE } from '../rules/clock.ts';
import { badPrint, priceAbsurd, priceOutlier } from '../rules/outlier.ts';
import { isAmount, isPriceOf, priceJump, priceText, unitError } from '../rules/prices.ts';
import { outsideSession } from '../rules/session.ts';
import { sequenceGap, staleFeed } from '../rules/stream.ts';
import { FUTURE_ALLOWANCE_HOURS, timeInFuture, timeTooOld } from '../rules/time.ts';

const price = (trades: TradeColumns, index: number): number => trades.price[index] ?? NaN;
const size = (trades: TradeColumns, index: number): number => trades.size[index] ?? NaN;

const events: OrderedEvents<TradeColumns> = {
  time: (trades, index) => trades.timeNs[index] ?? 0n,
  seq: (trades, index) => trades.seq[index] ?? 0n,
  remember: (trades, index, stream) => {
    stream.hasLast = true;
    stream.timeNs = trades.timeNs[index] ?? 0n;
    stream.seq = trades.seq[index] ?? 0n;
    stream.numbers[0] = trades.price[index] ?? NaN;
    stream.numbers[1] = trades.size[index] ?? NaN;
    stream.texts[0] = trades.conditions[index] ?? '';
    stream.texts[1] = trades.venue[index] ?? '';
  },
};

const pricePositive: EventRule<TradeColumns> = {
  id: 'price-positive',
  severity: 'reject',
  description: 'Price of a trade is NaN, infinite, zero or negative (these two not where the class says so).',
  parameters: {},
  broken: (trades, index, _stream, { settings }) =>
    !isPriceOf(price(trades, index), settings.rules.allowsNegative),
  explain: (trades, index, _stream, { settings }) =>
    `price ${price(trades, index)} is not ${priceText(settings.rules.allowsNegative)}`,
};

const sizeNotNegative: EventRule<TradeColumns> = {
  id: 'size-not-negative',
  severity: 'reject',
  description: 'Size of a trade is NaN, infinite or negative.',
  parameters: {},
  broken: (trades, index) => !isAmount(size(trades, index)),
  explain: (trades, index) => `size ${size(trades, index)} is not a finite number of 0 or more`,
};

export const TRADES: Kind<TradeColumns> = {
  name: 'trades',
  noun: 'trade',
  batchRules: INSTRUMENT_RULES,
  eventRules: [
    timeTooOld(events.time),
    timeInFuture(events.time, FUTURE_ALLOWANCE_HOURS),
    pricePositive,
    sizeNotNegative,
  ],
  ...ordered(events, true),
  priceOf: price,
  marketRules: marketRules([
    priceAbsurd(),
    outsideSession(events.time),
    priceJump(),
    unitError(),
    priceOutlier(),
    badPrint(),
    staleFeed(events.time),
    sequenceGap(events.seq),
  ]),
  clockRule: CLOCK_RULE,
  pick: pickTrades,
};
