import type { queryV1 } from '@tickwell/contracts';
import { TickwellError, type CauseMarks } from '@tickwell/domain';
import type { EventLog, HistoryReader, TopicDescription, TopicPartition } from '@tickwell/ports';
import { orRefuse } from './arguments.ts';
import { catchUp, type Cursor } from './catch-up.ts';
import type { CommitTracker } from './commit-tracker.ts';
import { seedMarks } from './dedup.ts';
import type { EventFilter } from './event-filter.ts';
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
    const { hub } = this.#parts;
    const args = orRefuse(subscribeArguments(request));
    const { filter } = args;
    const topics = new Set([...filter.kinds].map((kind) => TOPIC_OF_KIND[kind]));
    const start = await this.#start(args, topics, signal);
    const count = { events: 0 };
    if (filter.sinceNs !== undefined) {
      yield* this.#history({ ...filter, sinceNs: filter.sinceNs }, start, count, signal);
    }
    while (backlogOf(start.cursors, hub) > JOIN_BACKLOG) {
      yield* catchUp(this.#parts.sharedLog, start.cursors, hub.positions(topics), filter, count, signal);
    }
    const floors = new Map(start.cursors.map((cursor) => [partitionKey(cursor), cursor.nextOffset]));
    const target: LiveTarget = { filter, queue: new SubscriberQueue(this.#parts.queue), floors };
    const positions = hub.positions(topics);
    const leave = hub.join(target);
    try {
      yield* catchUp(this.#parts.sharedLog, start.cursors, positions, filter, count, signal);
      yield liveMarker(raise(positions, floors), count.events);
      yield* this.#live(target, topics, request.pack ? MAX_PACKED_BYTES : 0, signal);
    } finally {
      leave();
    }
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
    if (from.kind === 'live') return { cursors: [], cuts: new Map() };
    const descriptions = await this.#describe(from, topics);
    const places = descriptions.flatMap((description) => this.#wanted(description, filter));
    const positions =
      from.kind === 'after'
        ? startAfter(from.positions, descriptions, places)
        : startAtCommits(this.#parts.commits, descriptions, places);
    const cursors: Cursor[] = [];
    for (const position of positions) {
      const marks = await this.#marksBelow(position, descriptions, signal);
      cursors.push({ ...position, marks });
    }
    return { cursors, cuts: new Map(positions.map((position) => [partitionKey(position), position])) };
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

  async *#history(
    filter: EventFilter & { readonly sinceNs: bigint },
    start: Start,
    count: { events: number },
    signal: AbortSignal,
  ): AsyncGenerator<Message> {
    const cutOf = (kind: keyof typeof TOPIC_OF_KIND, symbol: string): { epoch: string; offset: bigint } => {
      const topic = TOPIC_OF_KIND[kind];
      const partitions = this.#parts.hub.positions(new Set([topic])).length;
      const partition = this.#parts.partitionOf(symbol, partitions);
      const cut = start.cuts.get(partitionKey({ topic, partition }));
      if (cut === undefined)
        throw new TickwellError('internal', `no cut for ${symbol} in ${topic}/${partition}`);
      return { epoch: cut.epoch, offset: cut.nextOffset };
    };
    for await (const { bytes, events } of storedEvents(this.#parts.reader, { filter, cutOf, signal })) {
      count.events += events;
      yield bytes;
    }
  }
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
