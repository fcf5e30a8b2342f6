import {
  intervalEndNs,
  intervalStartNs,
  NS_PER_SECOND,
  parseInterval,
  TickwellError,
  utcDateNumber,
  type Interval,
} from '@tickwell/domain';
import type { EventSource, FeedItem } from '@tickwell/ports';
import type { BarSize } from './bar-sizes.ts';
import { barsChunk, priceBasisOf, quotesChunk, tradesChunk } from './columns.ts';
import type { IbConnection } from './connection.ts';
import type { ResolvedInstrument } from './contracts.ts';
import { fetchBars, fetchQuotes, fetchTrades, type FetchContext } from './history-fetch.ts';
import type { HistoryKind } from './ib-link.ts';
import type { IbBar } from './ib-messages.ts';
import type { Timed } from './live-line.ts';
import { barPieces, Ordinals, type BarPiece, type Span } from './request-splitter.ts';

export type HistoryOf =
  | { readonly kind: 'bars'; readonly size: BarSize; readonly what: HistoryKind }
  | { readonly kind: 'trades' }
  | { readonly kind: 'quotes' };

export interface HistorySourceOptions {
  readonly connection: IbConnection;
  readonly instrument: ResolvedInstrument;
  readonly of: HistoryOf;
  readonly useRth: boolean;
  readonly span: Span;
  /** Names a stream apart from an earlier one of the same span, which was read to its end: it is asked for once more. */
  readonly again?: number | undefined;
  readonly onClose?: () => Promise<void>;
}

/** Requests under way at once: answers take longer than the pause between two requests. */
const CONCURRENT = 4;
const CHUNK_EVENTS = 1000;
/** Positions of a second: more ticks than a second ever has. */
const PER_SECOND = 1n << 20n;

/**
 * A span of history as a stream. Positions follow from the time (of bars: seconds since the start of the span; of ticks: second and
 * ordinal), so a resume asks only for what is left, and every run names an event alike.
 */
export class HistorySource implements EventSource {
  readonly streamId: string;
  readonly source = 'ib:history';
  readonly description: string;
  readonly #options: HistorySourceOptions;

  constructor(options: HistorySourceOptions) {
    const { instrument, of, useRth, span, again } = options;
    const { symbol, contract } = instrument;
    const what = of.kind === 'bars' ? `${of.size.interval}:${of.what}` : of.kind;
    const hours = useRth ? 'rth' : 'all';
    this.streamId = `ib:history:${symbol}:${contract.conId}:${what}:${hours}:${span.fromSeconds}-${span.toSeconds}${again === undefined ? '' : `:again-${again}`}`;
    const from = new Date(span.fromSeconds * 1000).toISOString();
    this.description = `IB ${symbol} ${what} from ${from} to ${new Date(span.toSeconds * 1000).toISOString()}`;
    this.#options = options;
  }

  async *read(options: {
    readonly afterPosition: bigint;
    readonly signal: AbortSignal;
  }): AsyncGenerator<FeedItem> {
    const { connection, instrument, of, useRth } = this.#options;
    // Requests that were sent ahead end with the reader.
    const over = new AbortController();
    const signal = AbortSignal.any([options.signal, over.signal]);
    const context: FetchContext = { connection, instrument, lane: 'backfill', useRth, signal };
    try {
      if (of.kind === 'bars') yield* this.#bars(context, of, options.afterPosition);
      else yield* this.#ticks(context, of.kind, options.afterPosition);
    } catch (error) {
      if (!options.signal.aborted) throw error;
    } finally {
      over.abort(new TickwellError('stopped', 'the reader of this history ended'));
    }
  }

  async close(): Promise<void> {
    await this.#options.onClose?.();
  }

  async *#bars(
    context: FetchContext,
    { size, what }: Extract<HistoryOf, { kind: 'bars' }>,
    afterPosition: bigint,
  ): AsyncGenerator<FeedItem> {
    const { span } = this.#options;
    const interval = parseInterval(size.interval);
    if (!interval.ok) throw new TickwellError('ib-bar-size', interval.error);
    const done = span.fromSeconds + Number(afterPosition);
    const pieces = barPieces(size, span);
    const answers: { readonly piece: BarPiece; readonly bars: Promise<readonly IbBar[]> }[] = [];
    const askMore = (): void => {
      while (answers.length < CONCURRENT) {
        const next = pieces.next();
        if (next.done === true) return;
        const piece = next.value;
        if (piece.toSeconds <= done) continue;
        const bars = fetchBars(context, { size, what, piece }).then((answer) => {
          if (answer.ok) return answer.value;
          throw answer.error;
        });
        // Whoever reads it in its turn sees the failure; nobody may before.
        bars.catch(() => undefined);
        answers.push({ piece, bars });
      }
    };
    for (;;) {
      askMore();
      const first = answers.shift();
      if (first === undefined) return;
      const bars = await first.bars;
      yield* this.#barItems(bars, { interval: interval.value, size, what }, afterPosition);
      yield { kind: 'progress', position: BigInt(first.piece.toSeconds - span.fromSeconds) };
    }
  }

  *#barItems(
    bars: readonly IbBar[],
    of: { readonly interval: Interval; readonly size: BarSize; readonly what: HistoryKind },
    afterPosition: bigint,
  ): Generator<FeedItem> {
    const { connection, instrument, span } = this.#options;
    const nowNs = BigInt(Math.floor(connection.server.nowSeconds())) * NS_PER_SECOND;
    const isDated = of.size.seconds >= 86_400;
    const wanted = bars.flatMap((bar) => {
      const timeNs = BigInt(bar.time) * NS_PER_SECOND;
      // IB dates a week or a month by one of its days.
      const startNs = isDated ? intervalStartNs(of.interval, timeNs) : timeNs;
      const position = BigInt(bar.time - span.fromSeconds + 1);
      const isForming = intervalEndNs(of.interval, startNs) > nowNs;
      if (isForming || position <= afterPosition) return [];
      return [{ ...bar, startNs, sessionDate: isDated ? utcDateNumber(startNs) : undefined, position }];
    });
    const { symbol } = instrument;
    const { what } = of;
    const series = { symbol, priceBasis: priceBasisOf(what), interval: of.size.interval, what };
    for (let at = 0; at < wanted.length; at += CHUNK_EVENTS) {
      const some = wanted.slice(at, at + CHUNK_EVENTS);
      yield barsChunk(
        series,
        some,
        some.map(({ position }) => position),
      );
    }
  }

  async *#ticks(
    context: FetchContext,
    kind: 'trades' | 'quotes',
    afterPosition: bigint,
  ): AsyncGenerator<FeedItem> {
    const { span, instrument } = this.#options;
    const series = { symbol: instrument.symbol, priceBasis: 'unspecified' as const };
    const ordinals = new Ordinals();
    // The second of the last safe place is read again: ordinals begin with a second.
    let fromSeconds: number | undefined = span.fromSeconds + Number(afterPosition / PER_SECOND);
    while (fromSeconds !== undefined && fromSeconds < span.toSeconds) {
      const left: Span = { fromSeconds, toSeconds: span.toSeconds };
      let chunk: FeedItem | undefined;
      let nextSeconds: number | undefined;
      if (kind === 'trades') {
        const page = await fetchTrades(context, left);
        if (!page.ok) throw page.error;
        nextSeconds = page.value.nextSeconds;
        const fresh = this.#numbered(page.value.ticks, ordinals, afterPosition);
        if (fresh.positions.length > 0) chunk = tradesChunk(series, fresh.events, fresh.positions);
      } else {
        const page = await fetchQuotes(context, left);
        if (!page.ok) throw page.error;
        nextSeconds = page.value.nextSeconds;
        const fresh = this.#numbered(page.value.ticks, ordinals, afterPosition);
        if (fresh.positions.length > 0) chunk = quotesChunk(series, fresh.events, fresh.positions);
      }
      if (chunk !== undefined) yield chunk;
      const reached = BigInt((nextSeconds ?? span.toSeconds) - span.fromSeconds) * PER_SECOND;
      if (reached > afterPosition) yield { kind: 'progress', position: reached };
      fromSeconds = nextSeconds;
    }
  }

  #numbered<T extends Timed>(
    ticks: readonly T[],
    ordinals: Ordinals,
    afterPosition: bigint,
  ): { readonly events: { readonly event: T; readonly seq: number }[]; readonly positions: bigint[] } {
    const events: { event: T; seq: number }[] = [];
    const positions: bigint[] = [];
    for (const event of ticks) {
      const seq = ordinals.next(event.time);
      const position = BigInt(event.time - this.#options.span.fromSeconds) * PER_SECOND + BigInt(seq + 1);
      if (position <= afterPosition) continue;
      events.push({ event, seq });
      positions.push(position);
    }
    return { events, positions };
  }
}
