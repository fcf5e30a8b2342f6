/** Tick-by-tick subscriptions: every trade or quote, in order. */
import type { LiveData } from '../live/hub.ts';
import type { MarketTrade } from '../market/market.ts';
import type { Session } from '../session.ts';
import {
  historicalMidpoints,
  historicalQuotes,
  historicalTrades,
  midpoint,
} from '../wire/messages/history.ts';
import { tickByTickMidpoint, tickByTickQuote, tickByTickTrade } from '../wire/messages/realtime.ts';
import type { TickByTickRequest } from '../wire/requests.ts';
import { recentTicks } from './history-ticks.ts';

const TYPES = ['Last', 'AllLast', 'BidAsk', 'MidPoint'] as const;
type TickType = (typeof TYPES)[number];

/**
 * Sale conditions that do not make a last price: "Last" leaves such trades out, "AllLast" has them (tick_data.html: combos, derivatives,
 * average price trades). Letters of the consolidated tape: W average price, 4 derivatively priced, 7 qualified contingent.
 */
const NOT_LAST = /[W47]/;

export function tickByTick(session: Session, request: TickByTickRequest): void {
  const { gateway } = session;
  const { reqId } = request;
  const type = TYPES.find((name) => name.toLowerCase() === request.tickType.toLowerCase());
  const instrument = gateway.directory.only(request.contract, gateway.clock.nowMs());
  if (!instrument.ok) {
    session.error(reqId, instrument.error.code, instrument.error.text);
    return;
  }
  if (type === undefined) {
    const cause = `tick-by-tick type "${request.tickType}" is none of ${TYPES.join(', ')}`;
    session.error(reqId, 321, `Error validating request:-'bN' : cause - ${cause}`);
    return;
  }
  const { conId, exchange, secType } = instrument.value;
  const denial = gateway.conditions.denial(conId);
  if (denial !== undefined) {
    const text = `Failed to request tick-by-tick data:No market data permissions for ${exchange} ${secType}`;
    session.error(reqId, denial.code === 10197 ? 10197 : 10189, text);
    return;
  }
  if (!session.begin('tickByTick', reqId, conId)) return;
  if (!takeTickLine(session, reqId, `${conId} ${type}`)) return;
  sendPast(session, request, type, conId);
  const onData = sender(session, request, type);
  const trades = type === 'Last' || type === 'AllLast';
  session.onEnd('tickByTick', reqId, gateway.hub.listen({ conId, trades, quotes: !trades, onData }));
}

function takeTickLine(session: Session, reqId: number, subject: string): boolean {
  const { gateway } = session;
  const giveBack = gateway.tickByTickLines.take();
  if (giveBack === undefined) {
    gateway.stats.violation('tickByTickLines');
    session.end('tickByTick', reqId);
    session.error(reqId, 10190, 'Max number of tick-by-tick requests has been reached');
    return false;
  }
  session.onEnd('tickByTick', reqId, giveBack);
  const repeated = session.pacing.judgeTickByTick(gateway.clock.nowMs(), subject);
  if (!repeated) return true;
  gateway.stats.violation('tickByTickRepeat');
  session.end('tickByTick', reqId);
  session.error(reqId, 10189, 'Failed to request tick-by-tick data:Historical data request pacing violation');
  return false;
}

/** numberOfTicks > 0: so many of the past first, as historical ticks with the same id. */
function sendPast(session: Session, request: TickByTickRequest, type: TickType, conId: number): void {
  const { gateway, version } = session;
  const { reqId, numberOfTicks } = request;
  if (numberOfTicks <= 0) return;
  const past = recentTicks(gateway, conId, Math.min(numberOfTicks, gateway.limits.ticksPerRequest));
  if (type === 'BidAsk') session.send(historicalQuotes(version, reqId, past.quotes()));
  else if (type === 'MidPoint') session.send(historicalMidpoints(reqId, past.quotes()));
  else session.send(historicalTrades(version, reqId, past.trades().filter(wanted(type))));
}

function wanted(type: TickType): (trade: MarketTrade) => boolean {
  return type === 'Last' ? ({ conditions }) => !NOT_LAST.test(conditions) : () => true;
}

function sender(session: Session, request: TickByTickRequest, type: TickType): (data: LiveData) => void {
  const { version, gateway } = session;
  const { reqId, ignoreSize } = request;
  if (type === 'Last' || type === 'AllLast') {
    const isWanted = wanted(type);
    const wireType = type === 'Last' ? 1 : 2;
    return ({ trades }) => {
      for (const trade of trades) {
        if (!isWanted(trade)) continue;
        gateway.stats.ticksSent += 1;
        session.send(tickByTickTrade(version, reqId, wireType, trade));
      }
    };
  }
  let before = NaN;
  return ({ quotes }) => {
    for (const quote of quotes) {
      // A midpoint tick is a change of the midpoint; with ignoreSize a quote tick is a change of a price.
      const mark = type === 'MidPoint' ? midpoint(quote.bid, quote.ask) : quote.bid * 1e9 + quote.ask;
      if ((type === 'MidPoint' || ignoreSize) && mark === before) continue;
      before = mark;
      gateway.stats.ticksSent += 1;
      session.send(
        type === 'MidPoint' ? tickByTickMidpoint(reqId, quote) : tickByTickQuote(version, reqId, quote),
      );
    }
  };
}

export function cancelTickByTick(session: Session, reqId: number): void {
  if (!session.end('tickByTick', reqId)) session.error(reqId, 300, `Can't find EId with tickerId:${reqId}`);
}
