import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ALL_TOPICS, TOPICS } from '@tickwell/contracts';
import { createKafkaLog } from '@tickwell/kafka';
import { SILENT, type IngestLine, type LogRecord } from '@tickwell/ports';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readerView } from './fixtures/fake-log.ts';

const DAYS = 20;
const TRADES_A_DAY = 500;
/** Trades of a day that are broken. */
const BROKEN_A_DAY = 1;

const log = createKafkaLog({
  brokers: inject('stack').kafkaBrokers,
  clientId: 'provider-test',
  logger: SILENT,
});
let folder = '';

beforeAll(async () => {
  await log.ensureTopics(ALL_TOPICS);
  folder = await mkdtemp(join(tmpdir(), 'tickwell-provider-'));
});

afterAll(async () => {
  await log.close();
  await rm(folder, { recursive: true, force: true });
});

/** A provider nobody has ingested before: a day a call, and none of a symbol that is not there. */
async function newProvider(): Promise<{ path: string; name: string }> {
  const name = `mine-${randomUUID().slice(0, 8)}`;
  const path = join(folder, `${name}.ts`);
  await writeFile(
    path,
    `export default {
      name: '${name}', kinds: ['trades'], priceBasis: 'raw', limits: { daysPerRequest: 1 },
      async *history({ symbol, from }: { symbol: string; from: Date }, context: { fail(code: string, text: string): never }) {
        if (symbol === 'none') context.fail('unknown-symbol', 'there is no "none"');
        for (let at = 0; at < ${TRADES_A_DAY}; at++) {
          yield { time: new Date(from.getTime() + at * 1000), price: at === 7 ? 'broken' : 10 + at };
          if (at % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        }
      },
    };`,
  );
  return { path, name };
}

interface Run {
  readonly code: number | null;
  readonly lines: IngestLine[];
}

/** Runs the process; it is killed as soon as so many events are durable. */
async function ingest(path: string, killAt = Infinity): Promise<Run> {
  const job = {
    type: 'provider',
    module: path,
    symbols: ['A', { symbol: 'MISSING', vendor: 'none' }, 'B'],
    kinds: ['trades'],
    from: '2024-01-01',
    to: `2024-01-${DAYS + 1}`,
  };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      ...process.env,
      TICKWELL_KAFKA_BROKERS: inject('stack').kafkaBrokers.join(','),
      TICKWELL_INGEST_JOB: JSON.stringify(job),
      TICKWELL_INGEST_PROGRESS_INTERVAL_MS: '0',
      TICKWELL_INGEST_CURSOR_INTERVAL_MS: '0',
      TICKWELL_LOG_LEVEL: 'silent',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  const lines: IngestLine[] = [];
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as IngestLine;
    lines.push(line);
    if (line.type === 'progress' && line.events >= killAt) child.kill('SIGKILL');
  }
  return { code: await ended, lines };
}

async function recordsOf(source: string): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  for (const topic of [TOPICS.rawTicks.name, TOPICS.rawRefused.name]) {
    for (const { partition, beginOffset, endOffset } of (await log.describeTopic(topic)).partitions) {
      const range = { topic, partition, fromOffset: beginOffset, toOffset: endOffset };
      for await (const records of log.readRange(range))
        all.push(...records.filter((record) => record.headers['source'] === source));
    }
  }
  return all;
}

function outcomes({ lines }: Run): readonly unknown[] {
  return lines.flatMap((line): readonly unknown[] => {
    if (line.type === 'done') return [[line.outcome, line.events, line.refused]];
    return line.type === 'error' ? [[line.code, line.message]] : [];
  });
}

const WHOLE = [DAYS * (TRADES_A_DAY - BROKEN_A_DAY), DAYS * BROKEN_A_DAY];
const MISSING = [
  'provider-unknown-symbol',
  expect.stringContaining('MISSING trades: there is no "none"; check the symbol'),
];

describe('a custom provider against a real Kafka', () => {
  it('killed in the middle goes on from its cursor: each event once, what is missing said, others served', async () => {
    const { path, name } = await newProvider();
    const killed = await ingest(path, 3000);
    expect(killed.lines.some((line) => line.type === 'done')).toBe(false);
    const again = await ingest(path);
    expect(again.code).toBe(1);
    expect(outcomes(again)).toEqual([['finished', ...WHOLE], MISSING, ['finished', ...WHOLE]]);
    const view = readerView({ records: await recordsOf(name) });
    expect(view.events).toHaveLength(2 * DAYS * (TRADES_A_DAY - BROKEN_A_DAY));
    expect(new Set(view.events).size).toBe(view.events.length);
    expect(view.refused).toHaveLength(2 * DAYS * BROKEN_A_DAY);
    const third = await ingest(path);
    expect(outcomes(third)).toEqual([['already', ...WHOLE], MISSING, ['already', ...WHOLE]]);
  });
});
