/**
 * Interactive Brokers' limits, and where each of them comes from. "Historical limitations" and "Requests" are pages of IB's TWS API
 * documentation (interactivebrokers.github.io/tws-api: historical_limitations.html, market_data.html, tick_data.html,
 * introduction.html). Margins are ours: messages that leave here
 * spaced by exactly a limit may arrive closer together.
 */
export interface PacingLimits {
  /** Messages in one second over all connections. IB: 50 per connection and second, more is error 100 ("introduction"). */
  readonly messagesPerSecond: number;
  /** Historical requests of bars up to 30 s, of ticks, and starts of real-time bars and tick-by-tick, by weight ("Historical limitations": 60 in ten minutes). */
  readonly history: { readonly weight: number; readonly windowMs: number };
  /**
   * Requests of bars of a minute and more. IB lifted the hard limit and throttles by itself, how much it does not say: they share
   * the window of the others unless a window of their own is configured.
   */
  readonly largeBars: 'shared' | { readonly weight: number; readonly windowMs: number };
  /** Identical requests are this far apart ("Historical limitations": 15 s). */
  readonly identicalMs: number;
  /** Fewer than six for the same contract, exchange and tick type in two seconds ("Historical limitations"). */
  readonly sameContract: { readonly weight: number; readonly windowMs: number };
  /** Historical requests without an answer ("Historical limitations": 50). */
  readonly openRequests: number;
  /** Market data lines at once (100 with every account, more by subscription; "market data lines"). */
  readonly marketDataLines: number;
  /** Added to every window. */
  readonly marginMs: number;
  /** After a pacing answer nothing historical is asked for this long, doubled each time up to the history window. */
  readonly backoffMs: number;
}

export const IB_LIMITS: PacingLimits = {
  messagesPerSecond: 45,
  history: { weight: 60, windowMs: 600_000 },
  largeBars: 'shared',
  identicalMs: 15_000,
  sameContract: { weight: 5, windowMs: 2000 },
  openRequests: 50,
  marketDataLines: 100,
  marginMs: 250,
  backoffMs: 15_000,
};

/** BID_ASK counts twice ("Historical limitations"). */
export const BID_ASK_WEIGHT = 2;
