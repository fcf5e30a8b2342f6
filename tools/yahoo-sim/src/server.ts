import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Market } from './answers.ts';
import { chartError } from './answers.ts';
import { damaged, Faults, type Fault, type FaultRule } from './faults.ts';
import { RateLimit } from './limits.ts';
import { RecordedMarket, type Recording } from './recordings.ts';
import { Sessions } from './sessions.ts';
import { SyntheticMarket } from './synthetic.ts';

export interface YahooSimOptions {
  /** 0: any free one. */
  readonly port?: number;
  readonly recordings?: readonly Recording[];
  /** How many synthetic tickers there are, from SIM1. */
  readonly tickers?: number;
  readonly faults?: readonly FaultRule[];
  /** Share of requests that fail in a way another attempt gets over. */
  readonly failRate?: number;
  /** Requests beyond it are too many. */
  readonly requestsPerSecond?: number;
  /** How long an answer takes. */
  readonly latencyMs?: number;
  /** Requests that a crumb is good for. */
  readonly crumbUses?: number;
  /** Synthetic quotes move day and night. */
  readonly alwaysOpen?: boolean;
  /** Ms since the epoch. */
  readonly now?: () => number;
  readonly log?: (line: string) => void;
}

export interface YahooSimStats {
  /** Everything that came. */
  readonly requests: number;
  /** Data that was served. */
  readonly served: number;
  /** Requests beyond the limit. */
  readonly tooMany: number;
  /** Injected, by name. */
  readonly faults: Readonly<Record<string, number>>;
  /** Data served per ticker. */
  readonly byTicker: Readonly<Record<string, number>>;
}

export interface YahooSim {
  readonly port: number;
  readonly url: string;
  readonly tickers: readonly string[];
  stats(): YahooSimStats;
  stop(): Promise<void>;
}

const HTML =
  '<!DOCTYPE html><html><head><title>Yahoo</title></head><body>Will be right back...</body></html>';
const MAX_HEADER_BYTES = 64 * 1024;
const TOO_MANY = 'Edge: Too Many Requests';

interface Asked {
  readonly endpoint: string;
  readonly tickers: readonly string[];
  readonly query: URLSearchParams;
  readonly needsCrumb: boolean;
}

/** Resolves once it listens, on the loopback interface only. Rejects where the port is taken. */
export async function startYahooSim(options: YahooSimOptions = {}): Promise<YahooSim> {
  const simulator = new Simulator(options);
  // Addresses of statements name every item.
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    simulator.handle(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    tickers: simulator.tickers,
    stats: () => simulator.stats(),
    stop: () => stopServer(server),
  };
}

function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    // Connections that a client keeps, and answers that hang.
    server.closeAllConnections();
  });
}

class Simulator {
  readonly #markets: readonly Market[];
  readonly #faults: Faults;
  readonly #limit: RateLimit | undefined;
  readonly #sessions: Sessions;
  readonly #latencyMs: number;
  readonly #log: (line: string) => void;
  readonly #counts = { requests: 0, served: 0, tooMany: 0 };
  readonly #faultCounts: Record<string, number> = {};
  readonly #byTicker = new Map<string, number>();

  constructor(options: YahooSimOptions) {
    const { recordings = [], tickers = 50, alwaysOpen = false, now = Date.now } = options;
    this.#markets = [
      new RecordedMarket(recordings),
      new SyntheticMarket({ tickers, recordings, now, alwaysOpen }),
    ];
    this.#faults = new Faults(options.faults ?? [], options.failRate ?? 0);
    const { requestsPerSecond } = options;
    this.#limit =
      requestsPerSecond === undefined ? undefined : new RateLimit(requestsPerSecond, () => performance.now());
    this.#sessions = new Sessions(options.crumbUses ?? Number.POSITIVE_INFINITY);
    this.#latencyMs = options.latencyMs ?? 0;
    this.#log = options.log ?? (() => undefined);
  }

  get tickers(): readonly string[] {
    return [...new Set(this.#markets.flatMap((market) => market.tickers))];
  }

  stats(): YahooSimStats {
    return {
      ...this.#counts,
      faults: { ...this.#faultCounts },
      byTicker: Object.fromEntries(this.#byTicker),
    };
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://yahoo');
    if (url.pathname === '/__stats') {
      send(response, { status: 200, body: this.stats() });
      return;
    }
    this.#counts.requests++;
    if (this.#latencyMs > 0) await sleep(this.#latencyMs);
    if (this.#limit?.take() === false) {
      this.#counts.tooMany++;
      // Yahoo has both shapes.
      sendText(response, this.#counts.tooMany % 2 === 0 ? 429 : 200, TOO_MANY);
      return;
    }
    const asked = askedOf(url);
    const fault = this.#faults.next(asked?.endpoint ?? url.pathname, asked?.tickers ?? []);
    if (fault !== undefined) {
      this.#faultCounts[fault] = (this.#faultCounts[fault] ?? 0) + 1;
      this.#log(`${fault}: ${url.pathname}`);
      if (isWhole(fault)) {
        fail(response, fault);
        return;
      }
    }
    if (asked === undefined) this.#page(url, request, response);
    else this.#data(asked, request, response, fault);
  }

  #page(url: URL, request: IncomingMessage, response: ServerResponse): void {
    if (url.pathname.startsWith('/quote/')) {
      response.setHeader('set-cookie', this.#sessions.newCookie());
      response.setHeader('content-type', 'text/html');
      response.end(HTML);
      return;
    }
    const crumb =
      url.pathname === '/v1/test/getcrumb' ? this.#sessions.crumb(request.headers.cookie) : undefined;
    if (crumb === undefined) send(response, unauthorized('Invalid Cookie'));
    else sendText(response, 200, crumb);
  }

  #data(asked: Asked, request: IncomingMessage, response: ServerResponse, fault: Fault | undefined): void {
    const isGood = this.#sessions.isGood(request.headers.cookie, asked.query.get('crumb'));
    if (asked.needsCrumb && !isGood) {
      send(response, unauthorized('Invalid Crumb'));
      return;
    }
    const answer = answerOf(asked, this.#markets);
    this.#counts.served++;
    for (const ticker of asked.tickers) this.#byTicker.set(ticker, (this.#byTicker.get(ticker) ?? 0) + 1);
    if (fault === 'truncated') {
      const text = JSON.stringify(answer.body);
      sendText(response, answer.status, text.slice(0, Math.floor(text.length / 2)), 'application/json');
    } else send(response, fault === undefined ? answer : { ...answer, body: damaged(answer.body, fault) });
  }
}

/** Whether the fault takes the place of an answer. */
function isWhole(fault: Fault): boolean {
  return fault !== 'truncated' && fault !== 'changed-types' && fault !== 'null-prices';
}

function fail(response: ServerResponse, fault: Fault): void {
  switch (fault) {
    case 'too-many':
      sendText(response, 429, TOO_MANY);
      return;
    case 'too-many-text':
      sendText(response, 200, 'Too Many Requests\r\n');
      return;
    case 'error-500':
      sendText(response, 500, 'Internal Server Error');
      return;
    case 'html':
      sendText(response, 200, HTML, 'text/html');
      return;
    case 'unauthorized':
      send(response, unauthorized('Invalid Crumb'));
      return;
    case 'error-200':
      send(response, { ...chartError(200, 'Internal Error', 'the data is not there at the moment') });
      return;
    case 'reset':
      response.destroy();
      return;
    default:
      // "hang": nothing comes, until the client gives up.
      return;
  }
}

function unauthorized(description: string): Answer {
  return { status: 401, body: { finance: { result: null, error: { code: 'Unauthorized', description } } } };
}

function askedOf({ pathname, searchParams: query }: URL): Asked | undefined {
  const ticker = decodeURIComponent(pathname.split('/').at(-1) ?? '');
  if (pathname.startsWith('/v8/finance/chart/'))
    return { endpoint: 'chart', tickers: [ticker], query, needsCrumb: false };
  if (pathname === '/v7/finance/quote')
    return { endpoint: 'quote', tickers: (query.get('symbols') ?? '').split(','), query, needsCrumb: true };
  if (pathname.startsWith('/v10/finance/quoteSummary/'))
    return { endpoint: 'quoteSummary', tickers: [ticker], query, needsCrumb: true };
  if (pathname.startsWith('/ws/fundamentals-timeseries/'))
    return { endpoint: 'timeseries', tickers: [ticker], query, needsCrumb: false };
  return undefined;
}

function answerOf({ endpoint, tickers, query }: Asked, markets: readonly Market[]): Answer {
  const [ticker = ''] = tickers;
  const first = <T>(of: (market: Market) => T | undefined): T | undefined => {
    for (const market of markets) {
      const found = of(market);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  switch (endpoint) {
    case 'chart': {
      const period1 = Number(query.get('period1'));
      const period2 = Number(query.get('period2'));
      const asked = { ticker, interval: query.get('interval') ?? '1d', period1, period2 };
      return (
        first((market) => market.chart(asked)) ??
        chartError(404, 'Not Found', 'No data found, symbol may be delisted')
      );
    }
    case 'quote': {
      const result = tickers.flatMap((each) => first((market) => market.quote(each)) ?? []);
      return { status: 200, body: { quoteResponse: { result, error: null } } };
    }
    case 'quoteSummary': {
      const wanted = new Set((query.get('modules') ?? '').split(','));
      const known = first((market) => market.summary(ticker));
      if (known === undefined) return summaryError(ticker);
      const modules = Object.fromEntries(Object.entries(known).filter(([name]) => wanted.has(name)));
      return { status: 200, body: { quoteSummary: { result: [modules], error: null } } };
    }
    default: {
      const names = (query.get('type') ?? '').split(',');
      const result = first((market) => market.statements(ticker, names)) ?? [];
      return { status: 200, body: { timeseries: { result, error: null } } };
    }
  }
}

function summaryError(ticker: string): Answer {
  const error = { code: 'Not Found', description: `Quote not found for symbol: ${ticker}` };
  return { status: 404, body: { quoteSummary: { result: null, error } } };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  sendText(response, status, JSON.stringify(body), 'application/json;charset=utf-8');
}

function sendText(response: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
