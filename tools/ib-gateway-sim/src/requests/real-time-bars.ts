/** Real-time bars of five seconds. */
import type { Session } from '../session.ts';
import { realTimeBar } from '../wire/messages/realtime.ts';
import type { RealTimeBarsRequest } from '../wire/requests.ts';
import { isWhatToShow } from './history.ts';
import { judgePacing, takeLine } from './pacing.ts';

const BAR_MS = 5000;

export function realTimeBars(session: Session, request: RealTimeBarsRequest): void {
  const { gateway, version } = session;
  const { reqId, whatToShow, useRth } = request;
  const instrument = gateway.directory.only(request.contract, gateway.clock.nowMs());
  if (!instrument.ok) {
    session.error(reqId, instrument.error.code, instrument.error.text);
    return;
  }
  const known = isWhatToShow(whatToShow) && whatToShow !== 'BID_ASK' && whatToShow !== 'ADJUSTED_LAST';
  if (!known || (request.barSize !== 5 && request.barSize !== 0)) {
    const cause = known ? 'real-time bars are of 5 seconds' : `${whatToShow} has no real-time bars`;
    session.error(reqId, 321, `Error validating request:-'bN' : cause - ${cause}`);
    return;
  }
  const { conId, exchange, secType } = instrument.value;
  const denial = gateway.conditions.denial(conId);
  if (denial !== undefined) {
    const text = `Invalid Real-time Query:No market data permissions for ${exchange} ${secType}`;
    session.error(reqId, denial.code === 10197 ? 10197 : 420, text);
    return;
  }
  const violation = judgePacing(session, {
    contract: request.contract,
    conId,
    whatToShow,
    parameters: `real time|${useRth}`,
    barMs: 0,
  });
  if (violation !== undefined) {
    session.error(reqId, 420, 'Invalid Real-time Query:Historical data request pacing violation');
    return;
  }
  if (!session.begin('realTimeBars', reqId, conId)) return;
  if (!takeLine(session, 'realTimeBars', reqId)) return;
  let nextMs = Math.ceil(gateway.clock.nowMs() / BAR_MS) * BAR_MS;
  const stop = gateway.hub.onPoll((nowMs) => {
    const endMs = Math.floor(nowMs / BAR_MS) * BAR_MS;
    if (endMs <= nextMs) return;
    const span = { fromMs: nextMs, toMs: endMs };
    nextMs = endMs;
    if (!gateway.conditions.flows(conId)) return;
    for (const bar of gateway.market.bars(conId, { ...span, barMs: BAR_MS, whatToShow, useRth }))
      session.send(realTimeBar(version, reqId, bar));
  });
  session.onEnd('realTimeBars', reqId, stop);
}

export function cancelRealTimeBars(session: Session, reqId: number): void {
  if (!session.end('realTimeBars', reqId)) session.error(reqId, 300, `Can't find EId with tickerId:${reqId}`);
}
