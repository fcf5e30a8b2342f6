/** Simulator → client: account, portfolio, executions, fundamentals (reference §6.5, §6.6). */
import type { Instrument } from '../../market/market.ts';
import type { Message } from '../frame.ts';
import { VERSION, sizeFor } from '../versions.ts';

export interface WirePosition {
  readonly instrument: Instrument;
  readonly quantity: number;
  readonly averageCost: number;
}
export interface WireHolding extends WirePosition {
  readonly marketPrice: number;
  readonly marketValue: number;
  readonly unrealizedPnl: number;
  readonly realizedPnl: number;
}
export interface WireExecution {
  readonly instrument: Instrument;
  readonly orderId: number;
  readonly execId: string;
  /** As the layout of the client's version writes it. */
  readonly time: string;
  readonly account: string;
  readonly exchange: string;
  readonly side: 'BOT' | 'SLD';
  readonly quantity: number;
  readonly price: number;
  readonly permId: number;
  readonly clientId: number;
  readonly cumulativeQuantity: number;
  readonly averagePrice: number;
}

export const position = (account: string, held: WirePosition): Message => {
  const i = held.instrument;
  return [
    ...[61, 3, account, i.conId, i.symbol, i.secType, i.lastTradeDate, 0, '', i.multiplier],
    ...[i.primaryExchange === '' ? i.exchange : i.primaryExchange, i.currency, i.localSymbol, i.tradingClass],
    ...[held.quantity, held.averageCost],
  ];
};
export const positionEnd = (): Message => [62, 1];

export const positionMulti = (reqId: number, account: string, model: string, held: WirePosition): Message => {
  const i = held.instrument;
  return [
    ...[71, 1, reqId, account, i.conId, i.symbol, i.secType, i.lastTradeDate, 0, '', i.multiplier],
    ...[i.primaryExchange === '' ? i.exchange : i.primaryExchange, i.currency, i.localSymbol, i.tradingClass],
    ...[held.quantity, held.averageCost, model],
  ];
};
export const positionMultiEnd = (reqId: number): Message => [72, 1, reqId];

export interface AccountValue {
  readonly key: string;
  readonly value: string;
  readonly currency: string;
}

export const accountValue = (account: string, { key, value, currency }: AccountValue): Message => [
  6,
  2,
  key,
  value,
  currency,
  account,
];

/** primaryExchange stands where a position has the exchange. */
export const portfolioValue = (account: string, held: WireHolding): Message => {
  const i = held.instrument;
  return [
    ...[7, 8, i.conId, i.symbol, i.secType, i.lastTradeDate, 0, '', i.multiplier],
    ...[i.primaryExchange, i.currency, i.localSymbol, i.tradingClass, held.quantity, held.marketPrice],
    ...[held.marketValue, held.averageCost, held.unrealizedPnl, held.realizedPnl, account],
  ];
};
export const accountUpdateTime = (clock: string): Message => [8, 1, clock];
export const accountDownloadEnd = (account: string): Message => [54, 1, account];

export const accountSummary = (reqId: number, account: string, value: AccountValue): Message => [
  63,
  1,
  reqId,
  account,
  value.key,
  value.value,
  value.currency,
];
export const accountSummaryEnd = (reqId: number): Message => [64, 1, reqId];

export const accountUpdateMulti = (
  reqId: number,
  account: string,
  model: string,
  value: AccountValue,
): Message => [73, 1, reqId, account, model, value.key, value.value, value.currency];
export const accountUpdateMultiEnd = (reqId: number): Message => [74, 1, reqId];

export interface WirePnl {
  readonly daily: number;
  readonly unrealized: number;
  readonly realized: number;
}

export const pnl = (reqId: number, { daily, unrealized, realized }: WirePnl): Message => [
  94,
  reqId,
  daily,
  unrealized,
  realized,
];
export const pnlSingle = (
  version: number,
  reqId: number,
  held: WirePnl & { readonly quantity: number; readonly value: number },
): Message => [
  95,
  reqId,
  sizeFor(version, held.quantity),
  held.daily,
  held.unrealized,
  held.realized,
  held.value,
];

export const openOrderEnd = (): Message => [53, 1];
export const completedOrdersEnd = (): Message => [102];

export function execDetails(version: number, reqId: number, execution: WireExecution): Message {
  const { instrument: i } = execution;
  const message = [
    ...[11, reqId, execution.orderId, i.conId, i.symbol, i.secType, i.lastTradeDate, 0, '', i.multiplier],
    ...[i.exchange, i.currency, i.localSymbol, i.tradingClass, execution.execId, execution.time],
    ...[execution.account, execution.exchange, execution.side, execution.quantity, execution.price],
    ...[execution.permId, execution.clientId, 0, execution.cumulativeQuantity, execution.averagePrice],
    ...['', '', 0, '', 1],
  ];
  return version >= VERSION.pendingPriceRevision ? [...message, false] : message;
}
export const execDetailsEnd = (reqId: number): Message => [55, 1, reqId];

export const commissionReport = (report: {
  readonly execId: string;
  readonly commission: number;
  readonly currency: string;
  /** `undefined`: nothing was closed. */
  readonly realizedPnl: number | undefined;
}): Message => [
  59,
  1,
  report.execId,
  report.commission,
  report.currency,
  report.realizedPnl ?? UNSET_DOUBLE,
  UNSET_DOUBLE,
  0,
];

/** What IB sends for "not available" (reference §4.1). */
const UNSET_DOUBLE = '1.7976931348623157E308';

/** Character references instead of \uXXXX, which not every client decodes here (reference §4.2). */
export const fundamentalData = (reqId: number, xml: string): Message => [
  51,
  1,
  reqId,
  xml.replaceAll(/[^\x20-\x5b\x5d-\x7e\r\n\t]/gu, (char) => `&#${String(char.codePointAt(0))};`),
];
