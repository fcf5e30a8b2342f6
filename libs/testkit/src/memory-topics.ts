import { randomUUID } from 'node:crypto';
import { TickwellError } from '@tickwell/domain';
import { partitionForKey } from '@tickwell/ports';
import type { LogRecord, NewRecord, TopicDescription, TopicPartition } from '@tickwell/ports';
import { MemoryPartition } from './memory-partition.ts';

interface Topic {
  readonly epoch: string;
  readonly partitions: readonly MemoryPartition[];
}

/** The topics of a log in memory: what a broker keeps. */
export class MemoryTopics {
  readonly #topics = new Map<string, Topic>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  create(name: string, partitions: number): void {
    if (this.#topics.has(name)) throw new TickwellError('topic-exists', `Topic ${name} is there already`);
    this.#topics.set(name, {
      epoch: randomUUID().replaceAll('-', ''),
      partitions: Array.from({ length: partitions }, () => new MemoryPartition()),
    });
  }

  delete(name: string): void {
    this.#topics.delete(name);
  }

  partitionsOf(name: string): readonly MemoryPartition[] {
    return this.#topic(name).partitions;
  }

  partition({ topic, partition }: TopicPartition): MemoryPartition {
    const found = this.#topic(topic).partitions[partition];
    if (found === undefined) {
      throw new TickwellError('partition-missing', `Topic ${topic} has no partition ${partition}`);
    }
    return found;
  }

  describe(name: string): TopicDescription {
    const { epoch, partitions } = this.#topic(name);
    return {
      topic: name,
      epoch,
      partitions: partitions.map(({ beginOffset, endOffset }, partition) => ({
        partition,
        beginOffset,
        endOffset,
      })),
    };
  }

  /** Copies what it keeps, as a log over a network does. */
  append(record: NewRecord): void {
    const partitions = this.partitionsOf(record.topic);
    const partition = record.partition ?? partitionForKey(record.key, partitions.length);
    const entry: Omit<LogRecord, 'offset'> = {
      topic: record.topic,
      partition,
      key: record.key,
      value: record.value === null ? null : Uint8Array.from(record.value),
      headers: { ...record.headers },
      timestampMs: this.#nowMs(),
    };
    this.partition({ topic: record.topic, partition }).append(entry);
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined) {
      throw new TickwellError('topic-missing', `The log has no topic ${name}; create it first (createTopic)`);
    }
    return topic;
  }
}
