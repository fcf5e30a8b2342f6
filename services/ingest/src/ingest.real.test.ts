import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ALL_TOPICS, TOPICS } from '@tickwell/contracts';
import { createKafkaLog } from '@tickwell/kafka';
import { SILENT, type LogRecord } from '@tickwell/ports';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readerView } from './fixtures/fake-log.ts';
import type { IngestLine } from '@tickwell/ports';

const EVENTS = 30_000;
/** Every so many-th line is broken. */
const BROKEN = 1000;

const log = createKafkaLog({
  brokers: inject('stack').kafkaBrokers,
  clientId: 'ingest-test',
  logger: SILENT,
});
let folder = '';

beforeAll(async () => {
  await log.ensureTopics(ALL_TOPICS);
  folder = await mkdtemp(join(tmpdir(), 'tickwell-ingest-'));
});

afterAll(async () => {
  await log.close();
  await rm(folder, { recursive: true, force: true });
});

/** A file nobody has ingested before, of three symbols. */
async function newFile(): Promise<{ path: string; dataset: string }> {
  const dataset = `real-${randomUUID()}`;
  const path = join(folder, `${dataset}.csv`);
  const rows = Array.from({ length: EVENTS }, (_, index) =>
    index % BROKEN === 0 ? `${index},broken` : `${1_385_337_600 + index},S${index % 3},${index % 97},1`,
  );
  await writeFile(path, `time,symbol,price,size\n${rows.join('\n')}\n`);
  return { path, dataset };
}

interface Run {
  readonly code: number | null;
  readonly lines: IngestLine[];
}

/** Runs the process; `signalAt` is sent as soon as so many events are durable. */
async function ingest(
  file: { path: string; dataset: string },
  signalAt?: { signal: NodeJS.Signals; events: number },
): Promise<Run> {
  const job = { type: 'files', files: [{ ...file, kind: 'trades', priceBasis: 'raw' }] };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      ...process.env,
      TICKWELL_KAFKA_BROKERS: inject('stack').kafkaBrokers.join(','),
      TICKWELL_INGEST_JOB: JSON.stringify(job),
      TICKWELL_INGEST_PROGRESS_INTERVAL_MS: '0',
      TICKWELL_INGEST_CURSOR_INTERVAL_MS: '0',
      TICKWELL_INGEST_MAX_PENDING_EVENTS: '2000',
      TICKWELL_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  const lines: IngestLine[] = [];
  let isSignalled = false;
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as IngestLine;
    lines.push(line);
    if (
      !isSignalled &&
      signalAt !== undefined &&
      line.type === 'progress' &&
      line.events >= signalAt.events
    ) {
      isSignalled = child.kill(signalAt.signal);
    }
  }
  return { code: await ended, lines };
}

async function recordsOf(dataset: string): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  for (const topic of [TOPICS.rawTicks.name, TOPICS.rawRefused.name]) {
    for (const { partition, beginOffset, endOffset } of (await log.describeTopic(topic)).partitions) {
      for await (const records of log.readRange({
        topic,
        partition,
        fromOffset: beginOffset,
        toOffset: endOffset,
      })) {
        all.push(...records.filter((record) => record.headers['source'] === `file:${dataset}`));
      }
    }
  }
  return all;
}

async function expectEachOnce(dataset: string): Promise<void> {
  const view = readerView({ records: await recordsOf(dataset) });
  const expected = Array.from({ length: EVENTS }, (_, index) => index).filter(
    (index) => index % BROKEN !== 0,
  );
  const bySymbol = (symbol: string): string[] =>
    view.events.filter((event) => event.startsWith(`${symbol} `));
  for (const remainder of [0, 1, 2]) {
    const symbol = `S${remainder}`;
    expect(bySymbol(symbol)).toEqual(
      expected.filter((index) => index % 3 === remainder).map((index) => `${symbol} ${index + 2}`),
    );
  }
  expect(view.refused).toHaveLength(EVENTS / BROKEN);
  expect(view.knownAt.size).toBe(1);
}

const FINISHED = {
  outcome: 'finished',
  events: EVENTS - EVENTS / BROKEN,
  refused: EVENTS / BROKEN,
  position: EVENTS + 1,
};

describe('ingest against a real Kafka', () => {
  it('imports a file once, and a second run finds it imported', async () => {
    const file = await newFile();
    const first = await ingest(file);
    expect(first.code).toBe(0);
    expect(first.lines.find((line) => line.type === 'done')).toMatchObject(FINISHED);
    const records = (await recordsOf(file.dataset)).length;
    const second = await ingest(file);
    expect(second.lines.find((line) => line.type === 'done')).toMatchObject({
      ...FINISHED,
      outcome: 'already',
    });
    expect((await recordsOf(file.dataset)).length).toBe(records);
    await expectEachOnce(file.dataset);
  });

  it('killed with SIGKILL in the middle, goes on from its cursor and loses and doubles nothing', async () => {
    const file = await newFile();
    const killed = await ingest(file, { signal: 'SIGKILL', events: 5000 });
    expect(killed.lines.some((line) => line.type === 'done')).toBe(false);
    const again = await ingest(file);
    expect(again.lines.find((line) => line.type === 'done')).toMatchObject(FINISHED);
    await expectEachOnce(file.dataset);
  });

  it('drains on SIGTERM, exits 0, and goes on from there', async () => {
    const file = await newFile();
    const stopped = await ingest(file, { signal: 'SIGTERM', events: 5000 });
    expect(stopped.code).toBe(0);
    expect(stopped.lines.find((line) => line.type === 'done')).toMatchObject({ outcome: 'stopped' });
    expect((await ingest(file)).lines.find((line) => line.type === 'done')).toMatchObject(FINISHED);
    await expectEachOnce(file.dataset);
  });

  it('two runs at once give readers each event once', async () => {
    const file = await newFile();
    const runs = await Promise.all([ingest(file), ingest(file)]);
    expect(runs.map((run) => run.code)).toEqual([0, 0]);
    const view = readerView({ records: await recordsOf(file.dataset) });
    expect(new Set(view.events).size).toBe(EVENTS - EVENTS / BROKEN);
    expect(view.events).toHaveLength(EVENTS - EVENTS / BROKEN);
    expect(new Set(view.refused).size).toBe(EVENTS / BROKEN);
  });
});
