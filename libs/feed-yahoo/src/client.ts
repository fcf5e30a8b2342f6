import { err, errorMessage, ok, TickwellError, type Result } from '@tickwell/domain';
import type { Clock, Logger } from '@tickwell/ports';
import YahooFinance from 'yahoo-finance2';
import { ExtendedCookieJar } from 'yahoo-finance2/lib/cookieJar';
import { POLITE_DEFAULTS, politeFetch, type PoliteFetchOptions } from './http.ts';

export interface YahooClientOptions extends Partial<Omit<PoliteFetchOptions, 'fetch' | 'clock' | 'logger'>> {
  /** What talks to the network; default: the runtime's. */
  readonly fetch?: typeof fetch;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Yahoo's names of the intervals. */
export const YAHOO_INTERVALS = {
  '1m': '1m',
  '2m': '2m',
  '5m': '5m',
  '15m': '15m',
  '30m': '30m',
  '1h': '1h',
  '1d': '1d',
  '1w': '1wk',
  '1mo': '1mo',
} as const;

export type YahooInterval = keyof typeof YAHOO_INTERVALS;

export interface ChartRequest {
  readonly ticker: string;
  readonly interval: YahooInterval;
  /** Seconds since the epoch; the end is not part of it. */
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** Asks Yahoo through yahoo-finance2, which knows its cookies; retries, pace and time limits are ours. */
export class YahooClient {
  readonly #jar = new ExtendedCookieJar();
  readonly #yahoo: InstanceType<typeof YahooFinance>;
  readonly #logger: Logger;

  constructor(options: YahooClientOptions) {
    const { clock, logger, fetch: network = globalThis.fetch, random = Math.random, ...pace } = options;
    this.#logger = logger;
    this.#yahoo = new YahooFinance({
      fetch: politeFetch({ ...POLITE_DEFAULTS, ...pace, fetch: network, clock, logger, random }),
      cookieJar: this.#jar,
      queue: { concurrency: 1 },
      versionCheck: false,
      suppressNotices: ['yahooSurvey'],
      validation: { logErrors: false, logOptionsErrors: false },
      logger: libraryLogger(logger),
    });
  }

  /**
   * One answer, as it came. Errors: `yahoo-no-data` (no such ticker, or nothing in the span), `yahoo-unauthorized`,
   * `yahoo-answer` (not understood), all terminal; `yahoo-rate-limited` and `yahoo-unreachable`, retryable.
   */
  async chart(request: ChartRequest): Promise<Result<unknown, TickwellError>> {
    const first = await this.#ask(request);
    if (first.ok || first.error.code !== 'yahoo-unauthorized') return first;
    // Cookies and crumb have expired or were taken back: forget them and ask once as a new visitor.
    this.#logger.warn({ ticker: request.ticker }, `${first.error.message}; again with new cookies`);
    await this.#jar.removeAllCookies();
    return this.#ask(request);
  }

  async #ask(request: ChartRequest): Promise<Result<unknown, TickwellError>> {
    const { ticker, interval, startSeconds, endSeconds } = request;
    try {
      const answer = await this.#yahoo.chart(
        ticker,
        {
          period1: startSeconds,
          period2: endSeconds,
          interval: YAHOO_INTERVALS[interval],
          includePrePost: false,
          events: 'div|split',
          return: 'object',
        },
        { validateResult: false },
      );
      return ok(answer);
    } catch (cause) {
      return err(explain(cause, `Yahoo ${ticker} ${interval}`));
    }
  }
}

/** What the library throws, by what it means. */
function explain(cause: unknown, what: string): TickwellError {
  if (cause instanceof TickwellError)
    return new TickwellError(cause.code, `${what}: ${cause.message}`, { cause, retryable: cause.retryable });
  const message = errorMessage(cause);
  const status = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (status === 401 || status === 403 || /unauthorized|invalid (crumb|cookie)/i.test(message)) {
    return new TickwellError('yahoo-unauthorized', `${what}: Yahoo refuses the session (${message})`, {
      cause,
    });
  }
  if (status === 404 || /no data found|not found|data doesn't exist/i.test(message)) {
    return new TickwellError(
      'yahoo-no-data',
      `${what}: ${message}; check the ticker as Yahoo writes it, and the span`,
      { cause },
    );
  }
  return new TickwellError('yahoo-answer', `${what}: the answer cannot be read (${message.slice(0, 300)})`, {
    cause,
  });
}

/** The library writes to the console otherwise. */
function libraryLogger(logger: Logger): {
  info: LogLine;
  warn: LogLine;
  error: LogLine;
  debug: LogLine;
  dir: LogLine;
} {
  const line =
    (level: 'debug' | 'warn'): LogLine =>
    (...parts) => {
      logger[level]({ library: 'yahoo-finance2' }, parts.map(String).join(' '));
    };
  return {
    info: line('debug'),
    warn: line('warn'),
    error: line('warn'),
    debug: line('debug'),
    dir: line('debug'),
  };
}

type LogLine = (...parts: unknown[]) => void;
