import { pickQuotes, type QuoteColumns } from '@tickwell/domain';
import type { EventRule, Kind } from '../rule.ts';
import { INSTRUMENT_RULES } from '../rules/batch.ts';
import { ordered, type OrderedEvents } from '../rules/order.ts';
import { isAmount, isPrice } from '../rules/prices.ts';
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

function isMissingOrPrice(value: number): boolean {
  return Number.isNaN(value) || isPrice(value);
}

function isSize(size: number, price: number): boolean {
  return isAmount(size) || (Number.isNaN(size) && Number.isNaN(price));
}

function describe(quotes: QuoteColumns, index: number): string {
  return `bid ${quotes.bidPrice[index]} x ${quotes.bidSize[index]}, ask ${quotes.askPrice[index]} x ${quotes.askSize[index]}`;
}

const quotePrice: EventRule<QuoteColumns> = {
  id: 'quote-price',
  severity: 'reject',
  description: 'Bid or ask is infinite, zero or negative. A side without a quote is NaN.',
  parameters: {},
  broken: (quotes, index) =>
    !isMissingOrPrice(quotes.bidPrice[index] ?? NaN) || !isMissingOrPrice(quotes.askPrice[index] ?? NaN),
  explain: (quotes, index) =>
    `${describe(quotes, index)}: a price is neither missing nor a finite number above 0`,
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
const quoteCrossed: EventRule<QuoteColumns> = {
  id: 'quote-crossed',
  severity: 'flag',
  description: 'Bid is above ask.',
  parameters: {},
  broken: (quotes, index) => (quotes.bidPrice[index] ?? NaN) > (quotes.askPrice[index] ?? NaN),
  explain: (quotes, index) => `bid ${quotes.bidPrice[index]} is above ask ${quotes.askPrice[index]}`,
};

/** Common where several venues or dark orders are merged, and no error by itself. */
const quoteLocked: EventRule<QuoteColumns> = {
  id: 'quote-locked',
  severity: 'flag',
  description: 'Bid equals ask: a spread of zero.',
  parameters: {},
  broken: (quotes, index) => quotes.bidPrice[index] === quotes.askPrice[index],
  explain: (quotes, index) => `bid and ask are ${quotes.bidPrice[index]}`,
};

const MAX_SPREAD = 0.5;

const quoteSpread: EventRule<QuoteColumns> = {
  id: 'quote-spread',
  severity: 'flag',
  description:
    "Ask is above bid by more than the share of the price: a stub quote, whose middle is nobody's price.",
  parameters: { maxSpread: MAX_SPREAD },
  broken: (quotes, index) =>
    (quotes.askPrice[index] ?? NaN) - (quotes.bidPrice[index] ?? NaN) >
    MAX_SPREAD * (quotes.askPrice[index] ?? NaN),
  explain: (quotes, index) => `bid ${quotes.bidPrice[index]}, ask ${quotes.askPrice[index]}`,
};

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
  flagRules: [quoteCrossed, quoteLocked, quoteSpread],
  pick: pickQuotes,
};
