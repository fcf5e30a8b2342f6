/**
 * Asks the market for what is new and hands it to live subscriptions: one question per instrument and kind, however many listen.
 * Every instant is handed out once; what falls into an interruption of the feed is not handed out later (it is history then).
 */
import type { Scheduled, SimClock } from '../clock.ts';
import type { Market, MarketQuote, MarketTrade, Span } from '../market/market.ts';

export interface LiveData {
  readonly span: Span;
  readonly trades: readonly MarketTrade[];
  readonly quotes: readonly MarketQuote[];
}

export interface LiveWish {
  readonly conId: number;
  readonly trades: boolean;
  readonly quotes: boolean;
  /** Only what happens from the subscription on. Also called when nothing happened. */
  readonly onData: (data: LiveData) => void;
}

interface Listener extends LiveWish {
  fromMs: number;
}

export class LiveHub {
  readonly #clock: SimClock;
  readonly #market: Market;
  /** Whether live data of an instrument flows. */
  readonly #flows: (conId: number) => boolean;
  readonly #listeners = new Map<number, Set<Listener>>();
  readonly #polls = new Set<(nowMs: number) => void>();
  readonly #timer: Scheduled;
  #askedMs: number;

  constructor(options: {
    readonly clock: SimClock;
    readonly market: Market;
    readonly pollMs: number;
    readonly flows: (conId: number) => boolean;
  }) {
    this.#clock = options.clock;
    this.#market = options.market;
    this.#flows = options.flows;
    this.#askedMs = options.clock.nowMs();
    this.#timer = options.clock.every(options.pollMs, () => {
      this.#poll();
    });
  }

  /** The answer ends it. */
  listen(wish: LiveWish): () => void {
    const listener: Listener = { ...wish, fromMs: this.#clock.nowMs() };
    const group = this.#listeners.get(wish.conId) ?? new Set();
    this.#listeners.set(wish.conId, group.add(listener));
    return () => {
      group.delete(listener);
      if (group.size === 0) this.#listeners.delete(wish.conId);
    };
  }

  /** Called at every poll, after the data. The answer ends it. */
  onPoll(callback: (nowMs: number) => void): () => void {
    this.#polls.add(callback);
    return () => {
      this.#polls.delete(callback);
    };
  }

  stop(): void {
    this.#timer.cancel();
    this.#listeners.clear();
    this.#polls.clear();
  }

  #poll(): void {
    const nowMs = this.#clock.nowMs();
    const span = { fromMs: this.#askedMs, toMs: nowMs };
    this.#askedMs = nowMs;
    for (const [conId, group] of this.#listeners) if (this.#flows(conId)) this.#serve(conId, group, span);
    for (const callback of [...this.#polls]) callback(nowMs);
  }

  #serve(conId: number, group: ReadonlySet<Listener>, span: Span): void {
    const wants = [...group];
    const trades = wants.some((listener) => listener.trades) ? [...this.#market.trades(conId, span)] : [];
    const quotes = wants.some((listener) => listener.quotes) ? [...this.#market.quotes(conId, span)] : [];
    for (const listener of wants) {
      const late = listener.fromMs > span.fromMs;
      const isNew = ({ timeMs }: { readonly timeMs: number }): boolean => timeMs >= listener.fromMs;
      listener.onData({
        span: { fromMs: Math.max(span.fromMs, listener.fromMs), toMs: span.toMs },
        trades: !listener.trades ? [] : late ? trades.filter(isNew) : trades,
        quotes: !listener.quotes ? [] : late ? quotes.filter(isNew) : quotes,
      });
    }
  }
}
