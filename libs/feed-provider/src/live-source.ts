import { createHash } from 'node:crypto';
import { err, formatNs, NS_PER_MS, ok, TickwellError, type Interval, type Result } from '@tickwell/domain';
import type { EventSource, FeedItem, FeedRefusal, Logger } from '@tickwell/ports';
import type { ProviderHole, ProviderKind } from '@tickwell/provider';
import { Activity } from './activity.ts';
import { ChunkBuilder } from './chunk-builder.ts';
import { explain } from './failures.ts';
import { NotRows, pullRows } from './pull.ts';
import { refuseRow } from './refusal.ts';
import type { OnReport } from './report.ts';
import { RowOrder } from './row-order.ts';
import { readInstant } from './row-time.ts';
import { readRow, type Event, type RowPlan, type RowProblem } from './row.ts';
import { contextFor, type ProviderRuntime } from './runtime.ts';
import { hasFired } from './signals.ts';

export interface LiveInstrument {
  /** Tickwell's id. */
  readonly symbol: string;
  /** The provider's. */
  readonly vendor: string;
}

export interface LiveOptions {
  readonly runtime: ProviderRuntime;
  readonly logger: Logger;
  readonly instruments: readonly LiveInstrument[];
  readonly kinds: readonly ProviderKind[];
  /** Of bars. */
  readonly interval: Interval | undefined;
  readonly onReport: OnReport;
}

/** Rows that wait for the reader before the provider is asked for more. */
const MAX_WAITING = 10_000;
const BASE_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60_000;
/** Starts in a row that brought no row. */
const MAX_VAIN_STARTS = 10;

interface Series {
  readonly order: RowOrder;
  /** Of the start in which its last row came. */
  start: number;
  /** The source's highest number so far. */
  newestSeq?: bigint;
}

/** What came before the provider was started again: a row of then, by its time and number. */
function isKnown({ order, newestSeq }: Series, event: Event): boolean {
  const seq = numberOf(event);
  const { newestNs } = order;
  if (seq === undefined || newestSeq === undefined || newestNs === undefined || seq > newestSeq) return false;
  return event.timeNs < newestNs || (event.timeNs === newestNs && seq === newestSeq);
}

function numberOf(event: Event): bigint | undefined {
  return 'seq' in event ? event.seq : undefined;
}

/**
 * A live session of many instruments as one stream. Its identity is its start; positions count its events and refusals. A provider that
 * ends or fails is started again after a pause; what it missed meanwhile is told as a hole.
 */
export class LiveSource implements EventSource {
  readonly streamId: string;
  readonly source: string;
  readonly description: string;
  readonly isLive = true;
  readonly #options: LiveOptions;
  readonly #symbolOf: ReadonlyMap<string, string>;
  readonly #plan: RowPlan;
  readonly #builder: ChunkBuilder;
  readonly #series = new Map<string, Series>();
  readonly #end = new AbortController();
  #refusals: FeedRefusal[] = [];
  #position = 0n;
  #start = 0;
  #rowsOfStart = 0;
  /** An event has come in this session: the key was right. */
  #hasServed = false;
  #whyAgain = '';
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  constructor(options: LiveOptions) {
    const { runtime, instruments, kinds, interval } = options;
    const { name, priceBasis, priceType } = runtime.declared;
    const what = JSON.stringify([instruments, kinds, interval?.text, runtime.fingerprint]);
    const hash = createHash('sha256').update(what).digest('hex').slice(0, 8);
    this.source = name;
    this.streamId = `${name}:live:${runtime.clock.nowNs() / NS_PER_MS}:${hash}`;
    const symbols = instruments.map(({ symbol }) => symbol).join(', ');
    this.description = `${name} live ${symbols.slice(0, 200)}`;
    this.#options = options;
    this.#symbolOf = new Map(instruments.map(({ symbol, vendor }) => [vendor, symbol]));
    this.#plan = { kinds, interval };
    this.#builder = new ChunkBuilder({ priceBasis, priceType, interval });
  }

  async *read(options: {
    readonly afterPosition: bigint;
    readonly signal: AbortSignal;
  }): AsyncGenerator<FeedItem> {
    this.#position = options.afterPosition;
    const over = new AbortController();
    const signal = AbortSignal.any([options.signal, this.#end.signal, over.signal]);
    const work: { isOver: boolean; failure?: { readonly error: unknown } } = { isOver: false };
    const wake = (): void => {
      this.#wakeReader?.();
      this.#wakeWriter?.();
    };
    signal.addEventListener('abort', wake, { once: true });
    const ended = this.#run(signal)
      .catch((error: unknown) => {
        work.failure = { error };
      })
      .finally(() => {
        work.isOver = true;
        wake();
      });
    try {
      for (;;) {
        yield* this.#taken();
        if (work.isOver || signal.aborted) break;
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
          if (this.#waiting() > 0) resolve();
        });
      }
      await ended;
      yield* this.#taken();
    } finally {
      over.abort();
      signal.removeEventListener('abort', wake);
    }
    if (work.failure !== undefined && !options.signal.aborted) throw work.failure.error;
  }

  close(): Promise<void> {
    this.#end.abort();
    return Promise.resolve();
  }

  #waiting(): number {
    return this.#builder.events + this.#refusals.length;
  }

  #taken(): FeedItem[] {
    if (this.#waiting() === 0) return [];
    const items: FeedItem[] = [...this.#builder.take(), ...this.#refusals];
    this.#refusals = [];
    items.push({ kind: 'progress', position: this.#position });
    this.#wakeWriter?.();
    return items;
  }

  /** Starts the provider again and again. Resolves with the signal; rejects when it is in vain. */
  async #run(signal: AbortSignal): Promise<void> {
    for (let vain = 1; !signal.aborted; vain++) {
      this.#start += 1;
      this.#rowsOfStart = 0;
      const problem = await this.#once(signal);
      if (hasFired(signal)) return;
      if (this.#rowsOfStart > 0) vain = 1;
      if (problem !== undefined && !problem.retryable) throw problem;
      const failure = problem ?? this.#ended();
      if (vain >= MAX_VAIN_STARTS) throw failure;
      await this.#pause(failure, vain, signal);
    }
  }

  async #pause(failure: TickwellError, vain: number, signal: AbortSignal): Promise<void> {
    const { runtime, logger, onReport } = this.#options;
    const waitMs = Math.min(MAX_PAUSE_MS, BASE_PAUSE_MS * 2 ** (vain - 1)) * (0.5 + runtime.random() / 2);
    this.#whyAgain = failure.message;
    const reason = `${failure.message}; started again in ${Math.round(waitMs)} ms`;
    logger.warn({ provider: this.source }, reason);
    onReport(this.source, {
      kind: 'connection',
      isUp: false,
      state: failure.message,
      isPaced: failure.paced,
    });
    try {
      await runtime.clock.sleep(waitMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** One call of `live`; the answer is why it failed, undefined where it ended by itself. */
  async #once(signal: AbortSignal): Promise<TickwellError | undefined> {
    const { runtime } = this.#options;
    const activity = new Activity(runtime.clock);
    const seconds = runtime.declared.limits.liveSilenceSeconds;
    const silenceMs = seconds === undefined ? undefined : seconds * 1000;
    try {
      const pull = { clock: runtime.clock, signal, activity, silenceMs };
      for await (const row of pullRows(() => this.#call(signal, activity), pull)) {
        this.#rowsOfStart += 1;
        if (this.#rowsOfStart === 1 && this.#start > 1)
          this.#options.onReport(this.source, { kind: 'connection', isUp: true, state: 'rows again' });
        this.#take(row);
        this.#wakeReader?.();
        if (this.#waiting() >= MAX_WAITING) await this.#room(signal);
      }
      return undefined;
    } catch (error) {
      return this.#failure(error);
    }
  }

  async #room(signal: AbortSignal): Promise<void> {
    while (this.#waiting() >= MAX_WAITING && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
    }
  }

  #call(
    signal: AbortSignal,
    activity: Activity,
  ): ReturnType<NonNullable<ProviderRuntime['provider']['live']>> {
    const { runtime, instruments, kinds, interval, logger, onReport } = this.#options;
    const { provider } = runtime;
    if (provider.live === undefined)
      throw new TickwellError('provider-options', `${this.source}: it has no live, only history`);
    const request = {
      symbols: instruments.map(({ vendor }) => vendor),
      kinds,
      interval: interval?.text ?? '',
    };
    const context = contextFor(runtime, {
      signal,
      activity,
      logger,
      onMissed: (hole) => {
        this.#missed(hole);
      },
      onStatus: (state, reason) => {
        onReport(this.source, { kind: 'connection', isUp: state === 'up', state: reason });
      },
    });
    return provider.live(request, context);
  }

  #take(row: unknown): void {
    const symbol = this.#symbolOfRow(row);
    if (!symbol.ok) {
      this.#refuse(row, '', { rule: 'row-symbol', reason: symbol.error });
      return;
    }
    const read = readRow(row, this.#plan);
    if (!read.ok) {
      this.#refuse(row, symbol.value, read.error);
      return;
    }
    for (const event of read.value) {
      const series = this.#seriesOf(symbol.value, event);
      // A provider that begins anew often begins with what it had.
      if (this.#start > 1 && isKnown(series, event)) continue;
      const seq = series.order.next(event);
      if (typeof seq !== 'bigint') {
        this.#refuse(row, symbol.value, seq);
        continue;
      }
      const { newestSeq = seq } = series;
      if (numberOf(event) !== undefined) series.newestSeq = seq > newestSeq ? seq : newestSeq;
      this.#builder.add(symbol.value, event, seq, ++this.#position);
      this.#hasServed = true;
    }
  }

  #symbolOfRow(row: unknown): Result<string, string> {
    const said: unknown = typeof row === 'object' && row !== null && 'symbol' in row ? row.symbol : undefined;
    const [only] = this.#options.instruments;
    if (said === undefined && this.#options.instruments.length === 1 && only !== undefined)
      return ok(only.symbol);
    if (typeof said !== 'string')
      return err('it has no symbol: of several instruments, each row says its own');
    const symbol = this.#symbolOf.get(said);
    return symbol === undefined
      ? err(`it is of ${JSON.stringify(said)}, which nobody asked for`)
      : ok(symbol);
  }

  #seriesOf(symbol: string, event: Event): Series {
    const key = `${event.kind} ${symbol}`;
    const series = this.#series.get(key) ?? { order: new RowOrder(), start: this.#start };
    this.#series.set(key, series);
    const fromNs = series.order.newestNs;
    if (series.start !== this.#start && fromNs !== undefined && event.timeNs > fromNs)
      this.#hole(symbol, event.kind, fromNs, event.timeNs, this.#whyAgain);
    series.start = this.#start;
    return series;
  }

  #hole(symbol: string, kind: string, fromNs: bigint, toNs: bigint, reason: string): void {
    const { interval, onReport, runtime } = this.#options;
    const nowNs = runtime.clock.nowNs();
    onReport(this.source, {
      kind: 'hole',
      symbol,
      series: kind === 'bars' ? `bars ${interval?.text}` : kind,
      ...(kind === 'bars' && interval !== undefined ? { interval: interval.text } : {}),
      reason,
      fromNs,
      toNs,
      lostAtNs: fromNs,
      endedAtNs: nowNs,
      timeToRepairMs: Number((nowNs - fromNs) / NS_PER_MS),
      events: 0,
      unrepaired: `live rows of ${this.source} cannot be asked for again; its history may have them`,
    });
  }

  /** What the provider itself says it missed. */
  #missed(hole: ProviderHole): void {
    const from = readInstant(hole.from);
    const to = readInstant(hole.to);
    if (!from.ok || !to.ok) {
      const wrong = from.ok ? to : from;
      this.#options.logger.warn({}, `${this.source}: context.missed: ${wrong.ok ? '' : wrong.error}`);
      return;
    }
    const vendors = hole.symbol === undefined ? [...this.#symbolOf.keys()] : [hole.symbol];
    for (const vendor of vendors)
      for (const kind of this.#options.kinds)
        this.#hole(this.#symbolOf.get(vendor) ?? vendor, kind, from.value, to.value, this.#hide(hole.reason));
  }

  #refuse(row: unknown, symbol: string, { rule, reason, timeNs }: RowProblem): void {
    const at = timeNs === undefined ? '' : ` at ${formatNs(timeNs)}`;
    const place = `${this.source} live ${symbol === '' ? '' : `${symbol} `}row ${this.#rowsOfStart}${at}`;
    const of = { rule, reason: `${place}: ${reason}`, symbol, position: ++this.#position };
    this.#refusals.push(refuseRow(row, of, (text) => this.#hide(text)));
  }

  #ended(): TickwellError {
    return new TickwellError('provider-unavailable', `${this.description}: it ended by itself`, {
      retryable: true,
    });
  }

  /**
   * Retryable where another start may do better: not with a key that has never been right (vendors answer 401 and 403 in outages, too), and not
   * with a mistake before any row.
   */
  #failure(error: unknown): TickwellError {
    const { runtime } = this.#options;
    if (error instanceof NotRows)
      return new TickwellError(
        'provider-failed',
        `${this.description}: live gives no rows: ${error.message}`,
      );
    const about = {
      what: this.description,
      where: `live (after ${this.#rowsOfStart} rows)`,
      file: runtime.file,
    };
    const failure = explain(error, about, (text) => this.#hide(text));
    const isAccident =
      (failure.code === 'provider-failed' && this.#rowsOfStart > 0) ||
      (failure.code === 'provider-unauthorized' && this.#hasServed);
    if (!isAccident && failure.code !== 'provider-bad-answer') return failure;
    return new TickwellError(failure.code, failure.message, {
      cause: failure.cause,
      retryable: true,
      paced: failure.paced,
    });
  }

  #hide(text: string): string {
    return this.#options.runtime.secrets.hide(text);
  }
}
