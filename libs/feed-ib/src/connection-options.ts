import type { Clock, Logger } from '@tickwell/ports';
import { IbLink, type Link, type LinkOptions } from './ib-link.ts';
import type { PacingGovernor } from './pacing-governor.ts';
import type { OnReport } from './report.ts';

export type MarketDataType = 'live' | 'frozen' | 'delayed' | 'delayed-frozen';

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** Tried in turn while the Gateway says that one is in use (326). At least one. */
  readonly clientIds: readonly number[];
  readonly marketDataType: MarketDataType;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly governor: PacingGovernor;
  readonly timing?: Partial<ConnectionTiming>;
  /** Changes of its state, and what waits for IB. */
  readonly onReport?: OnReport | undefined;
  /** For tests. */
  readonly openLink?: (options: LinkOptions) => Link;
  readonly random?: () => number;
}

/** Milliseconds of the clock. */
export interface ConnectionTiming {
  /** From opening the socket to the first id. */
  readonly connectMs: number;
  /** Between two questions for the time. */
  readonly heartbeatMs: number;
  /** For its answer: a socket that stays silent longer is dead. */
  readonly heartbeatDeadlineMs: number;
  /** For any other answer. */
  readonly requestMs: number;
  /** Between attempts to connect: the first, and the longest of the doubled ones. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** A request gives up when there is no connection for so long. */
  readonly unavailableMs: number;
  /** Before a subscription that IB refused for the time being is asked for again. */
  readonly resubscribeMs: number;
  /** The Gateway's clock is taken to go on as ours for so long after it was last heard of. */
  readonly maxAheadMs: number;
}

export const DEFAULT_TIMING: ConnectionTiming = {
  connectMs: 15_000,
  heartbeatMs: 10_000,
  heartbeatDeadlineMs: 10_000,
  requestMs: 60_000,
  backoffMs: 1000,
  maxBackoffMs: 60_000,
  unavailableMs: 6 * 3_600_000,
  resubscribeMs: 60_000,
  maxAheadMs: Number.POSITIVE_INFINITY,
};

/** Attempts before the first connection ever is given up. */
export const FIRST_CONNECT_ATTEMPTS = 3;

export const MARKET_DATA_TYPES: Readonly<Record<MarketDataType, 1 | 2 | 3 | 4>> = {
  live: 1,
  frozen: 2,
  delayed: 3,
  'delayed-frozen': 4,
};

export function openIbLink(options: LinkOptions): Link {
  return new IbLink(options);
}
