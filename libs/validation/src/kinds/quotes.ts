import { pickQuotes, type QuoteColumns } from '@tickwell/domain';
import { infoOf, marketRules, type MarketRule } from '../market-rule.ts';
import type { EventRule, Kind } from '../rule.ts';
import { INSTRUMENT_RULES } from '../rules/batch.ts';
import { ordered, type OrderedEvents } from '../rules/order.ts';
import { CLOCK_RULE } from '../rules/clock.ts';
import { badPrint, priceAbsurd, priceOutlier } from '../rules/outlier.ts';
import { isAmount, isPriceOf, priceText } from '../rules/prices.ts';
import { sequenceGap, staleFeed } from '../rules/stream.ts';
import { QUOTE_CROSSED, QUOTE_LOCKED, QUOTE_SPREAD } from '../settings/catalogue.ts';
import { FUTURE_ALLOWANCE_HOURS, timeInFuture, timeTooOld } from '../rules/time.ts';

const events: OrderedEvents<QuoteColumns> = {
  time: (quotes, index) => quotes.timeNs[index] ?? 0n,
  seq: (quotes, index) => quotes.seq[index] ?? 0n,
  remember: (quotes, index, stream) => {
    stream.hasLast = true;
    stream.timeNs = quotes.timeNs[index] ?? 0n;
    stream.seq = quotes.seq[index] ?? 0n;
    stream.numbers[0] = quotes.bidPrice[index] ?? NaN;
    stream.numbers[1] = quotes.bidSize[index] ?? NaN;
    stream.numbers[2] = quotes.askPrice[index] ?? NaN;
    stream.numbers[3] = quotes.askSize[index] ?? NaN;
  },
};

function isMissingOrPrice(value: number, allowsNegative: boolean): boolean {
  return Number.isNaN(value) || isPriceOf(value, allowsNegative);
}

function isSize(size: number, price: number): boolean {
  return isAmount(size) || (Number.isNaN(size) && Number.isNaN(price));
}

const bid = (quotes: QuoteColumns, index: number): number => quotes.bidPrice[index] ?? NaN;
const ask = (quotes: QuoteColumns, index: number): number => quotes.askPrice[index] ?? NaN;
const STUB_SPREAD = 0.5;

function describe(quotes: QuoteColumns, index: number): string {
  return `bid ${quotes.bidPrice[index]} x ${quotes.bidSize[index]}, ask ${quotes.askPrice[index]} x ${quotes.askSize[index]}`;
}

const quotePrice: EventRule<QuoteColumns> = {
  id: 'quote-price',
  severity: 'reject',
  description:
    'Bid or ask is infinite, zero or negative (these two not where the class says so). A side without a quote is NaN.',
  parameters: {},
  broken: (quotes, index, _stream, { settings }) =>
    !isMissingOrPrice(quotes.bidPrice[index] ?? NaN, settings.rules.allowsNegative) ||
    !isMissingOrPrice(quotes.askPrice[index] ?? NaN, settings.rules.allowsNegative),
  explain: (quotes, index, _stream, { settings }) =>
    `${describe(quotes, index)}: a price is neither missing nor ${priceText(settings.rules.allowsNegative)}`,
};

const quoteMissing: EventRule<QuoteColumns> = {
  id: 'quote-missing',
  severity: 'reject',
  description: 'Quote has neither bid nor ask.',
  parameters: {},
  broken: (quotes, index) =>
    Number.isNaN(quotes.bidPrice[index] ?? NaN) && Number.isNaN(quotes.askPrice[index] ?? NaN),
  explain: () => 'neither bid nor ask is there',
};

const quoteSize: EventRule<QuoteColumns> = {
  id: 'quote-size',
  severity: 'reject',
  description: 'Bid or ask size is infinite or negative, or missing where the price is there.',
  parameters: {},
  broken: (quotes, index) =>
    !isSize(quotes.bidSize[index] ?? NaN, quotes.bidPrice[index] ?? NaN) ||
    !isSize(quotes.askSize[index] ?? NaN, quotes.askPrice[index] ?? NaN),
  explain: (quotes, index) => `${describe(quotes, index)}: a size is not a finite number of 0 or more`,
};

/** Real venues publish crossed quotes (a quarter of some FX feeds), so this is no reason to refuse one. */
const quoteCrossed: MarketRule<QuoteColumns> = {
  ...infoOf(QUOTE_CROSSED, 'Bid is above ask.'),
  prepare: () => ({
    broken: ({ columns, index }) => bid(columns, index) > ask(columns, index),
    explain: ({ columns, index }) => `bid ${bid(columns, index)} is above ask ${ask(columns, index)}`,
  }),
};

/** Common where several venues or dark orders are merged, and no error by itself. */
const quoteLocked: MarketRule<QuoteColumns> = {
  ...infoOf(QUOTE_LOCKED, 'Bid equals ask: a spread of zero.'),
  prepare: () => ({
    broken: ({ columns, index }) => bid(columns, index) === ask(columns, index),
    explain: ({ columns, index }) => `bid and ask are ${bid(columns, index)}`,
  }),
};

const quoteSpread: MarketRule<QuoteColumns> = {
  ...infoOf(
    QUOTE_SPREAD,
    "Ask is above bid by more than the share of the price: a stub quote, whose middle is nobody's price.",
  ),
  prepare: (rule) => {
    const maxSpread = rule.number('maxSpread');
    return {
      broken: ({ columns, index }) => isWide(bid(columns, index), ask(columns, index), maxSpread),
      explain: ({ columns, index }) => `bid ${bid(columns, index)}, ask ${ask(columns, index)}`,
    };
  },
};

function isWide(bidPrice: number, askPrice: number, maxSpread: number): boolean {
  return askPrice - bidPrice > maxSpread * Math.abs(askPrice);
}

/**
 * What a quote says of the price: that it lies between the two sides. So of all such prices it is the one nearest to that of before: a wide
 * quote of one venue contradicts nothing. Without one before, the middle, if that is anybody's price.
 */
function priceWithin(quotes: QuoteColumns, index: number, before: number): number {
  const [bidPrice, askPrice] = [bid(quotes, index), ask(quotes, index)];
  if (bidPrice > askPrice) return (bidPrice + askPrice) / 2;
  if (before < bidPrice) return bidPrice;
  if (before > askPrice) return askPrice;
  if (!Number.isNaN(before)) return before;
  return isWide(bidPrice, askPrice, STUB_SPREAD) ? NaN : (bidPrice + askPrice) / 2;
}

export const QUOTES: Kind<QuoteColumns> = {
  name: 'quotes',
  noun: 'quote',
  batchRules: INSTRUMENT_RULES,
  eventRules: [
    timeTooOld(events.time),
    timeInFuture(events.time, FUTURE_ALLOWANCE_HOURS),
    quotePrice,
    quoteMissing,
    quoteSize,
  ],
  ...ordered(events, true),
  priceOf: priceWithin,
  marketRules: marketRules([
    priceAbsurd(),
    quoteCrossed,
    quoteLocked,
    quoteSpread,
    priceOutlier(),
    badPrint(),
    staleFeed(events.time),
    sequenceGap(events.seq),
  ]),
  clockRule: CLOCK_RULE,
  pick: pickQuotes,
};
