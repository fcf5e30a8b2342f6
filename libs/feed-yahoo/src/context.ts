import { VERBATIM, type Clock, type InstrumentResolver, type LiveReport, type Logger } from '@tickwell/ports';
import { ChartRequests } from './chart-requests.ts';
import { YahooClient, type YahooClientOptions } from './client.ts';
import type { YahooState } from './quotes.ts';

export interface YahooContextOptions {
  readonly clock: Clock;
  /** Default: the runtime's. */
  readonly fetch?: typeof fetch;
  /** Where Yahoo is, for jobs that do not say. */
  readonly baseUrl?: string | undefined;
  readonly onState?: (state: YahooState) => void;
  /** Instruments that cannot be followed. */
  readonly onReport?: (source: string, report: LiveReport) => void;
  /** Tickers of ids that a job gives none; without it an id is the ticker. */
  readonly names?: InstrumentResolver;
}

/** How to ask; what is left out is the client's default. */
export type YahooAccess = Pick<
  YahooClientOptions,
  'baseUrl' | 'requestsPerSecond' | 'requestsPerHour' | 'timeoutMs' | 'userAgent'
>;

export interface YahooConnection {
  readonly client: YahooClient;
  readonly charts: ChartRequests;
}

/** What all jobs of a process share: one client per Yahoo, as its limits are those of the address that asks. */
export class YahooContext {
  readonly clock: Clock;
  readonly baseUrl: string | undefined;
  readonly onState: ((state: YahooState) => void) | undefined;
  readonly onReport: YahooContextOptions['onReport'];
  readonly names: InstrumentResolver;
  readonly #fetch: typeof fetch | undefined;
  readonly #connections = new Map<string, YahooConnection>();

  constructor({ fetch: network, names = VERBATIM, ...options }: YahooContextOptions) {
    const { clock, baseUrl, onState, onReport } = options;
    this.names = names;
    this.onReport = onReport;
    this.clock = clock;
    this.baseUrl = baseUrl;
    this.onState = onState;
    this.#fetch = network;
  }

  /** The first job of a Yahoo sets its limits. */
  connection(access: YahooAccess, logger: Logger): YahooConnection {
    const key = access.baseUrl?.href ?? '';
    let connection = this.#connections.get(key);
    if (connection === undefined) {
      const network = this.#fetch === undefined ? {} : { fetch: this.#fetch };
      const client = new YahooClient({ ...access, ...network, clock: this.clock, logger });
      connection = { client, charts: new ChartRequests(client) };
      this.#connections.set(key, connection);
    }
    return connection;
  }
}
