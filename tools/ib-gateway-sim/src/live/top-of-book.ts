/** One market-data line: the best quote, the last trade and the day's figures, in the messages that TWS makes of them. */
import type { Instrument, Market, MarketQuote, MarketTrade } from '../market/market.ts';
import { dayAt, lastQuote, lastTrade, type Day } from '../market-view.ts';
import type { Message } from '../wire/frame.ts';
import {
  DELAYED_TICK,
  TICK,
  tickGeneric,
  tickPrice,
  tickSize,
  tickString,
} from '../wire/messages/realtime.ts';

/** How often TWS samples market data, by product (top_data.html); what changes twice in between is sent once. */
const SAMPLE_MS = 250;
const CURRENCY_SAMPLE_MS = 5;

export interface TopOfBookOptions {
  readonly reqId: number;
  readonly version: number;
  readonly instrument: Instrument;
  readonly market: Market;
  /** Delayed tick types. */
  readonly delayed: boolean;
  /** Generic tick 233. */
  readonly rtVolume: boolean;
  readonly send: (message: Message) => void;
}

interface DayFigures {
  open: number | undefined;
  high: number;
  low: number;
  volume: number;
  value: number;
  endMs: number;
}

export class TopOfBook {
  readonly #options: TopOfBookOptions;
  readonly #sampleMs: number;
  /** Last sent or to be sent; undefined: none yet. */
  #quote: MarketQuote | undefined;
  #trade: MarketTrade | undefined;
  #sentQuote: MarketQuote | undefined;
  #sentTrade: MarketTrade | undefined;
  #sentHigh = -Infinity;
  #sentLow = Infinity;
  #day: DayFigures = {
    open: undefined,
    high: -Infinity,
    low: Infinity,
    volume: 0,
    value: 0,
    endMs: Infinity,
  };
  #sample = -Infinity;
  #begun = false;

  constructor(options: TopOfBookOptions) {
    this.#options = options;
    this.#sampleMs = options.instrument.secType === 'CASH' ? CURRENCY_SAMPLE_MS : SAMPLE_MS;
  }

  /** What is known at an instant. */
  begin(nowMs: number): void {
    const { market, instrument } = this.#options;
    this.#begun = true;
    const day = dayAt(market, instrument, nowMs);
    this.#startDay(day);
    this.#quote = lastQuote(market, instrument.conId, nowMs);
    this.#trade = lastTrade(market, instrument.conId, nowMs);
    this.#sample = Math.floor(nowMs / this.#sampleMs);
    if (day.previousClose !== undefined) this.#price(TICK.close, day.previousClose, 0);
    this.#flush();
    if (!this.#options.delayed) this.#options.send(tickGeneric(this.#options.reqId, TICK.halted, 0));
  }

  /** Trades and quotes, each in order, up to `nowMs`. Begins with what is known where nothing has been sent yet. */
  update(trades: readonly MarketTrade[], quotes: readonly MarketQuote[], nowMs: number): void {
    if (!this.#begun) {
      this.begin(nowMs);
      return;
    }
    let nextQuote = 0;
    for (const trade of trades) {
      for (
        let quote = quotes[nextQuote];
        quote !== undefined && quote.timeMs <= trade.timeMs;
        quote = quotes[++nextQuote]
      )
        this.#onQuote(quote);
      this.#onTrade(trade);
    }
    for (let quote = quotes[nextQuote]; quote !== undefined; quote = quotes[++nextQuote])
      this.#onQuote(quote);
    this.#sampleAt(nowMs);
  }

  #onQuote(quote: MarketQuote): void {
    this.#sampleAt(quote.timeMs);
    this.#quote = quote;
  }

  #onTrade(trade: MarketTrade): void {
    this.#sampleAt(trade.timeMs);
    const { market, instrument, rtVolume } = this.#options;
    if (trade.timeMs >= this.#day.endMs) this.#startDay(dayAt(market, instrument, trade.timeMs));
    const day = this.#day;
    this.#trade = trade;
    day.open ??= trade.price;
    day.high = Math.max(day.high, trade.price);
    day.low = Math.min(day.low, trade.price);
    day.volume += trade.size;
    day.value += trade.size * trade.price;
    if (rtVolume) this.#sendRtVolume(trade);
  }

  #startDay({ bar, endMs }: Day): void {
    this.#day = {
      open: bar?.open,
      high: bar?.high ?? -Infinity,
      low: bar?.low ?? Infinity,
      volume: Math.max(bar?.volume ?? 0, 0),
      value: Math.max((bar?.volume ?? 0) * (bar?.wap ?? 0), 0),
      endMs,
    };
    this.#sentHigh = -Infinity;
    this.#sentLow = Infinity;
    if (bar !== undefined) this.#price(TICK.open, bar.open, 0);
  }

  #sampleAt(timeMs: number): void {
    const sample = Math.floor(timeMs / this.#sampleMs);
    if (sample === this.#sample) return;
    this.#sample = sample;
    this.#flush();
  }

  #flush(): void {
    this.#flushQuote();
    this.#flushTrade();
    const { high, low } = this.#day;
    if (Number.isFinite(high) && high !== this.#sentHigh) this.#price(TICK.high, high, 0);
    if (Number.isFinite(low) && low !== this.#sentLow) this.#price(TICK.low, low, 0);
    this.#sentHigh = high;
    this.#sentLow = low;
  }

  /** A price comes with its size, and TWS sends the size once more after it (reference §6.4). */
  #flushQuote(): void {
    const quote = this.#quote;
    const sent = this.#sentQuote;
    if (quote === undefined || quote === sent) return;
    this.#sentQuote = quote;
    if (quote.bid !== sent?.bid) this.#price(TICK.bid, quote.bid, quote.bidSize, 1);
    if (quote.bid !== sent?.bid || quote.bidSize !== sent.bidSize) this.#size(TICK.bidSize, quote.bidSize);
    if (quote.ask !== sent?.ask) this.#price(TICK.ask, quote.ask, quote.askSize, 1);
    if (quote.ask !== sent?.ask || quote.askSize !== sent.askSize) this.#size(TICK.askSize, quote.askSize);
  }

  #flushTrade(): void {
    const trade = this.#trade;
    if (trade === undefined || trade === this.#sentTrade) return;
    const { reqId, delayed, send } = this.#options;
    const second = Math.floor(trade.timeMs / 1000);
    if (this.#sentTrade === undefined || Math.floor(this.#sentTrade.timeMs / 1000) !== second)
      send(tickString(reqId, this.#type(TICK.lastTimestamp, delayed), String(second)));
    this.#sentTrade = trade;
    this.#price(TICK.last, trade.price, trade.size);
    this.#size(TICK.lastSize, trade.size);
    this.#size(TICK.volume, Number(this.#day.volume.toPrecision(12)));
  }

  /** "price;size;time in ms;total volume;vwap;single trade". */
  #sendRtVolume(trade: MarketTrade): void {
    const { reqId, send } = this.#options;
    const vwap = this.#day.volume > 0 ? Number((this.#day.value / this.#day.volume).toFixed(8)) : trade.price;
    const parts = [trade.price, trade.size, trade.timeMs, this.#day.volume, vwap, 'true'];
    send(tickString(reqId, TICK.rtVolume, parts.join(';')));
  }

  #type(type: number, delayed: boolean): number {
    return delayed ? (DELAYED_TICK[type] ?? type) : type;
  }

  #price(type: number, price: number, size: number, attributes = 0): void {
    const { reqId, version, delayed, send } = this.#options;
    send(tickPrice(version, reqId, { type: this.#type(type, delayed), price, size, attributes }));
  }

  #size(type: number, size: number): void {
    const { reqId, version, delayed, send } = this.#options;
    send(tickSize(version, reqId, this.#type(type, delayed), size));
  }
}
