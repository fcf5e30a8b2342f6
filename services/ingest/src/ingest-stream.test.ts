import {
  decodeTickBatch,
  events,
  MAX_BATCH_BYTES,
  MAX_BATCH_EVENTS,
  parseMessage,
  TOPICS,
} from '@tickwell/contracts';
import { SILENT, type EventSource, type PortfolioItem } from '@tickwell/ports';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeClock, FakeLog, FakeSource, readerView, type Script } from './fixtures/fake-log.ts';
import { DEFAULT_LIMITS, IngestStream, type IngestLimits, type IngestProgress } from './ingest-stream.ts';

const TRACE = '00-11111111111111111111111111111111-2222222222222222-01';

function stream(
  source: EventSource,
  log: FakeLog,
  options: { clock?: FakeClock; limits?: IngestLimits; onProgress?: (progress: IngestProgress) => void } = {},
): IngestStream {
  return new IngestStream({
    source,
    sink: log,
    cursors: log.cursors,
    clock: options.clock ?? new FakeClock(),
    logger: SILENT,
    newTraceparent: () => TRACE,
    limits: options.limits ?? { ...DEFAULT_LIMITS, cursorIntervalMs: 0 },
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
}

function repeat(symbols: readonly string[], times: number): Script {
  return Array.from({ length: times }, () => symbols).flat();
}

function statesOf(log: FakeLog): string[] {
  return log.of(TOPICS.sourceStatus.name).map(({ value }) => {
    const parsed = parseMessage(events.SourceStatusSchema, value ?? new Uint8Array());
    if (!parsed.ok) throw new Error(parsed.error.reason);
    return `${events.SourceState[parsed.value.state]} ${parsed.value.events}/${parsed.value.refused}`;
  });
}

afterEach(() => {
  vi.useRealTimers();
});

describe('IngestStream', () => {
  it('keeps every event once and in order, whatever the chunks, the crashes and the limits', async () => {
    const script = fc.array(fc.constantFrom('A', 'B', 'C', '!'), { minLength: 1, maxLength: 60 });
    const pieces = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 });
    const crashes = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 4 });
    const limits = fc.record({
      maxPendingEvents: fc.integer({ min: 1, max: 20 }),
      maxPendingBytes: fc.constant(1_000_000),
      cursorIntervalMs: fc.constantFrom(0, 3, 1_000_000),
    });
    await fc.assert(
      fc.asyncProperty(
        script,
        fc.array(pieces, { minLength: 5, maxLength: 5 }),
        crashes,
        limits,
        async (entries, cuts, fails, bounds) => {
          const log = new FakeLog();
          const clock = new FakeClock();
          for (const [attempt, sends] of fails.entries()) {
            log.sendsUntilFailure = sends;
            const run = stream(new FakeSource(entries, cuts[attempt] ?? [1]), log, {
              clock,
              limits: bounds,
            }).run();
            await run.catch((error: unknown) => {
              expect(error).toMatchObject({ code: 'sink-broken' });
            });
          }
          log.sendsUntilFailure = Number.POSITIVE_INFINITY;
          const result = await stream(new FakeSource(entries, cuts[4] ?? [1]), log, {
            clock,
            limits: bounds,
          }).run();
          const view = readerView(log);
          const expected = (symbol: string): string[] =>
            entries.flatMap((entry, index) => (entry === symbol ? [`${symbol} ${index + 1}`] : []));
          for (const symbol of ['A', 'B', 'C']) {
            expect(view.events.filter((event) => event.startsWith(symbol))).toEqual(expected(symbol));
          }
          const refused = entries.flatMap((entry, index) =>
            entry === '!' ? [`${index + 1} bad-number`] : [],
          );
          expect(view.refused).toEqual(refused);
          expect(result).toMatchObject({
            events: BigInt(entries.length - refused.length),
            refused: BigInt(refused.length),
            position: BigInt(entries.length),
          });
          expect(view.knownAt.size).toBeLessThanOrEqual(1);
          expect(log.mostConcurrent).toBe(1);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('sends the first chunk alone and lets batches grow while a send is in flight', async () => {
    const log = new FakeLog();
    await stream(new FakeSource(repeat(['A'], 3000), [10]), log).run();
    const sizes = log.of(TOPICS.rawTicks.name).map(({ value }) => {
      const batch = decodeTickBatch(value ?? new Uint8Array(), true);
      return batch.ok && batch.value.kind === 'trades' ? batch.value.positions.length : 0;
    });
    expect(sizes[0]).toBe(10);
    expect(Math.max(...sizes)).toBeGreaterThan(10);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_BATCH_EVENTS);
    for (const { value } of log.records) expect(value?.length).toBeLessThanOrEqual(MAX_BATCH_BYTES);
  });

  it('reads a finished stream no second time', async () => {
    const log = new FakeLog();
    const source = new FakeSource(repeat(['A', '!'], 5), [3]);
    await stream(source, log).run();
    const records = log.records.length;
    source.mostRead = 0;
    expect(await stream(source, log).run()).toEqual({
      outcome: 'already',
      position: 10n,
      events: 5n,
      refused: 5n,
    });
    expect([log.records.length, source.mostRead]).toEqual([records, 0]);
  });

  it('goes on with a stream that continues, each event known since the run that brought it', async () => {
    const log = new FakeLog();
    const clock = new FakeClock();
    const run = (script: Script): Promise<unknown> =>
      stream(Object.assign(new FakeSource(script, [3]), { continues: true }), log, { clock }).run();
    expect(await run(repeat(['A'], 5))).toMatchObject({ outcome: 'finished', events: 5n });
    const sent = log.of(TOPICS.rawTicks.name).length;
    expect(await run(repeat(['A'], 5))).toEqual({
      outcome: 'already',
      position: 5n,
      events: 5n,
      refused: 0n,
    });
    expect(log.of(TOPICS.rawTicks.name)).toHaveLength(sent);
    expect(await run(repeat(['A'], 8))).toMatchObject({ outcome: 'finished', events: 8n });
    const view = readerView(log);
    expect(view.events).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((position) => `A ${position}`));
    expect(view.knownAt.size).toBe(2);
  });

  it('tells of live events that they are known since they were sent', async () => {
    const log = new FakeLog();
    const clock = new FakeClock();
    const script = repeat(['A'], 4);
    const live = Object.assign(new FakeSource(script, [1]), { isLive: true });
    await stream(live, log, { clock }).run();
    expect(readerView(log).knownAt.size).toBeGreaterThan(1);
    const filed = new FakeLog();
    await stream(new FakeSource(script, [1]), filed, { clock }).run();
    expect(readerView(filed).knownAt.size).toBe(1);
  });

  it('closes with a watermark per symbol that is no duplicate of the last batch, and a status with the counts', async () => {
    const log = new FakeLog();
    await stream(new FakeSource(['A', 'B', 'A', '!'], [4]), log).run();
    expect(readerView(log).watermarks).toEqual(['A 3000000001', 'B 2000000001']);
    expect(statesOf(log)).toEqual(['UP 0/0', 'FINISHED 3/1']);
  });

  it('stops where it is told to, and goes on from there', async () => {
    const log = new FakeLog();
    const source = new FakeSource(repeat(['A', 'B'], 500), [20]);
    const first: IngestStream = stream(source, log, {
      onProgress: ({ position }) => {
        if (position >= 100n) first.stop();
      },
    });
    const stopped = await first.run();
    expect(stopped.outcome).toBe('stopped');
    expect(stopped.position).toBeLessThan(1000n);
    // A piece may be cut: what lies above its last safe place is sent again.
    expect(readerView(log).events.length).toBeGreaterThanOrEqual(Number(stopped.position));
    expect(statesOf(log).at(-1)).toBe(`STOPPED ${stopped.events}/0`);
    expect(await stream(source, log).run()).toMatchObject({ outcome: 'finished', events: 1000n });
    expect(readerView(log).events).toHaveLength(1000);
  });

  it('says every minute what it is, until it ends', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const log = new FakeLog();
    const { promise: reading, resolve: isReading } = Promise.withResolvers<undefined>();
    const quiet: EventSource = {
      streamId: 'quiet',
      source: 'quiet',
      description: 'quiet',
      async *read({ signal }) {
        isReading(undefined);
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve);
        });
        yield { kind: 'progress', position: 0n };
      },
      close: () => Promise.resolve(),
    };
    const quietStream = stream(quiet, log);
    const running = quietStream.run();
    await reading;
    vi.advanceTimersByTime(60_000);
    await quietStream.note({ state: 'degraded', reason: 'a hole' });
    vi.advanceTimersByTime(120_000);
    quietStream.stop();
    await running;
    vi.advanceTimersByTime(600_000);
    const states = ['UP', 'UP', 'DEGRADED', 'DEGRADED', 'DEGRADED', 'STOPPED'];
    expect(statesOf(log)).toEqual(states.map((state) => `${state} 0/0`));
  });

  it('keeps what was read when the source fails, says so, and goes on at the next run', async () => {
    const log = new FakeLog();
    const source = new FakeSource(repeat(['A'], 100), [10]);
    source.failAt = 55;
    await expect(stream(source, log).run()).rejects.toMatchObject({
      code: 'ingest-failed',
      message: 'test: the disk is gone',
    });
    expect(readerView(log).events).toHaveLength(50);
    expect(statesOf(log)).toEqual(['UP 0/0', 'DOWN 50/0']);
    source.failAt = Number.POSITIVE_INFINITY;
    expect(await stream(source, log).run()).toMatchObject({ events: 100n });
    expect(readerView(log).events).toHaveLength(100);
  });

  it('holds the source back while a send does not return', async () => {
    const source = new FakeSource(repeat(['A', 'B', 'C'], 5000), [5]);
    const log = new FakeLog();
    let release: () => void = () => undefined;
    const blocked = new Promise<void>((resolve) => {
      release = resolve;
    });
    const send = log.send.bind(log);
    let sends = 0;
    log.send = async (records) => {
      if (++sends > 1) await blocked;
      await send(records);
    };
    const limits = { ...DEFAULT_LIMITS, maxPendingEvents: 100 };
    const run = stream(source, log, { limits }).run();
    // Far more turns than the source needs to reach its end unhindered.
    for (let turn = 0; turn < 100_000; turn++) await Promise.resolve();
    expect(source.mostRead).toBeLessThan(200);
    release();
    expect(await run).toMatchObject({ outcome: 'finished', events: 15_000n });
  });

  it('ingested twice at once, gives readers each event once', async () => {
    const log = new FakeLog();
    const script = repeat(['A', 'B', '!'], 200);
    const runs = [[7], [31]].map((pieces) => stream(new FakeSource(script, pieces), log).run());
    await Promise.all(runs);
    const view = readerView(log);
    expect(view.events.filter((event) => event.startsWith('A'))).toEqual(
      Array.from({ length: 200 }, (_, index) => `A ${index * 3 + 1}`),
    );
    expect(new Set(view.events).size).toBe(400);
    expect(view.events).toHaveLength(400);
    expect(view.refused).toHaveLength(200);
  });

  it('sends every kind of portfolio event as a record of its account', async () => {
    const log = new FakeLog();
    const at = { timeNs: 5_000_000_000n };
    const items: PortfolioItem[] = [
      {
        ...at,
        kind: 'position',
        symbol: 'AAPL',
        quantity: -3,
        averageCost: 201.5,
        marketPrice: 0,
        marketValue: 0,
      },
      { ...at, kind: 'accountValue', tag: 'NetLiquidation', value: '1000.5', currency: 'USD' },
      {
        ...at,
        kind: 'execution',
        executionId: 'e.1',
        orderId: '7',
        symbol: 'AAPL',
        quantity: -3,
        price: 200,
        commission: 1,
        currency: 'USD',
      },
      { ...at, kind: 'profitAndLoss', daily: 1, unrealized: -2, realized: 3 },
    ];
    const source: EventSource = {
      streamId: 'ib:portfolio:DU1',
      source: 'ib',
      description: 'portfolio',
      async *read() {
        await Promise.resolve();
        const positions = [1n, 2n, 3n, 4n];
        yield { kind: 'portfolio', symbol: 'DU1', priceBasis: 'unspecified', items, positions };
        yield { kind: 'progress', position: 4n };
      },
      close: () => Promise.resolve(),
    };
    await new IngestStream({
      source,
      sink: log,
      cursors: log.cursors,
      clock: new FakeClock(),
      logger: SILENT,
      newTraceparent: () => TRACE,
    }).run();
    const sent = log.of(TOPICS.rawPortfolio.name).map((record) => {
      const parsed = parseMessage(events.PortfolioEventSchema, record.value ?? new Uint8Array());
      if (!parsed.ok) throw new Error(parsed.error.reason);
      const { account, timeNs, event, positionInStream, header } = parsed.value;
      const value = Object.fromEntries(
        Object.entries(event.value ?? {}).filter(([name]) => name !== '$typeName'),
      );
      expect([record.key, account, timeNs, header?.cause?.n]).toEqual([
        'DU1',
        'DU1',
        5_000_000_000n,
        positionInStream,
      ]);
      return { ...at, kind: event.case, ...value };
    });
    expect(sent).toEqual(items);
  });
});
