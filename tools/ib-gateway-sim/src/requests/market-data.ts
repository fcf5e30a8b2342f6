/** Market data: the top of the book, streaming or once. */
import type { Gateway } from '../gateway.ts';
import { TopOfBook } from '../live/top-of-book.ts';
import type { Instrument } from '../market/market.ts';
import { isOpen } from '../market-view.ts';
import type { Session } from '../session.ts';
import { marketDataType, tickReqParams, tickSnapshotEnd } from '../wire/messages/realtime.ts';
import type { MarketDataRequest } from '../wire/requests.ts';
import { takeLine } from './pacing.ts';

/** Exchanges' delayed data (delayed_data.html: usually 15 to 20 minutes). */
const DELAY_MS = 15 * 60_000;
/** TWS ends a snapshot within about 11 seconds; the simulator knows at once that there is no more. */
const SNAPSHOT_MS = 250;

/** 1 live, 2 frozen, 3 delayed, 4 delayed and frozen: what a client gets, or why not. */
type Grant =
  | { readonly type: 1 | 2 | 3 | 4; readonly notice: string | undefined }
  | { readonly code: number; readonly text: string };

export function marketData(session: Session, request: MarketDataRequest): void {
  const { gateway, version } = session;
  const { reqId } = request;
  const found = gateway.directory.only(request.contract, gateway.clock.nowMs());
  if (!found.ok) {
    session.error(reqId, found.error.code, found.error.text);
    return;
  }
  if (request.snapshot && request.genericTicks.length > 0) {
    const cause = 'Snapshot market data subscription is not applicable to generic ticks';
    session.error(reqId, 321, `Error validating request:-'bN' : cause - ${cause}`);
    return;
  }
  const instrument = found.value;
  const grant = grantOf(gateway, session.marketDataType, instrument);
  if ('code' in grant) {
    session.error(reqId, grant.code, grant.text);
    return;
  }
  if (!session.begin('marketData', reqId, instrument.conId)) return;
  if (!request.snapshot && !takeLine(session, 'marketData', reqId)) return;
  if (grant.notice !== undefined) session.error(reqId, 10167, grant.notice);
  session.send(tickReqParams(reqId, instrument.minTick, bboExchange(instrument)));
  session.send(marketDataType(reqId, grant.type));
  const delayed = grant.type >= 3;
  const book = new TopOfBook({
    reqId,
    version,
    instrument,
    market: gateway.market,
    delayed,
    rtVolume: request.genericTicks.includes('233'),
    send: (message) => {
      session.send(message);
    },
  });
  if (gateway.conditions.farmUp('market')) book.begin(gateway.clock.nowMs() - (delayed ? DELAY_MS : 0));
  if (request.snapshot) endSnapshot(session, reqId);
  else session.onEnd('marketData', reqId, follow(gateway, instrument.conId, book, delayed));
}

function endSnapshot(session: Session, reqId: number): void {
  const timer = session.gateway.clock.after(SNAPSHOT_MS, () => {
    session.send(tickSnapshotEnd(reqId));
    session.end('marketData', reqId);
  });
  session.onEnd('marketData', reqId, () => {
    timer.cancel();
  });
}

function follow(gateway: Gateway, conId: number, book: TopOfBook, delayed: boolean): () => void {
  const { hub, clock, market, conditions } = gateway;
  if (!delayed)
    return hub.listen({
      conId,
      trades: true,
      quotes: true,
      onData: ({ trades, quotes, span }) => {
        book.update(trades, quotes, span.toMs);
      },
    });
  let askedMs = clock.nowMs() - DELAY_MS;
  return hub.onPoll((nowMs) => {
    const span = { fromMs: askedMs, toMs: nowMs - DELAY_MS };
    askedMs = span.toMs;
    if (conditions.farmUp('market'))
      book.update([...market.trades(conId, span)], [...market.quotes(conId, span)], span.toMs);
  });
}

function grantOf(gateway: Gateway, wished: number, instrument: Instrument): Grant {
  const denial = gateway.conditions.denial(instrument.conId);
  const frozen =
    (wished === 2 || wished === 4) && !isOpen(gateway.market, instrument.conId, gateway.clock.nowMs());
  if (denial === undefined) return { type: frozen ? 2 : 1, notice: undefined };
  if (denial.code === 10197) return { code: 10197, text: 'No market data during competing live session' };
  if (wished >= 3 && denial.delayed)
    return {
      type: frozen ? 4 : 3,
      notice: 'Requested market data is not subscribed. Displaying delayed market data.',
    };
  const code = denial.code === 10167 ? 354 : denial.code;
  const hint = denial.delayed ? ' Delayed market data is available.' : '';
  return {
    code,
    text: `Requested market data is not subscribed.${hint}${instrument.symbol} ${instrument.exchange}`,
  };
}

/** A code that stands for the exchanges that make the best quote. */
function bboExchange({ secType }: Instrument): string {
  return secType === 'STK' ? '9c0001' : '';
}

export function cancelMarketData(session: Session, reqId: number): void {
  if (!session.end('marketData', reqId)) session.error(reqId, 300, `Can't find EId with tickerId:${reqId}`);
}
