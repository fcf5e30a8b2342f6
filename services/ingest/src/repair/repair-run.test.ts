import { create } from '@bufbuild/protobuf';
import { ALL_TOPICS, encodeMessage, events, parseMessage, TOPICS } from '@tickwell/contracts';
import { emptyBars, err, ok, TickwellError } from '@tickwell/domain';
import { SILENT, type EventSource, type FeedJob, type LogRecord } from '@tickwell/ports';
import type { PolicyRepair } from '@tickwell/source-policy';
import { MemoryLog } from '@tickwell/testkit';
import { describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../fixtures/fake-log.ts';
import type { HostedOutcome, HostedStream, StreamHost } from '../hosted-job.ts';
import { RepairRun } from './repair-run.ts';

const REPAIR: PolicyRepair = {
  sources: [{ source: 'desk', job: { type: 'desk', symbols: '{instruments}', from: '{from}', to: '{to}' } }],
  attempts: 3,
  firstWaitSeconds: 60,
  maxAgeDays: 7,
  everySeconds: 60,
  settleSeconds: 120,
  priceType: 'trade',
};
const MINUTE = 60_000_000_000n;
const START = 1_700_000_040_000_000_000n;

function request(
  id: string,
  changes: { readonly source?: string; readonly policy?: string } = {},
): Uint8Array {
  const { source = 'desk', policy = 'p' } = changes;
  const cause = { origin: 'repair:hole', n: 2n, k: 0 };
  const span = { startNs: START, endNs: START + 5n * MINUTE };
  return encodeMessage(events.IngestRequestSchema, {
    ...{ requestId: id, policy, source, symbol: 'A', kind: 'bars', interval: '1m', ...span },
    hole: create(events.HoleSchema, {
      header: { source: 'best', symbol: 'A', cause, knownAtNs: 5n },
      ...{ kind: 'bars', interval: '1m', ...span, state: events.CoverageState.MISSING, step: 2, missing: 5n },
      request: { requestId: id, source, attempts: 1, sourceAttempts: 1, askedAtNs: 5n },
    }),
  });
}

/** Bars of the first minutes, and one outside of what is asked for. */
function source(minutes: number, name = 'desk'): EventSource {
  return {
    ...{ streamId: `${name}:A`, source: name, description: name },
    async *read() {
      await Promise.resolve();
      const startNs = [
        START - MINUTE,
        ...Array.from({ length: minutes }, (_, at) => START + BigInt(at) * MINUTE),
      ];
      const positions = startNs.map((_, at) => BigInt(at + 1));
      const bars = { ...emptyBars(), startNs };
      yield {
        kind: 'bars',
        symbol: 'A',
        priceBasis: 'raw',
        interval: '1m',
        priceType: 'trade',
        bars,
        positions,
      };
    },
    close: () => Promise.resolve(),
  };
}

const GOOD: FeedJob = { name: 'desk', open: () => Promise.resolve(ok(source(3))) };

/** Opens once it is interrupted. */
function slowJob() {
  const opened = vi.fn();
  const slow: FeedJob = {
    name: 'slow',
    open: async (_logger, { signal } = {}) => {
      opened();
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      return err(new TickwellError('stopped', 'stopped'));
    },
  };
  return { slow, opened };
}

/** `finished`: events of streams that ended before. */
async function world(answers: readonly FeedJob[], finished: ReadonlyMap<string, bigint> = new Map()) {
  const log = new MemoryLog({ topics: ALL_TOPICS });
  const process = log.openProcess();
  const sink = await process.createSink({ name: 'test' });
  const asked: unknown[] = [];
  const streams: string[] = [];
  const run = async (job: FeedJob, stream: HostedStream): Promise<HostedOutcome> => {
    const opened = await job.open(SILENT, { signal: stream.signal });
    if (!opened.ok) return { kind: 'failed', error: opened.error };
    const refused = stream.onOpened(opened.value);
    if (refused !== undefined) return { kind: 'failed', error: new TickwellError('source-refused', refused) };
    const { streamId } = opened.value;
    streams.push(streamId);
    const earlier = finished.get(streamId);
    if (earlier !== undefined) return { kind: 'ended', events: earlier };
    let events = 0n;
    for await (const item of opened.value.read({ afterPosition: 0n, signal: stream.signal }))
      if (item.kind === 'bars') events += BigInt(item.positions.length);
    return { kind: 'ended', events };
  };
  const host: StreamHost = {
    ...{ log: process, clock: new FakeClock(), logger: SILENT, emit: () => undefined },
    ...{ newTraceparent: () => 'trace', stopped: new AbortController().signal },
    ...{ run, file: () => Promise.resolve(), send: (records) => sink.send(records) },
  };
  const readers = {
    desk: (job: unknown) => {
      asked.push(job);
      return ok([answers[asked.length - 1] ?? GOOD]);
    },
  };
  return {
    ...{ asked, streams, host, readers },
    ask: (...values: readonly Uint8Array[]) =>
      sink.send(
        values.map((value) => ({ topic: TOPICS.ingestRequests.name, key: 'desk A', value, headers: {} })),
      ),
    start: () => new RepairRun({ host, readers, policyId: 'p', repair: REPAIR }),
    holes: async (): Promise<readonly events.Hole[]> => {
      const records: LogRecord[] = [];
      const topic = TOPICS.rawHoles.name;
      for (const { partition, endOffset } of (await process.describeTopic(topic)).partitions)
        for await (const some of process.readRange({ topic, partition, fromOffset: 0n, toOffset: endOffset }))
          records.push(...some);
      return records.map(({ value }) => {
        const parsed = parseMessage(events.HoleSchema, value ?? new Uint8Array());
        if (!parsed.ok) throw new Error(parsed.error.reason);
        return parsed.value;
      });
    },
  };
}

describe('requests of a policy', () => {
  it('are made as streams of their own, once, and what came of them is the next step of the hole', async () => {
    const desk = await world([]);
    await desk.ask(request('r1'), request('r1'), request('other', { policy: 'q' }), new Uint8Array([255]));
    await desk.ask(request('r2'));
    const run = desk.start();
    const running = run.run();
    await vi.waitUntil(async () => (await desk.holes()).length === 2);
    await run.stop();
    await running;
    expect(desk.asked).toEqual([
      { type: 'desk', symbols: ['A'], from: '2023-11-14T22:14:00Z', to: '2023-11-14T22:19:00Z' },
      { type: 'desk', symbols: ['A'], from: '2023-11-14T22:14:00Z', to: '2023-11-14T22:19:00Z' },
    ]);
    expect(desk.streams).toEqual(['repair:r1:desk:A', 'repair:r2:desk:A']);
    const [first] = await desk.holes();
    expect(first).toMatchObject({
      header: { source: 'best', symbol: 'A', cause: { origin: 'repair:hole', n: 3n } },
      ...{ step: 3, state: events.CoverageState.MISSING, events: 3n, missing: 5n },
      request: { requestId: 'r1', attempts: 1, answer: '3 bars', final: false, stream: 'repair:r1:desk:A' },
      repair: { source: 'desk', stream: 'repair:r1:desk:A', requestId: 'r1' },
    });
    expect(first?.request?.answeredAtNs).toBeGreaterThan(0n);

    // Another process goes on behind what was answered.
    const next = desk.start();
    const again = next.run();
    await desk.ask(request('r3'));
    await vi.waitUntil(async () => (await desk.holes()).length === 3);
    await next.stop();
    await again;
    expect(desk.asked).toHaveLength(3);
  });

  it.each<[string, FeedJob, string]>([
    ['nothing', { ...GOOD, open: () => Promise.resolve(ok(source(0))) }, 'nothing of it'],
    [
      'a failure',
      { ...GOOD, open: () => Promise.resolve(err(new TickwellError('down', 'the desk does not answer'))) },
      'the desk does not answer',
    ],
    [
      'rows of another source',
      { ...GOOD, open: () => Promise.resolve(ok(source(1, 'else'))) },
      'the rows of this job are of source "else": policy.repair calls it "desk"',
    ],
  ])('say so where the source answers with %s', async (_, job, answer) => {
    const desk = await world([job]);
    await desk.ask(request('r1'));
    const run = desk.start();
    const running = run.run();
    await vi.waitUntil(async () => (await desk.holes()).length === 1);
    await run.stop();
    await running;
    const [hole] = await desk.holes();
    expect(hole).toMatchObject({ events: 0n, request: { answer, final: false, stream: '' } });
    expect(hole?.repair).toBeUndefined();
  });

  it('that a process brought and died before it could say so are answered with what it brought', async () => {
    const desk = await world([], new Map([['repair:r1:desk:A', 4n]]));
    await desk.ask(request('r1'));
    const run = desk.start();
    const running = run.run();
    await vi.waitUntil(async () => (await desk.holes()).length === 1);
    await run.stop();
    await running;
    const stream = 'repair:r1:desk:A';
    expect((await desk.holes())[0]).toMatchObject({
      events: 4n,
      request: { answer: '4 bars', stream },
      repair: { stream },
    });
  });

  it('that are answered are not made again by the next process, though the first died before they counted as done', async () => {
    const nothing: FeedJob = { ...GOOD, open: () => Promise.resolve(ok(source(0))) };
    const { slow, opened } = slowJob();
    const desk = await world([nothing, slow]);
    await desk.ask(request('r1'), request('r2'));
    const first = desk.start();
    const running = first.run();
    await vi.waitUntil(() => opened.mock.calls.length === 1);
    await first.stop();
    await running;
    const second = desk.start();
    const again = second.run();
    await vi.waitUntil(async () => (await desk.holes()).length >= 2);
    await second.stop();
    await again;
    expect((await desk.holes()).map(({ request: of }) => [of?.requestId, of?.answer])).toEqual([
      ['r1', 'nothing of it'],
      ['r2', '3 bars'],
    ]);
    expect(desk.asked).toHaveLength(3);
  });

  it('that are interrupted are made again by the next process, and what came after them is read meanwhile', async () => {
    const { slow, opened } = slowJob();
    const desk = await world([slow]);
    await desk.ask(request('r1'));
    const first = desk.start();
    const running = first.run();
    await vi.waitUntil(() => opened.mock.calls.length === 1);
    await desk.ask(request('r2'));
    await first.stop();
    await running;
    expect(await desk.holes()).toEqual([]);
    const second = desk.start();
    const again = second.run();
    await vi.waitUntil(async () => (await desk.holes()).length === 2);
    await second.stop();
    await again;
    expect((await desk.holes()).map((hole) => hole.request?.requestId)).toEqual(['r1', 'r2']);
  });

  it('of a source that the policy has no more are answered for good', async () => {
    const desk = await world([]);
    await desk.ask(request('r1', { source: 'gone' }));
    const run = desk.start();
    const running = run.run();
    await vi.waitUntil(async () => (await desk.holes()).length === 1);
    await run.stop();
    await running;
    expect((await desk.holes())[0]?.request).toMatchObject({
      answer: 'policy p asks gone no more',
      final: true,
    });
    expect(desk.asked).toEqual([]);
  });
});
