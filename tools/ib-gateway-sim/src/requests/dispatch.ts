/** Which handler serves which request. */
import type { Session } from '../session.ts';
import { currentTime, managedAccounts, nextValidId } from '../wire/messages/session.ts';
import type { Request } from '../wire/requests.ts';
import { contractDetails, marketRules, matchingSymbols } from './contracts.ts';
import { cancelHeadTimestamp, cancelHistoricalData, headTimestamp, historicalData } from './history.ts';
import { historicalTicks } from './history-ticks.ts';
import { cancelMarketData, marketData } from './market-data.ts';
import { cancelRealTimeBars, realTimeBars } from './real-time-bars.ts';
import { cancelTickByTick, tickByTick } from './tick-by-tick.ts';

export function dispatch(session: Session, request: Request): void {
  switch (request.kind) {
    case 'contractDetails':
      contractDetails(session, request);
      return;
    case 'matchingSymbols':
      matchingSymbols(session, request.reqId, request.pattern);
      return;
    case 'marketRule':
      marketRules(session, request.ruleId);
      return;
    case 'historicalData':
      historicalData(session, request);
      return;
    case 'cancelHistoricalData':
      cancelHistoricalData(session, request.reqId);
      return;
    case 'headTimestamp':
      headTimestamp(session, request);
      return;
    case 'cancelHeadTimestamp':
      cancelHeadTimestamp(session, request.reqId);
      return;
    case 'historicalTicks':
      historicalTicks(session, request);
      return;
    case 'marketData':
      marketData(session, request);
      return;
    case 'cancelMarketData':
      cancelMarketData(session, request.reqId);
      return;
    case 'marketDataType':
      session.marketDataType = request.type;
      return;
    case 'realTimeBars':
      realTimeBars(session, request);
      return;
    case 'cancelRealTimeBars':
      cancelRealTimeBars(session, request.reqId);
      return;
    case 'tickByTick':
      tickByTick(session, request);
      return;
    case 'cancelTickByTick':
      cancelTickByTick(session, request.reqId);
      return;
    case 'currentTime':
      session.send(currentTime(Math.floor(session.gateway.clock.nowMs() / 1000)));
      return;
    case 'managedAccounts':
      session.send(managedAccounts(['DU1234567']));
      return;
    case 'ids':
      session.send(nextValidId(1));
      return;
    default:
  }
}
