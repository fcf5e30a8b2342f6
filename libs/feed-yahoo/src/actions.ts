import { formatNs, NS_PER_SECOND, ok, type Result, type TickwellError } from '@tickwell/domain';
import type { Clock, EventSource } from '@tickwell/ports';
import type { ChartPage } from './chart.ts';
import type { ChartRequests, Span } from './chart-requests.ts';
import { laterPages } from './history.ts';
import type { YahooInstrument } from './instrument.ts';
import type { YahooInterval } from './intervals.ts';
import { failed, listed, listingHash, ListSource, type Listing } from './list-source.ts';
import { refuse } from './refusal.ts';
import { splitsOf, unadjustActions } from './unadjust.ts';

export interface YahooActionsOptions {
  readonly charts: Pick<ChartRequests, 'pages' | 'shared'>;
  readonly clock: Clock;
  readonly instrument: YahooInstrument;
  /** Of the chart that is asked: bars of the same request come for nothing. */
  readonly interval: YahooInterval;
  readonly span: Span;
  /** As of {@link YahooBars}. */
  readonly isSettled: boolean;
}

/**
 * Dividends and splits of a span, as they were paid and made. A span that ended long ago is a stream like any other; until then Yahoo may
 * add a dividend later than its ex date, so the whole list is the identity of the stream: an unchanged one is ingested once, a changed
 * one is sent anew as a whole.
 */
export async function openYahooActions(options: YahooActionsOptions): Promise<EventSource> {
  const { instrument, span, isSettled } = options;
  const { symbol, ticker } = instrument;
  const name = `yahoo:${symbol}:${ticker}:actions:${span.startNs / NS_PER_SECOND}`;
  const to = !isSettled ? '' : ` to ${formatNs(span.endNs)}`;
  const description = `Yahoo ${ticker} dividends and splits from ${formatNs(span.startNs)}${to}`;
  if (isSettled) {
    const streamId = `${name}-${span.endNs / NS_PER_SECOND}`;
    return new ListSource({ symbol, streamId, description, load: () => load(options, description) });
  }
  const listing = await load(options, description);
  if (!listing.ok) return failed({ symbol, streamId: name, description }, listing.error);
  return listed({ symbol, streamId: `${name}:${listingHash(listing.value)}`, description }, listing.value);
}

async function load(
  options: YahooActionsOptions,
  description: string,
): Promise<Result<Listing, TickwellError>> {
  const { charts, instrument, interval, span } = options;
  const page = await charts.shared(instrument.ticker, interval, span);
  if (!page.ok) return page;
  const later = await laterPages(options, span.endNs);
  return later.ok ? ok(listingOf(page.value, later.value, instrument.symbol, description)) : later;
}

function listingOf(
  page: ChartPage,
  later: readonly ChartPage[],
  symbol: string,
  description: string,
): Listing {
  const splits = splitsOf([page, ...later]);
  const actions = splits === undefined ? page.actions : unadjustActions(page.actions, splits);
  const refusals = page.badActions.map((action) =>
    refuse('bad-action', `${description}: an entry without date, amount or ratio`, symbol, action),
  );
  return {
    priceBasis: splits === undefined ? 'split-adjusted' : 'raw',
    events: { kind: 'actions', actions },
    refusals,
  };
}
