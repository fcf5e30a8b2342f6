import { createHash } from 'node:crypto';
import {
  checkSymbol,
  emptyBars,
  err,
  formatNs,
  NS_PER_DAY,
  NS_PER_SECOND,
  ok,
  parseInterval,
  TickwellError,
  utcDateNumber,
  type CorporateAction,
  type Result,
} from '@tickwell/domain';
import type { Clock, EventSource, FeedChunk, FeedItem, FeedRefusal, Logger } from '@tickwell/ports';
import { readChart, type ChartPage, type ChartRow } from './chart.ts';
import type { YahooClient, YahooInterval } from './client.ts';

export interface YahooHistoryOptions {
  readonly client: Pick<YahooClient, 'chart'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tickwell's id of the instrument. */
  readonly symbol: string;
  /** Yahoo's, for example "AAPL", "EURUSD=X", "^GSPC". */
  readonly ticker: string;
  readonly interval: YahooInterval;
  readonly startNs: bigint;
  /** Not part of it. */
  readonly endNs: bigint;
}

/** The ticker becomes part of an address. */
const TICKER = /^[A-Za-z0-9^][A-Za-z0-9.^=-]{0,31}$/;
/** Days of minutes that one request may span; of longer bars Yahoo answers everything at once. */
const MINUTE_PAGE_NS = 7n * NS_PER_DAY;
const MAX_PAGES = 60;
const CHUNK_EVENTS = 1000;
/** Rows of all pages together, a century of minutes of one exchange in a month's answer never reaches it. */
const MAX_ROWS = 1_000_000;

/**
 * Asks for a span of history and makes it a stream: bars (price basis split-adjusted, source "yahoo") at positions 1 to the number
 * of rows, then dividends and splits. Rows without prices are refusals; bars that are still forming are left out.
 *
 * The stream's identity is what was asked and the hash of what was answered: the same answer again is the same stream, a changed
 * one is a new stream whose unchanged bars make no new version. Errors as {@link YahooClient.chart}, and `yahoo-options`.
 */
export async function openYahooHistory(
  options: YahooHistoryOptions,
): Promise<Result<EventSource, TickwellError>> {
  const interval = parseInterval(options.interval);
  const wrong = optionErrors(options);
  if (!interval.ok) wrong.push(interval.error);
  if (wrong.length > 0 || !interval.ok) {
    return err(new TickwellError('yahoo-options', `Yahoo ${options.ticker}: ${wrong.join('; ')}`));
  }
  const pages: ChartPage[] = [];
  for (const [startSeconds, endSeconds] of pageSpans(options)) {
    const answer = await options.client.chart({
      ticker: options.ticker,
      interval: options.interval,
      startSeconds,
      endSeconds,
    });
    if (!answer.ok) return answer;
    const page = readChart(answer.value, interval.value);
    if (!page.ok)
      return err(
        new TickwellError('yahoo-answer', `Yahoo ${options.ticker} ${options.interval}: ${page.error}`),
      );
    // Yahoo counts a row at the very end in: it belongs to the next page, or to nobody.
    const rows = page.value.rows.filter((row) => row.seconds === undefined || row.seconds < endSeconds);
    pages.push({ ...page.value, rows });
  }
  const rows = closedRows(pages, options);
  if (rows.length > MAX_ROWS) {
    return err(
      new TickwellError(
        'yahoo-answer',
        `Yahoo ${options.ticker}: ${rows.length} rows, at most ${MAX_ROWS} are taken; ask for a shorter span`,
      ),
    );
  }
  return ok(new YahooHistory(options, rows, uniqueActions(pages)));
}

function optionErrors({ symbol, ticker, startNs, endNs, interval }: YahooHistoryOptions): string[] {
  const wrong: string[] = [];
  const checked = checkSymbol(symbol);
  if (!checked.ok) wrong.push(checked.error);
  if (!TICKER.test(ticker))
    wrong.push(`"${ticker.slice(0, 40)}" is not a ticker: use 1 to 32 of A-Z a-z 0-9 . ^ = -`);
  if (startNs >= endNs) wrong.push(`the span from ${formatNs(startNs)} to ${formatNs(endNs)} is empty`);
  if (interval === '1m' && endNs - startNs > MINUTE_PAGE_NS * BigInt(MAX_PAGES)) {
    wrong.push(`a span of more than ${MAX_PAGES * 7} days of minutes`);
  }
  return wrong;
}

function pageSpans({
  interval,
  startNs,
  endNs,
}: YahooHistoryOptions): readonly (readonly [number, number])[] {
  const lengthNs = interval === '1m' ? MINUTE_PAGE_NS : endNs - startNs;
  const spans: (readonly [number, number])[] = [];
  for (let from = startNs; from < endNs; from += lengthNs) {
    const to = from + lengthNs < endNs ? from + lengthNs : endNs;
    spans.push([Number(from / NS_PER_SECOND), Number((to + NS_PER_SECOND - 1n) / NS_PER_SECOND)]);
  }
  return spans;
}

/** The rows of all pages without those of bars that have not ended: Yahoo ends an answer with the running one. */
function closedRows(pages: readonly ChartPage[], { clock, logger, ticker }: YahooHistoryOptions): ChartRow[] {
  const nowNs = clock.nowNs();
  const rows = pages.flatMap((page) => page.rows);
  const closed = rows.filter((row) => row.seconds === undefined || row.endNs <= nowNs);
  if (closed.length < rows.length) {
    logger.debug({ ticker, rows: rows.length - closed.length }, 'bars that are still forming are left out');
  }
  return closed;
}

/** Pages repeat the actions around them. */
function uniqueActions(pages: readonly ChartPage[]): Omit<CorporateAction, 'position'>[] {
  const unique = new Map<string, Omit<CorporateAction, 'position'>>();
  for (const action of pages.flatMap((page) => page.actions))
    unique.set(`${action.kind} ${action.exDateNs}`, action);
  return [...unique.values()];
}

class YahooHistory implements EventSource {
  readonly streamId: string;
  readonly source = 'yahoo';
  readonly description: string;
  readonly totalPositions: number;
  readonly #options: YahooHistoryOptions;
  readonly #rows: readonly ChartRow[];
  readonly #actions: readonly CorporateAction[];

  constructor(
    options: YahooHistoryOptions,
    rows: readonly ChartRow[],
    actions: readonly Omit<CorporateAction, 'position'>[],
  ) {
    const { symbol, ticker, interval, startNs, endNs } = options;
    const what = [symbol, ticker, interval, formatNs(startNs), formatNs(endNs)];
    const hash = createHash('sha256').update(JSON.stringify([what, rows, actions], numbersAsText));
    this.streamId = `yahoo:${ticker}:${interval}:${hash.digest('hex').slice(0, 16)}`;
    this.description = `Yahoo ${ticker} ${interval} from ${formatNs(startNs)} to ${formatNs(endNs)}`;
    this.totalPositions = rows.length + actions.length;
    this.#options = options;
    this.#rows = rows;
    this.#actions = actions.map((action, index) => ({
      ...action,
      position: BigInt(rows.length + index + 1),
    }));
  }

  async *read({
    afterPosition,
    signal,
  }: {
    readonly afterPosition: bigint;
    readonly signal: AbortSignal;
  }): AsyncGenerator<FeedItem> {
    for (let at = 0; at < this.#rows.length; at += CHUNK_EVENTS) {
      // The next turn is the caller's chance to stop.
      await Promise.resolve();
      if (signal.aborted) return;
      yield* this.#barItems(at, Math.min(at + CHUNK_EVENTS, this.#rows.length), afterPosition);
    }
    const actions = this.#actions.filter((action) => action.position > afterPosition);
    for (let at = 0; at < actions.length; at += CHUNK_EVENTS) {
      const some = actions.slice(at, at + CHUNK_EVENTS);
      const positions = some.map((action) => action.position);
      yield {
        kind: 'actions',
        symbol: this.#options.symbol,
        priceBasis: 'split-adjusted',
        actions: some,
        positions,
      };
      yield { kind: 'progress', position: positions.at(-1) ?? 0n };
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  *#barItems(from: number, to: number, afterPosition: bigint): Generator<FeedItem> {
    const { symbol, interval } = this.#options;
    const bars = emptyBars();
    const positions: bigint[] = [];
    const refusals: FeedRefusal[] = [];
    for (let at = from; at < to; at++) {
      const row = this.#rows[at];
      const position = BigInt(at + 1);
      if (row === undefined || position <= afterPosition) continue;
      const { open, high, low, close, volume, startNs } = row;
      if (row.seconds === undefined || open === null || high === null || low === null || close === null) {
        refusals.push(this.#refuse(row, position));
        continue;
      }
      positions.push(position);
      bars.startNs.push(startNs);
      bars.open.push(open);
      bars.high.push(high);
      bars.low.push(low);
      bars.close.push(close);
      bars.volume.push(volume ?? NaN);
      if (interval === '1d' || interval === '1w' || interval === '1mo')
        bars.sessionDate.push(utcDateNumber(startNs));
    }
    if (positions.length > 0) {
      const chunk: FeedChunk = {
        kind: 'bars',
        symbol,
        interval,
        priceType: 'trade',
        priceBasis: 'split-adjusted',
        bars,
        positions,
      };
      yield chunk;
    }
    yield* refusals;
    if (BigInt(to) > afterPosition) yield { kind: 'progress', position: BigInt(to) };
  }

  #refuse(row: ChartRow, position: bigint): FeedRefusal {
    const original = Buffer.from(JSON.stringify(row, numbersAsText));
    const at = row.seconds === undefined ? 'has no time' : `at ${formatNs(row.startNs)} has no prices`;
    return {
      kind: 'refused',
      rule: 'null-row',
      reason: `${this.description}: row ${position} ${at}`,
      position,
      symbol: this.#options.symbol,
      original,
      originalSize: original.length,
      originalSha256: createHash('sha256').update(original).digest('hex'),
    };
  }
}

function numbersAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
