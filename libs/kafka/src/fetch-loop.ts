import { TickwellError, errorMessage } from '@tickwell/domain';
import type { Gather, PartitionLag } from '@tickwell/ports';
import { groupBroker, request } from './broker.ts';
import type { ClusterConnection } from './connection.ts';
import { topicMetadata } from './describe.ts';
import { isTransient, unreachable } from './errors.ts';
import type { KafkaSettings } from './options.ts';
import { pause } from './pause.ts';
import { FetchShare } from './fetch-share.ts';
import { PartitionBuffer } from './partition-buffer.ts';
import type { RecordHandler } from './partition-buffer.ts';
import { errorName } from './protocol/error-codes.ts';
import { fetchRequest } from './protocol/fetch.ts';
import type { FetchedPartition, FetchLimits } from './protocol/fetch.ts';

export interface FetchSource {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: string;
  readonly fromOffset: bigint;
  readonly handler: RecordHandler;
}

const MAX_FETCH_BYTES = 16 * 1024 * 1024;
/** The broker answers at the first byte; how long it waits bounds how long a change of what is fetched has to wait. */
const PROMPT: Gather = { minBytes: 1, maxWaitMs: 250 };
/** While a full partition is left out, it should be asked for again soon after it has room. */
const MAX_WAIT_WHILE_FULL_MS = 5;
const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 1_000;
const WATCH_INTERVAL_MS = 1_000;

/**
 * Fetches partitions and hands their records over, in order, until stopped. One request per broker is outstanding, and a slow handler
 * holds up its own partition only. Lost connections and moved leaders are repeated; the first failure for good ends it.
 */
export class FetchLoop {
  /** Rejects with the first failure for good; never resolves. */
  readonly failed: Promise<never>;
  readonly #settings: KafkaSettings;
  readonly #gather: Gather;
  readonly #connection: ClusterConnection;
  readonly #epochs: ReadonlyMap<string, string>;
  readonly #buffers: readonly PartitionBuffer[];
  readonly #stop = new AbortController();
  #fail: (error: unknown) => void = () => undefined;
  readonly #roomWaiters = new Set<() => void>();
  /** Since when nothing is answered; null while Kafka answers. */
  #failingSinceMs: number | null = null;
  readonly #share = new FetchShare();
  #watch: NodeJS.Timeout | undefined;

  constructor(
    settings: KafkaSettings,
    connection: ClusterConnection,
    sources: readonly FetchSource[],
    gather: Gather = PROMPT,
  ) {
    this.#settings = settings;
    this.#gather = gather;
    this.#connection = connection;
    this.#epochs = new Map(sources.map(({ topic, epoch }) => [topic, epoch]));
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Whoever runs the loop awaits `failed` in a race; one that is stopped already need not.
    this.failed.catch(() => undefined);
    this.#buffers = sources.map(
      (source) =>
        new PartitionBuffer({
          ...source,
          maxPendingBytes: settings.maxPendingBytes,
          onFailure: (error) => {
            this.#fail(error);
          },
          onRoom: () => {
            this.#wake();
          },
        }),
    );
  }

  start(): void {
    if (this.#buffers.length === 0) return;
    this.#watch = setInterval(() => {
      this.#checkProgress();
    }, WATCH_INTERVAL_MS);
    this.#run().catch((error: unknown) => {
      this.#fail(error);
    });
  }

  /** Fetches nothing more and resolves when the running handlers have ended. */
  async stop(): Promise<void> {
    clearInterval(this.#watch);
    this.#stop.abort();
    this.#wake();
    await Promise.all(this.#buffers.map((buffer) => buffer.stop()));
  }

  lag(): readonly PartitionLag[] {
    return this.#buffers.map((buffer) => buffer.lag());
  }

  async #run(): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS;
    while (!this.#isStopped()) {
      try {
        await this.#fetchFromLeaders();
      } catch (error) {
        if (this.#isStopped()) return;
        if (!isTransient(error)) throw error;
        this.#share.failed();
        if (this.#failingSinceMs === null) backoffMs = FIRST_BACKOFF_MS;
        this.#failingSinceMs ??= performance.now();
        if (performance.now() - this.#failingSinceMs > this.#settings.unreachableTimeoutMs) {
          throw unreachable(this.#settings.brokers, error);
        }
        this.#settings.logger.warn(
          { error: errorMessage(error) },
          'Reading from Kafka was interrupted; trying again',
        );
        await pause(backoffMs, this.#stop.signal);
        backoffMs = Math.min(2 * backoffMs, MAX_BACKOFF_MS);
      }
    }
  }

  /** Finds the leaders, checks that the topics are still the same ones, and polls every leader until one of them fails. */
  async #fetchFromLeaders(): Promise<void> {
    const topics = [...this.#epochs.keys()];
    const metadata = await this.#connection.use([], async (cluster) => {
      await cluster.refreshMetadata();
      return topicMetadata(cluster, topics);
    });
    const leaders = new Map<number, PartitionBuffer[]>();
    for (const { topic, topicId, partitions } of metadata) {
      if (topicId !== this.#epochs.get(topic)) throw topicRecreated(topic);
      for (const buffer of this.#buffers.filter((candidate) => candidate.topic === topic)) {
        const leader = partitions.find(({ partition }) => partition === buffer.partition)?.leader ?? -1;
        leaders.set(leader, [...(leaders.get(leader) ?? []), buffer]);
      }
    }
    const round = new AbortController();
    const polls = [...leaders].map(([nodeId, buffers]) =>
      this.#pollLeader(nodeId, buffers, AbortSignal.any([round.signal, this.#stop.signal])).finally(() => {
        round.abort();
      }),
    );
    const results = await Promise.allSettled(polls);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #pollLeader(nodeId: number, buffers: readonly PartitionBuffer[], signal: AbortSignal): Promise<void> {
    for (let round = 0; !signal.aborted; round++) {
      const ready = rotate(buffers, round).filter((buffer) => !buffer.isFull);
      if (ready.length === 0) {
        await this.#roomOrAbort(buffers, signal);
        continue;
      }
      const limits: FetchLimits = {
        minBytes: this.#gather.minBytes,
        maxWaitMs: ready.length < buffers.length ? MAX_WAIT_WHILE_FULL_MS : this.#gather.maxWaitMs,
        maxBytes: MAX_FETCH_BYTES * this.#share.value,
        maxPartitionBytes: Math.ceil(this.#settings.maxPartitionFetchBytes * this.#share.value),
      };
      const fetched = await fetchOnce(this.#connection, nodeId, ready, limits);
      this.#failingSinceMs = null;
      this.#share.answered();
      deliver(ready, fetched);
    }
  }

  async #roomOrAbort(buffers: readonly PartitionBuffer[], signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#roomWaiters.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#roomWaiters.add(wake);
      signal.addEventListener('abort', wake);
      if (signal.aborted || buffers.some((buffer) => !buffer.isFull)) wake();
    });
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  #wake(): void {
    for (const wake of this.#roomWaiters) wake();
  }

  #checkProgress(): void {
    const stalled = this.#buffers.find((buffer) => buffer.stalledMs > this.#settings.watchdogMs);
    if (stalled === undefined) return;
    this.#fail(
      new TickwellError(
        'reader-stalled',
        `${stalled.topic}/${stalled.partition} has ${stalled.lag().lag} records to go and none moved for ` +
          `${this.#settings.watchdogMs} ms; restart the service (its supervisor does) and look at what it writes to`,
        { retryable: true },
      ),
    );
  }
}

interface FetchFrom {
  readonly topic: string;
  readonly partition: number;
  readonly position: bigint;
  readonly untilOffset?: bigint;
}

/** One fetch of partitions that one broker leads. */
export async function fetchOnce(
  connection: ClusterConnection,
  nodeId: number,
  from: readonly FetchFrom[],
  limits: FetchLimits,
): Promise<FetchedPartition[]> {
  const fetched = await connection.use([], async (cluster) => {
    const broker = groupBroker(await cluster.findBroker({ nodeId: String(nodeId) }));
    const positions = from.map(({ topic, partition, position, untilOffset }) => ({
      topic,
      partition,
      fromOffset: position,
      untilOffset: untilOffset ?? null,
    }));
    return request(broker, fetchRequest(positions, limits));
  });
  for (const { topic, partition, errorCode } of fetched) {
    if (errorCode !== 0) throw fetchError(topic, partition, errorName(errorCode));
  }
  return fetched;
}

function fetchError(topic: string, partition: number, name: string): TickwellError {
  if (name === 'OFFSET_OUT_OF_RANGE') {
    return new TickwellError(
      'offset-out-of-range',
      `${topic}/${partition}: the next offset is no longer (or not yet) in the log; retention removed what was not read in time, or the topic was made anew`,
    );
  }
  // The next round asks for metadata, which tells a moved leader from a topic that is gone.
  return new TickwellError('kafka-failed', `Fetching ${topic}/${partition}: ${name}`, { retryable: true });
}

function deliver(buffers: readonly PartitionBuffer[], fetched: readonly FetchedPartition[]): void {
  for (const [index, buffer] of buffers.entries()) {
    const answer = fetched.find(
      ({ topic, partition }) => topic === buffer.topic && partition === buffer.partition,
    );
    if (answer === undefined) continue;
    buffer.accept(answer);
    // Nothing though the end lies ahead: compaction left nothing there. Of the first one asked for only, to which the broker gives a batch however
    // large; of the others it leaves out what does not fit. Each is the first in its turn.
    if (index === 0 && answer.byteLength === 0 && answer.endOffset > buffer.position) buffer.skipToEnd();
  }
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

function topicRecreated(topic: string): TickwellError {
  return new TickwellError(
    'topic-recreated',
    `Topic ${topic} was deleted and made anew while it was read; restart the service, which then starts from the new topic`,
  );
}
