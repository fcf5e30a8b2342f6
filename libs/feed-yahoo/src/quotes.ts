import { createHash } from 'node:crypto';
import { emptyQuotes, emptyTrades, NS_PER_MS, type TickwellError } from '@tickwell/domain';
import type { Clock, EventSource, FeedItem, Logger } from '@tickwell/ports';
import { orAborted } from './abort.ts';
import type { YahooClient } from './client.ts';
import type { YahooInstrument } from './instrument.ts';
import { readQuotes, type LastPrice, type YahooQuote } from './quote-answer.ts';
import { refuse } from './refusal.ts';

export const QUOTE_SERIES = ['quotes', 'trades'] as const;
export type QuoteSeries = (typeof QUOTE_SERIES)[number];

export interface YahooQuotesOptions {
  readonly client: Pick<YahooClient, 'quotes'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly instruments: readonly YahooInstrument[];
  readonly series: readonly QuoteSeries[];
  readonly everyMs: number;
  /** What became of the source, whenever that changes. */
  readonly onState?: ((state: YahooState) => void) | undefined;
}

export interface YahooState {
  readonly state: 'up' | 'degraded';
  readonly reason: string;
}

/** Tickers of one request; the address stays below 4 KiB. */
const REQUEST_TICKERS = 100;
/** While every market is closed: opening times are not worth a request every few seconds. */
const AT_REST_MS = 60_000;
const MS_PER_MINUTE = 60_000n;
export const LIVE_SOURCE = 'yahoo:live';

interface Seen {
  quote: string;
  last: LastPrice | undefined;
  /** Ordinal among last prices of one second. */
  seq: bigint;
}

/**
 * Quotes that are asked for again and again, as a live stream of the source "yahoo:live": bid and ask as quotes whenever they change (at
 * the time they were asked for, less Yahoo's delay: it does not say their own), the last price as a trade of size 0 whenever it has a new
 * time or value (at its own time; "regular", "pre" or "post" as its condition). A closed market's quotes are none. A ticker that an answer leaves
 * out is refused once; a request that fails is repeated at the next turn.
 */
export class YahooQuotes implements EventSource {
  readonly streamId: string;
  readonly source = LIVE_SOURCE;
  readonly description: string;
  readonly isLive = true;
  readonly #options: YahooQuotesOptions;
  readonly #seen = new Map<string, Seen>();
  readonly #missing = new Set<string>();
  #state: YahooState['state'] = 'up';

  constructor(options: YahooQuotesOptions) {
    const { instruments, clock } = options;
    const names = instruments.map(({ symbol, ticker }) => `${symbol}:${ticker}`).join(' ');
    const hash = createHash('sha256').update(names).digest('hex').slice(0, 16);
    // A session: what was not asked for in time is gone.
    this.streamId = `yahoo:quotes:${hash}:${clock.nowNs() / NS_PER_MS}`;
    this.description = `Yahoo quotes of ${names.length > 80 ? `${instruments.length} tickers` : names}`;
    this.#options = options;
  }

  async *read({
    afterPosition,
    signal,
  }: {
    readonly afterPosition: bigint;
    readonly signal: AbortSignal;
  }): AsyncGenerator<FeedItem> {
    const { clock, everyMs } = this.#options;
    let position = afterPosition;
    while (!signal.aborted) {
      const startMs = clock.monotonicMs();
      let isAnyTrading = false;
      for (const some of this.#groups()) {
        const quotes = await this.#ask(some, signal);
        if (quotes === undefined) continue;
        isAnyTrading ||= quotes.some((quote) => quote.isTrading);
        for (const make of this.#items(some, quotes)) yield make(++position);
        yield { kind: 'progress', position };
      }
      const turnMs = isAnyTrading || this.#state !== 'up' ? everyMs : Math.max(everyMs, AT_REST_MS);
      const leftMs = startMs + turnMs - clock.monotonicMs();
      if (leftMs > 0) await clock.sleep(leftMs, signal).catch(() => undefined);
    }
    yield { kind: 'progress', position };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  *#groups(): Generator<readonly YahooInstrument[]> {
    const { instruments } = this.#options;
    for (let at = 0; at < instruments.length; at += REQUEST_TICKERS)
      yield instruments.slice(at, at + REQUEST_TICKERS);
  }

  async #ask(
    instruments: readonly YahooInstrument[],
    signal: AbortSignal,
  ): Promise<readonly YahooQuote[] | undefined> {
    const { client } = this.#options;
    const answer = await orAborted(client.quotes(instruments.map(({ ticker }) => ticker)), signal);
    if (answer === undefined) return undefined;
    this.#note(answer.ok ? undefined : answer.error);
    return answer.ok ? readQuotes(answer.value) : undefined;
  }

  #note(error: TickwellError | undefined): void {
    const { logger, onState } = this.#options;
    const state = error === undefined ? 'up' : 'degraded';
    if (error !== undefined) logger.warn({ code: error.code }, error.message);
    if (state === this.#state) return;
    this.#state = state;
    onState?.({ state, reason: error?.message ?? 'quotes arrive again' });
  }

  *#items(instruments: readonly YahooInstrument[], quotes: readonly YahooQuote[]): Generator<Unnumbered> {
    const { clock, series } = this.#options;
    const byTicker = new Map(quotes.map((quote) => [quote.ticker, quote]));
    const nowNs = clock.nowNs();
    for (const { symbol, ticker } of instruments) {
      const quote = byTicker.get(ticker);
      if (quote === undefined) {
        yield* this.#refuse(symbol, ticker);
        continue;
      }
      this.#missing.delete(ticker);
      const seen = this.#seenOf(ticker);
      if (series.includes('trades')) yield* lastTrade(symbol, quote, seen);
      if (series.includes('quotes')) yield* bidAsk(symbol, quote, seen, nowNs);
    }
  }

  #seenOf(ticker: string): Seen {
    let seen = this.#seen.get(ticker);
    if (seen === undefined) {
      seen = { quote: '', last: undefined, seq: 0n };
      this.#seen.set(ticker, seen);
    }
    return seen;
  }

  *#refuse(symbol: string, ticker: string): Generator<Unnumbered> {
    if (this.#missing.has(ticker)) return;
    this.#missing.add(ticker);
    const reason = `Yahoo ${ticker} quotes: Yahoo does not know it; check the ticker as Yahoo writes it`;
    this.#options.logger.warn({ symbol, ticker }, reason);
    yield (position) => ({ ...refuse('yahoo-no-data', reason, symbol, { ticker }), position });
  }
}

/** What gets its position as it leaves. */
type Unnumbered = (position: bigint) => FeedItem;

function* lastTrade(symbol: string, { last }: YahooQuote, seen: Seen): Generator<Unnumbered> {
  if (last === undefined) return;
  const before = seen.last;
  if (before !== undefined && (last.timeNs < before.timeNs || isSame(last, before))) return;
  seen.seq = before?.timeNs === last.timeNs ? seen.seq + 1n : 0n;
  seen.last = last;
  const { seq } = seen;
  const trades = {
    ...emptyTrades(),
    timeNs: [last.timeNs],
    seq: [seq],
    price: [last.price],
    size: [0],
    conditions: [last.session],
  };
  yield (position) => ({ kind: 'trades', symbol, priceBasis: 'raw', trades, positions: [position] });
}

function isSame(a: LastPrice, b: LastPrice): boolean {
  return a.timeNs === b.timeNs && a.price === b.price;
}

function* bidAsk(symbol: string, quote: YahooQuote, seen: Seen, nowNs: bigint): Generator<Unnumbered> {
  const { bidPrice, bidSize, askPrice, askSize, delayMinutes, isTrading } = quote;
  if (!isTrading || (Number.isNaN(bidPrice) && Number.isNaN(askPrice))) return;
  const text = `${bidPrice} ${bidSize} ${askPrice} ${askSize}`;
  if (text === seen.quote) return;
  seen.quote = text;
  const timeNs = nowNs - BigInt(Math.round(delayMinutes)) * MS_PER_MINUTE * NS_PER_MS;
  const quotes = {
    ...emptyQuotes(),
    timeNs: [timeNs],
    seq: [0n],
    bidPrice: [bidPrice],
    bidSize: [bidSize],
    askPrice: [askPrice],
    askSize: [askSize],
  };
  yield (position) => ({ kind: 'quotes', symbol, priceBasis: 'raw', quotes, positions: [position] });
}
