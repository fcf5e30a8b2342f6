import { createHash } from 'node:crypto';
import { TickwellError } from '@tickwell/domain';
import { queueOf, type Clock, type EventSource, type FeedItem, type Logger } from '@tickwell/ports';
import type { MarketDataType } from './connection-options.ts';
import type { IbConnection } from './connection.ts';
import type { ResolvedInstrument } from './contracts.ts';
import type { HistoryKind } from './ib-link.ts';
import { LIVE_SETTINGS, LiveGroup, type LiveContext, type LiveSettings } from './live-group.ts';
import { barsKind, QUOTES_KIND, tradesKind, type LiveKind } from './live-kinds.ts';
import type { Timed } from './live-line.ts';
import { describeState, isFlowing } from './link-state.ts';
import { logReports, type OnReport } from './report.ts';
import { TopOfBook } from './top-of-book.ts';

/** What is wanted of an instrument. */
export interface LiveInstrument {
  readonly instrument: ResolvedInstrument;
  readonly trades: 'AllLast' | 'Last' | undefined;
  /** Best quotes: every change (tick by tick), or as a market data line samples them. */
  readonly quotes: 'ticks' | 'top' | undefined;
  readonly bars: HistoryKind | undefined;
}

/** Time (ns since the epoch) of the last event of a series that is stored, the start of a bar; undefined: there is none. */
export type LastStored = (
  symbol: string,
  series: 'trades' | 'quotes' | 'bars',
) => Promise<bigint | undefined>;

export interface LiveSourceOptions {
  readonly connection: IbConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly instruments: readonly LiveInstrument[];
  readonly marketDataType: MarketDataType;
  /** Where series went on to be stored before this session; without it a session begins with what it hears. */
  readonly lastStored?: LastStored | undefined;
  /** Older holes than this stay: it is the business of a backfill. */
  readonly maxBackfillSeconds: number;
  readonly settings?: Partial<LiveSettings>;
  readonly onReport?: OnReport | undefined;
  /** Runs at the end of the source. */
  readonly onClose?: () => Promise<void>;
}

/** Events that wait for the reader before the Gateway is slowed down. */
const MAX_QUEUED = 50_000;

/**
 * A live session of many instruments as one stream. Its identity is its start; positions count its events. What it missed while it
 * was cut off, or before it began, comes from history in order, before live events go on (docs/adr/0008).
 */
export class LiveSource implements EventSource {
  readonly streamId: string;
  readonly source: string;
  readonly description: string;
  readonly #options: LiveSourceOptions;
  readonly #end = new AbortController();
  #failure: TickwellError | undefined;

  constructor(options: LiveSourceOptions) {
    const { instruments, marketDataType, clock } = options;
    const what = instruments.map(({ instrument, trades, quotes, bars }) => [
      instrument.symbol,
      instrument.contract.conId,
      trades,
      quotes,
      bars,
    ]);
    const hash = createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 8);
    const isDelayed = marketDataType.startsWith('delayed');
    this.source = isDelayed ? 'ib:delayed' : 'ib';
    this.streamId = `${this.source}:live:${clock.nowNs() / 1_000_000n}:${hash}`;
    this.description = `IB live ${instruments
      .map(({ instrument }) => instrument.symbol)
      .join(', ')
      .slice(0, 200)}`;
    this.#options = options;
  }

  async *read(options: {
    readonly afterPosition: bigint;
    readonly signal: AbortSignal;
  }): AsyncGenerator<FeedItem> {
    const { connection, clock, logger, onReport } = this.#options;
    const over = new AbortController();
    const signal = AbortSignal.any([options.signal, this.#end.signal, over.signal]);
    const queue = queueOf(connection, { high: MAX_QUEUED, position: options.afterPosition, signal });
    const report = logReports(logger, onReport);
    let told = '';
    const stopWatching = connection.onState((state) => {
      const text = describeState(state);
      if (text !== told) report({ kind: 'connection', state: text, isUp: isFlowing(state) });
      told = text;
      if (state.kind !== 'failed') return;
      this.#failure = new TickwellError(`ib-${state.code}`, `IB connection: ${state.reason}`);
      over.abort();
    });
    let left = 0;
    const settings = { ...LIVE_SETTINGS, ...this.#options.settings };
    const refused = (error: TickwellError): void => {
      left--;
      if (left > 0) return;
      this.#failure = error;
      over.abort();
    };
    const parts = await this.#parts({ connection, clock, logger, queue, settings, report, signal, refused });
    left = parts.reduce((sum, { lines }) => sum + lines, 0);
    try {
      for (const part of parts) part.start();
      while (!signal.aborted) {
        await queue.filled();
        yield* queue.take();
      }
      yield* queue.take();
    } finally {
      over.abort();
      stopWatching();
      for (const part of parts) part.stop();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#options.onClose?.();
  }

  async #parts(context: LiveContext): Promise<readonly (LiveGroup | TopOfBook)[]> {
    const parts: (LiveGroup | TopOfBook)[] = [];
    for (const { instrument, trades, quotes, bars } of this.#options.instruments) {
      const ticks: LiveKind<Timed>[] = [
        ...(trades === undefined ? [] : [tradesKind(trades)]),
        ...(quotes === 'ticks' ? [QUOTES_KIND] : []),
      ];
      // Bars have a topic of their own: they wait for nobody.
      for (const kinds of [ticks, bars === undefined ? [] : [barsKind(bars)]]) {
        if (kinds.length === 0) continue;
        const stored = await this.#storedBefore(instrument.symbol, kinds);
        parts.push(new LiveGroup(instrument, kinds, context, (kind) => stored.get(kind.name)));
      }
      if (quotes === 'top') parts.push(new TopOfBook(instrument, context, this.#options.marketDataType));
    }
    return parts;
  }

  async #storedBefore(
    symbol: string,
    kinds: readonly LiveKind<Timed>[],
  ): Promise<ReadonlyMap<string, number>> {
    const { lastStored, connection, maxBackfillSeconds, logger } = this.#options;
    const before = new Map<string, number>();
    for (const kind of kinds) {
      const lastNs = await lastStored?.(symbol, kind.name);
      if (lastNs === undefined) continue;
      // The second of the last tick may go on; a bar is whole.
      const wholeSeconds = kind.name === 'bars' ? kind.unitSeconds : 0;
      const seconds = Math.floor(Number(lastNs / 1_000_000n) / 1000) + wholeSeconds;
      const { unitSeconds } = kind;
      const oldest =
        Math.ceil((connection.server.nowSeconds() - maxBackfillSeconds) / unitSeconds) * unitSeconds;
      if (seconds < oldest)
        logger.warn(
          { symbol },
          `IB ${symbol} ${kind.name}: stored until long ago; backfill what is older than ${maxBackfillSeconds} s`,
        );
      before.set(kind.name, Math.max(seconds, oldest));
    }
    return before;
  }
}
