import { connect, type TickwellClient } from '@tickwell/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { RealFlow, type RealQuery } from './fixtures/real-flow.ts';

const run = Date.now().toString(36);
const SYMBOLS = ['SNAPA', 'SNAPB', 'SNAPC'].map((name) => `${name}-${run}`);
const PER_RECORD = 5;
const EVENTS = 600;

let flow: RealFlow;
let query: RealQuery;
let client: TickwellClient;

beforeAll(async () => {
  flow = await RealFlow.open(inject('stack'), `snapshot-${run}`);
  query = await flow.startQuery(0);
  client = connect({ address: `127.0.0.1:${query.port}` });
});

afterAll(async () => {
  client.close();
  await query.stop();
  await flow.close();
});

/** Per symbol the price of the snapshot, then those of the stream up to the last trade. */
async function read(): Promise<readonly (readonly number[])[]> {
  const prices = new Map<string, number[]>();
  let isWhole = false;
  for await (const event of client.subscribe({ symbols: SYMBOLS, kinds: ['trades'], snapshot: true })) {
    if (event.kind === 'snapshot-end') isWhole = true;
    if (event.kind !== 'trades') continue;
    expect(event.isSnapshot === true).toBe(!isWhole);
    const of = prices.get(event.symbol) ?? [];
    prices.set(event.symbol, [...of, ...event.trades.price]);
    if (prices.size === SYMBOLS.length && [...prices.values()].every((all) => all.at(-1) === EVENTS)) break;
  }
  return [...prices.values()];
}

it('gives the newest of QuestDB and Kafka and goes on from exactly there, whenever a reader joins and however far the store is', async () => {
  const storages = await flow.storages(SYMBOLS);
  const readings: ReturnType<typeof read>[] = [];
  for (let first = 0; first < EVENTS; first += PER_RECORD) {
    const timeNs = Array.from({ length: PER_RECORD }, (_, n) => BigInt(first + n + 1));
    await Promise.all(SYMBOLS.map((symbol) => flow.writeTrades(symbol, timeNs, first % 7 === 0 ? 2 : 1)));
    if (first % 150 === 0) await Promise.all(storages.map((storage) => storage.store()));
    if (first > 0 && first % 40 === 0) readings.push(read());
  }
  for (const prices of (await Promise.all(readings)).flat()) {
    const first = prices[0] ?? 0;
    expect(first).toBeGreaterThan(0);
    expect(prices).toEqual(Array.from({ length: EVENTS - first + 1 }, (_, n) => first + n));
  }
});
