/**
 * IB's limits and where each is documented. The pages are those of the TWS API documentation (interactivebrokers.github.io/tws-api,
 * now continued on IBKR Campus) by their file name; "reference" is the project's protocol notes. The simulator counts in simulated time.
 */

/** The step-size table: a request of at most this duration may have bars as short as this. */
interface StepSize {
  readonly durationMs: number;
  readonly minBarMs: number;
}

export interface PacingLimits {
  /** Requests for history, real-time bars and tick by tick in a sliding window, per client id. BID_ASK counts twice. */
  readonly historicalRequests: number;
  readonly historicalWindowMs: number;
  readonly bidAskWeight: number;
  /** The same request again within this time. */
  readonly identicalWithinMs: number;
  /** This many requests or more for the same contract, exchange and kind of data within the time. */
  readonly sameContractRequests: number;
  readonly sameContractWindowMs: number;
  /** Bars longer than this are not paced. IB documents 30 s and "soft" throttling above: Infinity paces all. */
  readonly pacedBarMaxMs: number;
  /** Historical requests under way (kept up to date ones included), per connection. */
  readonly openHistoricalRequests: number;
  /** Messages of a client in any second; breaches that end the session. */
  readonly messagesPerSecond: number;
  readonly messageRateBreaches: number;
  /** Streaming market data and real-time bars together, over all connections. */
  readonly marketDataLines: number;
  /** Tick-by-tick subscriptions, over all connections. */
  readonly tickByTickLines: number;
  /** A tick-by-tick request of the same kind for the same instrument within this time. */
  readonly tickByTickRepeatMs: number;
  readonly ticksPerRequest: number;
  readonly stepSizes: readonly StepSize[];
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const IB_LIMITS: PacingLimits = {
  historicalRequests: 60,
  historicalWindowMs: 10 * MINUTE,
  bidAskWeight: 2,
  identicalWithinMs: 15 * SECOND,
  sameContractRequests: 6,
  sameContractWindowMs: 2 * SECOND,
  pacedBarMaxMs: Infinity,
  openHistoricalRequests: 50,
  messagesPerSecond: 50,
  messageRateBreaches: 3,
  marketDataLines: 100,
  tickByTickLines: 3,
  tickByTickRepeatMs: 15 * SECOND,
  ticksPerRequest: 1000,
  stepSizes: [
    { durationMs: 1800 * SECOND, minBarMs: SECOND },
    { durationMs: HOUR, minBarMs: 5 * SECOND },
    { durationMs: 4 * HOUR, minBarMs: 10 * SECOND },
    { durationMs: 8 * HOUR, minBarMs: 30 * SECOND },
    { durationMs: DAY, minBarMs: MINUTE },
    { durationMs: 2 * DAY, minBarMs: 2 * MINUTE },
    { durationMs: 7 * DAY, minBarMs: 3 * MINUTE },
    { durationMs: 31 * DAY, minBarMs: 30 * MINUTE },
    { durationMs: Infinity, minBarMs: DAY },
  ],
};

const SMALL_BARS = 'historical_limitations.html, "Pacing Violations for Small Bars (30 secs or less)"';

export const LIMIT_SOURCES: Readonly<Record<keyof PacingLimits, string>> = {
  historicalRequests: `${SMALL_BARS}; realtime_bars.html for real-time bars; reference §8 for tick by tick`,
  historicalWindowMs: SMALL_BARS,
  bidAskWeight: SMALL_BARS,
  identicalWithinMs: SMALL_BARS,
  sameContractRequests: SMALL_BARS,
  sameContractWindowMs: SMALL_BARS,
  pacedBarMaxMs:
    'historical_limitations.html, note 1 (lifted for 1 min and more, with caution); reference §8: all are counted',
  openHistoricalRequests: 'historical_limitations.html, first paragraph',
  messagesPerSecond: 'introduction.html, "50 messages per second"; message_codes.html, 100; reference §8',
  messageRateBreaches: 'reference §8 (reject mode: three breaches end the session)',
  marketDataLines:
    'market_data.html, "Market Data Lines" (100 by default); realtime_bars.html (they count, too); message_codes.html, 101',
  tickByTickLines: 'top_data.html (as many as market depth) and market_depth.html (3 for up to 399 lines)',
  tickByTickRepeatMs: 'tick_data.html (one request for the same instrument within 15 seconds)',
  ticksPerRequest: 'historical_time_and_sales.html (at most 1000 ticks a request)',
  stepSizes: 'historical_limitations.html, "Step Sizes"',
};
