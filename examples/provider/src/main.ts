import type { Provider, ProviderContext } from '@tickwell/provider';

const API = 'https://api.exchange.coinbase.com/products';
const SECONDS: Readonly<Record<string, number>> = {
  '1m': 60,
  '5m': 300,
  '15m': 900,
  '1h': 3600,
  '1d': 86_400,
};
const MAX_CANDLES = 300;
const POLL_MS = 2000;

/**
 * Coinbase Exchange: candles as history, the last trade, polled, as live. Needs no key. Symbols are products such as BTC-USD. What it
 * answers: https://docs.cdp.coinbase.com/exchange/reference/exchangerestapi_getproductcandles and …_getproductticker.
 */
export default {
  name: 'coinbase',
  description: 'Coinbase Exchange: candles, and the last trade polled every two seconds',
  kinds: ['bars'],
  liveKinds: ['trades'],
  intervals: ['1m', '5m', '15m', '1h', '1d'],
  priceBasis: 'raw',
  earliest: '2015-07-20',
  example: 'BTC-USD',
  limits: { requestsPerSecond: 5 },

  async *history({ symbol, interval, from, to }, context) {
    const stepMs = (SECONDS[interval] ?? 60) * 1000;
    for (let startMs = from.getTime(); startMs < to.getTime(); startMs += MAX_CANDLES * stepMs) {
      // Coinbase counts the end in, so it is the last candle that is wanted.
      const endMs = Math.min(startMs + (MAX_CANDLES - 1) * stepMs, to.getTime() - 1);
      const span = `start=${new Date(startMs).toISOString()}&end=${new Date(endMs).toISOString()}`;
      const path = `candles?granularity=${stepMs / 1000}&${span}`;
      const candles = await ask(symbol, path, context);
      if (!Array.isArray(candles)) context.fail('bad-answer', 'Coinbase answers no list of candles');
      // Newest first.
      for (const candle of (candles as number[][]).reverse()) {
        const [seconds = NaN, low = NaN, high = NaN, open = NaN, close = NaN, volume = NaN] = candle;
        yield { time: new Date(seconds * 1000), open, high, low, close, volume, raw: candle };
      }
    }
  },

  async *live({ symbols }, context) {
    const last = new Map<string, number>();
    while (!context.signal.aborted) {
      for (const symbol of symbols) {
        const ticker = (await ask(symbol, 'ticker', context)) as Ticker;
        if (ticker.trade_id === last.get(symbol)) continue;
        last.set(symbol, ticker.trade_id);
        const { time, price, size, trade_id: seq } = ticker;
        yield { symbol, time, price: Number(price), size: Number(size), seq, raw: ticker };
      }
      await context.sleep(POLL_MS);
    }
  },
} satisfies Provider;

interface Ticker {
  readonly trade_id: number;
  readonly time: string;
  readonly price: string;
  readonly size: string;
}

/** Products that are not there are a 404, which `fetchJson` tells by itself. */
function ask(symbol: string, path: string, context: ProviderContext): Promise<unknown> {
  return context.fetchJson(`${API}/${encodeURIComponent(symbol)}/${path}`);
}
