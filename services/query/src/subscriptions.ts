import type { queryV1 } from '@tickwell/contracts';
import { EventLedger, TickwellError } from '@tickwell/domain';
import type { HistoryReader, TopicDescription, TopicPartition } from '@tickwell/ports';
import { orRefuse } from './arguments.ts';
import { catchUp, type Cursor, type Wanted } from './catch-up.ts';
import type { CommitTracker } from './commit-tracker.ts';
import { matchRecord, wantedEvents } from './event-filter.ts';
import { ComputedView } from './indicators/computed-view.ts';
import type { IndicatorBudget } from './indicators/indicator-budget.ts';
import type { LiveValues } from './indicators/live-values.ts';
import { keepAlive } from './keep-alive.ts';
import { partitionKey, type LiveHub, type LiveTarget } from './live-hub.ts';
import { TOPIC_OF_KIND, type MarketRecord } from './market-record.ts';
import type { Match } from './match.ts';
import {
  conflated,
  heartbeat,
  liveMarker,
  opening,
  packed,
  snapshotEnd,
  statement,
  type Position,
} from './response.ts';
import { startAfter, startAtCommits } from './start-positions.ts';
import { Snapshot } from './snapshot.ts';
import { newestStored, storedEvents, type HistoryPlan } from './store-history.ts';
import { logEnds, untilStored } from './stream-end.ts';
import { notInFuture } from './since-argument.ts';
import { StreamStarts, type Start, type StartParts } from './stream-start.ts';
import { StreamTally } from './stream-tally.ts';
import { subscribeArguments, type Ending, type SubscribeArguments } from './subscribe-arguments.ts';
import { SubscriberQueue, type QueueLimits } from './subscriber-queue.ts';

export interface SubscriptionParts extends StartParts {
  readonly reader: HistoryReader;
  readonly nowNs: () => bigint;
  readonly heartbeatMs: number;
  readonly queue: QueueLimits;
  /** The indicators that subscribers have computed, and how many there may be. */
  readonly values: LiveValues;
  readonly budget: IndicatorBudget;
}

/** Records behind the tail at which a subscriber who catches up joins it; what comes meanwhile waits in its queue. */
const JOIN_BACKLOG = 1_000n;

/** How often a stream that ends is looked at for whether it has got everything. */
const LOOK_MS = 20;

/** Longest that a timer runs; what is later is looked at again. */
const MAX_TIMER_MS = 86_400_000;

/** Most bytes of messages that travel as one; a single one may be larger. */
const MAX_PACKED_BYTES = 256 * 1024;

type Message = queryV1.SubscribeResponse | Uint8Array;

/** What one subscriber gets, wherever it is read. */
interface Stream {
  readonly args: SubscribeArguments;
  readonly queue: SubscriberQueue;
  readonly topics: ReadonlySet<string>;
  /** Where indicators are computed for it. */
  readonly view: ComputedView | undefined;
  readonly tally: StreamTally;
  readonly wanted: Wanted;
  readonly signal: AbortSignal;
}

/** The one at the other end. */
interface Reader {
  readonly queue: SubscriberQueue;
  readonly view: ComputedView | undefined;
  readonly maxPackedBytes: number;
}

/**
 * Subscribe: history from the store, then the log from where the store ended, then the live tail, each event once. A reader who is
 * behind is read for from the log at its own pace; only who follows the tail has a queue, and only a bounded one.
 */
export class Subscriptions {
  readonly #parts: SubscriptionParts;
  readonly #starts: StreamStarts;

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
    this.#starts = new StreamStarts(parts);
  }

  async *subscribe(
    request: queryV1.SubscribeRequest,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<Message> {
    const args = orRefuse(subscribeArguments(request));
    orRefuse(notInFuture(request, this.#parts.nowNs()));
    const { queue: limits, budget } = this.#parts;
    const queue = new SubscriberQueue(limits, args.conflate ? conflated : undefined);
    const { computed } = args;
    const view = computed === undefined ? undefined : new ComputedView(computed, { budget, queue, limits });
    try {
      yield* this.#stream(args, { queue, view, maxPackedBytes: request.pack ? MAX_PACKED_BYTES : 0 }, signal);
    } finally {
      view?.release();
    }
  }

  async *#stream(args: SubscribeArguments, reader: Reader, signal: AbortSignal): AsyncGenerator<Message> {
    const { hub, heartbeatMs, nowNs } = this.#parts;
    const { filter, until } = args;
    const { view } = reader;
    const topics = new Set([...filter.kinds].map((kind) => TOPIC_OF_KIND[kind]));
    if (view !== undefined) topics.add(TOPIC_OF_KIND.bars);
    const ledger = args.sums || until !== undefined ? new EventLedger() : undefined;
    const stream: Stream = {
      args,
      queue: reader.queue,
      topics,
      view,
      tally: new StreamTally(ledger),
      wanted: view ?? { symbols: filter.symbols, match: (record) => matchRecord(filter, record) },
      signal,
    };
    const sign = (): Message => heartbeat([], nowNs());
    const start = await this.#starts.find(args, topics, signal);
    const isOver = until !== undefined && (until.timeNs === undefined || until.timeNs <= nowNs());
    const ends = isOver ? await logEnds(this.#parts.log, start.places) : undefined;
    if (args.from.kind === 'snapshot')
      yield* keepAlive(this.#snapshot(stream, start, ends ?? hub.positions(topics)), heartbeatMs, sign);
    else yield* keepAlive(this.#past(stream, start), heartbeatMs, sign);
    if (ends !== undefined) {
      yield* keepAlive(this.#finish(stream, start.cursors, ends), heartbeatMs, sign);
      return;
    }
    yield* keepAlive(this.#nearLive(stream, start.cursors), heartbeatMs, sign);
    const floors = new Map(start.cursors.map((cursor) => [partitionKey(cursor), cursor.nextOffset]));
    const target: LiveTarget = { filter, queue: reader.queue, floors, view, tally: stream.tally };
    const positions = hub.positions(topics);
    view?.hold();
    const leave = hub.join(target);
    try {
      yield* keepAlive(this.#catchUp(stream, start.cursors, positions), heartbeatMs, sign);
      view?.goLive(this.#parts.values, (symbol) => this.#floorOf(symbol, floors));
      yield liveMarker(raise(positions, floors), stream.tally.events);
      yield* this.#live(stream, target, start.places, reader.maxPackedBytes);
    } finally {
      leave();
    }
  }

  /** The newest of each series below `to`, from where the stream then goes on. */
  async *#snapshot(
    stream: Stream,
    { cuts, cursors }: Start,
    to: readonly Position[],
  ): AsyncGenerator<Message> {
    const { args, signal } = stream;
    const { filter } = args;
    const snapshot = new Snapshot(filter.untilNs);
    const plan = this.#historyPlan({ ...filter, sinceNs: 0n }, cuts, signal);
    await newestStored(this.#parts.reader, plan, (events) => {
      snapshot.take(events);
    });
    const match = (record: MarketRecord): undefined => {
      const events = wantedEvents(filter, record);
      if (events !== undefined) snapshot.take(events);
    };
    await exhaust(this.#catchUp({ ...stream, wanted: { symbols: filter.symbols, match } }, cursors, to));
    yield* snapshot.messages();
    const positions = cursors.map(({ topic, partition, epoch, nextOffset }) => {
      return { topic, partition, epoch, nextOffset };
    });
    if (!signal.aborted) yield snapshotEnd(positions, snapshot.size);
  }

  /** Brings the cursors near to the tail. */
  async *#nearLive(stream: Stream, cursors: readonly Cursor[]): AsyncGenerator<Message> {
    const { hub } = this.#parts;
    while (backlogOf(cursors, hub) > JOIN_BACKLOG)
      yield* this.#catchUp(stream, cursors, hub.positions(stream.topics));
  }

  /** What comes from the store. */
  async *#past(stream: Stream, start: Start): AsyncGenerator<Message> {
    const { args, view, tally, signal } = stream;
    const { filter, from } = args;
    const { sinceNs } = filter;
    if (from.kind === 'after') {
      await this.#recount(stream, start);
    } else if (sinceNs !== undefined) {
      if (view === undefined) yield opening([...start.cuts.values()]);
      const row = from.kind === 'within' ? from.row : undefined;
      const plan = this.#historyPlan({ ...filter, sinceNs }, start.cuts, signal);
      if (row !== undefined && args.until !== undefined)
        await this.#count(storedEvents(this.#parts.reader, { ...plan, through: row }), tally);
      for await (const match of storedEvents(this.#parts.reader, { ...plan, after: row })) {
        tally.add(match);
        yield match.bytes;
      }
    }
    if (view !== undefined) yield* this.#compute(view, args, start, tally, signal);
  }

  #catchUp(
    { wanted, tally, signal }: Stream,
    cursors: readonly Cursor[],
    positions: readonly Position[],
  ): AsyncGenerator<Uint8Array> {
    return catchUp(this.#parts.sharedLog, cursors, positions, wanted, tally, signal);
  }

  /** What the stream brought before it is gone on with is read again: only that is an account that does not believe the reader. */
  async #recount({ args, wanted, tally, signal }: Stream, start: Start): Promise<void> {
    const { from, filter } = args;
    if (args.until === undefined || from.kind !== 'after' || from.began === undefined) return;
    const { positions, sinceNs } = from.began;
    const began = startAfter(positions, start.descriptions, start.places, 'began.position');
    if (sinceNs !== undefined) {
      const cuts = new Map(began.map((position) => [partitionKey(position), position]));
      const plan = this.#historyPlan({ ...filter, sinceNs }, cuts, signal);
      await this.#count(storedEvents(this.#parts.reader, plan), tally);
    }
    const cursors = await this.#starts.cursorsAt(began, start.descriptions, signal);
    const replayed = catchUp(this.#parts.sharedLog, cursors, start.cursors, wanted, tally, signal);
    while ((await replayed.next()).done !== true) signal.throwIfAborted();
  }

  async #count(matches: AsyncIterable<Match>, tally: StreamTally): Promise<void> {
    for await (const match of matches) tally.add(match);
  }

  #historyPlan(
    filter: HistoryPlan['filter'],
    cuts: ReadonlyMap<string, Position>,
    signal: AbortSignal,
  ): HistoryPlan {
    return { filter, cutOf: (kind, symbol) => this.#starts.cutOf(kind, symbol, cuts), signal };
  }

  /** Reads up to where the stream ends, and says what it has brought. */
  async *#finish(
    stream: Stream,
    cursors: readonly Cursor[],
    ends: readonly Position[],
  ): AsyncGenerator<Message> {
    const { commits, hub } = this.#parts;
    const { args, queue, tally, signal } = stream;
    yield* this.#catchUp(stream, cursors, ends);
    if (args.until?.stored === true) await untilStored(commits, hub, ends, signal);
    if (!signal.aborted && tally.ledger !== undefined) yield* statement(ends, tally.ledger, queue.dropped);
  }

  /** Brings what is computed to where the stream begins; what is wanted of stored bars goes out on the way. */
  async *#compute(
    view: ComputedView,
    { from, filter }: SubscribeArguments,
    { cursors, cuts, descriptions }: Start,
    tally: StreamTally,
    signal: AbortSignal,
  ): AsyncGenerator<Message> {
    const { commits, reader } = this.#parts;
    const ofBars = cursors.filter(({ topic }) => topic === TOPIC_OF_KIND.bars);
    const stored = from.kind === 'since' ? cuts : storedBelow(commits, descriptions, ofBars);
    const cutOf = (symbol: string): { epoch: string; offset: bigint } =>
      this.#starts.cutOf('bars', symbol, stored);
    // Gone on with after a position it has the values of stored bars.
    const sinceNs = from.kind === 'since' ? filter.sinceNs : undefined;
    for await (const match of view.stored(reader, { cutOf, sinceNs, signal })) {
      tally.add(match);
      yield match.bytes;
    }
    for (const cursor of ofBars)
      await this.#replay(view, stored.get(partitionKey(cursor)), cursor, descriptions, signal);
  }

  /** Records that the store has not yet, up to where the stream begins: what they bring the subscriber has, or does not want. */
  async #replay(
    view: ComputedView,
    from: Position | undefined,
    { topic, partition, nextOffset: toOffset }: Cursor,
    descriptions: readonly TopicDescription[],
    signal: AbortSignal,
  ): Promise<void> {
    if (from === undefined || from.nextOffset >= toOffset) return;
    const cursor = { ...from, marks: await this.#starts.marksBelow(from, descriptions, signal) };
    const to = { topic, partition, epoch: from.epoch, nextOffset: toOffset };
    try {
      const replayed = catchUp(this.#parts.sharedLog, [cursor], [to], view, new StreamTally(), signal);
      while ((await replayed.next()).done !== true) signal.throwIfAborted();
    } catch (cause) {
      if (!(cause instanceof TickwellError && cause.code === 'correction-too-old')) throw cause;
      // Once the store has the bar too, beginning with it computes it in its place.
      throw new TickwellError(
        'unavailable',
        'a late bar is not stored yet, without which nothing can be computed',
        {
          cause,
          retryable: true,
        },
      );
    }
  }

  #floorOf(symbol: string, floors: ReadonlyMap<string, bigint>): bigint {
    const topic = TOPIC_OF_KIND.bars;
    return floors.get(partitionKey({ topic, partition: this.#starts.partitionOf(topic, symbol) })) ?? 0n;
  }

  async *#live(
    stream: Stream,
    target: LiveTarget,
    places: readonly TopicPartition[],
    maxPackedBytes: number,
  ): AsyncGenerator<Message> {
    const { hub, heartbeatMs, nowNs } = this.#parts;
    const { args, topics, tally, signal } = stream;
    let dueMs = performance.now() + heartbeatMs;
    let ends: readonly Position[] | undefined;
    while (!signal.aborted) {
      const messages = target.queue.shiftAll(maxPackedBytes);
      if (messages.length > 0) {
        yield packed(messages);
        continue;
      }
      // The queue is empty: everything below the hub's positions has been sent, so they are this stream's as well.
      if (
        ends !== undefined &&
        ends.every((end) => (hub.partition(end)?.nextOffset ?? 0n) >= end.nextOffset)
      ) {
        yield* keepAlive(this.#finish(stream, [], ends), heartbeatMs, () => heartbeat([], nowNs()));
        return;
      }
      const endMs = ends === undefined ? msUntil(args.until, nowNs()) : LOOK_MS;
      if (endMs <= 0) {
        ends = await this.#close(target, places);
        continue;
      }
      const leftMs = dueMs - performance.now();
      if (leftMs > 0) {
        await target.queue.wait(Math.min(leftMs, endMs), signal);
        continue;
      }
      const total = args.sums && target.queue.dropped === 0 ? tally.ledger?.total : undefined;
      yield heartbeat(raise(hub.positions(topics), target.floors), nowNs(), total);
      dueMs = performance.now() + heartbeatMs;
    }
  }

  /** From here on the target gets nothing that is not in the log yet. */
  async #close(target: LiveTarget, places: readonly TopicPartition[]): Promise<readonly Position[]> {
    const logged = await logEnds(this.#parts.log, places);
    const ends = logged.map((end) => {
      const handed = this.#parts.hub.partition(end)?.nextOffset ?? 0n;
      return handed > end.nextOffset ? { ...end, nextOffset: handed } : end;
    });
    target.ceilings = new Map(ends.map((end) => [partitionKey(end), end.nextOffset]));
    return ends;
  }
}

async function exhaust(messages: AsyncIterable<unknown>): Promise<void> {
  const iterator = messages[Symbol.asyncIterator]();
  while ((await iterator.next()).done !== true);
}

/** Until the stream is to end; what has no end is looked at again after a while. */
function msUntil(until: Ending | undefined, nowNs: bigint): number {
  if (until?.timeNs === undefined) return Infinity;
  return Math.min(Number(until.timeNs - nowNs) / 1e6, MAX_TIMER_MS);
}

/** Where the store ends, or the cursor is before. */
function storedBelow(
  commits: CommitTracker,
  descriptions: readonly TopicDescription[],
  cursors: readonly Cursor[],
): ReadonlyMap<string, Position> {
  const ends = startAtCommits(commits, descriptions, cursors);
  return new Map(
    cursors.map((cursor, at) => {
      const { topic, partition, epoch, nextOffset } = cursor;
      const end = ends[at]?.nextOffset ?? nextOffset;
      const position = { topic, partition, epoch, nextOffset: end < nextOffset ? end : nextOffset };
      return [partitionKey(cursor), position];
    }),
  );
}

function backlogOf(cursors: readonly Cursor[], hub: LiveHub): bigint {
  let backlog = 0n;
  for (const cursor of cursors) {
    const behind = (hub.partition(cursor)?.nextOffset ?? cursor.nextOffset) - cursor.nextOffset;
    if (behind > 0n) backlog += behind;
  }
  return backlog;
}

/** Positions no lower than where the stream began: another process may have been ahead of this one's tail. */
function raise(positions: readonly Position[], floors: ReadonlyMap<string, bigint>): Position[] {
  return positions.map((position) => {
    const floor = floors.get(partitionKey(position)) ?? 0n;
    return floor > position.nextOffset ? { ...position, nextOffset: floor } : position;
  });
}
