import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { HAND_START_MS, handMarket } from './fixtures/hand-market.ts';
import { RawClient, contract, rawSession } from './fixtures/raw-client.ts';
import { parseFaultFile, startIbGatewaySim, type IbGatewaySim, type IbGatewaySimOptions } from './index.ts';
import { knownZone } from './time/ib-time.ts';
import { encodeFrame } from './wire/frame.ts';

/** What faults look like to a client. The clock moves by hand. */
let simulator: IbGatewaySim;
const clients: RawClient[] = [];

async function start(options: Partial<IbGatewaySimOptions> = {}): Promise<void> {
  simulator = await startIbGatewaySim({
    market: handMarket(),
    startMs: HAND_START_MS,
    speed: 0,
    pollMs: 50,
    ...options,
  });
}

async function session(clientId = 1): Promise<RawClient> {
  const client = await rawSession(simulator.port, 'v157..178', clientId);
  clients.push(client);
  return client;
}

async function answered(client: RawClient): Promise<void> {
  const before = client.all(49).length;
  client.send(49, 1);
  await client.until(() => client.all(49).length > before);
}

const AAPL = contract({ conId: 265598 });

/** A refused connection is reset or closed before a byte has come. */
async function isRefused(): Promise<boolean> {
  const socket = connect(simulator.port, '127.0.0.1');
  let bytes = 0;
  socket.on('data', (chunk) => (bytes += chunk.length));
  socket.on('error', () => undefined);
  socket.write('API\0\0\0\0\tv157..178');
  await new Promise((resolve) => socket.once('close', resolve));
  return bytes === 0;
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await simulator.stop();
});

describe('connectivity', () => {
  test.each([
    [1102, true],
    [1101, false],
  ] as const)('1100, nothing flows, then %d: subscriptions go on: %s', async (restored, goesOn) => {
    await start();
    const client = await session();
    client.send(97, 1, ...AAPL, 'AllLast', 0, 0);
    await answered(client);
    simulator.inject({ kind: 'connectivityLost', for: '60s', restored });
    await client.error(1100, -1);
    client.send(20, 2, ...AAPL, '0', '', '1 min', '600 S', 1, 'TRADES', 1, 0, '');
    expect((await client.error(162, 2))[4]).toContain('HMDS server disconnect');
    simulator.clock.advance(60_000);
    await client.error(restored, -1);
    await client.until(() => client.frames.filter((fields) => fields[3] === '2104').length === 2);
    expect(client.all(99)).toEqual([]);
    simulator.clock.advance(30_050);
    await answered(client);
    expect(client.all(99)).toHaveLength(goesOn ? 4 : 0);
    // Of the outage nothing is handed out later.
    if (goesOn) expect(Number(client.all(99)[0]?.[3])).toBe(HAND_START_MS / 1000 + 60);
  });

  test('a farm for a while: live data stops, history goes on; who connects is told', async () => {
    await start();
    const client = await session();
    client.send(97, 1, ...AAPL, 'AllLast', 0, 0);
    await answered(client);
    const end = simulator.inject({ kind: 'farmDown', farm: 'market' });
    await client.error(2103, -1);
    await (await session(2)).error(2103, -1);
    simulator.clock.advance(60_000);
    client.send(20, 2, ...AAPL, '0', '', '1 min', '600 S', 1, 'TRADES', 1, 0, '');
    await client.frame(17, 2);
    expect(client.all(99)).toEqual([]);
    end();
    await client.until(() => client.frames.filter((fields) => fields[3] === '2104').length === 2);
  });

  test('without the contract farm details come when it is back', async () => {
    await start();
    const client = await session();
    simulator.inject({ kind: 'farmDown', farm: 'secdef', for: '10s' });
    client.send(9, 8, 3, ...AAPL, '', '', '', '');
    await answered(client);
    simulator.clock.advance(5000);
    await answered(client);
    expect(client.all(10)).toEqual([]);
    simulator.clock.advance(10_000);
    await client.frame(52, 3);
  });

  test('a market-data line that begins in an outage begins when it is over', async () => {
    await start();
    const client = await session();
    simulator.inject({ kind: 'farmDown', farm: 'market', for: '10s' });
    client.send(1, 11, 7, ...AAPL, 0, '', 0, 0, '');
    await answered(client);
    expect(client.all(1)).toEqual([]);
    simulator.clock.advance(10_100);
    await client.until(() => client.all(1).length >= 7);
  });

  test('a notice alone', async () => {
    await start();
    const client = await session();
    simulator.inject({ kind: 'notice', code: 2108 });
    expect((await client.error(2108, -1))[4]).toContain('inactive');
  });
});

describe('connections', () => {
  test('the nightly restart: 1100, closed, refused for a while, back, and again the next night', async () => {
    const faults = parseFaultFile('[{"kind": "restart", "daily": "23:45 US/Eastern", "for": "5m"}]', 'f', {
      startMs: HAND_START_MS,
      zone: knownZone('US/Eastern'),
    });
    await start({ pollMs: 60_000, ...(faults.ok ? { faults: faults.value } : {}) });
    const untilNight = Date.UTC(2024, 0, 11, 4, 45) - HAND_START_MS;
    for (const night of [0, 1]) {
      const client = await session();
      simulator.clock.advance(night === 0 ? untilNight : 86_400_000 - 300_000);
      await client.error(1100, -1);
      await client.untilClosed();
      expect(await isRefused()).toBe(true);
      simulator.clock.advance(300_000);
    }
    await session();
    expect(simulator.stats()).toMatchObject({ faultsInjected: 2, cuts: { 'gateway restart': 2 } });
  });

  test('a silent socket stays open; what was asked in the silence is lost', async () => {
    await start();
    const [one, two] = [await session(1), await session(2)];
    const end = simulator.inject({ kind: 'silent', clientId: 1 });
    one.send(104, 5);
    const half = encodeFrame([104, 6]);
    one.write(half.subarray(0, 3));
    await answered(two);
    await answered(two);
    expect([one.all(107), one.closed]).toEqual([[], false]);
    end();
    one.write(half.subarray(3));
    await answered(one);
    // What began in the silence is understood when it ends after it.
    expect(one.all(107)).toEqual([['107', '6', '']]);
  });

  test('a cut, also in the middle of a frame', async () => {
    await start();
    const [one, two] = [await session(1), await session(2)];
    simulator.inject({ kind: 'cut', clientId: 1, midFrame: true });
    await one.untilClosed();
    expect(one.pendingBytes).toBeGreaterThan(0);
    await answered(two);
    simulator.inject({ kind: 'cut' });
    await two.untilClosed();
    expect(two.pendingBytes).toBe(0);
  });

  test('half a frame, then silence', async () => {
    await start();
    const client = await session();
    simulator.inject({ kind: 'halfFrame' });
    await client.until(({ pendingBytes }) => pendingBytes > 0);
    client.send(49, 1);
    expect([client.closed, client.all(49)]).toEqual([false, []]);
  });

  test('garbage: a frame that is no message, and a length that no frame has', async () => {
    await start();
    const client = await session();
    simulator.inject({ kind: 'garbage' });
    await client.until(({ frames }) => frames.some(([id]) => id === '?garbage?'));
    simulator.inject({ kind: 'garbage', style: 'length' });
    await client.until(({ badFrames }) => badFrames === 1);
  });

  test('a client id that somebody else has, until he leaves', async () => {
    await start();
    simulator.inject({ kind: 'clientIdInUse', clientId: 4, for: '30s' });
    const client = new RawClient(simulator.port);
    clients.push(client);
    client.hello('v157..178');
    client.send(71, 2, 4, '');
    await client.error(326, -1);
    await client.untilClosed();
    simulator.clock.advance(30_000);
    await session(4);
  });
});

describe('answers', () => {
  test('slow ones, of the kinds named', async () => {
    await start();
    const client = await session();
    simulator.inject({ kind: 'slow', delay: '5s', requests: ['historicalData'], for: '1m' });
    client.send(20, 2, ...AAPL, '0', '', '1 min', '600 S', 1, 'TRADES', 1, 0, '');
    await answered(client);
    simulator.clock.advance(4999);
    await answered(client);
    expect(client.all(17)).toEqual([]);
    simulator.clock.advance(1);
    await client.frame(17, 2);
  });

  test('a hole in history, in bars and ticks, until it is filled', async () => {
    await start();
    const client = await session();
    const from = '2024-01-10T14:32:00Z';
    simulator.inject({ kind: 'hole', instrument: 'AAPL', from, to: '2024-01-10T14:34:00Z', for: '1h' });
    const bars = async (reqId: number): Promise<string | undefined> => {
      client.send(20, reqId, ...AAPL, '0', '20240110 14:35:00 UTC', '1 min', '300 S', 1, 'TRADES', 2, 0, '');
      return (await client.frame(17, reqId))[4];
    };
    expect(await bars(1)).toBe('3');
    client.send(96, 9, ...AAPL, '0', '20240110 14:31:50 UTC', '', 2, 'TRADES', 1, 0, '');
    const ticks = await client.frame(98, 9);
    expect([ticks[3], ticks[9]].map((second) => Number(second) * 1000 - Date.parse(from))).toEqual([
      -10_000, 120_000,
    ]);
    simulator.clock.advance(3_600_000);
    expect(await bars(3)).toBe('5');
  });

  test('a pacing storm', async () => {
    await start();
    const client = await session();
    simulator.inject({ kind: 'pacingStorm', for: '1m' });
    client.send(20, 2, ...AAPL, '0', '', '1 min', '600 S', 1, 'TRADES', 1, 0, '');
    await client.error(162, 2);
    client.send(50, 3, 3, ...AAPL, 5, 'TRADES', 0, '');
    await client.error(420, 3);
    expect(simulator.stats().violationsTotal).toBe(0);
    simulator.clock.advance(60_000);
    client.send(20, 4, ...AAPL, '0', '', '1 min', '600 S', 1, 'TRADES', 1, 0, '');
    await client.frame(17, 4);
  });

  test('a competing session takes the data from what is under way, and gives it back', async () => {
    await start();
    const client = await session();
    client.send(97, 1, ...AAPL, 'AllLast', 0, 0);
    client.send(97, 2, ...contract({ conId: 272093 }), 'AllLast', 0, 0);
    await answered(client);
    simulator.inject({ kind: 'noPermission', instrument: 'AAPL', code: 10197, for: '30s' });
    await client.error(10197, 1);
    simulator.clock.advance(20_050);
    await answered(client);
    expect(client.all(99).map(([, reqId]) => reqId)).toEqual(['2', '2', '2']);
    simulator.clock.advance(20_000);
    await answered(client);
    expect(client.all(99).filter(([, reqId]) => reqId === '1')).toHaveLength(2);
  });

  test('a fault that makes no sense names its field', async () => {
    await start();
    expect(() => simulator.inject({ kind: 'restart', for: 'long' })).toThrow(
      'fault.for: "long" is not a duration',
    );
    expect(() => simulator.inject({ kind: 'noPermission', instrument: 'NOPE' })).toThrow(
      'the market has no such instrument',
    );
  });
});
