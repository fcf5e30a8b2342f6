import type { FrameRule } from '../frame-rule.ts';

/** As shares of the price, and of the usual spread. */
export const SPREAD_LIMITS = { minSpread: 0.05, spreadTimes: 50 } as const;

/** A quote so far apart is nobody's price: a stub that a market maker has to show. */
export const QUOTE_SPREAD: FrameRule = {
  id: 'quote-spread',
  severity: 'flag',
  description: 'Bid and ask are further apart than 5 % and than 50 times what is usual in the file.',
  reason:
    'Market makers who have to quote and do not want to trade show a price that nobody takes; its middle says nothing.',
  example: '`bid 1.00, ask 93.50` before the opening.',
  parameters: SPREAD_LIMITS,
};

export const QUOTE_CROSSED: FrameRule = {
  id: 'quote-crossed',
  severity: 'flag',
  description: 'Bid is above ask. Equal ones (locked) are a note.',
  reason: 'Two such orders would have been a trade: the sides are of different times or venues, or swapped.',
  example: '`bid 1.3871, ask 1.3869`.',
  parameters: {},
};

export const QUOTE_PRICE: FrameRule = {
  id: 'quote-price',
  severity: 'reject',
  description: 'Bid or ask is infinite or negative. A side that is empty or 0 is none, and a note.',
  reason: 'Nothing that trades costs nothing.',
  example: '`bid -1, ask 93.5`.',
  parameters: {},
};

export const PRICE_POSITIVE: FrameRule = {
  id: 'price-positive',
  severity: 'reject',
  description: 'Price of a trade is infinite, zero or negative.',
  reason: 'Nothing that trades costs nothing.',
  example: '`price 0, size 100`.',
  parameters: {},
};

export const SIZE_NEGATIVE: FrameRule = {
  id: 'size-not-negative',
  severity: 'reject',
  description: 'Size of a trade is infinite or negative.',
  reason: 'A number of shares is 0 or more; a minus sign for sales belongs into a column of its own.',
  example: '`price 93.5, size -100`.',
  parameters: {},
};
