import { connect, type Subscription, type TickwellClient } from '@tickwell/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { RealFlow, type RealQuery } from './fixtures/real-flow.ts';

const run = Date.now().toString(36);
const SYMBOLS = ['SLOWA', 'SLOWB', 'SLOWC'].map((name) => `${name}-${run}`);
const PER_RECORD = 500;
/** Some 20 KB each: far more than what waits in sockets, windows and buffers between server and reader. */
const RECORDS = 400;
const LAST = (RECORDS + 1) * PER_RECORD;

let flow: RealFlow;
let query: RealQuery;
let client: TickwellClient;

beforeAll(async () => {
  flow = await RealFlow.open(inject('stack'), `slow-${run}`);
  const limits = { streamBufferBytes: 128 * 1024, flowControlWindowBytes: 128 * 1024 };
  query = await flow.startQuery(0, { queue: { messages: 40, bytes: 2 * 1024 * 1024 } }, limits);
  client = connect({ address: `127.0.0.1:${query.port}`, retry: { maxAttempts: 1 } });
});

afterAll(async () => {
  client.close();
  await query.stop();
  await flow.close();
});

/** Trades of every symbol, numbered by their times and prices from `first` on. */
async function write(symbols: readonly string[], first: number): Promise<void> {
  const timeNs = Array.from({ length: PER_RECORD }, (_, n) => BigInt(first + n));
  await Promise.all(symbols.map((symbol) => flow.writeTrades(symbol, timeNs)));
}

/** Reads to live, then nothing until everything was written, which one who keeps up tells, then on until the last trade of all of the symbols. */
async function readSlowly(
  subscription: Subscription,
  symbols: readonly string[],
): Promise<ReadonlyMap<string, number[]>> {
  const got = new Map(symbols.map((symbol) => [symbol, new Array<number>()]));
  for await (const event of subscription) {
    if (event.kind === 'live') await writeAll(symbols);
    if (event.kind !== 'trades') continue;
    got.get(event.symbol)?.push(...event.trades.price);
    if ([...got.values()].every((prices) => prices.at(-1) === LAST)) break;
  }
  return got;
}

/** Returns once the server has handed it all to those who follow. */
async function writeAll(symbols: readonly string[]): Promise<void> {
  const left = new Set(symbols);
  for await (const event of client.subscribe({ symbols, kinds: ['trades'], conflate: () => undefined })) {
    if (event.kind === 'live')
      for (let at = 1; at <= RECORDS; at += 1) await write(symbols, 1 + at * PER_RECORD);
    if (event.kind === 'trades' && event.trades.price.at(-1) === LAST) left.delete(event.symbol);
    if (left.size === 0) return;
  }
}

it('gives a reader who is too slow the history, then the newest of each symbol, and tells how much was left out', async () => {
  await write(SYMBOLS, 1);
  for (const storage of await flow.storages(SYMBOLS)) await storage.store();
  const told: bigint[] = [];
  const subscription = client.subscribe({
    symbols: SYMBOLS,
    kinds: ['trades'],
    sinceNs: 0n,
    conflate: (events) => told.push(events),
  });
  const got = await readSlowly(subscription, SYMBOLS);
  const received = [...got.values()].reduce((sum, prices) => sum + prices.length, 0);
  for (const prices of got.values()) {
    expect(prices.slice(0, PER_RECORD)).toEqual(Array.from({ length: PER_RECORD }, (_, n) => n + 1));
    expect(prices.every((price, at) => at === 0 || price > (prices[at - 1] ?? Infinity))).toBe(true);
  }
  expect(subscription.leftOut).toBeGreaterThan(0n);
  expect(told.reduce((sum, events) => sum + events, 0n)).toBe(subscription.leftOut);
  expect(received + Number(subscription.leftOut)).toBe(SYMBOLS.length * PER_RECORD * (RECORDS + 1));
  expect(subscription.reconnects).toBe(0);
});

it('slows a reader who wants everything, then cuts it with a status that says why and where to go on', async () => {
  const symbols = [`SLOWD-${run}`];
  await write(symbols, 1);
  const subscription = client.subscribe({ symbols, kinds: ['trades'], sinceNs: 0n });
  await expect(readSlowly(subscription, symbols)).rejects.toMatchObject({
    code: 'reader-too-slow',
    message: expect.stringMatching(/reader too slow: \d+ messages \(\d+ bytes\) waited.*resume/) as string,
  });
  const { position } = subscription;
  expect(position).toBeDefined();
  const rest = client.subscribe({ symbols, kinds: ['trades'], after: position ?? '' });
  const prices: number[] = [];
  for await (const event of rest) {
    if (event.kind === 'trades') prices.push(...event.trades.price);
    if (prices.at(-1) === LAST) break;
  }
  const first = prices[0] ?? 0;
  expect(prices).toEqual(Array.from({ length: prices.length }, (_, n) => first + n));
});
