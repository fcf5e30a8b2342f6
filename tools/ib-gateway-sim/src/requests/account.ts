/** Positions, account values, profit and loss, executions. */
import type { Execution } from '../account/book.ts';
import type { Session } from '../session.ts';
import { dateText, hourMinuteText, parseIbTime, zonedText, zonelessText } from '../time/ib-time.ts';
import * as messages from '../wire/messages/account.ts';
import type { ExecutionsRequest, RequestOf } from '../wire/requests.ts';
import { VERSION } from '../wire/versions.ts';

/** TWS sends account values every three minutes, and at once when a position changes (account_updates.html). */
const ACCOUNT_UPDATE_MS = 180_000;
/** Profit and loss about once a second (pnl.html). */
const PNL_UPDATE_MS = 1000;
/** account_summary.html: no more than two at a time. */
const MAX_SUMMARIES = 2;
/** Positions and account updates have no request id. */
const NO_ID = 0;

/** False, and the client knows, for an account that is not ours. */
function knowsAccount(session: Session, reqId: number, account: string): boolean {
  const wanted = account.trim();
  if (wanted === '' || wanted === 'All' || wanted === session.gateway.book.account) return true;
  session.error(reqId, 321, `Error validating request:-'bN' : cause - Invalid account code '${account}'.`);
  return false;
}

export function positions(session: Session): void {
  const { book } = session.gateway;
  for (const held of book.positions()) session.send(messages.position(book.account, held));
  session.send(messages.positionEnd());
  session.end('positions', NO_ID);
  session.begin('positions', NO_ID);
  session.onEnd(
    'positions',
    NO_ID,
    book.onExecution(({ instrument }) => {
      for (const held of book.positions())
        if (held.instrument.conId === instrument.conId) session.send(messages.position(book.account, held));
    }),
  );
}

export function positionsMulti(session: Session, request: RequestOf<'positionsMulti'>): void {
  const { book } = session.gateway;
  const { reqId, model } = request;
  if (!knowsAccount(session, reqId, request.account) || !session.begin('positionsMulti', reqId)) return;
  for (const held of book.positions()) session.send(messages.positionMulti(reqId, book.account, model, held));
  session.send(messages.positionMultiEnd(reqId));
}

export function accountUpdates(session: Session, request: RequestOf<'accountUpdates'>): void {
  const { book, hub, clock } = session.gateway;
  session.end('accountUpdates', NO_ID);
  if (!request.subscribe || !knowsAccount(session, -1, request.account)) return;
  session.begin('accountUpdates', NO_ID);
  sendAccount(session);
  session.send(messages.accountDownloadEnd(book.account));
  let sentMs = clock.nowMs();
  const stop = hub.onPoll((nowMs) => {
    if (nowMs - sentMs < ACCOUNT_UPDATE_MS) return;
    sentMs = nowMs;
    sendAccount(session);
  });
  session.onEnd('accountUpdates', NO_ID, stop);
  session.onEnd(
    'accountUpdates',
    NO_ID,
    book.onExecution(() => {
      sendAccount(session);
    }),
  );
}

/** Values, then positions, then the time: the order that clients expect. */
function sendAccount(session: Session): void {
  const { book, clock, zone } = session.gateway;
  for (const value of book.values()) session.send(messages.accountValue(book.account, value));
  for (const holding of book.holdings()) session.send(messages.portfolioValue(book.account, holding));
  session.send(messages.accountUpdateTime(hourMinuteText(clock.nowMs(), zone)));
}

export function accountUpdatesMulti(session: Session, request: RequestOf<'accountUpdatesMulti'>): void {
  const { book } = session.gateway;
  const { reqId, model } = request;
  if (!knowsAccount(session, reqId, request.account) || !session.begin('accountUpdatesMulti', reqId)) return;
  for (const value of book.values())
    session.send(messages.accountUpdateMulti(reqId, book.account, model, value));
  session.send(messages.accountUpdateMultiEnd(reqId));
  const stop = book.onExecution(() => {
    for (const value of book.values())
      session.send(messages.accountUpdateMulti(reqId, book.account, model, value));
  });
  session.onEnd('accountUpdatesMulti', reqId, stop);
}

export function accountSummary(session: Session, request: RequestOf<'accountSummary'>): void {
  const { book, hub, clock } = session.gateway;
  const { reqId } = request;
  if (session.activeCount('accountSummary') >= MAX_SUMMARIES) {
    session.error(
      reqId,
      322,
      "Error processing request:-'bN' : cause - Maximum number of account summary requests exceeded",
    );
    return;
  }
  if (!session.begin('accountSummary', reqId)) return;
  const tags = new Set(request.tags.split(',').map((tag) => tag.trim()));
  const wanted = (): ReturnType<typeof book.values> =>
    book.values().filter(({ key }) => tags.has(key) || (tags.has('$LEDGER') && key === 'CashBalance'));
  const sent = new Map<string, string>();
  const send = (): void => {
    for (const value of wanted()) {
      if (sent.get(value.key) === value.value) continue;
      sent.set(value.key, value.value);
      session.send(messages.accountSummary(reqId, book.account, value));
    }
  };
  send();
  session.send(messages.accountSummaryEnd(reqId));
  let sentMs = clock.nowMs();
  const stop = hub.onPoll((nowMs) => {
    if (nowMs - sentMs < ACCOUNT_UPDATE_MS) return;
    sentMs = nowMs;
    send();
  });
  session.onEnd('accountSummary', reqId, stop);
}

export function pnl(session: Session, request: RequestOf<'pnl'>): void {
  const { book } = session.gateway;
  if (!knowsAccount(session, request.reqId, request.account)) return;
  follow(session, 'pnl', request.reqId, () => messages.pnl(request.reqId, book.pnl()));
}

export function pnlSingle(session: Session, request: RequestOf<'pnlSingle'>): void {
  const { book } = session.gateway;
  const { reqId, conId } = request;
  if (!knowsAccount(session, reqId, request.account)) return;
  if (book.pnlOf(conId) === undefined) {
    session.error(
      reqId,
      321,
      `Error validating request:-'bN' : cause - the account has no position in conId ${conId}`,
    );
    return;
  }
  follow(session, 'pnlSingle', reqId, () => {
    const held = book.pnlOf(conId);
    return held === undefined ? [] : messages.pnlSingle(session.version, reqId, held);
  });
}

/** Sends a figure now and whenever it has changed. */
function follow(
  session: Session,
  family: 'pnl' | 'pnlSingle',
  reqId: number,
  current: () => ReturnType<typeof messages.pnl>,
): void {
  if (!session.begin(family, reqId)) return;
  let sent = current();
  let sentMs = session.gateway.clock.nowMs();
  session.send(sent);
  const stop = session.gateway.hub.onPoll((nowMs) => {
    if (nowMs - sentMs < PNL_UPDATE_MS) return;
    sentMs = nowMs;
    const message = current();
    if (message.length === 0 || message.join() === sent.join()) return;
    sent = message;
    session.send(message);
  });
  session.onEnd(family, reqId, stop);
}

/** Executions of the day, by the filter, each with its commission. */
export function executions(session: Session, request: ExecutionsRequest): void {
  const { book, clock, zone } = session.gateway;
  const { reqId } = request;
  const since = request.time === '' ? undefined : parseIbTime(request.time, zone);
  if (since !== undefined && !since.ok) {
    session.error(reqId, 321, `Error validating request:-'bN' : cause - ${since.error}`);
    return;
  }
  const today = dateText(clock.nowMs(), zone);
  const matches = book
    .executions()
    .filter(
      (execution) =>
        dateText(execution.timeMs, zone) === today &&
        execution.timeMs >= (since?.value ?? 0) &&
        passes(execution, request, book.account),
    );
  for (const execution of matches) sendExecution(session, reqId, execution);
  session.send(messages.execDetailsEnd(reqId));
}

function passes(execution: Execution, filter: ExecutionsRequest, account: string): boolean {
  const { symbol, secType } = execution.instrument;
  const side = execution.quantity > 0 ? 'BUY' : 'SELL';
  return (
    (filter.clientId === 0 || filter.clientId === execution.clientId) &&
    (filter.account === '' || filter.account === account) &&
    (filter.symbol === '' || filter.symbol === symbol) &&
    (filter.secType === '' || filter.secType === secType) &&
    (filter.exchange === '' || filter.exchange === execution.exchange) &&
    (filter.side === '' || filter.side === side || filter.side === sideOf(execution))
  );
}

const sideOf = ({ quantity }: Execution): 'BOT' | 'SLD' => (quantity > 0 ? 'BOT' : 'SLD');

/** `reqId` -1: as it happens. */
export function sendExecution(session: Session, reqId: number, execution: Execution): void {
  const { book, zone } = session.gateway;
  const time = session.version >= VERSION.advancedReject ? zonedText : zonelessText;
  const { instrument, orderId, execId, exchange, price, clientId, commission, realizedPnl } = execution;
  const quantity = Math.abs(execution.quantity);
  session.send(
    messages.execDetails(session.version, reqId, {
      ...{ instrument, orderId, execId, exchange, quantity, price, clientId },
      time: time(execution.timeMs, zone),
      account: book.account,
      side: sideOf(execution),
      permId: 1_000_000 + orderId,
      cumulativeQuantity: quantity,
      averagePrice: price,
    }),
  );
  session.send(messages.commissionReport({ execId, commission, currency: instrument.currency, realizedPnl }));
}
