import { TOPICS } from '@tickwell/contracts';
import type { Result } from '@tickwell/domain';
import type { EventLog, LogRecord, LogTail, TopicPartition } from '@tickwell/ports';
import type { MarketRecord } from '../market-record.ts';
import { LogFence } from './log-fence.ts';
import { ACTIONS, SeenLog } from './seen-log.ts';

export interface FollowedLogParts {
  readonly log: EventLog;
  readonly timeoutMs: number;
  readonly nowMs: () => number;
}

const FENCE_PAUSE_MS = 1_000;
const ACTION_TOPIC = TOPICS.actions.name;
/** Followed by the live hub. */
const HUB_TOPICS: ReadonlySet<string> = new Set([TOPICS.ticks.name, TOPICS.bars.name]);

/** What the cache knows of the log: ticks and bars as the live hub sees them, dividends and splits by a tail of its own. */
export class FollowedLog {
  readonly seen = new SeenLog();
  readonly fence: LogFence;
  readonly #log: EventLog;
  readonly #tail: LogTail;
  readonly #positioned = Promise.withResolvers<undefined>();
  readonly #partitions = new Map<string, number>();

  constructor({ log, timeoutMs, nowMs }: FollowedLogParts) {
    this.#log = log;
    const { seen } = this;
    const ends = (topic: string): ReturnType<EventLog['endOffsets']> => log.endOffsets(topic);
    this.fence = new LogFence({ ends, seen, timeoutMs, pauseMs: FENCE_PAUSE_MS, nowMs });
    this.#tail = log.createTail({
      topics: [ACTION_TOPIC],
      from: 'latest',
      onRecords: async (records) => {
        await this.#positioned.promise;
        for (const record of records) {
          if (record.key === null) seen.see(record, '', 'unknown');
          else seen.seeAll(record, record.key, ACTIONS);
        }
        this.fence.advanced();
      },
    });
  }

  /** As {@link LogTail.done}. */
  get done(): Promise<void> {
    return this.#tail.done;
  }

  async start(): Promise<void> {
    await this.#tail.start();
    const { epoch, partitions } = await this.#log.describeTopic(ACTION_TOPIC);
    for (const { topic, partition, nextOffset } of this.#tail.startPositions()) {
      const beginOffset = partitions.find((one) => one.partition === partition)?.beginOffset ?? 0n;
      this.#begin({ topic, partition, epoch, beginOffset, nextOffset });
    }
    this.#positioned.resolve(undefined);
  }

  async stop(): Promise<void> {
    this.#positioned.resolve(undefined);
    await this.#tail.stop();
  }

  /** How many partitions of a topic are followed. */
  partitions(topic: string): number {
    return this.#partitions.get(topic) ?? 0;
  }

  /** The live hub begins here. */
  readonly begin = (place: Parameters<SeenLog['begin']>[0]): void => {
    if (HUB_TOPICS.has(place.topic)) this.#begin(place);
  };

  /** The live hub has read this record; as far as it can be read. */
  readonly see = (record: LogRecord, parsed: Result<MarketRecord, string>): void => {
    if (!HUB_TOPICS.has(record.topic)) return;
    if (parsed.ok) this.seen.see(record, parsed.value.header.symbol, parsed.value.events ?? 'none');
    else this.seen.see(record, '', 'unknown');
    this.fence.advanced();
  };

  #begin(place: TopicPartition & Parameters<SeenLog['begin']>[0]): void {
    this.seen.begin(place);
    this.#partitions.set(place.topic, this.partitions(place.topic) + 1);
  }
}
