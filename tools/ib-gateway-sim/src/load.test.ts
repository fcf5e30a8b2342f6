import { afterEach, describe, expect, test } from 'vitest';
import { HAND_START_MS, handInstrument, handMarket } from './fixtures/hand-market.ts';
import { type RawClient, contract, rawSession } from './fixtures/raw-client.ts';
import { startIbGatewaySim, type IbGatewaySim } from './index.ts';

let simulator: IbGatewaySim;
const clients: RawClient[] = [];

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await simulator.stop();
});

/** One hundred stocks. */
const HUNDRED = Array.from({ length: 100 }, (_, n) => handInstrument({ conId: 5000 + n, symbol: `S${n}` }));

describe('bursts', () => {
  test('20,000 ticks a second over a hundred lines arrive, each once and in order', async () => {
    simulator = await startIbGatewaySim({
      market: handMarket({ stepMs: 5, instruments: HUNDRED }),
      startMs: HAND_START_MS,
      speed: 0,
      pollMs: 50,
      limits: { tickByTickLines: 100, messagesPerSecond: 1000 },
    });
    const client = await rawSession(simulator.port);
    clients.push(client);
    for (const { conId } of HUNDRED) client.send(97, conId, ...contract({ conId }), 'AllLast', 0, 0);
    client.send(49, 1);
    await client.frame(49);
    for (let poll = 0; poll < 60; poll += 1) {
      simulator.clock.advance(50);
      if (poll % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const ticks = await client.until(() => {
      const seen = client.all(99);
      return seen.length >= 60_000 && seen;
    });
    expect(ticks).toHaveLength(60_000);
    for (const { conId } of HUNDRED) {
      const seconds = ticks
        .filter((fields) => fields[1] === String(conId))
        .map((fields) => Number(fields[3]));
      expect(seconds).toHaveLength(600);
      expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
    }
    expect(simulator.stats().violationsTotal).toBe(0);
  }, 30_000);

  test('a client that reads nothing is bounded: its bytes wait, then it is cut and others go on', async () => {
    simulator = await startIbGatewaySim({
      market: handMarket({ stepMs: 5, instruments: HUNDRED }),
      startMs: HAND_START_MS,
      speed: 0,
      pollMs: 1000,
      limits: { tickByTickLines: 100, messagesPerSecond: 1000 },
    });
    const [slow, good] = [
      await rawSession(simulator.port, 'v157..178', 1),
      await rawSession(simulator.port, 'v157..178', 2),
    ];
    clients.push(slow, good);
    for (const { conId } of HUNDRED) slow.send(97, conId, ...contract({ conId }), 'AllLast', 0, 0);
    slow.send(49, 1);
    await slow.frame(49);
    slow.pause();
    for (let second = 0; second < 40 && simulator.stats().cuts['slow client'] === undefined; second += 1) {
      simulator.clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(simulator.stats().cuts).toEqual({ 'slow client': 1 });
    good.send(49, 1);
    await good.frame(49);
  }, 30_000);

  test('a fast clock waits for a client instead of cutting it', async () => {
    simulator = await startIbGatewaySim({
      market: handMarket({ stepMs: 20, instruments: HUNDRED }),
      startMs: HAND_START_MS,
      speed: 2000,
      limits: { tickByTickLines: 100, messagesPerSecond: 1000 },
    });
    const client = await rawSession(simulator.port);
    clients.push(client);
    for (const { conId } of HUNDRED.slice(0, 20))
      client.send(97, conId, ...contract({ conId }), 'AllLast', 0, 0);
    await client.until(() => client.all(99).length > 100_000);
    expect(client.closed).toBe(false);
    expect(simulator.stats().cuts).toEqual({});
  }, 30_000);
});
