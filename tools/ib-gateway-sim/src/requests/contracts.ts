/** Contract details, symbol search, market rules. */
import { isExpired } from '../directory.ts';
import type { Gateway } from '../gateway.ts';
import type { Instrument, Session as TradingSession } from '../market/market.ts';
import { sessionsOf } from '../market-view.ts';
import type { Session } from '../session.ts';
import { DAY_MS } from '../time/bar-sizes.ts';
import { dateText, hoursText, knownZone } from '../time/ib-time.ts';
import {
  contractData,
  contractDataEnd,
  marketRule,
  symbolSamples,
  type ContractExtras,
} from '../wire/messages/contracts.ts';
import type { ContractDetailsRequest } from '../wire/requests.ts';

/** IB gives the hours of the current and the next days. */
const HOURS_DAYS = 6;
const FARM_RETRY_MS = 1000;

export function contractDetails(session: Session, request: ContractDetailsRequest): void {
  const { gateway, version } = session;
  const { reqId, contract, includeExpired, secIdType, secId } = request;
  const nowMs = gateway.clock.nowMs();
  if (!gateway.conditions.farmUp('secdef')) {
    waitForFarm(session, request);
    return;
  }
  const found = gateway.directory.matches(contract, { nowMs, includeExpired, secIdType, secId });
  if (found.length === 0) {
    session.error(reqId, 200, 'No security definition has been found for the request');
    return;
  }
  for (const instrument of found)
    session.send(contractData(version, reqId, instrument, extrasOf(gateway, instrument)));
  session.send(contractDataEnd(reqId));
}

/** Without its farm TWS answers when it is back. */
function waitForFarm(session: Session, request: ContractDetailsRequest): void {
  const { clock } = session.gateway;
  if (!session.begin('contractDetails', request.reqId)) return;
  const timer = clock.after(FARM_RETRY_MS, () => {
    session.end('contractDetails', request.reqId);
    contractDetails(session, request);
  });
  session.onEnd('contractDetails', request.reqId, () => {
    timer.cancel();
  });
}

export function matchingSymbols(session: Session, reqId: number, pattern: string): void {
  session.send(symbolSamples(session.version, reqId, session.gateway.directory.samples(pattern)));
}

export function marketRules(session: Session, ruleId: number): void {
  session.send(marketRule(ruleId, 0.01));
}

function extrasOf(gateway: Gateway, instrument: Instrument): ContractExtras {
  const isStock = instrument.secType === 'STK';
  const isFuture = instrument.secType === 'FUT';
  const whole = isStock || isFuture;
  return {
    validExchanges: [...new Set([instrument.exchange, instrument.primaryExchange])].filter(Boolean).join(','),
    tradingHours: hours(gateway, instrument, false),
    liquidHours: hours(gateway, instrument, true),
    contractMonth: instrument.lastTradeDate.slice(0, 6),
    realExpirationDate: instrument.lastTradeDate,
    underConId: 0,
    underSymbol: isFuture ? instrument.symbol : '',
    underSecType: isFuture ? 'IND' : '',
    stockType: isStock ? 'COMMON' : '',
    minSize: whole ? 1 : 0.01,
    sizeIncrement: whole ? 1 : 0.01,
    suggestedSizeIncrement: isStock ? 100 : 1,
  };
}

/** "20240108:0400-20240108:2000;20240113:CLOSED". */
function hours(gateway: Gateway, instrument: Instrument, useRth: boolean): string {
  const zone = knownZone(instrument.timeZoneId);
  const nowMs = gateway.clock.nowMs();
  if (isExpired(instrument, nowMs)) return '';
  const span = { fromMs: nowMs, toMs: nowMs + HOURS_DAYS * DAY_MS };
  const byDate = new Map<string, TradingSession[]>();
  for (const session of sessionsOf(gateway.market, instrument.conId, span, useRth))
    byDate.set(session.date, [...(byDate.get(session.date) ?? []), session]);
  const texts: string[] = [];
  for (let day = 0; day < HOURS_DAYS; day += 1) {
    const date = dateText(nowMs + day * DAY_MS, zone);
    const sessions = byDate.get(date);
    if (sessions === undefined) texts.push(`${date}:CLOSED`);
    else
      for (const { startMs, endMs } of sessions)
        texts.push(`${hoursText(startMs, zone)}-${hoursText(endMs, zone)}`);
  }
  return texts.join(';');
}
