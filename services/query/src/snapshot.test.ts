import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withClient, type Handler } from './fixtures/connected.ts';
import { decodeResponse, describeMessage, readUntil } from './fixtures/reading.ts';
import { BARS, PARTITIONS, TICKS, World, startService } from './fixtures/world.ts';

type Request = Parameters<typeof create<typeof queryV1.SubscribeRequestSchema>>[1];
const NEVER = new AbortController().signal;
const FROM = { case: 'snapshot', value: true } as const;

function request(init: Request = {}): queryV1.SubscribeRequest {
  return create(queryV1.SubscribeRequestSchema, { from: FROM, ...init });
}

async function storeAll(world: World): Promise<void> {
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    await world.storeTicks(partition, world.endOffset(TICKS, partition));
    await world.storeBars(partition, world.endOffset(BARS, partition));
  }
}

describe('a subscription that begins with a snapshot', () => {
  it('gives the newest of each series of store and log, says that it is whole, and goes on from there', async () => {
    const world = new World();
    world.trade('A', [1n, 5n]);
    world.trade('A', [7n], 0n, 'other');
    world.bar('A', 60n, 1);
    world.bar('A', 120n, 2);
    world.bar('A', 60n, 3, '5m');
    world.trade('B', [4n]);
    await storeAll(world);
    world.bar('A', 120n, 9);
    world.bar('A', 60n, 8);
    world.trade('B', [3n]);
    await using service = await startService(world.service());
    const stream = service.calls.subscribe(request(), { signal: NEVER });
    expect(await readUntil(stream, (read) => read.includes('live'))).toEqual([
      'newest A 120=9',
      'newest A 60=3',
      'newest A 7/0',
      'newest A 5/1',
      'newest B 4/0',
      '5 series',
      'live',
    ]);
    world.trade('A', [2n]);
    expect(await readUntil(stream, (read) => read.length > 0)).toEqual(['A 2/0']);
    await stream.return(undefined);
  });

  it('heeds the filter, and says that there is nothing where there is nothing', async () => {
    const world = new World();
    world.trade('A', [1n], 0n, 'other');
    world.trade('A', [2n]);
    world.bar('A', 60n, 1, '5m');
    await using service = await startService(world.service());
    const read = async (init: Request): Promise<string[]> => {
      const stream = service.calls.subscribe(request(init), { signal: NEVER });
      const all = await readUntil(stream, (some) => some.includes('live'));
      await stream.return(undefined);
      return all;
    };
    expect(await read({ source: 'other' })).toEqual(['newest A 1/0', '1 series', 'live']);
    expect(await read({ kinds: [queryV1.StreamKind.BARS], intervals: ['5m'] })).toContain('newest A 60=1');
    expect(await read({ intervals: ['1m'] })).not.toContain('newest A 60=1');
    expect(await read({ symbols: ['NOBODY'] })).toEqual(['0 series', 'live']);
  });

  it.each([
    ['without its value', { from: { case: 'snapshot', value: false } }, /leave it out/],
    [
      'of computed values',
      { specs: ['rsi(14)'], symbols: ['A'], intervals: ['1m'] },
      /from\.snapshot with specs/,
    ],
  ] satisfies readonly [string, Request, RegExp][])('is refused %s', async (_what, init, message) => {
    await using service = await startService(new World().service());
    await expect(service.calls.subscribe(request(init), { signal: NEVER }).next()).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(message) as string,
    });
  });

  it('says the newest below where it ends, and everything from there on once, whenever it is asked for and however far the store is', async () => {
    const step = fc.record({
      symbol: fc.constantFrom('A', 'B', 'C'),
      timeNs: fc.bigInt(1n, 20n),
      stored: fc.integer({ min: 0, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), fc.nat(30), async (steps, joinAt) => {
        const world = new World();
        await using service = await startService(world.service());
        const written: { symbol: string; text: string; partition: number; offset: bigint; timeNs: bigint }[] =
          [];
        const write = async (at: number): Promise<void> => {
          for (const [n, { symbol, timeNs, stored }] of steps.entries()) {
            if (n < joinAt !== at < joinAt) continue;
            const { partition, offset } = world.trade(symbol, [timeNs], BigInt(n));
            written.push({ symbol, text: `${symbol} ${timeNs}/${n}`, partition, offset, timeNs });
            if (stored === 0) await world.storeTicks(partition, offset + 1n);
          }
        };
        if (joinAt > 0) await write(0);
        const stream = service.calls.subscribe(request({ kinds: [queryV1.StreamKind.TRADES] }), {
          signal: NEVER,
        });
        const whole = Promise.withResolvers<undefined>();
        const reading = readWhole(stream, () => {
          whole.resolve(undefined);
        });
        await write(joinAt);
        await Promise.race([whole.promise, reading]);
        for (const symbol of ['A', 'B', 'C']) world.trade(symbol, [1n], 10_000n);
        const { snapshot, ends, rest } = await reading;
        const isBelow = ({ partition, offset }: (typeof written)[number]): boolean =>
          offset < (ends.get(partition) ?? 0n);
        const newest = new Map<string, (typeof written)[number]>();
        for (const one of written.filter(isBelow))
          if (one.timeNs >= (newest.get(one.symbol)?.timeNs ?? 0n)) newest.set(one.symbol, one);
        expect(snapshot.sort()).toEqual([...newest.values()].map(({ text }) => `newest ${text}`).sort());
        const wanted = written.filter((one) => !isBelow(one)).map(({ text }) => text);
        expect(rest.sort()).toEqual(wanted.sort());
        await stream.return(undefined);
      }),
      { numRuns: 40 },
    );
  });
});

/** Reads to the trades that are written last, one a symbol, whose seq is 10,000. */
async function readWhole(
  stream: AsyncGenerator<queryV1.SubscribeResponse | Uint8Array>,
  onEnd: () => void,
): Promise<{ snapshot: string[]; ends: Map<number, bigint>; rest: string[] }> {
  const snapshot: string[] = [];
  const rest: string[] = [];
  const ends = new Map<number, bigint>();
  for (let left = 3; left > 0;) {
    const next = await stream.next();
    if (next.done === true) break;
    const { message, position, snapshot: isSnapshot } = decodeResponse(next.value);
    if (message.case === 'snapshotEnd') onEnd();
    if (message.case === 'snapshotEnd')
      for (const { partition, nextOffset } of position?.partitions ?? []) ends.set(partition, nextOffset);
    if (message.case !== 'ticks') continue;
    const texts = describeMessage(next.value);
    if (texts.some((text) => text.endsWith('/10000'))) left -= 1;
    else (isSnapshot ? snapshot : rest).push(...texts);
  }
  return { snapshot, ends, rest };
}

describe('a client that asks for a snapshot', () => {
  it('has its statement over what came after it, and begins anew only where it was not whole yet', async () => {
    const world = new World();
    world.trade('A', [1n]);
    world.trade('B', [2n]);
    let nowNs = 1n;
    await using service = await startService(world.service({ nowNs: () => nowNs, heartbeatMs: 5 }));
    const breaking: Handler = async function* (call, messages) {
      for await (const message of messages) {
        const { message: content, snapshot } = decodeResponse(message);
        yield message;
        if (call === 1 && snapshot) throw new TickwellError('unavailable', 'cut', { retryable: true });
        if (content.case !== 'live') continue;
        if (call === 2) {
          world.trade('A', [3n]);
          return;
        }
        world.trade('B', [4n]);
        nowNs = 100n;
      }
    };
    await withClient(service, breaking, async (client) => {
      const subscription = client.subscribe({ snapshot: true, until: 50n, verify: true });
      const read: string[] = [];
      for await (const event of subscription) {
        if (event.kind === 'trades')
          read.push(
            `${event.isSnapshot === true ? 'newest ' : ''}${event.symbol} ${event.trades.timeNs.join()}`,
          );
        else if (event.kind === 'snapshot-end') read.push(`${event.series} series`);
        else read.push(event.kind);
      }
      expect(read).toEqual(['newest A 1', 'newest A 1', 'newest B 2', '2 series', 'live', 'A 3', 'B 4']);
      expect(subscription.statement).toMatchObject({ events: 2, verified: true });
    });
  });

  it('ends with it where it wants nothing else', async () => {
    const world = new World();
    world.trade('A', [1n]);
    await using service = await startService(world.service());
    await withClient(
      service,
      (_call, messages) => messages,
      async (client) => {
        const subscription = client.subscribe({ snapshot: true, until: 'now' });
        const kinds: string[] = [];
        for await (const event of subscription) kinds.push(event.kind);
        expect([kinds, subscription.statement?.events]).toEqual([['trades', 'snapshot-end'], 0]);
      },
    );
  });
});
