/** Applies IB's limits to requests and tells the client. */
import type { Violation } from '../stats.ts';
import type { Session } from '../session.ts';
import type { ContractQuery } from '../wire/requests.ts';

export const PACING_TEXT =
  'Historical Market Data Service error message:Historical data request pacing violation';

export interface Paced {
  readonly contract: ContractQuery;
  readonly conId: number;
  readonly whatToShow: string;
  /** All other parameters. */
  readonly parameters: string;
  /** Bars longer than the limits pace are not counted; 0: ticks. */
  readonly barMs: number;
}

/** Counts a request; what it violates, if anything, is in the statistics. */
export function judgePacing(session: Session, paced: Paced): Violation | undefined {
  const { clock, conditions, limits, stats } = session.gateway;
  if (conditions.pacingStorm) return 'historicalPacing';
  if (paced.barMs > limits.pacedBarMaxMs) return undefined;
  const family = `${paced.conId} ${paced.contract.exchange} ${paced.whatToShow}`;
  const violation = session.pacing.judge(clock.nowMs(), {
    identity: `${family} ${paced.parameters}`,
    family,
    weight: paced.whatToShow === 'BID_ASK' ? limits.bidAskWeight : 1,
  });
  if (violation !== undefined) stats.violation(violation);
  return violation;
}

/** Whether one more historical request may be under way; false: the client knows that not. */
export function hasRoom(session: Session, reqId: number): boolean {
  const { limits, stats } = session.gateway;
  if (session.activeCount('historical') < limits.openHistoricalRequests) return true;
  stats.violation('openRequests');
  session.error(
    reqId,
    322,
    `Error processing request:-'bN' : cause - Only ${limits.openHistoricalRequests} simultaneous API historical data requests allowed.`,
  );
  return false;
}

/** Takes a market-data line for a subscription that has begun; false: none is left and the client knows. */
export function takeLine(session: Session, family: 'marketData' | 'realTimeBars', reqId: number): boolean {
  const giveBack = session.gateway.lines.take();
  if (giveBack !== undefined) {
    session.onEnd(family, reqId, giveBack);
    return true;
  }
  session.gateway.stats.violation('marketDataLines');
  session.end(family, reqId);
  session.error(reqId, 101, 'Max number of tickers has been reached');
  return false;
}
