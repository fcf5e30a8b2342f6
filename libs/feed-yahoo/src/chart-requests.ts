import { err, formatNs, NS_PER_SECOND, ok, TickwellError, type Result } from '@tickwell/domain';
import { readChart, type ChartPage } from './chart.ts';
import type { ChartRequest, YahooClient } from './client.ts';
import { domainInterval, limitsOf, type YahooInterval } from './intervals.ts';

/** Requests whose answers are kept for the second job that wants them. */
const MAX_KEPT = 256;
const DAY_SECONDS = 86_400;

type Page = Promise<Result<ChartPage, TickwellError>>;

/** Half-open, ns since the epoch. */
export interface Span {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/**
 * Asks for charts. Bars and corporate actions of a ticker are two streams of one answer: what one of them asked for is kept until the other
 * has it.
 */
export class ChartRequests {
  readonly #client: Pick<YahooClient, 'chart'>;
  readonly #kept = new Map<string, Page>();

  constructor(client: Pick<YahooClient, 'chart'>) {
    this.#client = client;
  }

  /** One request. Errors as {@link YahooClient}, and `yahoo-answer` where the answer is no chart. */
  async page(ticker: string, interval: YahooInterval, span: Span): Page {
    const request = requestOf(ticker, interval, span);
    const answer = await this.#client.chart(request);
    if (!answer.ok) return answer;
    const page = readChart(answer.value, domainInterval(interval));
    if (!page.ok) return err(new TickwellError('yahoo-answer', `Yahoo ${ticker} ${interval}: ${page.error}`));
    // Yahoo counts a row at the very end in: it belongs to the next page, or to nobody.
    const rows = page.value.rows.filter(
      ({ seconds }) => seconds === undefined || seconds < request.endSeconds,
    );
    return ok({ ...page.value, rows });
  }

  /** The same request by two jobs is one. */
  shared(ticker: string, interval: YahooInterval, span: Span): Page {
    const key = `${ticker} ${interval} ${span.startNs} ${span.endNs}`;
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    if (kept !== undefined) return kept;
    const page = this.page(ticker, interval, span);
    this.#kept.set(key, page);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(oldest);
    }
    return page;
  }

  /** The pages of a span, oldest first, of which the interval allows so much at a time. */
  async pages(
    ticker: string,
    interval: YahooInterval,
    span: Span,
    signal: AbortSignal,
  ): Promise<Result<readonly ChartPage[], TickwellError>> {
    const { requestDays } = limitsOf(interval);
    const lengthNs =
      requestDays === undefined
        ? span.endNs - span.startNs
        : BigInt(requestDays * DAY_SECONDS) * NS_PER_SECOND;
    const pages: ChartPage[] = [];
    for (let startNs = span.startNs; startNs < span.endNs; startNs += lengthNs) {
      if (signal.aborted) return ok([]);
      const endNs = startNs + lengthNs < span.endNs ? startNs + lengthNs : span.endNs;
      const page = await this.page(ticker, interval, { startNs, endNs });
      if (!page.ok) return page;
      pages.push(page.value);
    }
    return ok(pages);
  }
}

function requestOf(ticker: string, interval: YahooInterval, { startNs, endNs }: Span): ChartRequest {
  const startSeconds = Number(startNs / NS_PER_SECOND);
  return {
    ticker,
    interval,
    startSeconds,
    // The library refuses an empty span.
    endSeconds: Math.max(startSeconds + 1, Number((endNs + NS_PER_SECOND - 1n) / NS_PER_SECOND)),
  };
}

/** "2020-01-01T00:00:00Z to 2020-02-01T00:00:00Z" */
export function spanText({ startNs, endNs }: Span): string {
  return `${formatNs(startNs)} to ${formatNs(endNs)}`;
}
