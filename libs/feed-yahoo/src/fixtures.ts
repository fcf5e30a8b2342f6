import {
  SILENT,
  type Clock,
  type EventSource,
  type FeedChunk,
  type FeedItem,
  type FeedRefusal,
} from '@tickwell/ports';
import { YahooClient, type YahooClientOptions, type YahooInterval } from './client.ts';
import { openYahooHistory } from './history.ts';

/** Helpers of the tests. Time passes only in sleep. */
export class FakeClock implements Clock {
  ms = Date.UTC(2026, 0, 1);

  nowNs(): bigint {
    return BigInt(Math.round(this.ms)) * 1_000_000n;
  }

  monotonicMs(): number {
    return this.ms;
  }

  sleep(ms: number): Promise<void> {
    this.ms += ms;
    return Promise.resolve();
  }
}

/** A network that answers from a script; the last answer repeats. */
export function network(...answers: (Response | Error | ((url: string) => Response))[]): {
  fetch: typeof fetch;
  urls: string[];
} {
  const urls: string[] = [];
  return {
    urls,
    fetch: (input) => {
      const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;
      const answer = answers[Math.min(urls.length, answers.length - 1)];
      urls.push(url);
      if (answer instanceof Response) return Promise.resolve(answer.clone());
      if (answer instanceof Error || answer === undefined)
        return Promise.reject(answer ?? new Error('no answer'));
      return Promise.resolve(answer(url));
    },
  };
}

export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
}

/** A chart as Yahoo answers it: rows of [seconds, open, high, low, close, volume]. */
export function chart(
  rows: readonly (readonly (number | null)[])[],
  options: { zone?: string; events?: unknown; currency?: string } = {},
): unknown {
  const column = (at: number): (number | null | undefined)[] => rows.map((row) => row[at]);
  const quote = { open: column(1), high: column(2), low: column(3), close: column(4), volume: column(5) };
  const result = {
    meta: {
      currency: options.currency ?? 'USD',
      symbol: 'X',
      exchangeTimezoneName: options.zone ?? 'America/New_York',
    },
    timestamp: column(0),
    ...(options.events === undefined ? {} : { events: options.events }),
    indicators: { quote: [quote] },
  };
  return { chart: { result: [result], error: null } };
}

export function client(
  fetchFake: typeof fetch,
  clock = new FakeClock(),
  more: Partial<YahooClientOptions> = {},
): YahooClient {
  return new YahooClient({ fetch: fetchFake, clock, logger: SILENT, random: () => 0.5, ...more });
}

export interface Ask {
  readonly symbol?: string;
  readonly ticker?: string;
  readonly interval?: YahooInterval;
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  readonly clock?: FakeClock;
}

export async function history(fetchFake: typeof fetch, ask: Ask = {}): ReturnType<typeof openYahooHistory> {
  const clock = ask.clock ?? new FakeClock();
  return openYahooHistory({
    client: client(fetchFake, clock),
    clock,
    logger: SILENT,
    symbol: ask.symbol ?? 'X',
    ticker: ask.ticker ?? 'X',
    interval: ask.interval ?? '1d',
    startNs: ask.startNs ?? 0n,
    endNs: ask.endNs ?? 1_767_225_600_000_000_000n,
  });
}

/** Opens what must open. */
export async function opened(fetchFake: typeof fetch, ask: Ask = {}): Promise<EventSource> {
  const source = await history(fetchFake, ask);
  if (!source.ok) throw source.error;
  return source.value;
}

export async function items(source: EventSource, afterPosition = 0n): Promise<FeedItem[]> {
  const all: FeedItem[] = [];
  for await (const item of source.read({ afterPosition, signal: new AbortController().signal }))
    all.push(item);
  return all;
}

export function bars(all: readonly FeedItem[]): Extract<FeedChunk, { kind: 'bars' }>[] {
  return all.filter((item): item is Extract<FeedChunk, { kind: 'bars' }> => item.kind === 'bars');
}

export function actions(
  all: readonly FeedItem[],
): Extract<FeedChunk, { kind: 'actions' }>['actions'][number][] {
  return all.flatMap((item) => (item.kind === 'actions' ? item.actions : []));
}

export function refusals(all: readonly FeedItem[]): FeedRefusal[] {
  return all.filter((item): item is FeedRefusal => item.kind === 'refused');
}
