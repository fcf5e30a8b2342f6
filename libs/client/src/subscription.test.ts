import type { queryV1 } from '@tickwell/contracts';
import { describe, expect, it } from 'vitest';
import {
  liveMessage,
  lost,
  openingMessage,
  scripted,
  storedMessage,
  tradeMessage,
} from './fixtures/scripted-server.ts';
import type { Subscription } from './subscription.ts';

type Script = (request: queryV1.SubscribeRequest) => AsyncIterable<queryV1.SubscribeResponse>;

/** Each connection plays the next script. */
function inTurn(scripts: Script[]): { subscribe: Script; requests: queryV1.SubscribeRequest[] } {
  const requests: queryV1.SubscribeRequest[] = [];
  return {
    requests,
    async *subscribe(request) {
      requests.push(request);
      const script = scripts[requests.length - 1];
      if (script === undefined) throw new Error('one connection too many');
      yield* script(request);
    },
  };
}

async function take(subscription: Subscription, count: number): Promise<unknown[]> {
  const read: unknown[] = [];
  for await (const event of subscription) {
    read.push(event.kind === 'trades' ? event.trades.timeNs[0] : event.kind);
    if (read.length === count) break;
  }
  return read;
}

const after = (request: queryV1.SubscribeRequest | undefined): unknown =>
  request?.from.case === 'after'
    ? request.from.value.partitions.map((one) => one.nextOffset)
    : request?.from.case;

describe('a subscription', () => {
  it('reads messages that came as one in their order, and stands after each of them', async () => {
    const script = inTurn([
      async function* () {
        await Promise.resolve();
        yield liveMessage(10n, 20n);
        const more = [tradeMessage(1, 20n), tradeMessage(0, 11n), tradeMessage(0, 12n)];
        yield { ...tradeMessage(0, 10n), more };
      },
    ]);
    await using pair = await scripted({ subscribe: script.subscribe });
    const subscription = pair.client.subscribe();
    expect(await take(subscription, 4)).toEqual(['live', 10n, 20n, 11n]);
    expect(script.requests[0]?.pack).toBe(true);
    const next = inTurn([
      async function* (request) {
        await Promise.resolve();
        expect(after(request)).toEqual([12n, 21n]);
        yield tradeMessage(0, 12n);
      },
    ]);
    await using later = await scripted({ subscribe: next.subscribe });
    const { position } = subscription;
    expect(await take(later.client.subscribe(position === undefined ? {} : { after: position }), 1)).toEqual([
      12n,
    ]);
  });

  it('takes what came of one record together: all of it, or none where it was seen', async () => {
    const together = (n: bigint): queryV1.SubscribeResponse => {
      const second = tradeMessage(0, n);
      return { ...tradeMessage(0, n), more: [{ ...second, position: undefined }] };
    };
    const script = inTurn([
      async function* () {
        await Promise.resolve();
        yield liveMessage(10n, 20n);
        yield { ...tradeMessage(1, 20n), more: [together(10n), together(10n), together(11n)] };
      },
    ]);
    await using pair = await scripted({ subscribe: script.subscribe });
    const subscription = pair.client.subscribe({ symbols: ['A'], intervals: ['1m'], specs: ['rsi(14)'] });
    expect(await take(subscription, 6)).toEqual(['live', 20n, 10n, 10n, 11n, 11n]);
    expect(script.requests[0]?.specs).toEqual(['rsi(14)']);
  });

  it('goes on after the last event when the connection breaks, without gap or duplicate', async () => {
    const script = inTurn([
      async function* () {
        await Promise.resolve();
        yield liveMessage(10n, 20n);
        yield tradeMessage(0, 10n);
        yield tradeMessage(1, 20n);
        throw lost();
      },
      async function* () {
        await Promise.resolve();
        throw lost();
        yield liveMessage();
      },
      async function* () {
        await Promise.resolve();
        // Another server, which does not know that 10 was repeated as 11.
        yield tradeMessage(0, 11n, 11n);
        yield tradeMessage(0, 12n);
        yield liveMessage(13n, 21n);
        yield tradeMessage(1, 21n);
      },
    ]);
    await using pair = await scripted({ subscribe: script.subscribe });
    const subscription = pair.client.subscribe({ symbols: ['A'] });
    expect(await take(subscription, 5)).toEqual(['live', 10n, 20n, 12n, 21n]);
    expect(script.requests.map(after)).toEqual(['live', [11n, 21n], [11n, 21n]]);
    expect(script.requests.map((request) => request.symbols)).toEqual([['A'], ['A'], ['A']]);
    expect(subscription.reconnects).toBe(2);
  });

  it('gives a position that another subscription goes on from', async () => {
    const script = inTurn([
      async function* () {
        await Promise.resolve();
        yield liveMessage(3n, 4n);
        yield tradeMessage(1, 4n);
      },
      async function* () {
        await Promise.resolve();
        yield tradeMessage(1, 5n);
      },
    ]);
    await using pair = await scripted({ subscribe: script.subscribe });
    const first = pair.client.subscribe();
    expect(first.position).toBeUndefined();
    await take(first, 2);
    const second = pair.client.subscribe({ after: first.position ?? '' });
    expect(await take(second, 1)).toEqual([5n]);
    expect(script.requests.map(after)).toEqual(['live', [3n, 5n]]);
  });

  it('does not pretend to resume half a history', async () => {
    const script = inTurn([
      async function* () {
        await Promise.resolve();
        yield storedMessage(1n);
        throw lost();
      },
    ]);
    await using pair = await scripted({ subscribe: script.subscribe });
    const reading = take(pair.client.subscribe({ sinceNs: 0n }), 5);
    await expect(reading).rejects.toMatchObject({ code: 'history-interrupted', retryable: true });
  });

  it('goes on where history ended, but gives no position before live: it would not hold every partition', async () => {
    const script = inTurn([
      async function* () {
        await Promise.resolve();
        yield openingMessage(5n);
        yield storedMessage(1n);
        yield tradeMessage(0, 5n);
        throw lost();
      },
      async function* () {
        await Promise.resolve();
        yield tradeMessage(0, 6n);
        yield liveMessage(7n, 20n);
      },
    ]);
    await using pair = await scripted({ subscribe: script.subscribe });
    const subscription = pair.client.subscribe({ sinceNs: 0n });
    const positions: (string | undefined)[] = [];
    const read: unknown[] = [];
    for await (const event of subscription) {
      read.push(event.kind === 'trades' ? event.trades.timeNs[0] : event.kind);
      positions.push(subscription.position);
      if (event.kind === 'live') break;
    }
    expect(read).toEqual([1n, 5n, 6n, 'live']);
    expect(script.requests.map(after)).toEqual(['sinceNs', [6n]]);
    expect(positions.slice(0, 3)).toEqual([undefined, undefined, undefined]);
    expect(positions[3]).toBeDefined();
  });

  it('begins a history again as long as nothing of it arrived', async () => {
    const script = inTurn([
      async function* () {
        await Promise.resolve();
        throw lost();
        yield liveMessage();
      },
      async function* () {
        await Promise.resolve();
        yield storedMessage(1n);
        yield storedMessage(1n);
        yield liveMessage(0n);
      },
    ]);
    await using pair = await scripted({ subscribe: script.subscribe });
    expect(await take(pair.client.subscribe({ sinceNs: 9n }), 3)).toEqual([1n, 1n, 'live']);
    expect(script.requests.map((request) => request.from)).toEqual(
      new Array(2).fill({ case: 'sinceNs', value: 9n }),
    );
  });

  it('takes silence for a broken connection', async () => {
    const script = inTurn([
      async function* (): AsyncGenerator<queryV1.SubscribeResponse> {
        yield liveMessage(1n);
        await new Promise(() => undefined);
      },
      async function* () {
        await Promise.resolve();
        yield tradeMessage(0, 1n);
      },
    ]);
    await using pair = await scripted({ subscribe: script.subscribe });
    expect(await take(pair.client.subscribe({ idleTimeoutMs: 1_000 }), 2)).toEqual(['live', 1n]);
  });

  it('gives up after so many attempts without a word', async () => {
    let connections = 0;
    await using pair = await scripted(
      {
        async *subscribe() {
          connections += 1;
          await Promise.resolve();
          throw lost();
          yield liveMessage();
        },
      },
      3,
    );
    await expect(take(pair.client.subscribe(), 1)).rejects.toMatchObject({ code: 'unavailable' });
    expect(connections).toBe(3);
  });

  it('ends at once with an error that does not pass, and when the caller aborts', async () => {
    await using refused = await scripted({});
    await expect(take(refused.client.subscribe(), 1)).rejects.toMatchObject({ code: 'not-found' });
    const abort = new AbortController();
    await using pair = await scripted({
      async *subscribe() {
        yield liveMessage(0n);
        abort.abort();
        await new Promise((resolve) => setTimeout(resolve, 50));
      },
    });
    await expect(take(pair.client.subscribe({ signal: abort.signal }), 2)).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  it('refuses what contradicts itself or was made up', async () => {
    await using pair = await scripted({});
    expect(() => pair.client.subscribe({ sinceNs: 1n, after: 'x' })).toThrow(/exclude each other/);
    expect(() => pair.client.subscribe({ after: 'not a position' })).toThrow(/position/);
    expect(() => pair.client.subscribe({ after: '' })).toThrow(/empty position/);
  });
});
