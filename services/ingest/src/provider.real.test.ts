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

/** Runs the process; it is killed as soon as so many events are durable. */
function ingest(path: string, killAt = Infinity): Promise<IngestRun> {
  const job = {
    type: 'provider',
    module: path,
    symbols: ['A', { symbol: 'MISSING', vendor: 'none' }, 'B'],
    kinds: ['trades'],
    from: '2024-01-01',
    to: `2024-01-${DAYS + 1}`,
  };
  return runIngest(job, {
    signalAfter: (lines) => (isDurable(lines, { events: killAt }) ? 'SIGKILL' : undefined),
  });
}

function outcomes({ lines }: IngestRun): readonly unknown[] {
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
    const view = readerView({
      records: await recordsOf(log, [TOPICS.rawTicks, TOPICS.rawRefused], ofSource(name)),
    });
    expect(view.events).toHaveLength(2 * DAYS * (TRADES_A_DAY - BROKEN_A_DAY));
    expect(new Set(view.events).size).toBe(view.events.length);
    expect(view.refused).toHaveLength(2 * DAYS * BROKEN_A_DAY);
    const third = await ingest(path);
    expect(outcomes(third)).toEqual([['already', ...WHOLE], MISSING, ['already', ...WHOLE]]);
  });
});
