import { create } from '@bufbuild/protobuf';
import type { Subscription } from '@tickwell/client';
import { queryV1 } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import { MemoryStore } from '@tickwell/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withClient, type Handler } from './fixtures/connected.ts';
import { decodeResponse, describeMessage, readUntil } from './fixtures/reading.ts';
import { PARTITIONS, TICKS, World, startService } from './fixtures/world.ts';

const NEVER = new AbortController().signal;

/** Answers two rows at a time, so that history can break anywhere. */
class SmallChunks extends MemoryStore {
  override async *trades(...[query]: Parameters<MemoryStore['trades']>): ReturnType<MemoryStore['trades']> {
    for await (const { source, trades } of super.trades(query)) {
      for (let at = 0; at < trades.timeNs.length; at += 2) {
        const { timeNs, seq, price, size } = trades;
        const [from, to] = [at, at + 2];
        const columns = { timeNs: timeNs.slice(from, to), seq: seq.slice(from, to) };
        const values = { price: price.slice(from, to), size: size.slice(from, to) };
        yield { source, trades: { ...trades, ...columns, ...values } };
      }
    }
  }
}

async function readAll(subscription: Subscription): Promise<string[]> {
  const read: string[] = [];
  for await (const event of subscription) {
    if (event.kind !== 'trades') continue;
    const { timeNs, seq } = event.trades;
    read.push(...timeNs.map((time, at) => `${event.symbol} ${time}/${seq[at]}`));
  }
  return read;
}

const unbroken: Handler = (_call, messages) => messages;

function lost(): TickwellError {
  return new TickwellError('unavailable', 'the connection is gone', { retryable: true });
}

const SYMBOLS = ['A', 'B', 'C', 'D'];
const burst = fc.array(
  fc.record({ symbol: fc.constantFrom(...SYMBOLS), events: fc.integer({ min: 1, max: 3 }) }),
  { maxLength: 25 },
);

describe('a stream with an end', () => {
  it('brings each event once and a statement that is true, wherever its connections break', async () => {
    await fc.assert(
      fc.asyncProperty(
        burst,
        fc.array(fc.record({ messages: fc.integer({ min: 0, max: 12 }), more: burst }), { maxLength: 4 }),
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: PARTITIONS, maxLength: PARTITIONS }),
        fc.integer({ min: 0, max: 20 }),
        async (before, breaks, behind, since) => {
          const world = new World(new SmallChunks());
          const wrote: { readonly text: string; readonly timeNs: bigint }[] = [];
          let timeNs = 0n;
          const write = (records: typeof before): void => {
            for (const { symbol, events } of records) {
              const times = Array.from({ length: events }, () => (timeNs += 1n));
              world.trade(symbol, times);
              wrote.push(...times.map((time, at) => ({ text: `${symbol} ${time}/${at}`, timeNs: time })));
            }
          };
          write(before);
          for (const [partition, less] of behind.entries()) {
            const end = world.endOffset(TICKS, partition) - BigInt(less);
            if (end > 0n) await world.storeTicks(partition, end);
          }
          await using service = await startService(world.service());
          const breaking: Handler = async function* (call, messages) {
            let left = breaks[call - 1]?.messages ?? Infinity;
            for await (const message of messages) {
              left -= 1;
              if (left >= 0) yield message;
              else break;
            }
            const found = breaks[call - 1];
            if (left >= 0 || found === undefined) return;
            write(found.more);
            throw lost();
          };
          await withClient(service, breaking, async (client) => {
            const subscription = client.subscribe({ sinceNs: BigInt(since), until: 'now' });
            const read = await readAll(subscription);
            const wanted = wrote.filter((one) => one.timeNs >= BigInt(since)).map(({ text }) => text);
            expect(read.sort()).toEqual(wanted.sort());
            expect(subscription.statement?.events).toBe(wanted.length);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each<[string, Handler]>([
    [
      'lost',
      async function* (_call, messages) {
        let at = 0;
        for await (const message of messages) if ((at += 1) !== 4) yield message;
      },
    ],
    [
      'brought twice',
      async function* (_call, messages) {
        let at = 0;
        for await (const message of messages) {
          yield message;
          if ((at += 1) === 2) yield message;
        }
      },
    ],
    [
      'lost with the connection',
      async function* (call, messages) {
        let at = 0;
        for await (const message of messages) {
          at += 1;
          if (call > 1 || at < 4) yield message;
          // The reader gets the later one, and so a position that is too far.
          if (call === 1 && at === 5) yield message;
          if (call === 1 && at === 5) throw lost();
        }
      },
    ],
  ])('notices what was %s', async (_what, handler) => {
    const world = new World(new SmallChunks());
    world.trade('B', [1n, 2n]);
    await world.storeTicks(0, 1n);
    for (let n = 3n; n < 9n; n += 1n) world.trade('B', [n]);
    await using service = await startService(world.service());
    await withClient(service, handler, async (client) => {
      const reading = readAll(client.subscribe({ symbols: ['B'], sinceNs: 0n, until: 'now' }));
      await expect(reading).rejects.toMatchObject({
        code: 'statement-mismatch',
        message: expect.stringMatching(/trades of B of test were received, the server sent 8/) as string,
      });
    });
  });

  it('compares at heartbeats, too, where that is asked for', async () => {
    const world = new World();
    await using service = await startService(world.service({ heartbeatMs: 5 }));
    const losing: Handler = async function* (_call, messages) {
      for await (const message of messages) {
        if (decodeResponse(message).message.case !== 'ticks') yield message;
      }
    };
    await withClient(service, losing, async (client) => {
      const reading = (async () => {
        for await (const event of client.subscribe({ verify: true }))
          if (event.kind === 'live') world.trade('A', [1n]);
      })();
      await expect(reading).rejects.toMatchObject({ code: 'statement-mismatch' });
    });
    await withClient(service, unbroken, async (client) => {
      const leaving = new AbortController();
      let beats = 0;
      const counting: Handler = async function* (_call, messages) {
        for await (const message of messages) {
          yield message;
          const { case: kind, value } = decodeResponse(message).message;
          if (kind === 'heartbeat' && value.events === 1n) beats += 1;
          if (beats > 1) leaving.abort();
        }
      };
      await withClient(service, counting, async (watched) => {
        const reading = (async () => {
          for await (const event of watched.subscribe({ verify: true, signal: leaving.signal }))
            if (event.kind === 'live') world.trade('A', [2n]);
        })();
        await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
      });
      expect(client.subscribe({ until: 'now' }).statement).toBeUndefined();
    });
  });

  it('leaves out what a slow reader cannot take where it says so, counts it, and does not pretend to have compared', async () => {
    const world = new World();
    let nowNs = 1n;
    await using service = await startService(
      world.service({ nowNs: () => nowNs, heartbeatMs: 5, queue: { messages: 4, bytes: 1_000_000 } }),
    );
    const asked = create(queryV1.SubscribeRequestSchema, { conflate: true });
    const other = service.calls.subscribe(asked, { signal: NEVER });
    await readUntil(other, (read) => read.includes('live'));
    const slow: Handler = async function* (_call, messages) {
      for await (const message of messages) {
        yield message;
        if (decodeResponse(message).message.case !== 'live') continue;
        for (let n = 1n; n <= 40n; n += 1n) world.trade(n % 2n === 0n ? 'A' : 'B', [n]);
        nowNs = 100n;
        await readUntil(other, (read) => read.includes('A 40/0'));
      }
    };
    await withClient(service, slow, async (client) => {
      const left: bigint[] = [];
      const subscription = client.subscribe({
        until: 50n,
        verify: true,
        conflate: (events) => left.push(events),
      });
      expect(await readAll(subscription)).toEqual(['B 39/0', 'A 40/0']);
      expect([left, subscription.leftOut]).toEqual([[38n], 38n]);
      expect(subscription.statement).toMatchObject({ events: 2, leftOut: 38, verified: false });
    });
    await other.return(undefined);
  });

  it('goes on until its time has come, with events before that time', async () => {
    const world = new World();
    let nowNs = 10n;
    world.trade('B', [3n]);
    await using service = await startService(world.service({ nowNs: () => nowNs, heartbeatMs: 5 }));
    const asked = create(queryV1.SubscribeRequestSchema, {
      symbols: ['B'],
      from: { case: 'sinceNs', value: 2n },
      until: { timeNs: 50n },
    });
    const stream = service.calls.subscribe(asked, { signal: NEVER });
    expect(await readUntil(stream, (read) => read.includes('live'))).toEqual(['B 3/0', 'live']);
    world.trade('B', [4n, 60n]);
    world.trade('B', [1n]);
    expect(await readUntil(stream, (read) => read.includes('B 4/0'))).not.toContain('B 60/1');
    nowNs = 51n;
    const read: string[] = [];
    for await (const message of stream) read.push(...describeMessage(message));
    expect(read.filter((one) => one !== 'heartbeat')).toEqual(['B has 2']);
  });

  it('takes five thousand symbols at once, of which nobody has to have heard', async () => {
    const world = new World();
    world.trade('S4999', [1n]);
    await using service = await startService(world.service());
    await withClient(service, unbroken, async (client) => {
      const symbols = Array.from({ length: 5_000 }, (_, n) => `S${n}`);
      const subscription = client.subscribe({ symbols, sinceNs: 0n, until: 'now' });
      expect(await readAll(subscription)).toEqual(['S4999 1/0']);
      const later = client.subscribe({ symbols, sinceNs: 2n, until: 'now' });
      expect([await readAll(later), later.statement?.events]).toEqual([[], 0]);
    });
  });

  it('waits for the store where that is asked for', async () => {
    const world = new World();
    world.trade('B', [3n]);
    await using service = await startService(world.service({ heartbeatMs: 5 }));
    const asked = create(queryV1.SubscribeRequestSchema, {
      symbols: ['B'],
      kinds: [queryV1.StreamKind.TRADES],
      from: { case: 'sinceNs', value: 0n },
      until: { stored: true },
    });
    const stream = service.calls.subscribe(asked, { signal: NEVER });
    // Heartbeats come also before it, where the store takes long to answer.
    await readUntil(stream, (read) => read.includes('B 3/0') && read.at(-1) === 'heartbeat');
    await world.storeTicks(0, 1n);
    expect(await readUntil(stream, (read) => read.includes('B has 1'))).toContain('B has 1');
    expect((await stream.next()).done).toBe(true);
  });

  it.each([
    [
      'a time before the beginning',
      { until: { timeNs: 5n }, from: { case: 'sinceNs', value: 5n } },
      /swap them/,
    ],
    ['a time before 1970', { until: { timeNs: -1n } }, /before 1970/],
    [
      'sums of what is computed',
      { sums: true, symbols: ['A'], intervals: ['1m'], specs: ['rsi(14)'] },
      /no sums/,
    ],
    [
      'conflation of what is computed',
      { conflate: true, symbols: ['A'], intervals: ['1m'], specs: ['rsi(14)'] },
      /leave out/,
    ],
    [
      '100,000 symbols',
      { symbols: Array.from({ length: 100_000 }, (_, n) => `S${n}`) },
      /100000 entries, at most 10000/,
    ],
    ['a beginning without a position to go on from', { began: { sinceNs: 1n } }, /from\.after/],
    ['a history without an end', { from: { case: 'within', value: { sinceNs: 1n } } }, /within\.cut/],
  ] satisfies readonly [
    string,
    Parameters<typeof create<typeof queryV1.SubscribeRequestSchema>>[1],
    RegExp,
  ][])('refuses %s', async (_what, init, message) => {
    await using service = await startService(new World().service());
    const stream = service.calls.subscribe(create(queryV1.SubscribeRequestSchema, init), { signal: NEVER });
    await expect(stream.next()).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(message) as string,
    });
  });
});
