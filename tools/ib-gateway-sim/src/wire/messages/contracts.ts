/** Simulator → client: contracts (reference §6.2). */
import type { Instrument } from '../../market/market.ts';
import type { Field, Message } from '../frame.ts';
import { VERSION } from '../versions.ts';

/** What contract details say besides the instrument itself. */
export interface ContractExtras {
  readonly validExchanges: string;
  /** "20240108:0930-20240108:1600;20240113:CLOSED", in the instrument's zone. */
  readonly tradingHours: string;
  readonly liquidHours: string;
  readonly contractMonth: string;
  readonly realExpirationDate: string;
  readonly underConId: number;
  readonly underSymbol: string;
  readonly underSecType: string;
  readonly stockType: string;
  readonly minSize: number;
  readonly sizeIncrement: number;
  readonly suggestedSizeIncrement: number;
}

const ORDER_TYPES = 'ACTIVETIM,ADJUST,ALERT,DAY,GTC,LMT,MKT,STP,STPLMT,TRAIL,WHATIF';
const MARKET_RULE_ID = '26';

export function contractData(
  version: number,
  reqId: number,
  instrument: Instrument,
  extras: ContractExtras,
): Message {
  const i = instrument;
  const fields: Field[] = [10];
  if (version < VERSION.sizeRules) fields.push(8);
  fields.push(reqId, i.symbol, i.secType, i.lastTradeDate, 0, '', i.exchange, i.currency, i.localSymbol);
  fields.push(i.marketName, i.tradingClass, i.conId, i.minTick);
  if (version < VERSION.sizeRules) fields.push(1);
  fields.push(i.multiplier, ORDER_TYPES, extras.validExchanges, 1, extras.underConId, i.longName);
  fields.push(i.primaryExchange, extras.contractMonth, '', '', '', i.timeZoneId);
  fields.push(extras.tradingHours, extras.liquidHours, '', 0);
  if (i.isin === '') fields.push(0);
  else fields.push(1, 'ISIN', i.isin);
  fields.push(1, extras.underSymbol, extras.underSecType, MARKET_RULE_ID, extras.realExpirationDate);
  fields.push(extras.stockType);
  if (version === VERSION.fractionalSizes) fields.push(extras.minSize);
  if (version >= VERSION.sizeRules)
    fields.push(extras.minSize, extras.sizeIncrement, extras.suggestedSizeIncrement);
  return fields;
}

export const contractDataEnd = (reqId: number): Message => [52, 1, reqId];

export function symbolSamples(version: number, reqId: number, instruments: readonly Instrument[]): Message {
  const fields: Field[] = [79, reqId, instruments.length];
  for (const { conId, symbol, secType, primaryExchange, exchange, currency, longName } of instruments) {
    fields.push(conId, symbol, secType, primaryExchange === '' ? exchange : primaryExchange, currency, 0);
    if (version >= VERSION.issuerId) fields.push(longName, '');
  }
  return fields;
}

/** One price increment from zero up: the only rule that the simulated instruments have. */
export const marketRule = (ruleId: number, increment: number): Message => [93, ruleId, 1, 0, increment];
