import { createHash } from 'node:crypto';
import { TickwellError, type Result } from '@tickwell/domain';
import { OpenHole, queueOf, type Clock, type EventSource, type FeedItem, type Logger } from '@tickwell/ports';
import type { MarketDataType } from './connection-options.ts';
import type { IbConnection } from './connection.ts';
import type { ResolvedInstrument } from './contracts.ts';
import type { HistoryKind } from './ib-link.ts';
import { LIVE_SETTINGS, LiveGroup, NOT_RUNNING, type LiveContext, type LiveSettings } from './live-group.ts';
import { barsKind, QUOTES_KIND, seriesOf, tradesKind, type LiveKind } from './live-kinds.ts';
import type { Timed } from './live-line.ts';
import { logReports, secondsToNs, type OnReport } from './report.ts';
import { RollingFuture, type LivePart } from './rolling-future.ts';
import { TopOfBook } from './top-of-book.ts';

/** What is wanted of an instrument. */
export interface LiveInstrument {
  readonly instrument: ResolvedInstrument;
  readonly trades: 'AllLast' | 'Last' | undefined;
  /** Best quotes: every change (tick by tick), or as a market data line samples them. */
  readonly quotes: 'ticks' | 'top' | undefined;
  readonly bars: HistoryKind | undefined;
  /** The contract to follow now; other than `instrument` after a roll. */
  readonly resolve: () => Promise<Result<ResolvedInstrument, TickwellError>>;
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
  readonly isLive = true;
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
    const stopWatching = connection.onState((state) => {
      if (state.kind !== 'failed') return;
      this.#failure = new TickwellError(`ib-${state.code}`, `IB connection: ${state.reason}`);
      over.abort();
    });
    let left = 0;
    const settings = { ...LIVE_SETTINGS, ...this.#options.settings };
    const refused = (error: TickwellError): void => {
      left--;
      if (left > 0) return;
      const text = `IB live: nothing is left to follow; the last: ${error.message}`;
      this.#failure = new TickwellError(error.code, text, { cause: error });
      over.abort();
    };
    const context = { connection, clock, logger, queue, settings, report, signal, refused };
    const parts = await this.#parts(context, (by) => (left += by));
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

  async #parts(context: LiveContext, linesChanged: (by: number) => void): Promise<readonly LivePart[]> {
    const parts: LivePart[] = [];
    for (const wanted of this.#options.instruments) {
      const { instrument, resolve } = wanted;
      const stored = await this.#storedBefore(instrument, kindsOf(wanted).flat(), context.report);
      const own = this.#partsOf(wanted, context, (kind) => stored.get(kind.name));
      const make = (next: ResolvedInstrument, fromSeconds: number, reason: string): readonly LivePart[] =>
        this.#partsOf(
          { ...wanted, instrument: next },
          context,
          ({ unitSeconds }) => Math.ceil(fromSeconds / unitSeconds) * unitSeconds,
          reason,
        );
      if (instrument.roll === undefined) parts.push(...own);
      else parts.push(new RollingFuture({ instrument, parts: own, make, resolve, linesChanged }, context));
    }
    return parts;
  }

  #partsOf(
    wanted: LiveInstrument,
    context: LiveContext,
    storedBefore: (kind: LiveKind<Timed>) => number | undefined,
    reason?: string,
  ): readonly LivePart[] {
    const { instrument, quotes } = wanted;
    const groups = kindsOf(wanted).map(
      (kinds) => new LiveGroup(instrument, kinds, context, storedBefore, reason),
    );
    if (quotes !== 'top') return groups;
    return [...groups, new TopOfBook(instrument, context, this.#options.marketDataType)];
  }

  async #storedBefore(
    { symbol, roll }: ResolvedInstrument,
    kinds: readonly LiveKind<Timed>[],
    report: OnReport,
  ): Promise<ReadonlyMap<string, number>> {
    const { lastStored, connection, maxBackfillSeconds, clock } = this.#options;
    const before = new Map<string, number>();
    for (const kind of kinds) {
      const lastNs = await lastStored?.(symbol, kind.name);
      if (lastNs === undefined) continue;
      // The second of the last tick may go on; a bar is whole.
      const wholeSeconds = kind.name === 'bars' ? kind.unitSeconds : 0;
      const seconds = Math.floor(Number(lastNs / 1_000_000n) / 1000) + wholeSeconds;
      const { unitSeconds } = kind;
      const reach = connection.server.nowSeconds() - maxBackfillSeconds;
      const since = roll?.sinceSeconds ?? 0;
      const oldest = Math.ceil(Math.max(reach, since) / unitSeconds) * unitSeconds;
      if (seconds < oldest) {
        const nowNs = clock.nowNs();
        const unrepaired =
          since > reach
            ? 'that was the contract before the roll'
            : `a session looks back ${maxBackfillSeconds} s at most`;
        const hole = new OpenHole(NOT_RUNNING, secondsToNs(seconds), nowNs);
        const toNs = secondsToNs(oldest);
        report(hole.close({ symbol, ...seriesOf(kind), toNs, nowNs, unrepaired }));
      }
      before.set(kind.name, Math.max(seconds, oldest));
    }
    return before;
  }
}

/** Those of one array hold and repair together: ticks share a topic, bars have one of their own and wait for nobody. */
function kindsOf({ trades, quotes, bars }: LiveInstrument): readonly (readonly LiveKind<Timed>[])[] {
  const ticks: LiveKind<Timed>[] = [
    ...(trades === undefined ? [] : [tradesKind(trades)]),
    ...(quotes === 'ticks' ? [QUOTES_KIND] : []),
  ];
  return [ticks, bars === undefined ? [] : [barsKind(bars)]].filter((kinds) => kinds.length > 0);
}
