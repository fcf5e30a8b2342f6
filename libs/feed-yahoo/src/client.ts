import { err, type Result, type TickwellError } from '@tickwell/domain';
import type { Clock, Logger } from '@tickwell/ports';
import YahooFinance from 'yahoo-finance2';
import { ExtendedCookieJar } from 'yahoo-finance2/lib/cookieJar';
import { getCrumbClear } from 'yahoo-finance2/lib/getCrumb';
import { explainThrown, judge, type RawAnswer } from './answer.ts';
import { isDataRequest, POLITE_DEFAULTS, politeFetch, type PoliteFetchOptions } from './http.ts';
import { YAHOO_INTERVALS, type YahooInterval } from './intervals.ts';
import { toOtherHost } from './other-host.ts';
import { Outage } from './outage.ts';

export interface YahooClientOptions extends Partial<Omit<PoliteFetchOptions, 'fetch' | 'clock' | 'logger'>> {
  /** What talks to the network; default: the runtime's. */
  readonly fetch?: typeof fetch;
  /** Where Yahoo's hosts are to be found instead, for example at a simulator. */
  readonly baseUrl?: URL;
  /** Default: the library's, which names itself. */
  readonly userAgent?: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ChartRequest {
  readonly ticker: string;
  readonly interval: YahooInterval;
  /** Seconds since the epoch; the end is not part of it. */
  readonly startSeconds: number;
  readonly endSeconds: number;
}

export const STATEMENT_TYPES = ['annual', 'quarterly', 'trailing'] as const;
export type StatementType = (typeof STATEMENT_TYPES)[number];

/** Numbers come only from these; the rest of Yahoo's modules is text, lists of people, or nothing since November 2024. */
const SUMMARY_MODULES = [
  'calendarEvents',
  'defaultKeyStatistics',
  'earningsHistory',
  'earningsTrend',
  'financialData',
  'majorHoldersBreakdown',
  'netSharePurchaseActivity',
  'recommendationTrend',
  'summaryDetail',
] as const;

type Answer = Promise<Result<unknown, TickwellError>>;
type Call = (yahoo: InstanceType<typeof YahooFinance>, options: CallOptions) => Promise<unknown>;

interface CallOptions {
  readonly validateResult: false;
  readonly fetch: typeof fetch;
}

/** Requests under way: an answer takes longer than the pause between two requests. */
const MAX_CONCURRENT = 32;

/**
 * Asks Yahoo through yahoo-finance2, which knows its addresses, cookies and crumb; retries, pace and time limits are ours. Answers are
 * Yahoo's JSON as it came, for our readers to judge: the library (4.0.2) drops zeros and currencies of fundamentals and refuses whole
 * answers for one null. Errors are those of `judge` and `politeFetch`, each one line that names the ticker and what was asked.
 */
export class YahooClient {
  readonly #jar = new ExtendedCookieJar();
  readonly #yahoo: InstanceType<typeof YahooFinance>;
  readonly #fetch: typeof fetch;
  readonly #logger: Logger;
  readonly #outage: Outage;
  /** Counts the cookies and crumbs there were. */
  #session = 0;

  constructor(options: YahooClientOptions) {
    const { clock, logger, fetch: network = globalThis.fetch, random = Math.random } = options;
    const { baseUrl, userAgent, ...pace } = options;
    this.#logger = logger;
    this.#outage = new Outage(clock);
    this.#fetch = politeFetch({
      ...POLITE_DEFAULTS,
      ...pace,
      random,
      fetch: baseUrl === undefined ? network : toOtherHost(network, baseUrl),
    });
    this.#yahoo = new YahooFinance({
      cookieJar: this.#jar,
      queue: { concurrency: MAX_CONCURRENT },
      versionCheck: false,
      suppressNotices: ['yahooSurvey'],
      validation: { logErrors: false, logOptionsErrors: false },
      logger: libraryLogger(logger),
      ...(userAgent === undefined ? {} : { fetchOptions: { headers: { 'User-Agent': userAgent } } }),
    });
  }

  /** `{chart:{result:[…]}}` */
  chart({ ticker, interval, startSeconds, endSeconds }: ChartRequest): Answer {
    return this.#ask(`Yahoo ${ticker} ${interval}`, (yahoo, options) =>
      yahoo.chart(
        ticker,
        {
          period1: startSeconds,
          period2: endSeconds,
          interval: YAHOO_INTERVALS[interval].yahoo,
          includePrePost: false,
          events: 'div|split',
          return: 'object',
        },
        options,
      ),
    );
  }

  /** `{quoteResponse:{result:[…]}}`; tickers that Yahoo does not know are missing. */
  quotes(tickers: readonly string[]): Answer {
    const named =
      tickers.length > 3
        ? `${tickers.slice(0, 3).join(', ')} and ${tickers.length - 3} more`
        : tickers.join(', ');
    return this.#ask(`Yahoo quotes of ${named}`, (yahoo, options) => yahoo.quote([...tickers], {}, options));
  }

  /** `{timeseries:{result:[…]}}` */
  statements(
    ticker: string,
    type: StatementType,
    span: { readonly startSeconds: number; readonly endSeconds: number },
  ): Answer {
    const { startSeconds: period1, endSeconds: period2 } = span;
    return this.#ask(`Yahoo ${ticker} ${type} statements`, (yahoo, options) =>
      yahoo.fundamentalsTimeSeries(ticker, { period1, period2, type, module: 'all' }, options),
    );
  }

  /** `{quoteSummary:{result:[{…}]}}` */
  summary(ticker: string): Answer {
    return this.#ask(`Yahoo ${ticker} summary`, (yahoo, options) =>
      yahoo.quoteSummary(ticker, { modules: [...SUMMARY_MODULES] }, options),
    );
  }

  async #ask(what: string, call: Call): Answer {
    const refused = this.#outage.refusal();
    if (refused !== undefined) return err(explainThrown(refused, what));
    const session = this.#session;
    let answer = await this.#once(what, call);
    if (!answer.ok && answer.error.code === 'yahoo-unauthorized') {
      // Cookies and crumb have expired or were taken back: forget them and ask once as a new visitor.
      this.#logger.warn({}, `${answer.error.message}; again with new cookies`);
      await this.#newSession(session);
      answer = await this.#once(what, call);
    }
    this.#outage.note(answer.ok ? undefined : answer.error);
    return answer;
  }

  /** Requests that were refused together renew once. */
  async #newSession(refused: number): Promise<void> {
    if (this.#session !== refused) return;
    this.#session++;
    await getCrumbClear(this.#jar);
  }

  async #once(what: string, call: Call): Answer {
    let answer: RawAnswer | undefined;
    const capture: typeof fetch = async (input, init) => {
      const response = await this.#fetch(input, init);
      if (!isDataRequest(input)) return response;
      answer = { status: response.status, body: await response.text() };
      // The library needs the cookies only. It would write addresses of refused requests, crumb included, to the console.
      return new Response('{}', { headers: response.headers });
    };
    try {
      await call(this.#yahoo, { validateResult: false, fetch: capture });
    } catch (cause) {
      // It misses the answer that it was not given.
      if (answer === undefined) return err(explainThrown(cause, what));
    }
    return judge(answer ?? { status: 0, body: '' }, what);
  }
}

/** The library writes to the console otherwise. Its debug lines hold the crumb. */
function libraryLogger(logger: Logger): {
  info: LogLine;
  warn: LogLine;
  error: LogLine;
  debug: LogLine;
  dir: LogLine;
} {
  const warn: LogLine = (...parts) => {
    logger.warn({ library: 'yahoo-finance2' }, parts.map(String).join(' '));
  };
  const nothing: LogLine = () => undefined;
  return { info: nothing, warn, error: warn, debug: nothing, dir: nothing };
}

type LogLine = (...parts: unknown[]) => void;
