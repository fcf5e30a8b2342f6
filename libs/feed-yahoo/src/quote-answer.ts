import { NS_PER_SECOND } from '@tickwell/domain';
import { listOf, numberOf, part, secondsOf, textOf } from './json.ts';

/** One instrument of a quote answer, as far as it is understood. */
export interface YahooQuote {
  readonly ticker: string;
  /** Whether anything can change: before, during or after the session. */
  readonly isTrading: boolean;
  /** How old bid and ask are when they arrive. */
  readonly delayMinutes: number;
  /** NaN marks a side without a quote; a size that Yahoo does not say is 0. */
  readonly bidPrice: number;
  readonly bidSize: number;
  readonly askPrice: number;
  readonly askSize: number;
  /** The newest last price that has a time; undefined: there is none. */
  readonly last: LastPrice | undefined;
}

export interface LastPrice {
  readonly timeNs: bigint;
  readonly price: number;
  /** In which session it was made. */
  readonly session: 'regular' | 'pre' | 'post';
}

/** States in which an exchange does nothing: "PREPRE" and "POSTPOST" are the night around a session. */
const AT_REST: ReadonlySet<string> = new Set(['CLOSED', 'PREPRE', 'POSTPOST']);
const SESSIONS = ['regular', 'pre', 'post'] as const;

/** Reads `{quoteResponse:{result:[…]}}`; entries without a ticker are no quotes. */
export function readQuotes(answer: unknown): readonly YahooQuote[] {
  return listOf(part(part(answer, 'quoteResponse'), 'result')).flatMap((entry): YahooQuote[] => {
    const ticker = textOf(part(entry, 'symbol'));
    if (ticker === undefined) return [];
    const bidPrice = priceOf(part(entry, 'bid'));
    const askPrice = priceOf(part(entry, 'ask'));
    return [
      {
        ticker,
        isTrading: !AT_REST.has(textOf(part(entry, 'marketState')) ?? ''),
        delayMinutes: Math.max(0, numberOf(part(entry, 'exchangeDataDelayedBy')) ?? 0),
        bidPrice,
        bidSize: sizeOf(bidPrice, part(entry, 'bidSize')),
        askPrice,
        askSize: sizeOf(askPrice, part(entry, 'askSize')),
        last: lastOf(entry),
      },
    ];
  });
}

/** Yahoo writes a side without a quote as 0 or leaves it out. */
function priceOf(value: unknown): number {
  const price = numberOf(value) ?? NaN;
  return Number.isFinite(price) && price > 0 ? price : NaN;
}

function sizeOf(price: number, value: unknown): number {
  if (Number.isNaN(price)) return NaN;
  const size = numberOf(value) ?? 0;
  return Number.isFinite(size) && size > 0 ? size : 0;
}

function lastOf(entry: unknown): LastPrice | undefined {
  let last: LastPrice | undefined;
  for (const session of SESSIONS) {
    const seconds = secondsOf(part(entry, `${session}MarketTime`));
    const price = priceOf(part(entry, `${session}MarketPrice`));
    if (seconds === undefined || Number.isNaN(price)) continue;
    const timeNs = BigInt(seconds) * NS_PER_SECOND;
    if (last === undefined || timeNs > last.timeNs) last = { timeNs, price, session };
  }
  return last;
}
