import {
  emptyBars,
  err,
  formatNs,
  intervalEndNs,
  intervalStartNs,
  NS_PER_DAY,
  NS_PER_SECOND,
  ok,
  TickwellError,
  utcDateNumber,
  type BarColumns,
  type Result,
} from '@tickwell/domain';
import type { Clock, EventSource, FeedItem, Logger } from '@tickwell/ports';
import { orAborted } from './abort.ts';
import type { ChartPage, ChartRow } from './chart.ts';
import type { ChartRequests, Span } from './chart-requests.ts';
import type { YahooInstrument } from './instrument.ts';
import { domainInterval, isDated, limitsOf, type YahooInterval } from './intervals.ts';
import { refuse } from './refusal.ts';
import { splitsOf, unadjustRows, type BasedRow } from './unadjust.ts';

export interface YahooBarsOptions {
  readonly charts: Pick<ChartRequests, 'pages' | 'shared'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly instrument: YahooInstrument;
  readonly interval: YahooInterval;
  /** `endNs`: not part of it. */
  readonly span: Span;
  /** The end lies so far back that Yahoo adds nothing before it. */
  readonly isSettled: boolean;
  /** What is wanted; bars whose splits cannot be undone keep Yahoo's. */
  readonly basis: 'raw' | 'split-adjusted';
  /** Of split-adjusted bars: names the splits, after each of which all of them change. */
  readonly splitsTag: string;
}

const CHUNK_EVENTS = 1000;
/** Rows of all pages together; a month of minutes of a market that never closes has 43,200. */
const MAX_ROWS = 1_000_000;
/** Positions of a second: bars that start together. */
const PER_SECOND = 8n;
/** Yahoo fills rows of the last days later. */
export const UNSETTLED_NS = 7n * NS_PER_DAY;
/** Bars that come again ahead of a new one: Yahoo revises the last ones, volumes above all. */
const REPEATED_BARS = 5;
/** Time passes between our clock and Yahoo's look at its own. */
const MARGIN_NS = 300n * NS_PER_SECOND;

interface Placed {
  readonly based: BasedRow;
  readonly position: bigint;
  /** Why it is no bar. */
  readonly refused: { readonly rule: string; readonly what: string } | undefined;
}

/**
 * Bars of a span as a stream of the source "yahoo". Positions follow from the time of a bar, so that a later run of the same stream
 * delivers what is new, ahead of it the last bars once more (revised ones become corrections, equal ones are duplicates), and asks Yahoo for the
 * rest only (of bars of a day and longer, whose answers also have the corporate actions, for all). Rows without prices are refusals, and so is a part of the span that Yahoo no longer has; bars that are still
 * forming, and rows without prices of the last days, are left to the next run.
 */
export class YahooBars implements EventSource {
  readonly streamId: string;
  readonly source = 'yahoo';
  /** Its identity names the start only: a run with a later end, or without one, goes on. */
  readonly continues = true;
  readonly #options: YahooBarsOptions;
  readonly #interval;
  readonly #originNs: bigint;
  #currency = '';

  constructor(options: YahooBarsOptions) {
    const { instrument, interval, span, basis, splitsTag } = options;
    this.#options = options;
    this.#interval = domainInterval(interval);
    this.#originNs = isDated(this.#interval) ? intervalStartNs(this.#interval, span.startNs) : span.startNs;
    const { symbol, ticker } = instrument;
    const prices = basis === 'raw' ? basis : `${basis}-${splitsTag}`;
    this.streamId = `yahoo:${symbol}:${ticker}:${interval}:${prices}:${this.#originNs / NS_PER_SECOND}`;
  }

  /** Names the currency once it is known: the price of a share in London is one in pence ("GBp"), and stays it. */
  get description(): string {
    const { instrument, interval, span } = this.#options;
    const currency = this.#currency === '' ? '' : ` in ${this.#currency}`;
    return `Yahoo ${instrument.ticker} ${interval}${currency} from ${formatNs(span.startNs)}`;
  }

  async *read({
    afterPosition,
    signal,
  }: {
    readonly afterPosition: bigint;
    readonly signal: AbortSignal;
  }): AsyncGenerator<FeedItem> {
    if (this.#isComplete(afterPosition)) {
      yield { kind: 'progress', position: afterPosition };
      return;
    }
    const available = this.#available(afterPosition);
    if (!available.ok) throw available.error;
    const { span, lost } = available.value;
    if (lost !== undefined) yield this.#refuseLost(lost, span);
    const pages = await orAborted(this.#pages(span, signal), signal);
    if (pages === undefined) return;
    if (!pages.ok) throw pages.error;
    this.#currency = pages.value.find(({ currency }) => currency !== '')?.currency ?? '';
    const rows = await orAborted(this.#basedRows(pages.value, span), signal);
    if (rows === undefined) return;
    if (!rows.ok) throw rows.error;
    const placed = this.#newAfter(afterPosition, this.#place(rows.value));
    for (let at = 0; at < placed.length; at += CHUNK_EVENTS) {
      // The next turn is the caller's chance to stop.
      await Promise.resolve();
      if (signal.aborted) return;
      yield* this.#items(placed.slice(at, at + CHUNK_EVENTS));
    }
    yield { kind: 'progress', position: placed.at(-1)?.position ?? afterPosition };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #positionOf(startNs: bigint): bigint {
    return ((startNs - this.#originNs) / NS_PER_SECOND) * PER_SECOND + 1n;
  }

  #startOf(position: bigint): bigint {
    return this.#originNs + ((position - 1n) / PER_SECOND) * NS_PER_SECOND;
  }

  /** What an earlier run has not delivered, after the last bars that it has: where nothing is new, nothing. */
  #newAfter(afterPosition: bigint, placed: readonly Placed[]): readonly Placed[] {
    const fresh = placed.filter(({ position }) => position > afterPosition);
    if (fresh.length === 0 || afterPosition === 0n || this.#options.isSettled) return fresh;
    const again = placed
      .filter(({ position, refused }) => position <= afterPosition && refused === undefined)
      .slice(-REPEATED_BARS);
    let last = afterPosition;
    return [...again, ...fresh].map((each) => {
      last = each.position > last ? each.position : last + 1n;
      return { ...each, position: last };
    });
  }

  /** An earlier run had everything up to the end: between it and the last bar lie at most a few days without a session. */
  #isComplete(afterPosition: bigint): boolean {
    const { isSettled, span } = this.#options;
    if (!isSettled || afterPosition === 0n) return false;
    return intervalEndNs(this.#interval, this.#startOf(afterPosition)) + UNSETTLED_NS >= span.endNs;
  }

  /** What is left of the span, and what of it Yahoo has not kept. */
  #available(
    afterPosition: bigint,
  ): Result<{ readonly span: Span; readonly lost: Span | undefined }, TickwellError> {
    const { span, interval, instrument, clock } = this.#options;
    const { endNs } = span;
    const dated = isDated(this.#interval);
    // The last bar is asked for again: an answer of nothing at all may also mean that the ticker is gone.
    const startNs = afterPosition > 0n && !dated ? this.#startOf(afterPosition) : this.#originNs;
    const { keptDays } = limitsOf(interval);
    if (keptDays === undefined) return ok({ span: { startNs, endNs }, lost: undefined });
    const keptNs = clock.nowNs() - BigInt(keptDays) * NS_PER_DAY + MARGIN_NS;
    if (startNs >= keptNs) {
      const backNs = latest(this.#originNs, keptNs, startNs - this.#repeatedNs());
      return ok({ span: { startNs: backNs, endNs }, lost: undefined });
    }
    if (endNs > keptNs) return ok({ span: { startNs: keptNs, endNs }, lost: { startNs, endNs: keptNs } });
    return err(
      new TickwellError(
        'yahoo-range',
        `Yahoo ${instrument.ticker} ${interval}: Yahoo keeps these bars for ${keptDays} days only; ask from ${formatNs(keptNs)} on, or for a longer interval`,
      ),
    );
  }

  /** How long the bars before the last one lasted. */
  #repeatedNs(): bigint {
    return this.#interval.kind === 'fixed' ? BigInt(REPEATED_BARS - 1) * this.#interval.lengthNs : 0n;
  }

  #pages(span: Span, signal: AbortSignal): Promise<Result<readonly ChartPage[], TickwellError>> {
    const { charts, instrument, interval } = this.#options;
    if (!isDated(this.#interval)) return charts.pages(instrument.ticker, interval, span, signal);
    return charts
      .shared(instrument.ticker, interval, span)
      .then((page) => (page.ok ? ok([page.value]) : page));
  }

  async #basedRows(
    pages: readonly ChartPage[],
    { endNs }: Span,
  ): Promise<Result<readonly BasedRow[], TickwellError>> {
    const rows = this.#closed(pages.flatMap((page) => page.rows));
    if (rows.length > MAX_ROWS)
      return err(
        new TickwellError(
          'yahoo-answer',
          `Yahoo ${this.#options.instrument.ticker}: ${rows.length} rows, at most ${MAX_ROWS} are taken; ask for a shorter span`,
        ),
      );
    if (this.#options.basis === 'split-adjusted' || rows.length === 0)
      return ok(rows.map((row) => ({ row, basis: 'split-adjusted' })));
    const later = await laterPages(this.#options, endNs);
    return later.ok ? ok(unadjustRows(rows, splitsOf([...pages, ...later.value]))) : later;
  }

  /** Without bars that have not ended and, where a later run asks again, without the rows at the end that Yahoo has not filled yet. */
  #closed(rows: readonly ChartRow[]): ChartRow[] {
    const { clock, logger, instrument } = this.#options;
    const nowNs = clock.nowNs();
    const closed = rows
      .filter((row) => row.seconds === undefined || row.endNs <= nowNs)
      .sort((a, b) => (a.seconds ?? 0) - (b.seconds ?? 0));
    if (!this.#options.isSettled) {
      const isUnsettled = (row: ChartRow): boolean => !hasPrices(row) && row.startNs > nowNs - UNSETTLED_NS;
      while (closed.length > 0 && closed.slice(-1).every(isUnsettled)) closed.pop();
    }
    if (closed.length < rows.length)
      logger.debug(
        { ticker: instrument.ticker, rows: rows.length - closed.length },
        'bars that are still forming are left out',
      );
    return closed;
  }

  #place(rows: readonly BasedRow[]): Placed[] {
    const placed: Placed[] = [];
    let last = 0n;
    let lastStartNs: bigint | undefined;
    for (const based of rows) {
      const { row } = based;
      const isTimed = row.seconds !== undefined;
      const own = isTimed ? this.#positionOf(row.startNs) : 0n;
      const position = own > last ? own : last + 1n;
      const refused = !isTimed
        ? { rule: 'no-time', what: 'has no time' }
        : row.startNs === lastStartNs
          ? { rule: 'duplicate-row', what: `at ${formatNs(row.startNs)} is there twice` }
          : hasPrices(row)
            ? undefined
            : { rule: 'null-row', what: `at ${formatNs(row.startNs)} has no prices` };
      placed.push({ based, position, refused });
      last = position;
      if (isTimed) lastStartNs = row.startNs;
    }
    return placed;
  }

  /** Positions may not overlap: bars of one basis, and with or without volumes, at a time. */
  *#items(placed: readonly Placed[]): Generator<FeedItem> {
    const { symbol } = this.#options.instrument;
    for (const run of runs(placed)) {
      yield* this.#barChunk(run);
      for (const { refused, position, based } of run) {
        if (refused === undefined) continue;
        const reason = `${this.description}: row ${refused.what}`;
        yield { ...refuse(refused.rule, reason, symbol, based.row), position };
      }
      yield { kind: 'progress', position: run.at(-1)?.position ?? 0n };
    }
  }

  *#barChunk(run: readonly Placed[]): Generator<FeedItem> {
    const { instrument, interval } = this.#options;
    const bars = emptyBars();
    const positions: bigint[] = [];
    const dated = isDated(this.#interval);
    for (const { based, position, refused } of run) {
      if (refused !== undefined) continue;
      positions.push(position);
      addBar(bars, based.row, dated);
    }
    const first = run.find(({ refused }) => refused === undefined);
    if (positions.length === 0 || first === undefined) return;
    const { symbol } = instrument;
    const priceBasis = first.based.basis;
    yield { kind: 'bars', symbol, interval, priceType: 'trade', priceBasis, bars, positions };
  }

  #refuseLost(lost: Span, kept: Span): FeedItem {
    const { instrument, interval } = this.#options;
    const { keptDays = 0 } = limitsOf(interval);
    const reason = `${this.description}: Yahoo keeps these bars for ${keptDays} days only, nothing can be had from ${formatNs(lost.startNs)} to ${formatNs(lost.endNs)}`;
    const original = { from: formatNs(lost.startNs), to: formatNs(lost.endNs) };
    return {
      ...refuse('yahoo-range', reason, instrument.symbol, original),
      position: this.#positionOf(kept.startNs) - 1n,
    };
  }
}

/** Splits after the end of a span change its prices, too. */
export async function laterPages(
  { charts, clock, instrument }: Pick<YahooBarsOptions, 'charts' | 'clock' | 'instrument'>,
  endNs: bigint,
): Promise<Result<readonly ChartPage[], TickwellError>> {
  if (clock.nowNs() - endNs < NS_PER_DAY) return ok([]);
  const page = await charts.shared(instrument.ticker, '1d', { startNs: endNs, endNs: tonight(clock) });
  if (page.ok) return ok([page.value]);
  // Nothing traded since: nothing was split.
  return page.error.code === 'yahoo-no-data' ? ok([]) : page;
}

/** Neighbours that can share a batch; a row that is no bar goes with any. */
function runs(placed: readonly Placed[]): readonly (readonly Placed[])[] {
  const all: Placed[][] = [];
  let key = '';
  for (const each of placed) {
    const own = each.refused === undefined ? `${each.based.basis} ${each.based.row.volume === null}` : key;
    const last = all.at(-1);
    if (last === undefined || own !== key) all.push([each]);
    else last.push(each);
    key = own;
  }
  return all;
}

/** The end of the day in UTC, so that several jobs of a run ask for the same. */
export function tonight(clock: Clock): bigint {
  return (clock.nowNs() / NS_PER_DAY + 1n) * NS_PER_DAY;
}

function latest(...times: readonly bigint[]): bigint {
  return times.reduce((newest, time) => (time > newest ? time : newest));
}

function hasPrices({ open, high, low, close }: ChartRow): boolean {
  return open !== null && high !== null && low !== null && close !== null;
}

function addBar(bars: BarColumns, row: ChartRow, dated: boolean): void {
  bars.startNs.push(row.startNs);
  bars.open.push(row.open ?? NaN);
  bars.high.push(row.high ?? NaN);
  bars.low.push(row.low ?? NaN);
  bars.close.push(row.close ?? NaN);
  if (row.volume !== null) bars.volume.push(row.volume);
  if (dated) bars.sessionDate.push(utcDateNumber(row.startNs));
}
