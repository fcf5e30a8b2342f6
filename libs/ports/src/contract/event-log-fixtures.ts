import { expect, vi } from 'vitest';
import type {
  AssignedPartition,
  EventLog,
  GroupConsumer,
  LogRecord,
  LogTail,
  NewRecord,
  PartitionSession,
  TailOptions,
} from '../log.ts';

/** How long a condition may take on a busy machine; nothing waits for it when it holds. */
const PATIENCE_MS = 60_000;

export async function eventually(condition: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(condition, { timeout: PATIENCE_MS, interval: 10 });
}

export function record(topic: string, key: string, value: string, partition?: number): NewRecord {
  const placed = partition === undefined ? {} : { partition };
  return { topic, key, value: Buffer.from(value), headers: { h: value }, ...placed };
}

export function text(entry: LogRecord): string {
  return entry.value === null ? '(null)' : Buffer.from(entry.value).toString('utf8');
}

export async function collect(log: EventLog, topic: string, partition = 0): Promise<LogRecord[]> {
  const description = await log.describeTopic(topic);
  const endOffset = description.partitions[partition]?.endOffset ?? 0n;
  const records: LogRecord[] = [];
  for await (const batch of log.readRange({ topic, partition, fromOffset: 0n, toOffset: endOffset })) {
    records.push(...batch);
  }
  return records;
}

/** A tail that remembers what it got, and fails the test if calls for one partition overlap. */
export function rememberingTail(
  log: EventLog,
  topic: string,
  from: TailOptions['from'],
): { readonly tail: LogTail; readonly got: LogRecord[] } {
  const got: LogRecord[] = [];
  const tail = log.createTail({
    topics: [topic],
    from,
    onRecords: (records) => {
      got.push(...records);
    },
  });
  return { tail, got };
}

export interface MemberSession {
  readonly partition: AssignedPartition;
  readonly got: LogRecord[];
  closed: boolean;
}

/** A consumer with all its sessions, in the order they were opened. */
export class Member {
  readonly sessions: MemberSession[] = [];
  readonly consumer: GroupConsumer;
  readonly running: Promise<void>;

  constructor(
    log: EventLog,
    options: { readonly groupId: string; readonly topic: string },
    handle: (session: MemberSession, records: readonly LogRecord[]) => Promise<void> | void = () => undefined,
    startOffset = (partition: AssignedPartition): bigint =>
      partition.committed?.offset ?? partition.beginOffset,
  ) {
    this.consumer = log.createConsumer({ groupId: options.groupId, topics: [options.topic] });
    this.running = this.consumer.run((partition) => {
      const session: MemberSession = { partition, got: [], closed: false };
      this.sessions.push(session);
      return Promise.resolve(this.#session(session, startOffset(partition), handle));
    });
    this.running.catch(() => undefined);
  }

  get open(): MemberSession[] {
    return this.sessions.filter(({ closed }) => !closed);
  }

  get partitions(): number[] {
    return this.open.map(({ partition }) => partition.partition).toSorted((a, b) => a - b);
  }

  get got(): LogRecord[] {
    return this.sessions.flatMap(({ got }) => got);
  }

  #session(
    session: MemberSession,
    startOffset: bigint,
    handle: (session: MemberSession, records: readonly LogRecord[]) => Promise<void> | void,
  ): PartitionSession {
    let busy = false;
    return {
      startOffset,
      handle: async (records) => {
        expect(busy).toBe(false);
        expect(session.closed).toBe(false);
        busy = true;
        session.got.push(...records);
        try {
          await handle(session, records);
        } finally {
          busy = false;
        }
      },
      close: () => {
        expect(busy).toBe(false);
        session.closed = true;
        return Promise.resolve();
      },
    };
  }
}
