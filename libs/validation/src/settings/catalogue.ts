import type { RuleAction, RuleNumber, Tunable } from './tunable.ts';

/** A judgement of the market is no proof: none of these is refused for good unless somebody asks for it. */
const MARKET: readonly RuleAction[] = ['reject', 'quarantine', 'flag', 'off'];
/** Compared with the event before: what is kept back would leave that behind for ever, and everything after a split with it. */
const LEVEL: readonly RuleAction[] = ['flag', 'off'];
/** About a stretch of time and no event. */
const STATEMENT: readonly RuleAction[] = ['flag', 'off'];

function minutes(meaning: string, value: number, ofClass: RuleNumber['ofClass'] = {}): RuleNumber {
  return { meaning, value, min: 0, max: 1440, ofClass };
}

/** Of what is traded at a price of 0 or less: oil at -37.63, spreads of futures. */
export const PRICE_SIGN: Tunable = {
  id: 'price-positive',
  action: 'reject',
  actions: ['reject'],
  numbers: {
    negative: {
      meaning: '1: prices of 0 and less are prices, in quotes and bars too',
      value: 0,
      min: 0,
      max: 1,
      ofClass: { future: 1, continuous: 1, commodity: 1, cfd: 1 },
    },
  },
};

export const PRICE_JUMP: Tunable = {
  id: 'price-jump',
  action: 'flag',
  actions: LEVEL,
  numbers: { ratio: { meaning: 'share of the price before', value: 0.5, min: 0.001, max: 1_000_000 } },
};

export const UNIT_ERROR: Tunable = { id: 'unit-error', action: 'flag', actions: LEVEL, numbers: {} };

export const QUOTE_CROSSED: Tunable = { id: 'quote-crossed', action: 'flag', actions: MARKET, numbers: {} };
export const QUOTE_LOCKED: Tunable = { id: 'quote-locked', action: 'flag', actions: MARKET, numbers: {} };
export const QUOTE_SPREAD: Tunable = {
  id: 'quote-spread',
  action: 'flag',
  actions: MARKET,
  numbers: { maxSpread: { meaning: 'share of the ask', value: 0.5, min: 0.000_001, max: 1 } },
};

/** Halves of what such a market moves at an opening, so that sessions do not begin with findings. */
export const PRICE_OUTLIER: Tunable = {
  id: 'price-outlier',
  action: 'flag',
  actions: MARKET,
  numbers: {
    sigmas: {
      meaning: 'standard deviations of the usual move, with the root of the time between',
      value: 10,
      min: 3,
      max: 1000,
    },
    minMove: {
      meaning: 'share of the price; less is never far',
      value: 0.05,
      min: 0.000_01,
      max: 100,
      ofClass: {
        stock: 0.03,
        etf: 0.02,
        index: 0.02,
        currency: 0.005,
        crypto: 0.03,
        commodity: 0.03,
        bond: 0.02,
        cfd: 0.03,
        future: 0.02,
        continuous: 0.02,
      },
    },
  },
};

export const PRICE_ABSURD: Tunable = {
  id: 'price-absurd',
  action: 'quarantine',
  actions: MARKET,
  numbers: {
    times: {
      meaning: 'of the price before, or one part in so many',
      value: 5,
      min: 1.05,
      max: 1_000_000,
      ofClass: { currency: 1.5, index: 2, etf: 3, bond: 2, crypto: 8 },
    },
    withinSeconds: {
      meaning: 'after the event before; splits, listings and auctions come later',
      value: 600,
      min: 0,
      max: 86_400,
    },
  },
};

export const BAD_PRINT: Tunable = {
  id: 'bad-print',
  action: 'flag',
  actions: STATEMENT,
  numbers: {
    prints: { meaning: 'at most so many are taken back as bad prints', value: 3, min: 1, max: 9 },
  },
};

export const STALE_FEED: Tunable = {
  id: 'stale-feed',
  action: 'flag',
  actionOfClass: { fund: 'off' },
  actions: STATEMENT,
  numbers: {
    seconds: {
      meaning: 'seconds of open market without an event; less is never stale',
      value: 1800,
      min: 1,
      max: 31_536_000,
      ofClass: { etf: 900, index: 900, currency: 900 },
    },
    times: {
      meaning: 'of the pause that 19 of 20 of the stream do not reach',
      value: 20,
      min: 2,
      max: 1_000_000,
    },
  },
};

export const OUTSIDE_SESSION: Tunable = {
  id: 'outside-session',
  action: 'flag',
  actionOfClass: { fund: 'off' },
  actions: MARKET,
  numbers: {
    beforeMinutes: minutes('minutes before the opening in which trades are usual', 330, {
      index: 30,
      currency: 0,
      crypto: 0,
      future: 15,
      continuous: 15,
      commodity: 15,
      bond: 120,
    }),
    afterMinutes: minutes('minutes after the close, late reports included', 270, {
      index: 60,
      currency: 15,
      crypto: 0,
      future: 30,
      continuous: 30,
      commodity: 30,
      bond: 120,
    }),
  },
};

export const SEQUENCE_GAP: Tunable = {
  id: 'sequence-gap',
  action: 'flag',
  actions: STATEMENT,
  numbers: {},
  bySource: true,
};

export const CLOCK_SKEW: Tunable = {
  id: 'clock-skew',
  action: 'flag',
  actions: STATEMENT,
  numbers: {
    aheadSeconds: {
      meaning: 'seconds that event times are ahead of the log, as a rule',
      value: 2,
      min: 0.01,
      max: 86_400,
    },
    behindSeconds: {
      meaning: 'seconds that event times are behind the log, as a rule',
      value: 60,
      min: 0.01,
      max: 86_400,
    },
  },
};

/** Every rule that documents of kind `validation` may set, in the order of the documentation. */
export const TUNABLES: readonly Tunable[] = [
  PRICE_SIGN,
  PRICE_JUMP,
  UNIT_ERROR,
  PRICE_OUTLIER,
  PRICE_ABSURD,
  BAD_PRINT,
  QUOTE_CROSSED,
  QUOTE_LOCKED,
  QUOTE_SPREAD,
  OUTSIDE_SESSION,
  STALE_FEED,
  SEQUENCE_GAP,
  CLOCK_SKEW,
];
