/** The simulated paper account: cash, positions marked to the market, executions, profit and loss. Amounts are in US dollars. */
import type { SimClock } from '../clock.ts';
import type { Directory } from '../directory.ts';
import { isExpired } from '../directory.ts';
import type { Instrument, Market } from '../market/market.ts';
import { dayAt, priceAt } from '../market-view.ts';
import type { AccountValue, WireHolding, WirePnl, WirePosition } from '../wire/messages/account.ts';

export interface PositionSeed {
  /** Symbol, local symbol or conId. */
  readonly instrument: string;
  readonly quantity: number;
  /** Per share or contract, multiplier included, as IB has it; default: the price a week before the start. */
  readonly averageCost?: number;
}

/** A trade of the account: `quantity` below zero sells. */
export interface TradeOrder {
  readonly instrument: string;
  readonly quantity: number;
  /** Default: the market's. */
  readonly price?: number;
  readonly clientId?: number;
}

export interface Execution {
  readonly instrument: Instrument;
  readonly orderId: number;
  readonly execId: string;
  readonly timeMs: number;
  readonly exchange: string;
  readonly quantity: number;
  readonly price: number;
  readonly clientId: number;
  readonly commission: number;
  /** Of what it closed; undefined: it closed nothing. */
  readonly realizedPnl: number | undefined;
}

interface Held {
  readonly instrument: Instrument;
  quantity: number;
  averageCost: number;
  realizedPnl: number;
}

export interface AccountBookOptions {
  readonly account: string;
  readonly cash: number;
  readonly clock: SimClock;
  readonly market: Market;
  readonly directory: Directory;
  /** Undefined: a few instruments of the market, one of them bought half an hour before the start. */
  readonly seeds: readonly PositionSeed[] | undefined;
}

const WEEK_MS = 7 * 86_400_000;
const HALF_HOUR_MS = 1_800_000;
const MAX_EXECUTIONS = 10_000;
const DEFAULT_QUANTITY: Readonly<Record<string, number>> = { STK: 100, FUT: 2, CRYPTO: 0.5 };

export class AccountBook {
  readonly account: string;
  readonly #options: AccountBookOptions;
  readonly #held = new Map<number, Held>();
  readonly #executions: Execution[] = [];
  readonly #listeners = new Set<(execution: Execution) => void>();
  readonly #prices = new Map<number, { readonly second: number; readonly price: number }>();
  #cash: number;

  constructor(options: AccountBookOptions) {
    this.#options = options;
    this.account = options.account;
    this.#cash = options.cash;
    const startMs = options.clock.nowMs();
    if (options.seeds === undefined) this.#seedFromMarket(startMs);
    else for (const seed of options.seeds) this.#seed(seed, startMs);
  }

  positions(): readonly WirePosition[] {
    return [...this.#held.values()];
  }

  holdings(): readonly WireHolding[] {
    return [...this.#held.values()].map((held) => {
      const marketPrice = this.#price(held.instrument);
      const marketValue = held.quantity * marketPrice * multiplierOf(held.instrument);
      return {
        instrument: held.instrument,
        quantity: held.quantity,
        averageCost: held.averageCost,
        marketPrice,
        marketValue: money(marketValue),
        unrealizedPnl: money(marketValue - held.quantity * held.averageCost),
        realizedPnl: money(held.realizedPnl),
      };
    });
  }

  /** Undefined: no such position. */
  pnlOf(conId: number): (WirePnl & { readonly quantity: number; readonly value: number }) | undefined {
    const holding = this.holdings().find(({ instrument }) => instrument.conId === conId);
    if (holding === undefined) return undefined;
    return {
      quantity: holding.quantity,
      value: holding.marketValue,
      daily: money(this.#dailyPnl(holding)),
      unrealized: holding.unrealizedPnl,
      realized: holding.realizedPnl,
    };
  }

  pnl(): WirePnl {
    const holdings = this.holdings();
    const sum = (of: (holding: WireHolding) => number): number =>
      money(holdings.reduce((total, holding) => total + of(holding), 0));
    return {
      daily: sum((holding) => this.#dailyPnl(holding)),
      unrealized: sum(({ unrealizedPnl }) => unrealizedPnl),
      realized: sum(({ realizedPnl }) => realizedPnl),
    };
  }

  /** The account's figures by IB's names. */
  values(): readonly AccountValue[] {
    const holdings = this.holdings();
    const gross = holdings.reduce((sum, { marketValue }) => sum + Math.abs(marketValue), 0);
    const net = this.#cash + holdings.reduce((sum, { marketValue }) => sum + marketValue, 0);
    const { unrealized, realized } = this.pnl();
    const margin = gross / 4;
    const figures: readonly (readonly [string, number])[] = [
      ['NetLiquidation', net],
      ['TotalCashValue', this.#cash],
      ['SettledCash', this.#cash],
      ['CashBalance', this.#cash],
      ['AccruedCash', 0],
      ['GrossPositionValue', gross],
      ['EquityWithLoanValue', net],
      ['InitMarginReq', margin],
      ['MaintMarginReq', margin],
      ['AvailableFunds', net - margin],
      ['ExcessLiquidity', net - margin],
      ['BuyingPower', 4 * (net - margin)],
      ['UnrealizedPnL', unrealized],
      ['RealizedPnL', realized],
    ];
    return [
      { key: 'AccountCode', value: this.account, currency: '' },
      { key: 'AccountReady', value: 'true', currency: '' },
      { key: 'AccountType', value: 'INDIVIDUAL', currency: '' },
      { key: 'Currency', value: 'USD', currency: 'USD' },
      ...figures.map(([key, value]) => ({ key, value: value.toFixed(2), currency: 'USD' })),
    ];
  }

  /** Oldest first. */
  executions(): readonly Execution[] {
    return this.#executions;
  }

  /** The answer ends it. */
  onExecution(listener: (execution: Execution) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Trades now. @throws RangeError for an instrument or quantity that makes no trade. */
  trade(order: TradeOrder): Execution {
    const instrument = this.#named(order.instrument);
    if (!Number.isFinite(order.quantity) || order.quantity === 0)
      throw new RangeError(`a trade of ${order.quantity} ${order.instrument}: the quantity must not be zero`);
    const execution = this.#execute(instrument, {
      quantity: order.quantity,
      price: order.price ?? this.#price(instrument),
      timeMs: this.#options.clock.nowMs(),
      clientId: order.clientId ?? 0,
    });
    for (const listener of [...this.#listeners]) listener(execution);
    return execution;
  }

  #execute(
    instrument: Instrument,
    fill: {
      readonly quantity: number;
      readonly price: number;
      readonly timeMs: number;
      readonly clientId: number;
    },
  ): Execution {
    const { quantity, price } = fill;
    const held = this.#heldOf(instrument);
    const cost = price * multiplierOf(instrument);
    const closed =
      Math.sign(quantity) === -Math.sign(held.quantity)
        ? Math.min(Math.abs(quantity), Math.abs(held.quantity))
        : 0;
    const realizedPnl = closed * (cost - held.averageCost) * Math.sign(held.quantity);
    const commission = money(Math.max(1, 0.005 * Math.abs(quantity)));
    const after = held.quantity + quantity;
    if (closed === 0) held.averageCost = (held.quantity * held.averageCost + quantity * cost) / after;
    else if (Math.sign(after) === Math.sign(quantity)) held.averageCost = cost;
    held.quantity = Number(after.toPrecision(12));
    held.realizedPnl += realizedPnl - commission;
    this.#cash -= quantity * cost + commission;
    const number = this.#executions.length + 1;
    const execution: Execution = {
      instrument,
      orderId: number,
      execId: `0000e0d5.${String(number).padStart(8, '0')}.01.01`,
      timeMs: fill.timeMs,
      exchange: instrument.primaryExchange === '' ? instrument.exchange : instrument.primaryExchange,
      quantity,
      price,
      clientId: fill.clientId,
      commission,
      realizedPnl: closed === 0 ? undefined : money(realizedPnl - commission),
    };
    if (this.#executions.length >= MAX_EXECUTIONS) this.#executions.shift();
    this.#executions.push(execution);
    return execution;
  }

  /** Against the previous close for what was held then, against its price for what was traded since. */
  #dailyPnl({ instrument, quantity, marketPrice }: WireHolding): number {
    const { clock, market } = this.#options;
    const nowMs = clock.nowMs();
    const day = dayAt(market, instrument, nowMs);
    const since = day.bar?.startMs ?? nowMs;
    let before = quantity;
    let spent = 0;
    for (const execution of this.#executions) {
      if (execution.instrument.conId !== instrument.conId || execution.timeMs < since) continue;
      before -= execution.quantity;
      spent += execution.quantity * execution.price;
    }
    const close = day.previousClose ?? marketPrice;
    return (quantity * marketPrice - before * close - spent) * multiplierOf(instrument);
  }

  /** Looked up once per simulated second. */
  #price(instrument: Instrument): number {
    const nowMs = this.#options.clock.nowMs();
    const second = Math.floor(nowMs / 1000);
    const known = this.#prices.get(instrument.conId);
    if (known?.second === second) return known.price;
    const price = priceAt(this.#options.market, instrument.conId, nowMs) ?? known?.price ?? 0;
    this.#prices.set(instrument.conId, { second, price });
    return price;
  }

  #named(name: string): Instrument {
    const nowMs = this.#options.clock.nowMs();
    const found = this.#options.directory.byName(name).filter((instrument) => !isExpired(instrument, nowMs));
    const [first] = found;
    if (first === undefined) throw new RangeError(`the account cannot hold ${name}: no such instrument`);
    return first;
  }

  #heldOf(instrument: Instrument): Held {
    let held = this.#held.get(instrument.conId);
    if (held === undefined) {
      held = { instrument, quantity: 0, averageCost: 0, realizedPnl: 0 };
      this.#held.set(instrument.conId, held);
    }
    return held;
  }

  #seed(seed: PositionSeed, startMs: number): void {
    const instrument = this.#named(seed.instrument);
    const held = this.#heldOf(instrument);
    held.quantity = seed.quantity;
    held.averageCost = seed.averageCost ?? this.#costAt(instrument, startMs - WEEK_MS);
  }

  #costAt(instrument: Instrument, timeMs: number): number {
    const price = priceAt(this.#options.market, instrument.conId, timeMs) ?? this.#price(instrument);
    return Number((price * multiplierOf(instrument)).toPrecision(12));
  }

  #seedFromMarket(startMs: number): void {
    for (const [secType, quantity] of Object.entries(DEFAULT_QUANTITY)) {
      const instrument = this.#options.market.instruments.find(
        (candidate) =>
          candidate.secType === secType && candidate.currency === 'USD' && !isExpired(candidate, startMs),
      );
      if (instrument === undefined) continue;
      this.#seed({ instrument: String(instrument.conId), quantity }, startMs);
      if (secType !== 'STK') continue;
      const timeMs = startMs - HALF_HOUR_MS;
      const price = priceAt(this.#options.market, instrument.conId, timeMs) ?? this.#price(instrument);
      this.#execute(instrument, { quantity: 10, price, timeMs, clientId: 0 });
    }
  }
}

function multiplierOf({ multiplier }: Instrument): number {
  return multiplier === '' ? 1 : Number(multiplier);
}

function money(amount: number): number {
  return Number(amount.toFixed(2));
}
