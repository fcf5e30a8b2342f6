import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { chartAnswer, type Answer, type ChartQuery, type Columns, type Market } from './answers.ts';
import { isObject, listOf, part } from './json.ts';

/** One recorded answer. */
export interface Recording {
  readonly file: string;
  readonly url: URL;
  readonly status: number;
  readonly body: unknown;
}

/** Hand-made cases are no recordings. */
const FAKE = /\.fake\.json/;

/** Every recording of a folder: `{request:{url},response:{status,bodyJson}}`, or a bare answer whose name says what was asked. */
export function readRecordings(folder: string): readonly Recording[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.json(?:\.gz)?$/.test(name) && !FAKE.test(name),
  );
  return names.sort().flatMap((name) => {
    const recording = readRecording(join(folder, name), name);
    return recording === undefined ? [] : [recording];
  });
}

function readRecording(path: string, file: string): Recording | undefined {
  const bytes = readFileSync(path);
  const content: unknown = JSON.parse((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
  const url = part(part(content, 'request'), 'url');
  const response = part(content, 'response');
  if (typeof url === 'string' && URL.canParse(url)) {
    const status = part(response, 'status');
    return {
      file,
      url: new URL(url),
      status: typeof status === 'number' ? status : 200,
      body: part(response, 'bodyJson'),
    };
  }
  const asked = askedBy(basename(file));
  return asked === undefined ? undefined : { file, url: asked, status: 200, body: content };
}

/** "chart-1m-USDGBP_X.json", "quote-_GSPC.json" */
function askedBy(name: string): URL | undefined {
  const host = 'https://query2.finance.yahoo.com';
  const chart = /^chart-(\d+[a-z]+)-(.+)\.json$/.exec(name);
  if (chart?.[1] !== undefined && chart[2] !== undefined)
    return new URL(`/v8/finance/chart/${tickerOf(chart[2])}?interval=${chart[1]}`, host);
  const quote = /^quote-(.+)\.json$/.exec(name);
  return quote?.[1] === undefined
    ? undefined
    : new URL(`/v7/finance/quote?symbols=${tickerOf(quote[1])}`, host);
}

function tickerOf(text: string): string {
  return text.replace(/^_/, '^').replace(/_X$/, '=X');
}

/** Recordings as a market: exactly what was recorded where it was asked for like that, else what they hold of the span. */
export class RecordedMarket implements Market {
  readonly #charts = new Map<string, Recording[]>();
  readonly #quotes = new Map<string, unknown>();
  readonly #summaries = new Map<string, Record<string, unknown>>();
  readonly #statements = new Map<string, Map<string, unknown>>();

  constructor(recordings: readonly Recording[]) {
    for (const recording of recordings) this.#add(recording);
  }

  get tickers(): readonly string[] {
    const charts = [...this.#charts.keys()].map((key) => key.slice(key.indexOf(' ') + 1));
    return [
      ...new Set([...charts, ...this.#quotes.keys(), ...this.#summaries.keys(), ...this.#statements.keys()]),
    ];
  }

  chart(query: ChartQuery): Answer | undefined {
    const recordings = this.#charts.get(`${query.interval} ${query.ticker}`) ?? [];
    const exact = recordings.find(
      ({ url }) =>
        url.searchParams.get('period1') === `${query.period1}` &&
        url.searchParams.get('period2') === `${query.period2}`,
    );
    if (exact !== undefined) return exact;
    return recordings.length === 0 ? undefined : partOf(recordings, query);
  }

  quote(ticker: string): unknown {
    return this.#quotes.get(ticker);
  }

  statements(ticker: string, names: readonly string[]): readonly unknown[] | undefined {
    const series = this.#statements.get(ticker);
    return series === undefined
      ? undefined
      : names.map((name) => series.get(name) ?? { meta: { symbol: [ticker], type: [name] } });
  }

  summary(ticker: string): Readonly<Record<string, unknown>> | undefined {
    return this.#summaries.get(ticker);
  }

  #add(recording: Recording): void {
    const { url, body } = recording;
    const ticker = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
    if (url.pathname.includes('/finance/chart/')) {
      const key = `${url.searchParams.get('interval') ?? '1d'} ${ticker}`;
      this.#charts.set(key, [...(this.#charts.get(key) ?? []), recording]);
    } else if (url.pathname.endsWith('/finance/quote')) {
      for (const entry of listOf(part(part(body, 'quoteResponse'), 'result'))) {
        const symbol = part(entry, 'symbol');
        // A recording of chosen fields is the poorer one.
        const known = this.#quotes.get(String(symbol));
        if (typeof symbol === 'string' && fields(entry) > fields(known)) this.#quotes.set(symbol, entry);
      }
    } else if (url.pathname.includes('/finance/quoteSummary/')) {
      const modules = listOf(part(part(body, 'quoteSummary'), 'result'))[0];
      if (isObject(modules)) this.#summaries.set(ticker, { ...this.#summaries.get(ticker), ...modules });
    } else if (url.pathname.includes('/finance/timeseries/')) {
      const series = this.#statements.get(ticker) ?? new Map<string, unknown>();
      this.#statements.set(ticker, series);
      for (const each of listOf(part(part(body, 'timeseries'), 'result'))) {
        const name = listOf(part(part(each, 'meta'), 'type'))[0];
        if (typeof name === 'string') series.set(name, each);
      }
    }
  }
}

function fields(entry: unknown): number {
  return isObject(entry) ? Object.keys(entry).length : 0;
}

/** The rows and events of several recordings that lie in a span, each time once. */
function partOf(recordings: readonly Recording[], { period1, period2 }: ChartQuery): Answer {
  const rows = new Map<number, readonly (number | null)[]>();
  const events: Record<string, Record<string, unknown>> = {};
  let meta: unknown;
  for (const { body } of recordings) {
    const result = listOf(part(part(body, 'chart'), 'result'))[0];
    meta = part(result, 'meta') ?? meta;
    const quote = listOf(part(part(result, 'indicators'), 'quote'))[0];
    const columns = NAMES.map((name) => listOf(part(quote, name)));
    for (const [at, time] of listOf(part(result, 'timestamp')).entries())
      if (typeof time === 'number' && time >= period1 && time < period2)
        rows.set(
          time,
          columns.map((column) => numberOrNull(column[at])),
        );
    for (const [kind, entries] of Object.entries(part(result, 'events') ?? {}))
      for (const [key, entry] of Object.entries(isObject(entries) ? entries : {}))
        if (Number(part(entry, 'date')) >= period1 && Number(part(entry, 'date')) < period2)
          events[kind] = { ...events[kind], [key]: entry };
  }
  const timestamp = [...rows.keys()].sort((a, b) => a - b);
  const column = (at: number): (number | null)[] => timestamp.map((time) => rows.get(time)?.[at] ?? null);
  const columns: Columns = {
    timestamp,
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    volume: column(4),
  };
  return chartAnswer(meta, columns, events);
}

const NAMES = ['open', 'high', 'low', 'close', 'volume'] as const;

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
