import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_TOPICS, TOPICS } from '@tickwell/contracts';
import { createKafkaLog } from '@tickwell/kafka';
import { SILENT } from '@tickwell/ports';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readerView } from './fixtures/fake-log.ts';
import { isDurable, ofSource, recordsOf, runIngest, type IngestRun } from './fixtures/ingest-run.ts';

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

/** Runs the process; `signalAt` is sent as soon as so many events are durable. */
function ingest(
  file: { path: string; dataset: string },
  signalAt?: { signal: NodeJS.Signals; events: number },
): Promise<IngestRun> {
  const job = { type: 'files', files: [{ ...file, kind: 'trades', priceBasis: 'raw' }] };
  return runIngest(job, {
    env: { TICKWELL_INGEST_MAX_PENDING_EVENTS: '2000' },
    signalAfter: (lines) =>
      signalAt !== undefined && isDurable(lines, signalAt) ? signalAt.signal : undefined,
  });
}

const recordsOfDataset = (dataset: string) =>
  recordsOf(log, [TOPICS.rawTicks, TOPICS.rawRefused], ofSource(`file:${dataset}`));

async function expectEachOnce(dataset: string): Promise<void> {
  const view = readerView({ records: await recordsOfDataset(dataset) });
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
    const records = (await recordsOfDataset(file.dataset)).length;
    const second = await ingest(file);
    expect(second.lines.find((line) => line.type === 'done')).toMatchObject({
      ...FINISHED,
      outcome: 'already',
    });
    expect((await recordsOfDataset(file.dataset)).length).toBe(records);
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
    const view = readerView({ records: await recordsOfDataset(file.dataset) });
    expect(new Set(view.events).size).toBe(EVENTS - EVENTS / BROKEN);
    expect(view.events).toHaveLength(EVENTS - EVENTS / BROKEN);
    expect(new Set(view.refused).size).toBe(EVENTS / BROKEN);
  });
});
