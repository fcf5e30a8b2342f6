import { events, parseMessage, TOPICS } from '@tickwell/contracts';
import { err, ok, TickwellError } from '@tickwell/domain';
import { SILENT, type EventLog, type FeedJob } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { FakeClock, FakeLog, FakeSource, readerView } from './fixtures/fake-log.ts';
import { DEFAULT_LIMITS } from './ingest-stream.ts';
import type { IngestLine } from '@tickwell/ports';
import { IngestService } from './service.ts';

/** The log of the fake, as far as ingest uses one. Cursors are read from an empty topic: every stream is new. */
function logOf(fake: FakeLog): EventLog {
  const unused = (): never => {
    throw new Error('ingest does not use this');
  };
  return {
    createSink: () => Promise.resolve(fake),
    describeTopic: (topic) => Promise.resolve({ topic, epoch: 'e', partitions: [] }),
    endOffsets: () => Promise.resolve(new Map()),
    close: () => Promise.resolve(),
    createConsumer: unused,
    createTail: unused,
    readRange: unused,
  };
}

function serviceOf(
  jobs: readonly FeedJob[],
  fake: FakeLog,
  parallelJobs = 1,
): { service: IngestService; lines: IngestLine[] } {
  const lines: IngestLine[] = [];
  const service = new IngestService({
    jobs,
    log: logOf(fake),
    clock: new FakeClock(),
    logger: SILENT,
    newTraceparent: () => 'trace',
    limits: DEFAULT_LIMITS,
    parallelJobs,
    progressIntervalMs: 1_000_000,
    emit: (line) => {
      lines.push(line);
    },
  });
  return { service, lines };
}

function statusOf(value: Uint8Array | null): { reason: string; state: events.SourceState } {
  const parsed = parseMessage(events.SourceStatusSchema, value ?? new Uint8Array());
  if (!parsed.ok) throw new Error(parsed.error.reason);
  const { reason, state } = parsed.value;
  return { reason, state };
}

const GOOD: FeedJob = { name: 'good', open: () => Promise.resolve(ok(new FakeSource(['A', '!', 'B'], [2]))) };
const BAD: FeedJob = {
  name: 'bad',
  open: () => Promise.resolve(err(new TickwellError('file-empty', 'bad: the file is empty'))),
};

describe('IngestService', () => {
  it('reads the other jobs when one does not open, says so, and fails at the end', async () => {
    const log = new FakeLog();
    const { service, lines } = serviceOf([BAD, GOOD], log);
    await expect(service.run()).rejects.toMatchObject({ code: 'ingest-failed' });
    expect(readerView(log).events).toEqual(['A 1', 'B 3']);
    expect(lines.map((line) => line.type)).toEqual(['error', 'started', 'done', 'end']);
    expect(lines[0]).toMatchObject({ job: 'bad', code: 'file-empty', retryable: false });
    expect(lines.at(-1)).toEqual({ type: 'end', streams: 2, failed: 1, events: 2, refused: 1 });
  });

  it('tells once what failed two streams of one answer', async () => {
    const error = new TickwellError('yahoo-no-data', 'Yahoo X 1d: no data');
    const both = ['bars', 'dividends'].map((name): FeedJob => ({
      name,
      open: () => Promise.resolve(err(error)),
    }));
    const { service, lines } = serviceOf([...both, BAD], new FakeLog());
    await expect(service.run()).rejects.toMatchObject({ code: 'ingest-failed' });
    expect(lines.map((line) => (line.type === 'error' ? line.job : line.type))).toEqual([
      'bars',
      'bad',
      'end',
    ]);
    expect(lines.at(-1)).toMatchObject({ streams: 3, failed: 3 });
  });

  it('runs the parts of a job, one after the other, and reports where it has none', async () => {
    const log = new FakeLog();
    const parts = { ...BAD, parts: () => Promise.resolve(ok([GOOD])) };
    const none = {
      ...GOOD,
      name: 'none',
      parts: () => Promise.resolve(err(new TickwellError('instrument-not-listed', 'A has no name'))),
    };
    const { service, lines } = serviceOf([parts, none], log);
    await expect(service.run()).rejects.toMatchObject({ code: 'ingest-failed' });
    expect(lines.map((line) => line.type)).toEqual(['started', 'done', 'error', 'end']);
    expect(lines[2]).toMatchObject({ job: 'none', code: 'instrument-not-listed', message: 'A has no name' });
    expect(lines.at(-1)).toMatchObject({ streams: 2, failed: 1 });
  });

  it('begins no job after it was stopped', async () => {
    const log = new FakeLog();
    const { service, lines } = serviceOf([GOOD], log);
    await service.stop();
    await service.run();
    expect(lines).toEqual([{ type: 'end', streams: 0, failed: 0, events: 0, refused: 0 }]);
    expect(log.records).toEqual([]);
  });

  it('reads as many streams at a time as it may, and stops all of them', async () => {
    const log = new FakeLog();
    const opened: string[] = [];
    const endless = (name: string): FeedJob => ({
      name,
      open: () => {
        opened.push(name);
        return Promise.resolve(
          ok({
            streamId: name,
            source: name,
            description: name,
            async *read({ signal }) {
              await new Promise<void>((resolve) => {
                signal.addEventListener('abort', () => {
                  resolve();
                });
              });
              yield { kind: 'progress' as const, position: 0n };
            },
            close: () => Promise.resolve(),
          }),
        );
      },
    });
    const { service, lines } = serviceOf([endless('a'), endless('b'), endless('c')], log, 2);
    const running = service.run();
    while (lines.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(opened).toEqual(['a', 'b']);
    service.note('a', { state: 'degraded', reason: 'hole in A' });
    service.note('c', { state: 'up', reason: 'of nobody' });
    await service.stop();
    await running;
    const notes = log.records
      .filter(({ topic }) => topic === TOPICS.sourceStatus.name)
      .map(({ key, value }) => ({ key, ...statusOf(value) }))
      .filter(({ reason }) => reason.includes('o'));
    expect(notes).toContainEqual({ key: 'a', reason: 'hole in A', state: events.SourceState.DEGRADED });
    expect(notes.some(({ reason }) => reason === 'of nobody')).toBe(false);
    expect(lines.filter(({ type }) => type === 'done')).toMatchObject([
      { stream: 'a', outcome: 'stopped' },
      { stream: 'b', outcome: 'stopped' },
    ]);
    expect(opened).toEqual(['a', 'b']);
  });

  it('files the holes that a feed tells, under the stream of its job', async () => {
    const log = new FakeLog();
    const told = {
      kind: 'hole',
      symbol: 'A',
      lostAtNs: 7n,
      endedAtNs: 9n,
      timeToRepairMs: 0,
      events: 3,
    } as const;
    const job: FeedJob = {
      name: 'live',
      open: (_logger, { onReport } = {}) =>
        Promise.resolve(
          ok({
            ...{ streamId: 'ib:live:1', source: 'ib', description: 'live' },
            async *read() {
              await Promise.resolve();
              const span = { fromNs: 5n, toNs: 8n, reason: 'socket closed' };
              onReport?.({ ...told, ...span, series: 'bars', interval: '5s', unrepaired: undefined });
              onReport?.({ ...told, ...span, series: 'top', unrepaired: 'no history' });
              onReport?.({ ...told, ...span, toNs: 5n, series: 'trades', unrepaired: undefined });
              yield { kind: 'progress' as const, position: 0n };
            },
            close: () => Promise.resolve(),
          }),
        ),
    };
    await serviceOf([job], log).service.run();
    const holes = log.of(TOPICS.rawHoles.name).map(({ value }) => {
      const parsed = parseMessage(events.HoleSchema, value ?? new Uint8Array());
      if (!parsed.ok) throw new Error(parsed.error.reason);
      return parsed.value;
    });
    expect(holes).toMatchObject([
      {
        header: { source: 'ib', symbol: 'A', cause: { origin: 'ib:live:1#holes' } },
        ...{ kind: 'bars', interval: '5s', startNs: 5n, endNs: 8n, sinceNs: 7n, events: 3n },
        ...{ state: events.CoverageState.PRESENT, reason: 'socket closed' },
        repair: { source: 'ib', stream: 'ib:live:1', requestId: '', repairedAtNs: 9n },
      },
      { kind: 'quotes', state: events.CoverageState.MISSING, reason: 'socket closed: no history' },
    ]);
    const [first = 0n, second = 0n] = holes.map(({ header }) => header?.cause?.n);
    expect(second > first).toBe(true);
  });

  it('ends at once when the log is broken', async () => {
    const log = new FakeLog();
    log.sendsUntilFailure = 1;
    const { service, lines } = serviceOf([GOOD, GOOD], log);
    await expect(service.run()).rejects.toMatchObject({ code: 'sink-broken' });
    expect(lines.filter((line) => line.type === 'started')).toHaveLength(1);
  });
});
