import { randomUUID } from 'node:crypto';
import { ALL_TOPICS, TOPICS } from '@tickwell/contracts';
import { createKafkaLog } from '@tickwell/kafka';
import { SILENT, type LogRecord } from '@tickwell/ports';
import { startYahooSim, type YahooSim } from '@tickwell/yahoo-sim';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readerView } from './fixtures/fake-log.ts';
import { recordsOf, runIngest, type IngestRun } from './fixtures/ingest-run.ts';

const TICKERS = 60;
/** Weekdays of 2021 and 2022, and of January 2023. */
const SESSIONS = 521;
const MORE_SESSIONS = 22;
const log = createKafkaLog({
  brokers: inject('stack').kafkaBrokers,
  clientId: 'yahoo-test',
  logger: SILENT,
});
let simulator: YahooSim;

beforeAll(async () => {
  await log.ensureTopics(ALL_TOPICS);
  simulator = await startYahooSim({ tickers: TICKERS });
});

afterAll(async () => {
  await log.close();
  await simulator.stop();
});

/** Runs the process over all tickers; it is killed as soon as so many streams have ended. */
function ingest(
  run: string,
  { to, killAfter = Infinity }: { readonly to: string; readonly killAfter?: number },
): Promise<IngestRun> {
  const job = {
    type: 'yahoo',
    symbols: symbolsOf(run).map((symbol, index) => ({ symbol, ticker: `SIM${index + 1}` })),
    from: '2021-01-01',
    to,
    baseUrl: simulator.url,
    requestsPerSecond: 200,
  };
  return runIngest(job, {
    env: { TICKWELL_INGEST_PARALLEL_JOBS: '4' },
    signalAfter: (lines) =>
      lines.filter(({ type }) => type === 'done').length >= killAfter ? 'SIGKILL' : undefined,
  });
}

function symbolsOf(run: string): readonly string[] {
  return Array.from({ length: TICKERS }, (_, index) => `${run}-${index + 1}`);
}

const recordsOfRun = (run: string) =>
  recordsOf(
    log,
    [TOPICS.rawBars, TOPICS.rawActions, TOPICS.rawRefused],
    ({ key }) => key?.startsWith(run) === true,
  );

/** Bars of each symbol as a reader of the log counts them, each once. */
async function barsOf(run: string): Promise<ReadonlyMap<string, number>> {
  const view = readerView({ records: await recordsOfRun(run) });
  expect(view.refused).toEqual([]);
  expect(new Set(view.events).size).toBe(view.events.length);
  const counts = new Map<string, number>();
  for (const event of view.events) {
    const symbol = event.slice(0, event.indexOf(' '));
    counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
  }
  return counts;
}

function outcomes({ lines }: IngestRun): readonly string[] {
  return [...new Set(lines.flatMap((line) => (line.type === 'done' ? [line.outcome] : [])))];
}

describe('many tickers of Yahoo', () => {
  it('are read once and whole, however often the process is killed, and once more brings nothing', async () => {
    const run = `Y${randomUUID().slice(0, 8)}`;
    for (const killAfter of [1, 40]) {
      const { code } = await ingest(run, { to: '2023-01-01', killAfter });
      expect(code).toBeNull();
    }
    const last = await ingest(run, { to: '2023-01-01' });
    expect(last.code).toBe(0);
    expect(await barsOf(run)).toEqual(new Map(symbolsOf(run).map((symbol) => [symbol, SESSIONS])));
    const [records, { served }] = [(await recordsOfRun(run)).length, simulator.stats()];
    expect(outcomes(await ingest(run, { to: '2023-01-01' }))).toEqual(['already']);
    expect((await recordsOfRun(run)).length).toBe(records);
    // Not even asked.
    expect(simulator.stats().served).toBe(served);
  });

  it('go on where the day before ended', async () => {
    const run = `Y${randomUUID().slice(0, 8)}`;
    expect((await ingest(run, { to: '2022-12-31' })).code).toBe(0);
    const before = await recordsOfRun(run);
    expect((await ingest(run, { to: '2023-02-01' })).code).toBe(0);
    expect([...(await barsOf(run)).values()]).toEqual(symbolsOf(run).map(() => SESSIONS + MORE_SESSIONS));
    const bars = (of: readonly LogRecord[]): number =>
      of.filter(({ topic }) => topic === TOPICS.rawBars.name).length;
    // One record of each ticker: what is new.
    expect(bars(await recordsOfRun(run)) - bars(before)).toBe(TICKERS);
  });
});
