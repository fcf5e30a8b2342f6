import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeResponse, describeMessage, readUntil } from './fixtures/reading.ts';
import { BARS, PARTITIONS, TICKS, World, startService } from './fixtures/world.ts';

type Request = Parameters<typeof create<typeof queryV1.SubscribeRequestSchema>>[1];
const NEVER = new AbortController().signal;

function request(init: Request): queryV1.SubscribeRequest {
  return create(queryV1.SubscribeRequestSchema, init);
}

const hasLive = (read: readonly string[]): boolean => read.includes('live');

describe('subscribe, live', () => {
  it('says where it begins, then sends what the filter lets through, whole records by their own bytes', async () => {
    const world = new World();
    world.trade('A', [1n]);
    await using service = await startService(world.service());
    const stream = service.calls.subscribe(request({ symbols: ['A'] }), { signal: NEVER });
    const first = await stream.next();
    expect(decodeResponse(first.value as Uint8Array)).toMatchObject({
      message: { case: 'live', value: { historyEvents: 0n } },
    });
    world.trade('B', [2n]);
    world.trade('A', [3n, 4n]);
    world.bar('A', 5n, 6);
    expect(await readUntil(stream, (read) => read.length === 3)).toEqual(['A 3/0', 'A 4/1', 'A 5=6']);
    await stream.return(undefined);
  });

  it('sends what is ready together as one message to who can read that, and only to them', async () => {
    const world = new World();
    await using service = await startService(world.service());
    const packed = service.calls.subscribe(request({ pack: true }), { signal: NEVER });
    const single = service.calls.subscribe(request({}), { signal: NEVER });
    await readUntil(packed, hasLive);
    await readUntil(single, hasLive);
    for (const n of [1n, 2n, 3n]) world.trade('A', [n]);
    const wanted = ['A 1/0', 'A 2/0', 'A 3/0'];
    expect(await readUntil(single, (read) => read.length === 3)).toEqual(wanted);
    // By now all three wait for the other.
    const { more, ...first } = decodeResponse((await packed.next()).value as Uint8Array);
    expect([first, ...more].flatMap((one) => describeMessage({ ...one, more: [] }))).toEqual(wanted);
    expect([first, ...more].map(({ position }) => position?.partitions.length)).toEqual([1, 1, 1]);
    await packed.return(undefined);
    await single.return(undefined);
  });

  it('filters by kind, source and interval', async () => {
    const world = new World();
    await using service = await startService(world.service());
    const { BARS: bars, TRADES: trades } = queryV1.StreamKind;
    const onlyBars = service.calls.subscribe(request({ kinds: [bars], intervals: ['5m'] }), {
      signal: NEVER,
    });
    const onlyOther = service.calls.subscribe(request({ kinds: [trades], source: 'other' }), {
      signal: NEVER,
    });
    await readUntil(onlyBars, hasLive);
    await readUntil(onlyOther, hasLive);
    world.bar('A', 1n, 1, '1m');
    world.trade('A', [2n], 0n, 'test');
    world.trade('A', [3n], 0n, 'other');
    world.bar('A', 4n, 4, '5m');
    expect(await readUntil(onlyBars, (read) => read.length > 0)).toEqual(['A 4=4']);
    expect(await readUntil(onlyOther, (read) => read.length > 0)).toEqual(['A 3/0']);
    await onlyBars.return(undefined);
    await onlyOther.return(undefined);
  });

  it('sends bars that go on to who asks for them and to nobody else, of history what the log has kept', async () => {
    const world = new World();
    world.formingBar('A', 60n, 1);
    await using service = await startService(world.service());
    const { BARS: bars, FORMING_BARS: forming } = queryV1.StreamKind;
    const subscribe = (fields: Parameters<typeof request>[0]) =>
      service.calls.subscribe(request(fields), { signal: NEVER });
    const both = subscribe({ kinds: [bars, forming], from: { case: 'sinceNs', value: 0n } });
    const all = subscribe({});
    expect(await readUntil(both, hasLive)).toEqual(['A 60=1', 'live']);
    await readUntil(all, hasLive);
    world.formingBar('A', 60n, 2);
    world.bar('A', 60n, 3);
    const read = await readUntil(both, (lines) => lines.length > 1);
    expect(read.sort()).toEqual(['A 60=2', 'A 60=3']);
    expect(await readUntil(all, (lines) => lines.length > 0)).toEqual(['A 60=3']);
    await both.return(undefined);
    await all.return(undefined);
  });

  it('leaves out what a writer repeated, before and after the process began', async () => {
    const world = new World();
    const before = world.trade('A', [1n]);
    await using service = await startService(world.service());
    const stream = service.calls.subscribe(request({}), { signal: NEVER });
    await readUntil(stream, hasLive);
    world.repeat(before);
    const after = world.trade('A', [2n]);
    world.repeat(after);
    world.trade('A', [3n]);
    expect(await readUntil(stream, (read) => read.length === 2)).toEqual(['A 2/0', 'A 3/0']);
    await stream.return(undefined);
  });

  it('sends heartbeats with the whole position on a quiet stream', async () => {
    const world = new World();
    await using service = await startService(world.service({ heartbeatMs: 5, nowNs: () => 77n }));
    const stream = service.calls.subscribe(request({ symbols: ['A'] }), { signal: NEVER });
    await readUntil(stream, hasLive);
    world.trade('B', [1n]);
    const beat = decodeResponse((await stream.next()).value as queryV1.SubscribeResponse);
    expect(beat.message).toMatchObject({ case: 'heartbeat', value: { timeNs: 77n } });
    expect(beat.position?.partitions).toHaveLength(3 * PARTITIONS);
    await stream.return(undefined);
  });

  it('cuts a subscriber who takes nothing, keeps nothing for it, and serves the others', async () => {
    const world = new World();
    await using service = await startService(world.service({ queue: { messages: 10, bytes: 1_000_000 } }));
    const stalled = service.calls.subscribe(request({}), { signal: NEVER });
    const reading = service.calls.subscribe(request({}), { signal: NEVER });
    await readUntil(stalled, hasLive);
    await readUntil(reading, hasLive);
    const wanted: string[] = [];
    for (let n = 0n; n < 50n; n += 1n) {
      world.trade('A', [n]);
      wanted.push(`A ${n}/0`);
      expect(await readUntil(reading, (read) => read.length === 1)).toEqual([`A ${n}/0`]);
    }
    await expect(stalled.next()).rejects.toMatchObject({ code: 'reader-too-slow' });
    await reading.return(undefined);
  });

  it('ends when its signal fires', async () => {
    const world = new World();
    await using service = await startService(world.service());
    const abort = new AbortController();
    const stream = service.calls.subscribe(request({}), { signal: abort.signal });
    await readUntil(stream, hasLive);
    const next = stream.next();
    abort.abort();
    expect((await next).done).toBe(true);
  });
});

describe('subscribe, after a position', () => {
  const position = (partition: number, nextOffset: bigint, epoch = 'epoch-1', topic = TICKS) => ({
    topic,
    partition,
    epoch,
    nextOffset,
  });
  const { TRADES } = queryV1.StreamKind;
  const after = (...partitions: ReturnType<typeof position>[]): queryV1.SubscribeRequest =>
    request({ kinds: [TRADES], from: { case: 'after', value: { partitions } } });

  it('reads the log from there, then goes on live', async () => {
    const world = new World();
    for (let n = 0n; n < 30n; n += 1n) world.trade('B', [n]);
    await using service = await startService(world.service());
    const stream = service.calls.subscribe(after(position(0, 27n), position(1, 0n)), { signal: NEVER });
    const read = await readUntil(stream, hasLive);
    expect(read).toEqual(['B 27/0', 'B 28/0', 'B 29/0', 'live']);
    world.trade('B', [30n]);
    expect(await readUntil(stream, (more) => more.length > 0)).toEqual(['B 30/0']);
    await stream.return(undefined);
  });

  it('knows a repetition of what came before the position', async () => {
    const world = new World();
    const first = world.trade('B', [1n]);
    world.repeat(first);
    world.trade('B', [2n]);
    await using service = await startService(world.service());
    const stream = service.calls.subscribe(after(position(0, 1n), position(1, 0n)), { signal: NEVER });
    expect(await readUntil(stream, hasLive)).toEqual(['B 2/0', 'live']);
    await stream.return(undefined);
  });

  it.each([
    [
      'a deleted topic',
      after(position(0, 0n, 'old'), position(1, 0n, 'old')),
      'position-of-deleted-topic',
      /since_ns/,
    ],
    ['an offset no longer kept', after(position(0, 3n), position(1, 0n)), 'position-expired', /offset 5/],
    [
      'an offset that is not there yet',
      after(position(0, 99n), position(1, 0n)),
      'out-of-range',
      /ends at offset 10/,
    ],
    ['a partition left out', after(position(0, 7n)), 'invalid-argument', /md\.ticks\/1/],
    ['nothing', after(), 'invalid-argument', /no partitions/],
  ])('refuses a position of %s', async (_what, asked, code, message) => {
    const world = new World();
    for (let n = 0n; n < 10n; n += 1n) world.trade('B', [n]);
    world.log.truncate(TICKS, 0, 5n);
    await using service = await startService(world.service());
    const stream = service.calls.subscribe(asked, { signal: NEVER });
    await expect(stream.next()).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('subscribe, since a time', () => {
  it('sends stored history, the rest from the log, the marker, then live, events before the time left out', async () => {
    const world = new World();
    world.trade('B', [1n, 2n]);
    world.trade('B', [3n]);
    world.trade('B', [4n]);
    await world.storeTicks(0, 2n);
    await using service = await startService(world.service());
    const asked = request({ symbols: ['B'], from: { case: 'sinceNs', value: 2n } });
    const stream = service.calls.subscribe(asked, { signal: NEVER });
    expect(await readUntil(stream, hasLive)).toEqual(['B 2/1', 'B 3/0', 'B 4/0', 'live']);
    world.trade('B', [1n, 5n]);
    expect(await readUntil(stream, (read) => read.length > 0)).toEqual(['B 5/1']);
    await stream.return(undefined);
  });

  it('counts history in the marker and gives it the whole position', async () => {
    const world = new World();
    world.trade('B', [1n, 2n]);
    world.trade('B', [3n]);
    await world.storeTicks(0, 1n);
    await using service = await startService(world.service());
    const stream = service.calls.subscribe(request({ from: { case: 'sinceNs', value: 0n } }), {
      signal: NEVER,
    });
    let marker: queryV1.SubscribeResponse | undefined;
    while (marker?.message.case !== 'live')
      marker = decodeResponse((await stream.next()).value as Uint8Array);
    expect(marker.message.value.historyEvents).toBe(3n);
    const positions = marker.position?.partitions.map(({ topic, partition, nextOffset }) => [
      topic,
      partition,
      nextOffset,
    ]);
    expect(positions).toHaveLength(3 * PARTITIONS);
    expect(positions).toContainEqual([TICKS, 0, 2n]);
    expect(positions).toContainEqual([BARS, 0, 0n]);
    await stream.return(undefined);
  });

  it('says that the store lacks what the log no longer has', async () => {
    const world = new World();
    for (let n = 0n; n < 10n; n += 1n) world.trade('B', [n]);
    await world.storeTicks(0, 2n);
    world.log.truncate(TICKS, 0, 5n);
    await using service = await startService(world.service());
    const stream = service.calls.subscribe(request({ from: { case: 'sinceNs', value: 0n } }), {
      signal: NEVER,
    });
    await expect(stream.next()).rejects.toMatchObject({ code: 'store-incomplete' });
  });
});

type Step =
  | { readonly do: 'trade'; readonly symbol: string; readonly events: number }
  | { readonly do: 'repeat'; readonly back: number }
  | { readonly do: 'store'; readonly partition: number; readonly behind: number }
  | { readonly do: 'read'; readonly messages: number }
  | { readonly do: 'turn' };

const symbols = ['A', 'B', 'C', 'D'];
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('trade' as const),
      symbol: fc.constantFrom(...symbols),
      events: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('repeat' as const), back: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('store' as const),
      partition: fc.integer({ min: 0, max: 1 }),
      behind: fc.integer({ min: 0, max: 5 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('read' as const), messages: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'turn' as const }) },
);

/** Plays steps against a world; `wrote` has every event once, in order, as a reader should see it. */
class Play {
  readonly world = new World();
  readonly wrote: string[] = [];
  #records: ReturnType<World['trade']>[] = [];
  #timeNs = 0n;

  async do(one: Step): Promise<void> {
    if (one.do === 'trade') {
      const times = Array.from({ length: one.events }, () => (this.#timeNs += 1n));
      this.#records.push(this.world.trade(one.symbol, times));
      this.wrote.push(...times.map((time, index) => `${one.symbol} ${time}/${index}`));
    } else if (one.do === 'repeat') {
      // A writer repeats from where it was durable on, in order, never an older one alone.
      const again = this.#records.slice(-one.back);
      for (const record of again) this.world.repeat(record);
    } else if (one.do === 'store') {
      const end = this.world.endOffset(TICKS, one.partition) - BigInt(one.behind);
      if (end > 0n) await this.world.storeTicks(one.partition, end);
    } else {
      await new Promise(setImmediate);
    }
  }
}

const bySymbol = (events: readonly string[]): Record<string, string[]> =>
  Object.fromEntries(symbols.map((symbol) => [symbol, events.filter((event) => event.startsWith(symbol))]));

describe('the seam', () => {
  it('gives each event exactly once, in order per symbol, whenever the subscriber comes and however far the store is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.array(step, { maxLength: 40 }),
        fc.option(fc.constantFrom(...symbols), { nil: undefined }),
        fc.integer({ min: 0, max: 30 }),
        async (before, after, only, since) => {
          const play = new Play();
          for (const one of before) await play.do(one);
          await using service = await startService(play.world.service());
          const asked = request({
            symbols: only === undefined ? [] : [only],
            from: { case: 'sinceNs', value: BigInt(since) },
          });
          const stream = service.calls.subscribe(asked, { signal: NEVER });
          const read: string[] = [];
          const take = async (): Promise<void> => {
            const next = await stream.next();
            if (next.done !== true) read.push(...describeMessage(next.value));
          };
          for (const one of after) {
            // Reads only what is there for sure: up to the marker.
            if (one.do !== 'read') await play.do(one);
            else for (let n = 0; n < one.messages && !hasLive(read); n += 1) await take();
          }
          const wanted = play.wrote.filter((event) => {
            const time = BigInt(/ (\d+)\//.exec(event)?.[1] ?? '');
            return time >= BigInt(since) && (only === undefined || event.startsWith(only));
          });
          while (!hasLive(read) || read.length < wanted.length + 1) await take();
          await stream.return(undefined);
          expect(bySymbol(read.filter((entry) => entry !== 'live'))).toEqual(bySymbol(wanted));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('resumes after any message without gap or duplicate', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 }),
        async (steps, pauses) => {
          const play = new Play();
          await using service = await startService(play.world.service());
          const position = new Map<string, queryV1.PartitionPosition>();
          const read: string[] = [];
          let from: NonNullable<Request>['from'] = { case: 'live', value: true };
          let at = 0;
          for (const pause of [...pauses, Infinity]) {
            const stream = service.calls.subscribe(request({ kinds: [queryV1.StreamKind.TRADES], from }), {
              signal: NEVER,
            });
            const take = async (): Promise<string[]> => {
              const message = decodeResponse((await stream.next()).value as Uint8Array);
              for (const one of message.position?.partitions ?? [])
                position.set(`${one.topic}/${one.partition}`, one);
              const found = describeMessage(message).filter((entry) => entry !== 'live');
              read.push(...found);
              return found;
            };
            // The marker of the first stream is where everything counts from.
            if (at === 0) await take();
            for (; at < steps.length && pause > 0; at += 1) {
              const one = steps[at]!;
              if (one.do !== 'read') await play.do(one);
              else if (read.length < play.wrote.length) break;
            }
            at += 1;
            const wanted =
              pause === Infinity ? play.wrote.length : Math.min(play.wrote.length, read.length + pause);
            while (read.length < wanted) await take();
            await stream.return(undefined);
            from = {
              case: 'after',
              value: create(queryV1.StreamPositionSchema, { partitions: [...position.values()] }),
            };
          }
          expect(bySymbol(read)).toEqual(bySymbol(play.wrote));
        },
      ),
      { numRuns: 100 },
    );
  });
});
