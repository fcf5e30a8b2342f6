import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ALL_TOPICS, decodeTickBatch, events, parseMessage, TOPICS } from '@tickwell/contracts';
import { CauseMarks } from '@tickwell/domain';
import { createKafkaLog, partitionForKey, type KafkaLog } from '@tickwell/kafka';
import { SILENT, type LogRecord, type LogTail } from '@tickwell/ports';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { tradeRecord } from './fixtures/batches.ts';
import { header, recordOf, unwrap } from './fixtures/harness.ts';

const WAIT = { timeout: 90_000, interval: 50 };
/** Other tests use the same topics. */
const SYMBOL = `VALIDATOR-${process.pid}`;

describe('the validator as a process, against Kafka', () => {
  const { kafkaBrokers } = inject('stack');
  const running = new Set<ChildProcess>();
  const seen: LogRecord[] = [];
  let log: KafkaLog;
  let tail: LogTail;

  beforeEach(async () => {
    log = createKafkaLog({ brokers: kafkaBrokers, clientId: 'validator-test', logger: SILENT });
    await log.ensureTopics(ALL_TOPICS);
    const onRecords = (records: readonly LogRecord[]): void => {
      seen.push(...records.filter(({ key }) => key === SYMBOL));
    };
    const topics = [TOPICS.ticks.name, TOPICS.deadLetters.name];
    tail = log.createTail({ topics, from: 'latest', onRecords });
    await tail.start();
  });

  afterEach(async () => {
    for (const child of running) child.kill('SIGKILL');
    await tail.stop();
    await log.close();
  });

  function start(): ChildProcess {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
      env: {
        ...process.env,
        TICKWELL_KAFKA_BROKERS: kafkaBrokers.join(','),
        TICKWELL_VALIDATOR_GROUP: `validator-${SYMBOL}`,
        TICKWELL_CHECKPOINT_INTERVAL_MS: '50',
        TICKWELL_METRICS_PORT: '0',
        TICKWELL_LOG_LEVEL: 'error',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    running.add(child);
    void once(child, 'exit').then(() => running.delete(child));
    return child;
  }

  async function write(records: readonly LogRecord[]): Promise<void> {
    const sink = await log.createSink({ name: 'validator-test' });
    const partition = partitionForKey(SYMBOL, TOPICS.rawTicks.partitions);
    await sink.send(
      records.map(({ topic, value, headers }) => ({ topic, partition, key: SYMBOL, value, headers })),
    );
    await sink.close();
  }

  function trades(first: number, count: number): LogRecord {
    const cause = { ...header(BigInt(first + count - 1)).cause, origin: `file:abc:test#${SYMBOL}` };
    return tradeRecord(
      Array.from({ length: count }, () => ({})),
      { first, header: { symbol: SYMBOL, cause } },
    );
  }

  /** What a reader sees that drops causes it has seen: times of trades, in order. */
  function timesRead(): readonly bigint[] {
    const marks = new CauseMarks();
    return seen.flatMap((record) => {
      if (record.topic !== TOPICS.ticks.name) return [];
      const batch = unwrap(decodeTickBatch(record.value ?? new Uint8Array(0), false));
      return batch.kind === 'trades' && marks.advance(batch.header.cause) ? batch.trades.timeNs : [];
    });
  }

  it('dead-letters garbage, goes on after kill -9 without losing or doubling a trade, and stops on SIGTERM with 0', async () => {
    const killed = start();
    await write([trades(1, 3), recordOf(TOPICS.rawTicks, new Uint8Array([0xff])), trades(4, 3)]);
    await vi.waitFor(() => {
      expect(timesRead()).toHaveLength(6);
    }, WAIT);
    killed.kill('SIGKILL');
    await once(killed, 'exit');

    const stopped = start();
    // What a resumed ingest writes: again from an earlier position, cut anew.
    await write([trades(2, 4), trades(6, 3)]);
    await vi.waitFor(() => {
      expect(timesRead()).toHaveLength(8);
    }, WAIT);
    const times = timesRead();
    expect(times).toEqual([...new Set(times)].sort());
    const letters = seen
      .filter(({ topic }) => topic === TOPICS.deadLetters.name)
      .map(({ value }) => unwrap(parseMessage(events.DeadLetterSchema, value ?? new Uint8Array(0))));
    const marks = new CauseMarks();
    const read = letters.filter(({ header: head }) => head?.cause !== undefined && marks.advance(head.cause));
    expect(read.map(({ rule }) => rule)).toEqual(['malformed-protobuf']);
    stopped.kill('SIGTERM');
    expect(await once(stopped, 'exit')).toEqual([0, null]);
  });
});
