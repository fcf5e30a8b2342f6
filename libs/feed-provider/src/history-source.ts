import { formatNs, intervalEndNs, NS_PER_DAY, NS_PER_MS, type Interval } from '@tickwell/domain';
import { TickwellError } from '@tickwell/domain';
import type { EventSource, FeedItem, FeedRefusal, Logger } from '@tickwell/ports';
import type { ProviderKind } from '@tickwell/provider';
import { Activity } from './activity.ts';
import { ChunkBuilder } from './chunk-builder.ts';
import { asProviderError, explain } from './failures.ts';
import { KnownBars, lookBackNs } from './known-bars.ts';
import { NotRows, pullRows } from './pull.ts';
import { refuseRow } from './refusal.ts';
import type { OnReport } from './report.ts';
import { RowOrder } from './row-order.ts';
import { readRow, type Event, type RowPlan, type RowProblem } from './row.ts';
import { contextFor, timeoutMsOf, type ProviderRuntime } from './runtime.ts';
import { hasFired } from './signals.ts';

export interface HistoryOptions {
  readonly runtime: ProviderRuntime;
  readonly logger: Logger;
  /** Tickwell's id of the instrument. */
  readonly symbol: string;
  /** The provider's. */
  readonly vendor: string;
  readonly kind: ProviderKind;
  /** Of bars. */
  readonly interval: Interval | undefined;
  readonly fromNs: bigint;
  /** Not part of it. */
  readonly toNs: bigint;
  /** The end is only that of this run: the next one goes on. */
  readonly continues: boolean;
  readonly onReport: OnReport;
}

interface Span {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** Positions of a ms: more events than it ever has. With them a century fits. */
const PER_MS = 1n << 20n;
const CHUNK_ROWS = 1000;
/** So many refusals and no event between them are no bad rows but a provider that is wrong. */
const MAX_REFUSED_IN_A_ROW = 1000;
/** What a vendor publishes may be late by so much: a run that goes on asks again for what it had nothing of. */
const SETTLED_NS = 7n * NS_PER_DAY;

/**
 * A span of a provider's history as a stream. Positions follow from the time (ms since the start of the span, and ordinal), so that
 * every run names an event alike; a resume asks from the last call that was finished on. One that continues names its start only, and the
 * next run goes on after its last row: nothing that the vendor publishes late is passed over.
 */
export class HistorySource implements EventSource {
  readonly streamId: string;
  readonly source: string;
  readonly description: string;
  readonly continues: boolean;
  readonly #options: HistoryOptions;
  readonly #baseMs: bigint;

  constructor(options: HistoryOptions) {
    const { runtime, symbol, vendor, kind, interval, fromNs, toNs, continues } = options;
    const { name } = runtime.declared;
    const what = kind === 'bars' ? `bars ${interval?.text}` : kind;
    this.source = name;
    const parts = [name, 'history', symbol, encodeURIComponent(vendor), what.replace(' ', ':')];
    const span = `${fromNs / NS_PER_MS}-${continues ? '' : toNs / NS_PER_MS}`;
    this.streamId = [...parts, span, runtime.fingerprint].join(':');
    const to = continues ? '' : ` to ${formatNs(toNs)}`;
    this.description = `${name} ${symbol} ${what} from ${formatNs(fromNs)}${to}`;
    this.continues = continues;
    this.#options = options;
    this.#baseMs = fromNs / NS_PER_MS;
  }

  async *read(options: {
    readonly afterPosition: bigint;
    readonly signal: AbortSignal;
  }): AsyncGenerator<FeedItem> {
    const shared = { order: new RowOrder(), known: new KnownBars(), baseMs: this.#baseMs };
    let rows = 0;
    let position = options.afterPosition;
    for (const span of this.#spans(options.afterPosition)) {
      if (options.signal.aborted) return;
      const call = new HistoryCall(this.#options, span, shared);
      yield* call.items(options);
      rows += call.rows;
      if (hasFired(options.signal)) return;
      const reached = this.#reached(span, call);
      if (reached <= position) continue;
      position = reached;
      yield { kind: 'progress', position };
    }
    if (rows === 0 && options.afterPosition === 0n) this.#nothing();
    // Every read ends with one.
    if (position === options.afterPosition) yield { kind: 'progress', position };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Up to where a call that is finished need not be made again. */
  #reached({ toNs }: Span, call: HistoryCall): bigint {
    const settledNs = this.#options.toNs - SETTLED_NS;
    const endNs = this.continues && toNs > settledNs ? settledNs : toNs;
    const reached = (endNs / NS_PER_MS - this.#baseMs) * PER_MS;
    return this.continues && call.lastPosition > reached ? call.lastPosition : reached;
  }

  /** One a call of the provider, in order; those before the position are done. */
  *#spans(afterPosition: bigint): Generator<Span> {
    const { fromNs, toNs, runtime, interval } = this.#options;
    const { limits, earliestNs } = runtime.declared;
    const days = limits.daysPerRequest;
    const lengthNs = days === undefined ? undefined : BigInt(Math.round(days * 86_400)) * 1_000_000_000n;
    const backNs = this.continues ? lookBackNs(interval) : 0n;
    const doneNs = (this.#baseMs + afterPosition / PER_MS) * NS_PER_MS - backNs;
    let startNs = earliestNs !== undefined && earliestNs > fromNs ? earliestNs : fromNs;
    if (afterPosition > 0n && doneNs > startNs) startNs = doneNs;
    while (startNs < toNs) {
      const endNs = lengthNs !== undefined && startNs + lengthNs < toNs ? startNs + lengthNs : toNs;
      yield { fromNs: startNs, toNs: endNs };
      startNs = endNs;
    }
  }

  /** Corporate actions and reports are rare; prices are not. */
  #nothing(): void {
    const { runtime, symbol, vendor, kind, interval, logger, onReport } = this.#options;
    const reason = `${this.description}: ${runtime.declared.name} has nothing; check the symbol as it writes it ("${vendor}") and the span`;
    logger.warn({ symbol }, reason);
    if (kind === 'actions' || kind === 'fundamentals') return;
    const series = kind === 'bars' ? `bars ${interval?.text}` : kind;
    onReport(this.source, { kind: 'refused', symbol, series, reason });
  }
}

/** What the calls of a run have in common. */
interface Shared {
  readonly order: RowOrder;
  readonly known: KnownBars;
  readonly baseMs: bigint;
}

/** One call of `history` and what its rows become. */
class HistoryCall {
  readonly #options: HistoryOptions;
  readonly #span: Span;
  readonly #order: RowOrder;
  readonly #known: KnownBars;
  readonly #baseMs: bigint;
  readonly #plan: RowPlan;
  readonly #builder: ChunkBuilder;
  readonly #nowNs: bigint;
  #refusals: FeedRefusal[] = [];
  #refusedInARow = 0;
  #outside = 0;
  readonly #startPosition: bigint;
  #lastPosition: bigint;
  /** Rows that came, whatever became of them. */
  rows = 0;

  constructor(options: HistoryOptions, span: Span, { order, known, baseMs }: Shared) {
    const { kind, interval, runtime } = options;
    const { priceBasis, priceType } = runtime.declared;
    this.#options = options;
    this.#span = span;
    this.#order = order;
    this.#known = known;
    this.#baseMs = baseMs;
    this.#plan = { kinds: [kind], interval };
    this.#builder = new ChunkBuilder({ priceBasis, priceType, interval });
    this.#nowNs = runtime.clock.nowNs();
    this.#startPosition = (span.fromNs / NS_PER_MS - baseMs) * PER_MS;
    this.#lastPosition = this.#startPosition;
  }

  /** Of the last row that came, whatever became of it; 0: none. */
  get lastPosition(): bigint {
    return this.#lastPosition > this.#startPosition ? this.#lastPosition : 0n;
  }

  async *items({
    signal,
    afterPosition,
  }: {
    readonly signal: AbortSignal;
    readonly afterPosition: bigint;
  }): AsyncGenerator<FeedItem> {
    const { breaker, clock, declared } = this.#options.runtime;
    const closed = breaker.reason();
    if (closed !== undefined) throw this.#failure(closed);
    const activity = new Activity(clock);
    const pull = { clock, signal, activity, silenceMs: timeoutMsOf(declared) };
    try {
      for await (const row of pullRows(() => this.#call(signal, activity), pull)) {
        this.rows += 1;
        this.#take(row, afterPosition);
        if (this.#builder.events + this.#refusals.length >= CHUNK_ROWS) yield* this.#flush();
      }
    } catch (error) {
      yield* this.#flush();
      if (signal.aborted) return;
      const known = asProviderError(error);
      if (known?.code !== 'no-data') {
        if (known !== undefined) breaker.failed(known);
        throw this.#failure(error);
      }
    }
    breaker.succeeded();
    yield* this.#flush();
    if (this.#outside > 0)
      this.#options.logger.warn(
        { rows: this.#outside },
        `${this.#name()}: ${this.#outside} rows outside of the span are left out`,
      );
  }

  #call(signal: AbortSignal, activity: Activity): ReturnType<NonNullable<typeof provider.history>> {
    const { runtime, vendor, kind, interval, logger } = this.#options;
    const { provider } = runtime;
    const { fromNs, toNs } = this.#span;
    if (provider.history === undefined)
      throw new TickwellError('provider-options', `${this.#name()}: it has no history, only live`);
    const request = {
      symbol: vendor,
      kind,
      interval: kind === 'bars' ? (interval?.text ?? '') : '',
      from: new Date(Number(fromNs / NS_PER_MS)),
      to: new Date(Number(toNs / NS_PER_MS)),
    };
    return provider.history(request, contextFor(runtime, { signal, activity, logger }));
  }

  #take(row: unknown, afterPosition: bigint): void {
    const { vendor, symbol } = this.#options;
    const read = readRow(row, this.#plan);
    const said: unknown = typeof row === 'object' && row !== null && 'symbol' in row ? row.symbol : undefined;
    if (said !== undefined && said !== vendor && said !== symbol) {
      this.#refuse(row, afterPosition, {
        rule: 'row-symbol',
        reason: `it is of ${JSON.stringify(said)}; asked for: ${vendor}`,
      });
      return;
    }
    if (!read.ok) {
      this.#refuse(row, afterPosition, read.error);
      return;
    }
    for (const event of read.value) {
      if (!this.#isWanted(event)) continue;
      const seq = this.#order.next(event);
      if (typeof seq !== 'bigint') {
        this.#refuse(row, afterPosition, seq);
        continue;
      }
      this.#refusedInARow = 0;
      const position = this.#position(event.timeNs);
      if (position <= afterPosition) this.#known.add(event, seq);
      else this.#add(event, seq, this.#repeated(position, afterPosition));
    }
  }

  #add(event: Event, seq: bigint, position: bigint): void {
    this.#builder.add(this.#options.symbol, event, seq, position);
  }

  /** Delivers the last bars of the run before ahead of a new one, whose position follows theirs. */
  #repeated(position: bigint, afterPosition: bigint): bigint {
    const known = this.#known.take();
    if (!this.#options.continues || known.length === 0) return position;
    for (const [index, { event, seq }] of known.entries())
      this.#add(event, seq, afterPosition + BigInt(index + 1));
    const next = afterPosition + BigInt(known.length + 1);
    if (next > position) this.#lastPosition = next;
    return this.#lastPosition;
  }

  /** In the span, and of bars: ended. */
  #isWanted(event: Event): boolean {
    const { fromNs, toNs } = this.#span;
    if (event.timeNs < fromNs || event.timeNs >= toNs) {
      this.#outside += 1;
      return false;
    }
    const { interval } = this.#options;
    return (
      event.kind !== 'bars' || interval === undefined || intervalEndNs(interval, event.timeNs) <= this.#nowNs
    );
  }

  #position(timeNs: bigint): bigint {
    const first = (timeNs / NS_PER_MS - this.#baseMs) * PER_MS + 1n;
    this.#lastPosition = first > this.#lastPosition ? first : this.#lastPosition + 1n;
    return this.#lastPosition;
  }

  #refuse(row: unknown, afterPosition: bigint, { rule, reason, timeNs }: RowProblem): void {
    const { symbol, runtime } = this.#options;
    const { fromNs, toNs } = this.#span;
    if (timeNs !== undefined && (timeNs < fromNs || timeNs >= toNs)) {
      this.#outside += 1;
      return;
    }
    const newestNs = this.#order.newestNs;
    const position =
      timeNs !== undefined && (newestNs === undefined || timeNs >= newestNs)
        ? this.#position(timeNs)
        : ++this.#lastPosition;
    // The run before has said so.
    if (position <= afterPosition) return;
    const place = `${this.#name()}: row ${this.rows}${timeNs === undefined ? '' : ` at ${formatNs(timeNs)}`}`;
    const of = { rule, reason: `${place}: ${reason}`, symbol, position };
    this.#refusals.push(refuseRow(row, of, (text) => runtime.secrets.hide(text)));
    this.#refusedInARow += 1;
    if (this.#refusedInARow < MAX_REFUSED_IN_A_ROW) return;
    const all = `${this.#name()}: ${MAX_REFUSED_IN_A_ROW} rows in a row are refused, the last because ${reason}`;
    throw new TickwellError('provider-all-refused', runtime.secrets.hide(all));
  }

  *#flush(): Generator<FeedItem> {
    yield* this.#builder.take();
    yield* this.#refusals;
    this.#refusals = [];
  }

  #name(): string {
    const { runtime, symbol, kind, interval } = this.#options;
    return `${runtime.declared.name} ${symbol} ${kind === 'bars' ? `bars ${interval?.text}` : kind}`;
  }

  #failure(error: unknown): TickwellError {
    const { runtime } = this.#options;
    const where = `history (after ${this.rows} rows)`;
    if (error instanceof NotRows)
      return new TickwellError('provider-failed', `${this.#name()}: history gives no rows: ${error.message}`);
    return explain(error, { what: this.#name(), where, file: runtime.file }, (text) =>
      runtime.secrets.hide(text),
    );
  }
}
