/** Which handler serves which request. */
import type { Session } from '../session.ts';
import { completedOrdersEnd, openOrderEnd } from '../wire/messages/account.ts';
import { currentTime, managedAccounts, nextValidId, userInfo } from '../wire/messages/session.ts';
import type { Request, RequestOf } from '../wire/requests.ts';
import * as account from './account.ts';
import { contractDetails, marketRules, matchingSymbols } from './contracts.ts';
import { cancelFundamentalData, fundamentalData } from './fundamentals.ts';
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
    case 'fundamentalData':
      fundamentalData(session, request);
      return;
    case 'cancelFundamentalData':
      cancelFundamentalData(session, request.reqId);
      return;
    case 'historicalData':
    case 'headTimestamp':
    case 'historicalTicks':
    case 'cancelHistoricalData':
    case 'cancelHeadTimestamp':
      dispatchHistory(session, request);
      return;
    case 'marketData':
    case 'realTimeBars':
    case 'tickByTick':
    case 'marketDataType':
    case 'cancelMarketData':
    case 'cancelRealTimeBars':
    case 'cancelTickByTick':
      dispatchLive(session, request);
      return;
    case 'positions':
    case 'positionsMulti':
    case 'accountUpdates':
    case 'accountUpdatesMulti':
    case 'accountSummary':
    case 'pnl':
    case 'pnlSingle':
    case 'executions':
      dispatchAccount(session, request);
      return;
    case 'cancelPositions':
    case 'cancelPositionsMulti':
    case 'cancelAccountUpdatesMulti':
    case 'cancelAccountSummary':
    case 'cancelPnl':
    case 'cancelPnlSingle':
      cancelAccount(session, request);
      return;
    default:
      dispatchSession(session, request);
  }
}

type HistoryRequest = RequestOf<
  'historicalData' | 'headTimestamp' | 'historicalTicks' | 'cancelHistoricalData' | 'cancelHeadTimestamp'
>;

function dispatchHistory(session: Session, request: HistoryRequest): void {
  switch (request.kind) {
    case 'historicalData':
      historicalData(session, request);
      return;
    case 'headTimestamp':
      headTimestamp(session, request);
      return;
    case 'historicalTicks':
      historicalTicks(session, request);
      return;
    case 'cancelHistoricalData':
      cancelHistoricalData(session, request.reqId);
      return;
    case 'cancelHeadTimestamp':
      cancelHeadTimestamp(session, request.reqId);
  }
}

type LiveRequest = RequestOf<
  | 'marketData'
  | 'realTimeBars'
  | 'tickByTick'
  | 'marketDataType'
  | 'cancelMarketData'
  | 'cancelRealTimeBars'
  | 'cancelTickByTick'
>;

function dispatchLive(session: Session, request: LiveRequest): void {
  switch (request.kind) {
    case 'marketData':
      marketData(session, request);
      return;
    case 'realTimeBars':
      realTimeBars(session, request);
      return;
    case 'tickByTick':
      tickByTick(session, request);
      return;
    case 'marketDataType':
      session.chooseMarketDataType(request.type);
      return;
    case 'cancelMarketData':
      cancelMarketData(session, request.reqId);
      return;
    case 'cancelRealTimeBars':
      cancelRealTimeBars(session, request.reqId);
      return;
    case 'cancelTickByTick':
      cancelTickByTick(session, request.reqId);
  }
}

type AccountRequest = RequestOf<
  | 'positions'
  | 'positionsMulti'
  | 'accountUpdates'
  | 'accountUpdatesMulti'
  | 'accountSummary'
  | 'pnl'
  | 'pnlSingle'
  | 'executions'
>;

function dispatchAccount(session: Session, request: AccountRequest): void {
  switch (request.kind) {
    case 'positions':
      account.positions(session);
      return;
    case 'positionsMulti':
      account.positionsMulti(session, request);
      return;
    case 'accountUpdates':
      account.accountUpdates(session, request);
      return;
    case 'accountUpdatesMulti':
      account.accountUpdatesMulti(session, request);
      return;
    case 'accountSummary':
      account.accountSummary(session, request);
      return;
    case 'pnl':
      account.pnl(session, request);
      return;
    case 'pnlSingle':
      account.pnlSingle(session, request);
      return;
    case 'executions':
      account.executions(session, request);
  }
}

type AccountCancel = RequestOf<
  | 'cancelPositions'
  | 'cancelPositionsMulti'
  | 'cancelAccountUpdatesMulti'
  | 'cancelAccountSummary'
  | 'cancelPnl'
  | 'cancelPnlSingle'
>;

/** TWS ends these without a word, also those that it does not know. */
function cancelAccount(session: Session, request: AccountCancel): void {
  switch (request.kind) {
    case 'cancelPositions':
      session.end('positions', 0);
      return;
    case 'cancelPositionsMulti':
      session.end('positionsMulti', request.reqId);
      return;
    case 'cancelAccountUpdatesMulti':
      session.end('accountUpdatesMulti', request.reqId);
      return;
    case 'cancelAccountSummary':
      session.end('accountSummary', request.reqId);
      return;
    case 'cancelPnl':
    case 'cancelPnlSingle': {
      const family = request.kind === 'cancelPnl' ? 'pnl' : 'pnlSingle';
      if (!session.end(family, request.reqId))
        session.error(request.reqId, 300, `Can't find EId with tickerId:${request.reqId}`);
    }
  }
}

type SessionRequest = RequestOf<
  | 'startApi'
  | 'openOrders'
  | 'allOpenOrders'
  | 'autoOpenOrders'
  | 'completedOrders'
  | 'setLogLevel'
  | 'managedAccounts'
  | 'ids'
  | 'currentTime'
  | 'userInfo'
>;

/** Orders are out of scope: there are never any. */
function dispatchSession(session: Session, request: SessionRequest): void {
  const { clock, book } = session.gateway;
  switch (request.kind) {
    case 'currentTime':
      session.send(currentTime(Math.floor(clock.nowMs() / 1000)));
      return;
    case 'managedAccounts':
      session.send(managedAccounts([book.account]));
      return;
    case 'ids':
      session.send(nextValidId(1));
      return;
    case 'openOrders':
    case 'allOpenOrders':
      session.send(openOrderEnd());
      return;
    case 'completedOrders':
      session.send(completedOrdersEnd());
      return;
    case 'userInfo':
      session.send(userInfo(request.reqId, ''));
      return;
    case 'startApi':
    case 'autoOpenOrders':
    case 'setLogLevel':
  }
}
