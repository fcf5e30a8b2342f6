import { TickwellError, type CauseMarks } from '@tickwell/domain';
import type { EventLog, TopicDescription, TopicPartition } from '@tickwell/ports';
import type { EventKind } from './arguments.ts';
import type { Cursor } from './catch-up.ts';
import type { CommitTracker } from './commit-tracker.ts';
import { seedMarks } from './dedup.ts';
import type { EventFilter } from './event-filter.ts';
import { partitionKey, type LiveHub } from './live-hub.ts';
import { TOPIC_OF_KIND } from './market-record.ts';
import type { Position } from './response.ts';
import { isAhead, startAfter, startAtCommits } from './start-positions.ts';
import type { From, SubscribeArguments } from './subscribe-arguments.ts';

export interface StartParts {
  readonly log: EventLog;
  /** The same log with descriptions of topics that may be a moment old. */
  readonly sharedLog: EventLog;
  readonly commits: CommitTracker;
  readonly hub: LiveHub;
  /** The partition of a key, as every producer computes it. */
  readonly partitionOf: (key: string, partitions: number) => number;
}

export interface Start {
  /** Partitions that can hold wanted events. */
  readonly places: readonly TopicPartition[];
  /** Where to read on, per partition; empty: nothing to catch up. */
  readonly cursors: readonly Cursor[];
  readonly cuts: ReadonlyMap<string, Position>;
  readonly descriptions: readonly TopicDescription[];
}

/** Finds where in the log a stream begins. */
export class StreamStarts {
  readonly #parts: StartParts;

  constructor(parts: StartParts) {
    this.#parts = parts;
  }

  async find(
    { from, filter, computed, until }: SubscribeArguments,
    topics: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<Start> {
    if (from.kind === 'live' && computed === undefined && until === undefined)
      return { places: [], cursors: [], cuts: new Map(), descriptions: [] };
    const descriptions = await this.#describe(from, topics);
    const places = descriptions.flatMap((description) => this.#wanted(description, filter));
    const isPlain = from.kind === 'live' && computed === undefined;
    const positions = isPlain ? [] : this.#positionsOf(from, descriptions, places);
    const cursors = await this.cursorsAt(positions, descriptions, signal);
    const cuts = new Map(positions.map((position) => [partitionKey(position), position]));
    return { places, cursors, cuts, descriptions };
  }

  async cursorsAt(
    positions: readonly Position[],
    descriptions: readonly TopicDescription[],
    signal: AbortSignal,
  ): Promise<Cursor[]> {
    const cursors: Cursor[] = [];
    for (const position of positions) {
      const marks = await this.marksBelow(position, descriptions, signal);
      cursors.push({ ...position, marks });
    }
    return cursors;
  }

  /** Where the store ends for a symbol. */
  cutOf(
    kind: EventKind,
    symbol: string,
    cuts: ReadonlyMap<string, Position>,
  ): { readonly epoch: string; readonly offset: bigint } {
    const topic = TOPIC_OF_KIND[kind];
    const cut = cuts.get(partitionKey({ topic, partition: this.partitionOf(topic, symbol) }));
    if (cut === undefined) throw new TickwellError('internal', `no cut for ${symbol} in ${topic}`);
    return { epoch: cut.epoch, offset: cut.nextOffset };
  }

  partitionOf(topic: string, symbol: string): number {
    const partitions = this.#parts.hub.positions(new Set([topic])).length;
    return this.#parts.partitionOf(symbol, partitions);
  }

  /** The causes of everything below a position. */
  async marksBelow(
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

  #positionsOf(
    from: From,
    descriptions: readonly TopicDescription[],
    places: readonly TopicPartition[],
  ): readonly Position[] {
    switch (from.kind) {
      case 'after':
        return startAfter(from.positions, descriptions, places);
      case 'within':
        return startAfter(from.cut, descriptions, places, 'from.within.cut');
      case 'since':
      case 'snapshot':
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
    const given = from.kind === 'after' ? from.positions : from.kind === 'within' ? from.cut : [];
    if (!given.some((position) => isAhead(position, shared))) return shared;
    return Promise.all([...topics].map((topic) => this.#parts.log.describeTopic(topic)));
  }

  /** The partitions that can hold what the filter lets through. */
  #wanted({ topic, partitions }: TopicDescription, { symbols }: EventFilter): TopicPartition[] {
    if (symbols === undefined) return partitions.map(({ partition }) => ({ topic, partition }));
    const chosen = new Set([...symbols].map((symbol) => this.#parts.partitionOf(symbol, partitions.length)));
    return [...chosen].map((partition) => ({ topic, partition }));
  }
}
