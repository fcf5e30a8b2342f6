import { formatNs, NS_PER_SECOND, ok, type Result, type TickwellError } from '@tickwell/domain';
import type { Clock, EventSource } from '@tickwell/ports';
import { STATEMENT_TYPES, type YahooClient } from './client.ts';
import type { Span } from './chart-requests.ts';
import type { YahooInstrument } from './instrument.ts';
import { failed, listed, listingHash, type Listing } from './list-source.ts';
import { refuse, type Unplaced } from './refusal.ts';
import { readStatements, type Item } from './statements.ts';
import { readSummary } from './summary.ts';

export interface YahooFundamentalsOptions {
  readonly client: Pick<YahooClient, 'statements' | 'summary'>;
  readonly clock: Clock;
  readonly instrument: YahooInstrument;
  /** Periods that end in it. */
  readonly span: Span;
}

/**
 * Income statement, balance sheet and cash flow of every annual, quarterly and trailing period that Yahoo has. The stream's identity is the
 * hash of what it holds: unchanged statements are ingested once. An instrument without any (a fund, a currency) is a refusal, not a failure.
 */
export async function openYahooStatements(options: YahooFundamentalsOptions): Promise<EventSource> {
  const { symbol, ticker } = options.instrument;
  const description = `Yahoo ${ticker} statements`;
  const stream = { symbol, streamId: `yahoo:${symbol}:${ticker}:statements`, description };
  return opened(stream, await loadStatements(options, description));
}

async function loadStatements(
  { client, instrument, span }: YahooFundamentalsOptions,
  description: string,
): Promise<Result<Listing, TickwellError>> {
  const { symbol, ticker } = instrument;
  const seconds = {
    startSeconds: Number(span.startNs / NS_PER_SECOND),
    endSeconds: Number(span.endNs / NS_PER_SECOND),
  };
  const items: Item[] = [];
  const refusals: Unplaced[] = [];
  for (const type of STATEMENT_TYPES) {
    const answer = await client.statements(ticker, type, seconds);
    if (!answer.ok && answer.error.code === 'yahoo-no-data') continue;
    if (!answer.ok) return answer;
    const read = readStatements(answer.value, symbol, `${description}, ${type}`);
    items.push(...read.items);
    refusals.push(...read.refusals);
  }
  return ok(listingOf(items, refusals, symbol, description));
}

/**
 * What Yahoo says of an instrument today: valuation, margins, estimates, short interest, ... What has no period of its own is filed under
 * the day it was asked.
 */
export async function openYahooSummary(options: YahooFundamentalsOptions): Promise<EventSource> {
  const { client, clock, instrument } = options;
  const { symbol, ticker } = instrument;
  const askedNs = clock.nowNs();
  const day = formatNs(askedNs).slice(0, 10);
  const description = `Yahoo ${ticker} summary of ${day}`;
  const stream = { symbol, streamId: `yahoo:${symbol}:${ticker}:summary`, description };
  const answer = await client.summary(ticker);
  if (!answer.ok) return opened(stream, answer);
  const { items, refusals } = readSummary(answer.value, askedNs, symbol, description);
  return opened(
    { ...stream, streamId: `${stream.streamId}:${day}` },
    ok(listingOf(items, refusals, symbol, description)),
  );
}

function opened(
  stream: { readonly symbol: string; readonly streamId: string; readonly description: string },
  listing: Result<Listing, TickwellError>,
): EventSource {
  if (!listing.ok) return failed(stream, listing.error);
  return listed({ ...stream, streamId: `${stream.streamId}:${listingHash(listing.value)}` }, listing.value);
}

function listingOf(
  items: readonly Item[],
  refusals: readonly Unplaced[],
  symbol: string,
  description: string,
): Listing {
  const none =
    items.length + refusals.length === 0
      ? [refuse('no-fundamental', `${description}: Yahoo has none of this instrument`, symbol, { symbol })]
      : refusals;
  return { priceBasis: 'unspecified', events: { kind: 'fundamentals', items }, refusals: none };
}
