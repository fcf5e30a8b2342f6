import type { queryV1 } from '@tickwell/contracts';
import { TickwellError, type CauseMarks } from '@tickwell/domain';
import type { EventLog, HistoryReader, TopicDescription, TopicPartition } from '@tickwell/ports';
import { orRefuse, type EventKind } from './arguments.ts';
import { catchUp, type Cursor } from './catch-up.ts';
import type { CommitTracker } from './commit-tracker.ts';
import { seedMarks } from './dedup.ts';
import { matchRecord, type EventFilter } from './event-filter.ts';
import { ComputedView } from './indicators/computed-view.ts';
import type { IndicatorBudget } from './indicators/indicator-budget.ts';
import type { LiveValues } from './indicators/live-values.ts';
import { partitionKey, type LiveHub, type LiveTarget } from './live-hub.ts';
import { TOPIC_OF_KIND } from './market-record.ts';
import { heartbeat, liveMarker, packed, type Position } from './response.ts';
import { isAhead, startAfter, startAtCommits } from './start-positions.ts';
import { storedEvents } from './store-history.ts';
import { subscribeArguments, type From, type SubscribeArguments } from './subscribe-arguments.ts';
import { SubscriberQueue, type QueueLimits } from './subscriber-queue.ts';

export interface SubscriptionParts {
  readonly log: EventLog;
  /** The same log with descriptions of topics that may be a moment old. */
  readonly sharedLog: EventLog;
  readonly reader: HistoryReader;
  readonly commits: CommitTracker;
  readonly hub: LiveHub;
  /** The partition of a key, as every producer computes it. */
  readonly partitionOf: (key: string, partitions: number) => number;
  readonly nowNs: () => bigint;
  readonly heartbeatMs: number;
  readonly queue: QueueLimits;
  /** The indicators that subscribers have computed, and how many there may be. */
  readonly values: LiveValues;
  readonly budget: IndicatorBudget;
}

/** Records behind the tail at which a subscriber who catches up joins it; what comes meanwhile waits in its queue. */
const JOIN_BACKLOG = 1_000n;

/** Most bytes of messages that travel as one; a single one may be larger. */
const MAX_PACKED_BYTES = 256 * 1024;

type Message = queryV1.SubscribeResponse | Uint8Array;

interface Start {
  /** Where to read on, per partition that can hold wanted events; empty: nothing to catch up. */
  readonly cursors: readonly Cursor[];
  readonly cuts: ReadonlyMap<string, Position>;
  readonly descriptions: readonly TopicDescription[];
}

/** The one at the other end. */
interface Reader {
  readonly queue: SubscriberQueue;
  /** Where indicators are computed for it. */
  readonly view: ComputedView | undefined;
  readonly maxPackedBytes: number;
}

/**
 * Subscribe: history from the store, then the log from where the store ended, then the live tail, each event once. A reader who is
 * behind is read for from the log at its own pace; only who follows the tail has a queue, and only a bounded one.
 */
export class Subscriptions {
  readonly #parts: SubscriptionParts;

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
  }

  async *subscribe(
    request: queryV1.SubscribeRequest,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<Message> {
    const args = orRefuse(subscribeArguments(request));
    const { queue: limits, budget } = this.#parts;
    const queue = new SubscriberQueue(limits);
    const { computed } = args;
    const view = computed === undefined ? undefined : new ComputedView(computed, { budget, queue, limits });
    try {
      yield* this.#stream(args, { queue, view, maxPackedBytes: request.pack ? MAX_PACKED_BYTES : 0 }, signal);
    } finally {
      view?.release();
    }
  }

  async *#stream(
    args: SubscribeArguments,
    { queue, view, maxPackedBytes }: Reader,
    signal: AbortSignal,
  ): AsyncGenerator<Message> {
    const { hub, sharedLog, values } = this.#parts;
    const { filter } = args;
    const topics = new Set([...filter.kinds].map((kind) => TOPIC_OF_KIND[kind]));
    if (view !== undefined) topics.add(TOPIC_OF_KIND.bars);
    const start = await this.#start(args, topics, signal);
    const count = { events: 0 };
    if (filter.sinceNs !== undefined) {
      yield* this.#history({ ...filter, sinceNs: filter.sinceNs }, start, count, signal);
    }
    if (view !== undefined) yield* this.#compute(view, args, start, count, signal);
    const wanted = view ?? { symbols: filter.symbols, match: (record) => matchRecord(filter, record) };
    while (backlogOf(start.cursors, hub) > JOIN_BACKLOG) {
      yield* catchUp(sharedLog, start.cursors, hub.positions(topics), wanted, count, signal);
    }
    const floors = new Map(start.cursors.map((cursor) => [partitionKey(cursor), cursor.nextOffset]));
    const target: LiveTarget = { filter, queue, floors, view };
    const positions = hub.positions(topics);
    view?.hold();
    const leave = hub.join(target);
    try {
      yield* catchUp(sharedLog, start.cursors, positions, wanted, count, signal);
      view?.goLive(values, (symbol) => this.#floorOf(symbol, floors));
      yield liveMarker(raise(positions, floors), count.events);
      yield* this.#live(target, topics, maxPackedBytes, signal);
    } finally {
      leave();
    }
  }

  /** Brings what is computed to where the stream begins; what is wanted of stored bars goes out on the way. */
  async *#compute(
    view: ComputedView,
    { from, filter }: SubscribeArguments,
    { cursors, cuts, descriptions }: Start,
    count: { events: number },
    signal: AbortSignal,
  ): AsyncGenerator<Message> {
    const { commits, reader } = this.#parts;
    const ofBars = cursors.filter(({ topic }) => topic === TOPIC_OF_KIND.bars);
    const stored = from.kind === 'since' ? cuts : storedBelow(commits, descriptions, ofBars);
    const cutOf = (symbol: string): { epoch: string; offset: bigint } => this.#cutOf('bars', symbol, stored);
    const { sinceNs } = filter;
    for await (const { bytes, events } of view.stored(reader, { cutOf, sinceNs, signal })) {
      count.events += events;
      yield bytes;
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
    const cursor = { ...from, marks: await this.#marksBelow(from, descriptions, signal) };
    const to = { topic, partition, epoch: from.epoch, nextOffset: toOffset };
    try {
      const replayed = catchUp(this.#parts.sharedLog, [cursor], [to], view, { events: 0 }, signal);
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
    const partitions = this.#parts.hub.positions(new Set([topic])).length;
    return floors.get(partitionKey({ topic, partition: this.#parts.partitionOf(symbol, partitions) })) ?? 0n;
  }

  async *#live(
    target: LiveTarget,
    topics: ReadonlySet<string>,
    maxPackedBytes: number,
    signal: AbortSignal,
  ): AsyncGenerator<Message> {
    const { hub, heartbeatMs, nowNs } = this.#parts;
    let dueMs = performance.now() + heartbeatMs;
    while (!signal.aborted) {
      const messages = target.queue.shiftAll(maxPackedBytes);
      if (messages.length > 0) {
        yield packed(messages);
        continue;
      }
      // The queue is empty: everything below the hub's positions has been sent, so they are this stream's as well.
      const leftMs = dueMs - performance.now();
      if (leftMs > 0) {
        await target.queue.wait(leftMs, signal);
        continue;
      }
      yield heartbeat(raise(hub.positions(topics), target.floors), nowNs());
      dueMs = performance.now() + heartbeatMs;
    }
  }

  async #start(args: SubscribeArguments, topics: ReadonlySet<string>, signal: AbortSignal): Promise<Start> {
    const { from, filter } = args;
    if (from.kind === 'live' && args.computed === undefined)
      return { cursors: [], cuts: new Map(), descriptions: [] };
    const descriptions = await this.#describe(from, topics);
    const places = descriptions.flatMap((description) => this.#wanted(description, filter));
    const positions = this.#positionsOf(from, descriptions, places);
    const cursors: Cursor[] = [];
    for (const position of positions) {
      const marks = await this.#marksBelow(position, descriptions, signal);
      cursors.push({ ...position, marks });
    }
    const cuts = new Map(positions.map((position) => [partitionKey(position), position]));
    return { cursors, cuts, descriptions };
  }

  #positionsOf(
    from: From,
    descriptions: readonly TopicDescription[],
    places: readonly TopicPartition[],
  ): readonly Position[] {
    switch (from.kind) {
      case 'after':
        return startAfter(from.positions, descriptions, places);
      case 'since':
        return startAtCommits(this.#parts.commits, descriptions, places);
      case 'live': {
        // Only bars have something before that matters: what is computed goes on from there.
        const wanted = new Set(places.map(partitionKey));
        const positions = this.#parts.hub.positions(new Set([TOPIC_OF_KIND.bars]));
        return positions.filter((position) => wanted.has(partitionKey(position)));
      }
    }
  }

  /** A position may be newer than a shared description: of a client that comes back at once, or from another replica. */
  async #describe(from: From, topics: ReadonlySet<string>): Promise<readonly TopicDescription[]> {
    const shared = await Promise.all([...topics].map((topic) => this.#parts.sharedLog.describeTopic(topic)));
    if (from.kind !== 'after' || !from.positions.some((position) => isAhead(position, shared))) return shared;
    return Promise.all([...topics].map((topic) => this.#parts.log.describeTopic(topic)));
  }

  /** The partitions that can hold what the filter lets through. */
  #wanted({ topic, partitions }: TopicDescription, { symbols }: EventFilter): TopicPartition[] {
    if (symbols === undefined) return partitions.map(({ partition }) => ({ topic, partition }));
    const chosen = new Set([...symbols].map((symbol) => this.#parts.partitionOf(symbol, partitions.length)));
    return [...chosen].map((partition) => ({ topic, partition }));
  }

  async #marksBelow(
    position: Position,
    descriptions: readonly TopicDescription[],
    signal: AbortSignal,
  ): Promise<CauseMarks> {
    const { topic, partition, epoch, nextOffset: offset } = position;
    const description = descriptions.find((one) => one.topic === topic);
    const beginOffset =
      description?.partitions.find((one) => one.partition === partition)?.beginOffset ?? offset;
    return seedMarks(
      this.#parts.log,
      this.#parts.commits,
      { topic, partition, epoch, beginOffset, offset },
      signal,
    );
  }

  #cutOf(
    kind: EventKind,
    symbol: string,
    cuts: ReadonlyMap<string, Position>,
  ): { readonly epoch: string; readonly offset: bigint } {
    const topic = TOPIC_OF_KIND[kind];
    const partitions = this.#parts.hub.positions(new Set([topic])).length;
    const cut = cuts.get(partitionKey({ topic, partition: this.#parts.partitionOf(symbol, partitions) }));
    if (cut === undefined) throw new TickwellError('internal', `no cut for ${symbol} in ${topic}`);
    return { epoch: cut.epoch, offset: cut.nextOffset };
  }

  async *#history(
    filter: EventFilter & { readonly sinceNs: bigint },
    start: Start,
    count: { events: number },
    signal: AbortSignal,
  ): AsyncGenerator<Message> {
    const cutOf = (kind: EventKind, symbol: string): { epoch: string; offset: bigint } =>
      this.#cutOf(kind, symbol, start.cuts);
    for await (const { bytes, events } of storedEvents(this.#parts.reader, { filter, cutOf, signal })) {
      count.events += events;
      yield bytes;
    }
  }
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
