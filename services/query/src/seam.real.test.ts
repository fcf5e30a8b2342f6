import { connect, type TickwellClient } from '@tickwell/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { RealFlow } from './fixtures/real-flow.ts';

const run = Date.now().toString(36);
const SYMBOLS = ['SEAMA', 'SEAMB', 'SEAMC'].map((name) => `${name}-${run}`);
const EVENTS = 1_200;
const PER_RECORD = 5;

let flow: RealFlow;

beforeAll(async () => {
  flow = await RealFlow.open(inject('stack'), `seam-${run}`);
});

afterAll(async () => {
  await flow.close();
});

/** One record of trades whose times are their numbers; every seventh twice, as after a lost acknowledgement. */
async function writeTrades(symbol: string, first: number): Promise<void> {
  const timeNs = Array.from({ length: PER_RECORD }, (_, n) => BigInt(first + n + 1));
  await flow.writeTrades(symbol, timeNs, first % 7 === 0 ? 2 : 1);
}

interface Reading {
  readonly symbol: string;
  readonly since: number;
  readonly prices: number[];
  live: boolean;
  readonly done: Promise<void>;
}

function read(client: TickwellClient, symbol: string, since: number): Reading {
  const prices: number[] = [];
  const go = async (): Promise<void> => {
    const subscription = client.subscribe({ symbols: [symbol], kinds: ['trades'], sinceNs: BigInt(since) });
    for await (const event of subscription) {
      if (event.kind === 'live') reading.live = true;
      if (event.kind === 'trades') prices.push(...event.trades.price);
      if (prices.at(-1) === EVENTS) return;
    }
  };
  const reading: Reading = { symbol, since, prices, live: false, done: go() };
  // Looked at when all are awaited.
  reading.done.catch(() => undefined);
  return reading;
}

it('history from QuestDB, the rest from Kafka, then live: each trade once through a restart, whenever a reader joins', async () => {
  let query = await flow.startQuery(0);
  const { port } = query;
  const client = connect({ address: `127.0.0.1:${port}`, retry: { maxAttempts: 100 } });
  const storages = await flow.storages(SYMBOLS);
  const readings: Reading[] = [];
  for (let first = 0; first < EVENTS; first += PER_RECORD) {
    await Promise.all(SYMBOLS.map((symbol) => writeTrades(symbol, first)));
    if (first % 300 === 0) await Promise.all(storages.map((storage) => storage.store()));
    if (first % 100 === 0) {
      const symbol = SYMBOLS[(first / 100) % SYMBOLS.length] ?? '';
      readings.push(read(client, symbol, Math.floor(Math.random() * (first + 50))));
    }
    if (first === 600) {
      await expect.poll(() => readings.every((reading) => reading.live), { timeout: 30_000 }).toBe(true);
      await query.stop();
      query = await flow.startQuery(port);
    }
  }
  await Promise.all(readings.map((reading) => reading.done));
  for (const { symbol, since, prices } of readings) {
    const from = Math.max(since, 1);
    const wanted = Array.from({ length: EVENTS - from + 1 }, (_, n) => from + n);
    expect({ symbol, since, prices }).toEqual({ symbol, since, prices: wanted });
  }
  client.close();
  await query.stop();
});
