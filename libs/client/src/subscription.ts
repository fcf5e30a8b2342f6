import { create } from '@bufbuild/protobuf';
import { queryV1, streamKindToProto } from '@tickwell/contracts';
import { CauseMarks, TickwellError } from '@tickwell/domain';
import type { Channel } from '@tickwell/grpc';
import { marketEvents, type LiveStart, type MarketEvent, type SnapshotEnd } from './live-event.ts';
import { backOff, mayRetry, type RetryOptions } from './retry.ts';
import { SilenceWatch } from './silence-watch.ts';
import { StreamAccount, type StreamStatement } from './stream-account.ts';
import { StreamProgress } from './stream-progress.ts';

export type StreamKind = 'trades' | 'quotes' | 'bars' | 'indicators' | 'forming-bars';

export interface SubscribeOptions {
  /** Left out or empty: every symbol. */
  readonly symbols?: readonly string[];
  /** Left out or empty: every kind but forming bars. */
  readonly kinds?: readonly StreamKind[];
  readonly source?: string;
  /** Of bars and indicators; left out: every interval. */
  readonly intervals?: readonly string[];
  /**
   * Indicators to compute for the bars of this subscription, for example "rsi(14)", from the first stored bar of each series on: its indicators are these,
   * not those that the platform publishes. Needs `symbols` and `intervals`. A corrected bar brings revised values (`header.knownAtNs` says since when).
   */
  readonly specs?: readonly string[];
  /** History from this event time on (ns since the epoch), then live. */
  readonly sinceNs?: bigint;
  /** The newest event of each series first (`isSnapshot`), then a `snapshot-end`, then everything that comes after it. Not with `specs`. */
  readonly snapshot?: boolean;
  /** Goes on after a {@link Subscription.position} of an earlier subscription to the same. */
  readonly after?: string;
  /**
   * Ends the stream once everything has come that is in the log: at the moment of the call, or, with a time (ns since the epoch), when that has come, of
   * events before that time. {@link Subscription.statement} then says what came, and the iteration throws `statement-mismatch` where that is not what the
   * server sent. Not with `specs`.
   */
  readonly until?: 'now' | bigint;
  /** With `until`: end only once the store holds everything, so that who reads it then finds the same. */
  readonly stored?: boolean;
  /**
   * Compares what came with what the server sent at every heartbeat, too (`statement-mismatch`); without `until` over each connection by itself. Not with
   * `specs`.
   */
  readonly verify?: boolean;
  /**
   * Where this reader is too slow for what is live: give it the newest batch of each series instead of ending with `reader-too-slow`. Called, between
   * the events, with the number of events that were left out before what follows. Not with `specs`.
   */
  readonly conflate?: (leftOut: bigint) => void;
  readonly signal?: AbortSignal;
  /** Silence after which the connection counts as dead; the server sends a heartbeat every 10 s. */
  readonly idleTimeoutMs?: number;
}

const IDLE_TIMEOUT_MS = 45_000;

/** What a subscription gives. */
export type StreamEvent = MarketEvent | SnapshotEnd | LiveStart;

/**
 * Events as they happen, each once, in order per symbol. A broken connection is made again with growing pauses and goes on after
 * the last event; errors that trying again does not mend end the iteration. Can be iterated once.
 */
export class Subscription implements AsyncIterable<StreamEvent> {
  readonly #channel: Channel;
  readonly #options: SubscribeOptions;
  readonly #retry: RetryOptions;
  readonly #progress: StreamProgress;
  /** Undefined: nobody asked for one. */
  readonly #account: StreamAccount | undefined;
  /** Causes seen, per partition: a server that was restarted may not know what this client has seen. */
  readonly #seen = new Map<string, CauseMarks>();
  #iterated = false;
  #leftOut = 0n;
  #batches = 0;
  #events = 0;
  #live = false;
  #statement: StreamStatement | undefined;
  #reconnects = 0;
  #attempt = 0;

  /** @internal */
  constructor(channel: Channel, options: SubscribeOptions, retry: RetryOptions) {
    const { sinceNs, after, snapshot = false } = options;
    if ([sinceNs !== undefined, after !== undefined, snapshot].filter(Boolean).length > 1) {
      throw new TickwellError(
        'invalid-argument',
        'subscribe: sinceNs, after and snapshot exclude each other',
      );
    }
    this.#channel = channel;
    this.#options = options;
    this.#retry = retry;
    this.#progress = new StreamProgress(options);
    const { until, verify = false } = options;
    const hasEnd = until !== undefined;
    this.#account = hasEnd || verify ? new StreamAccount({ hasEnd }) : undefined;
  }

  /** After the last event received; give it to `after` to go on from there. Undefined before live began. */
  get position(): string | undefined {
    return this.#progress.position;
  }

  /** What came in all, over all connections, as the server says it too. Undefined before the stream has ended, and of one without `until`. */
  get statement(): StreamStatement | undefined {
    return this.#statement;
  }

  /** How often the stream was taken up again. */
  get reconnects(): number {
    return this.#reconnects;
  }

  /** Events left out so far; none without `conflate`. */
  get leftOut(): bigint {
    return this.#leftOut;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamEvent> {
    if (this.#iterated) throw new Error('a subscription can be iterated once: subscribe again');
    this.#iterated = true;
    const { signal } = this.#options;
    for (;;) {
      try {
        yield* this.#connection();
        if (signal?.aborted === true || this.#statement !== undefined) return;
      } catch (error) {
        if (!mayRetry(error, signal) || this.#attempt + 1 >= this.#retry.maxAttempts) throw error;
        this.#checkResumable(error);
      }
      await backOff(this.#retry, this.#attempt, signal);
      this.#attempt += 1;
      this.#reconnects += 1;
    }
  }

  async *#connection(): AsyncGenerator<StreamEvent> {
    const ending = new AbortController();
    const end = (): void => {
      ending.abort(this.#options.signal?.reason);
    };
    this.#options.signal?.addEventListener('abort', end, { once: true });
    if (this.#options.signal?.aborted === true) end();
    this.#account?.beginConnection();
    const method = queryV1.MarketDataService.method.subscribe;
    const messages = this.#channel.stream(method, this.#request(), { signal: ending.signal });
    const silence = new SilenceWatch(this.#options.idleTimeoutMs ?? IDLE_TIMEOUT_MS, ending);
    try {
      for (;;) {
        const next = await silence.during(() => messages.next());
        if (next.done === true) return;
        this.#attempt = 0;
        for (const group of groupsOf(next.value)) yield* this.#take(group);
      }
    } finally {
      silence.end();
      this.#options.signal?.removeEventListener('abort', end);
      await messages.return(undefined);
    }
  }

  /** The position moves with the last event of a record: who goes on from one before gets the record again. */
  *#take(
    group: readonly [queryV1.SubscribeResponse, ...queryV1.SubscribeResponse[]],
  ): Generator<StreamEvent> {
    const [{ position, message }] = group;
    if (message.case === 'live') {
      this.#progress.reachLive(position);
      if (this.#live) return;
      this.#live = true;
      const { historyEvents } = message.value;
      yield { kind: 'live', historyEvents: this.#reconnects === 0 ? historyEvents : BigInt(this.#events) };
      return;
    }
    if (message.case === 'conflated') {
      this.#account?.leaveOut(message.value.events);
      this.#leftOut += message.value.events;
      this.#options.conflate?.(message.value.events);
      return;
    }
    if (message.case === 'snapshotEnd') {
      this.#progress.endSnapshot(position);
      yield { kind: 'snapshot-end', series: message.value.series };
      return;
    }
    if (message.case === 'opening') this.#progress.open(position);
    if (message.case === 'heartbeat') this.#account?.compareTotal(message.value);
    if (message.case === 'statement') this.#end(message.value, position);
    if (message.case !== 'opening') yield* this.#takeEvents(group);
  }

  #end(statement: queryV1.Statement, position: queryV1.StreamPosition | undefined): void {
    this.#statement = this.#account?.take(statement);
    if (this.#statement !== undefined) this.#progress.reachLive(position);
  }

  *#takeEvents(
    group: readonly [queryV1.SubscribeResponse, ...queryV1.SubscribeResponse[]],
  ): Generator<MarketEvent> {
    const [head] = group;
    if (head.snapshot) {
      for (const event of marketEvents(head.message)) yield { ...event, isSnapshot: true };
      return;
    }
    const events = group.flatMap(({ message }) => marketEvents(message));
    const isNew = this.#isNew(head, events[0]);
    if (isNew) for (const event of events) this.#account?.add(event);
    for (const event of isNew ? events.slice(0, -1) : []) yield event;
    this.#progress.reach(head.position);
    const last = events.at(-1);
    if (last === undefined || !isNew) return;
    this.#progress.passRow(last);
    this.#batches += 1;
    for (const event of events) this.#events += eventsOf(event);
    yield last;
  }

  /** Whether its cause was not seen in this partition before. */
  #isNew(message: queryV1.SubscribeResponse, event: MarketEvent | undefined): boolean {
    const [place] = message.position?.partitions ?? [];
    if (place === undefined || event === undefined) return true;
    const key = `${place.topic}/${place.partition}`;
    const seen = this.#seen.get(key) ?? new CauseMarks();
    this.#seen.set(key, seen);
    return seen.advance(event.header.cause);
  }

  #request(): queryV1.SubscribeRequest {
    const { symbols = [], kinds = [], intervals = [], source = '', specs = [] } = this.#options;
    const { until, stored = false, verify = false, conflate } = this.#options;
    return create(queryV1.SubscribeRequestSchema, {
      symbols: [...symbols],
      kinds: kinds.map((kind) => streamKindToProto(kind)),
      intervals: [...intervals],
      source,
      specs: [...specs],
      pack: true,
      sums: verify,
      conflate: conflate !== undefined,
      ...(until === undefined ? {} : { until: { timeNs: until === 'now' ? 0n : until, stored } }),
      ...this.#progress.request(),
    });
  }

  /** Values that are computed of history have no place: half of them cannot be gone on from without gap or duplicate. */
  #checkResumable(cause: unknown): void {
    if (this.#progress.isResumable || this.#batches === 0) return;
    throw new TickwellError(
      'history-interrupted',
      `the connection broke after ${this.#batches} batches of history: subscribe again and begin anew`,
      { cause, retryable: true },
    );
  }
}

type Group = [queryV1.SubscribeResponse, ...queryV1.SubscribeResponse[]];

/** Messages of one record together: what has no position of its own follows the one that has it. */
function groupsOf(message: queryV1.SubscribeResponse): readonly Group[] {
  const groups: Group[] = [];
  for (const each of flat(message)) {
    const group = groups.at(-1);
    if (group?.[0].position === undefined || each.position !== undefined) groups.push([each]);
    else group.push(each);
  }
  return groups;
}

function flat(message: queryV1.SubscribeResponse): readonly queryV1.SubscribeResponse[] {
  return message.more.length === 0 ? [message] : [message, ...message.more.flatMap(flat)];
}

function eventsOf(event: MarketEvent): number {
  switch (event.kind) {
    case 'trades':
      return event.trades.timeNs.length;
    case 'quotes':
      return event.quotes.timeNs.length;
    case 'bars':
    case 'forming-bars':
      return event.bars.startNs.length;
    case 'indicators':
      return event.values.startNs.length;
  }
}
