/** The only file that knows @stoqey/ib: one connection, one fresh instance of the library, messages free of its types. */
import {
  BarSizeSetting,
  EventName,
  IBApi,
  MarketDataType,
  OptionType,
  SecType,
  TickByTickDataType,
  WhatToShow as WhatToShowNames,
  type Contract,
  type ContractDetails,
  type Execution,
  type WhatToShow,
} from '@stoqey/ib';
import { TickwellError } from '@tickwell/domain';
import { decodeBars } from './bars-message.ts';
import type { IbBroadcast, IbContract, IbContractDetails, IbExecution, IbMessage } from './ib-messages.ts';
import { mayHoldData } from './frames.ts';
import { SocketGuard } from './socket-guard.ts';

export interface LinkOptions {
  readonly host: string;
  readonly port: number;
  readonly clientId: number;
  readonly onMessage: (message: IbMessage) => void;
  readonly onBroadcast: (broadcast: IbBroadcast) => void;
}

/** Everything goes through the pacing governor before; the library's own limiter must not queue anything (it leaks into the next socket). */
const UNLIMITED_PER_SECOND = 1_000_000;
/** Ticks, and the layout of bars that is read here. */
const MIN_SERVER_VERSION = 140;
const CODE_CONNECT_FAILED = 502;
const CODE_UNDECODABLE = 505;
const CLOSED = 'the Gateway closed the connection';
/** How a close looks that met bytes on their way to the Gateway. */
const RESET = /ECONNRESET|EPIPE/;
/** Codes of the library itself that end a connection: server too old or too new. */
const VERSION_CODES: readonly number[] = [503, 506];

export type HistoryKind = 'TRADES' | 'MIDPOINT' | 'BID' | 'ASK' | 'BID_ASK' | 'ADJUSTED_LAST';
export type TickKind = 'AllLast' | 'Last' | 'BidAsk';

/** What the rest of the library needs of a link. */
export type Link = Pick<IbLink, keyof IbLink>;

/** One connection to the Gateway, from its opening to its end; never used again after that. */
export class IbLink {
  readonly #api: IBApi;
  readonly #options: LinkOptions;
  readonly #guard: SocketGuard;
  #accounts: readonly string[] = [];
  #isStarted = false;
  #isAnnounced = false;
  #isOver = false;
  /** The frame that is being decoded. */
  #frame: Buffer = Buffer.alloc(0);

  constructor(options: LinkOptions) {
    const { host, port, clientId } = options;
    this.#options = options;
    this.#api = new IBApi({ host, port, clientId, maxReqPerSec: UNLIMITED_PER_SECOND });
    this.#guard = new SocketGuard(this.#api, {
      intercept: (frame) => this.#tookBars(frame),
      broken: (reason) => {
        this.#end(reason);
      },
      undecodable: (reason) => {
        this.#undecodable(reason);
      },
    });
    this.#listenToSession();
    this.#listenToRequests();
    this.#listenToStreams();
    this.#listenToAccount();
  }

  open(): void {
    this.#api.connect(this.#options.clientId);
  }

  /** Says nothing any more. */
  close(): void {
    this.#isOver = true;
    this.#api.removeAllListeners();
    this.#guard.stop();
    if (this.#guard.isSocketOpen) this.#api.disconnect();
  }

  /** Leaves bytes in the socket, so that TCP slows the Gateway down, until {@link resume}. */
  pause(): void {
    this.#guard.pause();
  }

  resume(): void {
    this.#guard.resume();
  }

  reqCurrentTime(): void {
    this.#api.reqCurrentTime();
  }

  /** 1 live, 2 frozen, 3 delayed, 4 delayed and frozen. */
  reqMarketDataType(type: 1 | 2 | 3 | 4): void {
    const types = [
      MarketDataType.REALTIME,
      MarketDataType.FROZEN,
      MarketDataType.DELAYED,
      MarketDataType.DELAYED_FROZEN,
    ];
    this.#api.reqMarketDataType(types[type - 1] ?? MarketDataType.REALTIME);
  }

  reqContractDetails(reqId: number, contract: IbContract): void {
    this.#api.reqContractDetails(reqId, toVendor(contract));
  }

  reqHistoricalBars(
    reqId: number,
    contract: IbContract,
    of: {
      readonly end: string;
      readonly duration: string;
      readonly barSize: string;
      readonly what: HistoryKind;
      readonly useRth: boolean;
    },
  ): void {
    const size = Object.values(BarSizeSetting).find((value: string) => value === of.barSize);
    if (size === undefined)
      throw new TickwellError('ib-bar-size', `the IB library knows no bars of ${of.barSize}`);
    const epochSeconds = 2;
    const what = whatToShow(of.what);
    this.#api.reqHistoricalData(
      reqId,
      toVendor(contract),
      of.end,
      of.duration,
      size,
      what,
      of.useRth,
      epochSeconds,
      false,
    );
  }

  cancelHistoricalBars(reqId: number): void {
    this.#api.cancelHistoricalData(reqId);
  }

  reqHeadTimestamp(reqId: number, contract: IbContract, what: HistoryKind, useRth: boolean): void {
    this.#api.reqHeadTimestamp(reqId, toVendor(contract), whatToShow(what), useRth, 2);
  }

  /** From `start` on, at most `count`. */
  reqHistoricalTicks(
    reqId: number,
    contract: IbContract,
    of: {
      readonly start: string;
      readonly count: number;
      readonly what: 'TRADES' | 'BID_ASK';
      readonly useRth: boolean;
    },
  ): void {
    const what = whatToShow(of.what);
    this.#api.reqHistoricalTicks(reqId, toVendor(contract), of.start, '', of.count, what, of.useRth, false);
  }

  reqTickByTick(reqId: number, contract: IbContract, kind: TickKind): void {
    const kinds = {
      AllLast: TickByTickDataType.AllLast,
      Last: TickByTickDataType.Last,
      BidAsk: TickByTickDataType.BidAsk,
    };
    this.#api.reqTickByTickData(reqId, toVendor(contract), kinds[kind], 0, false);
  }

  cancelTickByTick(reqId: number): void {
    this.#api.cancelTickByTickData(reqId);
  }

  reqRealTimeBars(reqId: number, contract: IbContract, what: HistoryKind, useRth: boolean): void {
    this.#api.reqRealTimeBars(reqId, toVendor(contract), 5, whatToShow(what), useRth);
  }

  cancelRealTimeBars(reqId: number): void {
    this.#api.cancelRealTimeBars(reqId);
  }

  reqMarketData(reqId: number, contract: IbContract): void {
    this.#api.reqMktData(reqId, toVendor(contract), '', false, false);
  }

  cancelMarketData(reqId: number): void {
    this.#api.cancelMktData(reqId);
  }

  reqFundamentals(reqId: number, contract: IbContract, reportType: string): void {
    this.#api.reqFundamentalData(reqId, toVendor(contract), reportType);
  }

  reqPositions(): void {
    this.#api.reqPositions();
  }

  reqAccountUpdates(account: string): void {
    this.#api.reqAccountUpdates(true, account);
  }

  reqPnl(reqId: number, account: string): void {
    this.#api.reqPnL(reqId, account, '');
  }

  /** All of the account since midnight, and with commissions. */
  reqExecutions(reqId: number, account: string): void {
    this.#api.reqExecutions(reqId, { acctCode: account });
  }

  #message(message: IbMessage): void {
    if (!this.#isOver) this.#options.onMessage(message);
  }

  #broadcast(broadcast: IbBroadcast): void {
    if (!this.#isOver) this.#options.onBroadcast(broadcast);
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.close();
    this.#options.onBroadcast({ kind: 'lost', reason });
  }

  #listenToSession(): void {
    const api = this.#api;
    api.on(EventName.managedAccounts, (list) => {
      this.#accounts = list.split(',').filter((account) => account !== '');
      this.#announce();
    });
    api.on(EventName.nextValidId, () => {
      this.#isStarted = true;
      this.#announce();
    });
    api.on(EventName.disconnected, () => {
      this.#end(CLOSED);
    });
    // Frames with id -1 come as "info", whether they inform or not.
    api.on(EventName.info, (text, code) => {
      this.#broadcast({ kind: 'notice', code, text });
    });
    api.on(EventName.error, (error: Error, code: number, reqId: number) => {
      this.#failed(error.message, code, reqId);
    });
    api.on(EventName.currentTime, (seconds) => {
      this.#broadcast({ kind: 'currentTime', seconds });
    });
  }

  /** Both the accounts and the first id have to be there, in whatever order. */
  #announce(): void {
    if (this.#isAnnounced || !this.#isStarted || this.#accounts.length === 0) return;
    this.#isAnnounced = true;
    const { serverVersion } = this.#api;
    if (serverVersion < MIN_SERVER_VERSION) {
      const text = `its API version ${serverVersion} is too old, ${MIN_SERVER_VERSION} is the least`;
      this.#broadcast({ kind: 'notice', code: 506, text });
      this.#end(text);
      return;
    }
    this.#broadcast({ kind: 'ready', serverVersion, accounts: this.#accounts });
  }

  #failed(text: string, code: number, reqId: number): void {
    if (reqId > 0) {
      this.#message({ kind: 'error', reqId, code, text });
    } else if (code === CODE_CONNECT_FAILED) this.#end(RESET.test(text) ? `${CLOSED} (${text})` : text);
    else if (VERSION_CODES.includes(code)) {
      this.#broadcast({ kind: 'notice', code: 506, text });
      this.#end(text);
    } else if (code === CODE_UNDECODABLE) this.#undecodable(text);
    else this.#broadcast({ kind: 'notice', code, text });
  }

  #listenToRequests(): void {
    const api = this.#api;
    api.on(EventName.contractDetails, (reqId, details) => {
      this.#message({ kind: 'contract', reqId, details: fromDetails(details) });
    });
    api.on(EventName.contractDetailsEnd, (reqId) => {
      this.#message({ kind: 'contractsEnd', reqId });
    });
    api.on(EventName.headTimestamp, (reqId, text) => {
      this.#message({ kind: 'headTimestamp', reqId, text });
    });
    api.on(EventName.historicalTicksLast, (reqId, ticks) => {
      const trades = ticks.map(({ time, price, size, exchange, specialConditions, tickAttribLast }) => ({
        time: time ?? NaN,
        price: price ?? NaN,
        size: size ?? NaN,
        exchange: exchange ?? '',
        conditions: specialConditions ?? '',
        unreported: tickAttribLast?.unreported ?? false,
      }));
      this.#message({ kind: 'historyTrades', reqId, trades });
    });
    api.on(EventName.historicalTicksBidAsk, (reqId, ticks) => {
      const quotes = ticks.map(({ time, priceBid, priceAsk, sizeBid, sizeAsk }) => ({
        time: time ?? NaN,
        bidPrice: priceBid ?? NaN,
        askPrice: priceAsk ?? NaN,
        bidSize: sizeBid ?? NaN,
        askSize: sizeAsk ?? NaN,
      }));
      this.#message({ kind: 'historyQuotes', reqId, quotes });
    });
    api.on(EventName.fundamentalData, (reqId, xml) => {
      this.#message({ kind: 'fundamentals', reqId, xml });
    });
  }

  #undecodable(reason: string): void {
    const mayBeData = mayHoldData(this.#frame);
    this.#broadcast({ kind: 'undecodable', reason: reason.slice(0, 300), mayBeData });
  }

  #tookBars(frame: Buffer): boolean {
    this.#frame = frame;
    const answer = decodeBars(frame);
    if (answer !== undefined) this.#message({ kind: 'bars', ...answer });
    return answer !== undefined;
  }

  #listenToStreams(): void {
    const api = this.#api;
    api.on(
      EventName.tickByTickAllLast,
      (reqId, _type, time, price, size, attributes, exchange, conditions) => {
        const { unreported } = attributes;
        const trade = {
          time: Number(time),
          price,
          size,
          exchange,
          conditions,
          unreported: unreported ?? false,
        };
        this.#message({ kind: 'trade', reqId, trade });
      },
    );
    api.on(EventName.tickByTickBidAsk, (reqId, time, bidPrice, askPrice, bidSize, askSize) => {
      // The library declares a number and delivers text.
      this.#message({
        kind: 'quote',
        reqId,
        quote: { time: numberOf(time), bidPrice, askPrice, bidSize, askSize },
      });
    });
    api.on(EventName.realtimeBar, (reqId, time, open, high, low, close, volume, wap, count) => {
      this.#message({ kind: 'liveBar', reqId, bar: { time, open, high, low, close, volume, wap, count } });
    });
    api.on(EventName.tickPrice, (reqId, field, value) => {
      this.#message({ kind: 'tickPrice', reqId, field, value });
    });
    api.on(EventName.tickSize, (reqId, field, value) => {
      if (field !== undefined && value !== undefined)
        this.#message({ kind: 'tickSize', reqId, field, value });
    });
    api.on(EventName.marketDataType, (reqId, type) => {
      this.#message({ kind: 'marketDataType', reqId, type });
    });
  }

  #listenToAccount(): void {
    const api = this.#api;
    api.on(EventName.position, (account, contract, quantity, averageCost) => {
      const of = { account, contract: fromVendor(contract), quantity, averageCost: averageCost ?? NaN };
      this.#broadcast({ kind: 'position', ...of });
    });
    api.on(EventName.positionEnd, () => {
      this.#broadcast({ kind: 'positionsEnd' });
    });
    api.on(EventName.updateAccountValue, (key, value, currency, account) => {
      this.#broadcast({ kind: 'accountValue', account, key, value, currency });
    });
    api.on(
      EventName.updatePortfolio,
      (contract, quantity, marketPrice, marketValue, averageCost, _u, _r, account) => {
        const of = {
          account: account ?? '',
          contract: fromVendor(contract),
          quantity,
          averageCost: averageCost ?? NaN,
        };
        this.#broadcast({ kind: 'portfolioValue', ...of, marketPrice, marketValue });
      },
    );
    api.on(EventName.pnl, (reqId, daily, unrealized, realized) => {
      this.#message({ kind: 'pnl', reqId, daily, unrealized, realized });
    });
    api.on(EventName.execDetails, (_reqId, contract, execution) => {
      this.#broadcast({ kind: 'execution', execution: fromExecution(contract, execution) });
    });
    api.on(EventName.execDetailsEnd, (reqId) => {
      this.#message({ kind: 'executionsEnd', reqId });
    });
    api.on(EventName.commissionReport, ({ execId, commission, currency }) => {
      const of = { executionId: execId ?? '', commission: commission ?? NaN, currency: currency ?? '' };
      this.#broadcast({ kind: 'commission', ...of });
    });
  }
}

/** What the library delivers, whatever it declares. */
function numberOf(value: unknown): number {
  return Number(value);
}

function whatToShow(kind: HistoryKind): WhatToShow {
  return WhatToShowNames[kind];
}

function toVendor(contract: IbContract): Contract {
  const { primaryExchange, secType, right, ...rest } = contract;
  const type = Object.values(SecType).find((value) => value === secType);
  return {
    ...rest,
    ...(primaryExchange === undefined ? {} : { primaryExch: primaryExchange }),
    ...(type === undefined ? {} : { secType: type }),
    ...(right === undefined ? {} : { right: right === 'C' ? OptionType.Call : OptionType.Put }),
  };
}

function fromVendor(contract: Contract): IbContract {
  const { conId, symbol, secType, exchange, currency, localSymbol, tradingClass, primaryExch } = contract;
  const { lastTradeDateOrContractMonth, strike, multiplier } = contract;
  return withoutUnknown({
    conId,
    symbol,
    secType,
    exchange,
    currency,
    localSymbol,
    tradingClass,
    primaryExchange: primaryExch,
    // The library does not split "20250620 08:30 US/Central".
    lastTradeDateOrContractMonth: lastTradeDateOrContractMonth?.slice(0, 8),
    strike,
    multiplier,
    right: contract.right === OptionType.Call ? 'C' : contract.right === OptionType.Put ? 'P' : undefined,
  });
}

/** Without properties that say nothing: undefined, "" and 0. */
function withoutUnknown(contract: {
  readonly [K in keyof IbContract]: IbContract[K] | undefined;
}): IbContract {
  return Object.fromEntries(Object.entries(contract).filter(([, value]) => Boolean(value)));
}

function fromDetails(details: ContractDetails): IbContractDetails {
  return {
    contract: fromVendor(details.contract),
    longName: details.longName ?? '',
    minTick: details.minTick ?? NaN,
    timeZoneId: details.timeZoneId ?? '',
    tradingHours: details.tradingHours ?? '',
    liquidHours: details.liquidHours ?? '',
    contractMonth: details.contractMonth ?? '',
  };
}

function fromExecution(contract: Contract, execution: Execution): IbExecution {
  return {
    executionId: execution.execId ?? '',
    orderId: execution.orderId ?? 0,
    account: execution.acctNumber ?? '',
    time: execution.time ?? '',
    isBuy: execution.side === 'BOT',
    shares: execution.shares ?? NaN,
    price: execution.price ?? NaN,
    contract: fromVendor(contract),
  };
}
