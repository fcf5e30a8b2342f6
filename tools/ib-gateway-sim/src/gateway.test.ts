import { afterEach, describe, expect, test } from 'vitest';
import { HAND_START_MS, handMarket, handPriceAt } from './fixtures/hand-market.ts';
import { RawClient, contract, rawSession } from './fixtures/raw-client.ts';
import { parseFaultFile, startIbGatewaySim, type IbGatewaySim, type IbGatewaySimOptions } from './index.ts';
import { knownZone } from './time/ib-time.ts';

/** The protocol, frame by frame, over a loopback socket and a clock that moves by hand. */
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

async function session(range?: string, clientId?: number): Promise<RawClient> {
  const client = await rawSession(simulator.port, range, clientId);
  clients.push(client);
  return client;
}

/** Until the simulator has read what the client has sent. */
async function answered(client: RawClient): Promise<void> {
  const before = client.all(49).length;
  client.send(49, 1);
  await client.until(() => client.all(49).length > before);
}

function dial(): RawClient {
  const client = new RawClient(simulator.port);
  clients.push(client);
  return client;
}

const AAPL = contract({ conId: 265598, symbol: 'AAPL', secType: 'STK', currency: 'USD' });
const EUR = contract({ symbol: 'EUR', secType: 'CASH', exchange: 'IDEALPRO', currency: 'USD' });

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await simulator.stop();
});

test('the simulated day begins when clients can connect, however long the market takes to read', async () => {
  const market = handMarket();
  const slow = {
    ...market,
    trades: (...args: Parameters<typeof market.trades>) => {
      const untilMs = performance.now() + 20;
      while (performance.now() < untilMs);
      return market.trades(...args);
    },
  };
  const faults = parseFaultFile('[{"kind": "notice", "code": 2108, "at": "+1s"}]', 'f', {
    startMs: HAND_START_MS,
    zone: knownZone('UTC'),
  });
  const faultAtMs = new Promise<number>((resolve) => {
    const log = (): void => {
      resolve(simulator.clock.nowMs());
    };
    // At this speed the 20 ms that every reading takes are five hours and a half.
    void start({ market: slow, speed: 1e6, log, ...(faults.ok ? { faults: faults.value } : {}) });
  });
  expect(await faultAtMs).toBe(HAND_START_MS + 1000);
});

describe('handshake', () => {
  test('two fields, nothing more until START_API; then account, id and farms', async () => {
    await start();
    const client = dial();
    client.hello('v157..178');
    await client.until(({ frames }) => frames.length > 0);
    expect(client.frames).toEqual([['178', '20240110 10:00:00 US/Eastern']]);
    client.send(71, 2, 5, '');
    await client.error(2158);
    expect(client.frames.slice(1)).toEqual([
      ['15', '1', 'DU1234567'],
      ['9', '1', '1'],
      ['4', '2', '-1', '2104', 'Market data farm connection is OK:usfarm', ''],
      ['4', '2', '-1', '2106', 'HMDS data farm connection is OK:ushmds', ''],
      ['4', '2', '-1', '2158', 'Sec-def data farm connection is OK:secdefil', ''],
    ]);
  });

  test('an error has five fields at 157', async () => {
    await start();
    const client = await session('v100..157');
    expect(await client.error(2104)).toHaveLength(5);
  });

  test.each(['v100..151', 'v179..200', 'nonsense'])('%s is closed', async (range) => {
    await start();
    const client = dial();
    client.hello(range);
    await client.untilClosed();
    expect(client.frames).toEqual([]);
  });

  test('a server of another age says so', async () => {
    await start({ announcedVersion: 76 });
    const client = dial();
    client.hello('v100..178');
    await client.until(({ frames }) => frames.length > 0);
    expect(client.frames[0]?.[0]).toBe('76');
  });

  test('bytes of an older connection before the handshake are closed', async () => {
    await start();
    const client = dial();
    client.send(1, 11, 5);
    await client.untilClosed();
  });

  test('a request before START_API is closed', async () => {
    await start();
    const client = dial();
    client.hello('v157..178');
    client.send(49, 1);
    await client.untilClosed();
  });

  test('a client id that is in use: 326, and the first client stays', async () => {
    await start();
    const first = await session(undefined, 9);
    const second = dial();
    second.hello('v157..178');
    second.send(71, 2, 9, '');
    expect(await second.error(326, -1)).toHaveLength(6);
    await second.untilClosed();
    first.send(49, 1);
    expect(await first.frame(49)).toEqual(['49', '1', String(HAND_START_MS / 1000)]);
  });

  test('the id is free again when its client is gone', async () => {
    await start();
    await (await session(undefined, 9)).close();
    await session(undefined, 9);
  });

  test('a frame that is no frame closes this client only', async () => {
    await start();
    const [bad, good] = [await session(undefined, 1), await session(undefined, 2)];
    bad.write(Buffer.from([0x7f, 0xff, 0xff, 0xff, 0]));
    await bad.untilClosed();
    good.send(49, 1);
    await good.frame(49);
  });
});

describe('contracts', () => {
  test('details end with their end', async () => {
    await start();
    const client = await session();
    client.send(9, 8, 3, ...contract({ symbol: 'ES', secType: 'FUT', exchange: 'CME' }), '', '', '', '');
    await client.frame(52, 3);
    expect(client.all(10).map((fields) => [fields[1], fields[4], fields[11]])).toEqual([
      ['3', '20240315', 'NMS'],
      ['3', '20240621', 'NMS'],
    ]);
  });

  test('hours of the coming days, with the closed ones', async () => {
    await start();
    const client = await session();
    client.send(9, 8, 3, ...AAPL, '', '', '', '');
    const details = await client.frame(10);
    expect(details).toContain(
      '20240110:0930-20240110:1600;20240111:0930-20240111:1600;20240112:0930-20240112:1600;20240113:CLOSED;20240114:CLOSED;20240115:0930-20240115:1600',
    );
  });

  test('none: 200; a name with an accent is escaped in the samples', async () => {
    await start();
    const client = await session();
    client.send(9, 8, 3, ...contract({ symbol: 'NOPE', secType: 'STK' }), '', '', '', '');
    await client.error(200, 3);
    client.send(81, 4, 'MSF');
    expect(await client.frame(79)).toEqual([
      '79',
      '4',
      '1',
      '272093',
      'MSFT',
      'STK',
      'NASDAQ',
      'USD',
      '0',
      'MICROSOFT CORP \\u2013 Soci\\u00e9t\\u00e9',
      '',
    ]);
  });
});

describe('historical bars', () => {
  const ask = (
    client: RawClient,
    reqId: number,
    end: string,
    bar: string,
    duration: string,
    kind = 'TRADES',
    format = 1,
    keep = 0,
  ) => {
    client.send(20, reqId, ...AAPL, '0', end, bar, duration, 1, kind, format, keep, '');
  };

  test('minutes with text times and with epoch seconds', async () => {
    await start();
    const client = await session();
    ask(client, 1, '20240110 14:35:00 UTC', '1 min', '120 S');
    const frame = await client.frame(17, 1);
    expect(frame.slice(0, 5)).toEqual(['17', '1', '20240110 14:33:00 UTC', '20240110 14:35:00 UTC', '2']);
    expect(frame.slice(5, 13)).toEqual([
      '20240110 14:33:00 UTC',
      '113.78',
      '113.83',
      '113.78',
      '113.83',
      '600',
      '113.78',
      '6',
    ]);
    ask(client, 2, '20240110 14:35:00 UTC', '1 min', '120 S', 'TRADES', 2);
    expect((await client.frame(17, 2))[5]).toBe(String(Date.UTC(2024, 0, 10, 14, 33) / 1000));
  });

  test('at 157: two spaces and no zone', async () => {
    await start();
    const client = await session('v100..157');
    ask(client, 1, '20240110 14:35:00 UTC', '1 min', '120 S');
    expect((await client.frame(17, 1)).slice(2, 6)).toEqual([
      '20240110  14:33:00',
      '20240110  14:35:00',
      '2',
      '20240110  14:33:00',
    ]);
  });

  test('days are trading days, dates whatever the format', async () => {
    await start();
    const client = await session();
    ask(client, 1, '20240109 23:00:00 UTC', '1 day', '3 D', 'TRADES', 2);
    const frame = await client.frame(17, 1);
    expect([frame[4], frame[5], frame[13], frame[21]]).toEqual(['3', '20240105', '20240108', '20240109']);
  });

  test('other kinds of prices, without volume', async () => {
    await start();
    const client = await session();
    client.send(20, 1, ...EUR, '0', '20240110 14:35:00 UTC', '1 min', '60 S', 1, 'MIDPOINT', 2, 0, '');
    expect((await client.frame(17, 1)).slice(-3)).toEqual(['-1', '-1', '-1']);
  });

  test.each([
    [
      'no data',
      ['', '1 min', '60 S', 'TRADES'],
      EUR,
      162,
      'HMDS query returned no data: EUR@IDEALPRO Trades',
    ],
    [
      'a weekend',
      ['20240106 12:00:00 UTC', '1 min', '60 S', 'TRADES'],
      AAPL,
      162,
      'HMDS query returned no data: AAPL@SMART Trades',
    ],
    ['a bad bar size', ['', '7 mins', '60 S', 'TRADES'], AAPL, 321, 'bar size setting is invalid'],
    ['a bad duration', ['', '1 min', 'long', 'TRADES'], AAPL, 321, 'duration string is invalid'],
    ['a bad kind', ['', '1 min', '60 S', 'RUMOURS'], AAPL, 321, 'RUMOURS'],
    ['a bad end', ['tomorrow', '1 min', '60 S', 'TRADES'], AAPL, 10314, 'End Date/Time'],
  ])('%s', async (_, [end, bar, duration, kind], what, code, text) => {
    await start();
    const client = await session();
    client.send(20, 4, ...what, '0', end ?? '', bar ?? '', duration ?? '', 1, kind ?? '', 1, 0, '');
    expect((await client.error(code, 4))[4]).toContain(text);
  });

  test('kept up to date: the forming bar, then the next', async () => {
    await start();
    const client = await session();
    ask(client, 1, '', '1 min', '120 S', 'TRADES', 2, 1);
    await client.frame(17, 1);
    simulator.clock.advance(65_000);
    simulator.clock.advance(5000);
    const startS = HAND_START_MS / 1000;
    const updates = await client.until(() => {
      const seen = client.all(90);
      return seen.length >= 7 && seen;
    });
    // Trades come every ten seconds; each new one makes one update.
    expect(updates.map((fields) => [Number(fields[3]) - startS, fields[2]]).slice(0, 7)).toEqual([
      [0, '1'],
      [0, '2'],
      [0, '3'],
      [0, '4'],
      [0, '5'],
      [0, '6'],
      [60, '1'],
    ]);
    expect(updates[0]).toEqual([
      '90',
      '1',
      '1',
      String(startS),
      '115.4',
      '115.4',
      '115.4',
      '115.4',
      '115.4',
      '100',
    ]);
    client.send(25, 1, 1);
    expect((await client.error(162, 1))[4]).toContain('query cancelled: 1');
    client.send(25, 1, 1);
    await client.error(366, 1);
  });

  test('keepUpToDate takes no end and no bars below five seconds', async () => {
    await start();
    const client = await session();
    ask(client, 1, '20240110 14:35:00 UTC', '1 min', '60 S', 'TRADES', 1, 1);
    await client.error(321, 1);
    ask(client, 2, '', '1 secs', '60 S', 'TRADES', 1, 1);
    await client.error(321, 2);
  });

  test('schedule, head timestamp', async () => {
    await start();
    const client = await session();
    ask(client, 1, '20240110 23:00:00 UTC', '1 day', '2 D', 'SCHEDULE');
    expect(await client.frame(106)).toEqual([
      '106',
      '1',
      '20240109-09:30:00',
      '20240110-15:00:00',
      'UTC',
      '2',
      '20240109-09:30:00',
      '20240109-16:00:00',
      '20240109',
      '20240110-09:30:00',
      '20240110-16:00:00',
      '20240110',
    ]);
    client.send(87, 2, ...AAPL, '0', 0, 'TRADES', 1);
    expect(await client.frame(88)).toEqual(['88', '2', '20240102-00:00:00']);
    client.send(87, 3, ...EUR, '0', 0, 'TRADES', 1);
    await client.error(162, 3);
  });

  test('an id that is in use, slow history, and a cancel in between', async () => {
    await start({ historyLatencyMs: 2000 });
    const client = await session();
    ask(client, 1, '', '1 min', '60 S');
    ask(client, 1, '', '1 min', '120 S');
    await client.error(322, 1);
    client.send(25, 1, 1);
    await client.error(162, 1);
    simulator.clock.advance(5000);
    await answered(client);
    expect(client.all(17)).toEqual([]);
  });
});

describe('historical ticks', () => {
  const ask = (
    client: RawClient,
    reqId: number,
    from: string,
    to: string,
    count: number,
    kind: string,
    ignoreSize = 0,
  ) => {
    client.send(96, reqId, ...AAPL, '0', from, to, count, kind, 1, ignoreSize, '');
  };

  test('forward from the start and backward from the end, across a night', async () => {
    await start();
    const client = await session();
    ask(client, 1, '20240109 15:59:40 UTC', '', 4, 'TRADES');
    const forward = await client.frame(98, 1);
    const times = (frame: readonly string[], width: number) =>
      Array.from({ length: Number(frame[2]) }, (_, n) =>
        new Date(Number(frame[3 + n * width]) * 1000).toISOString().slice(8, 19),
      );
    expect(times(forward, 6)).toEqual(['09T15:59:40', '09T15:59:50', '10T09:30:00', '10T09:30:10']);
    expect(forward.slice(5, 9)).toEqual([
      String(handPriceAt(Date.UTC(2024, 0, 9, 15, 59, 40))),
      '100',
      'ISLAND',
      '',
    ]);
    expect(forward.at(-1)).toBe('1');
    ask(client, 2, '', '20240110 09:30:20 UTC', 3, 'BID_ASK');
    expect(times(await client.frame(97, 2), 6)).toEqual(['09T15:59:50', '10T09:30:00', '10T09:30:10']);
    ask(client, 3, '', '20240110 09:30:20 UTC', 2, 'MIDPOINT');
    const open = Date.UTC(2024, 0, 10, 9, 30);
    expect((await client.frame(96, 3)).slice(3, 7)).toEqual([
      String(open / 1000),
      '0',
      String(handPriceAt(open)),
      '0',
    ]);
  });

  test('a second is never cut in two', async () => {
    await start({ market: handMarket({ stepMs: 250 }) });
    const client = await session();
    ask(client, 1, '20240110 10:00:00 UTC', '', 6, 'TRADES');
    expect((await client.frame(98, 1))[2]).toBe('8');
    ask(client, 2, '', '20240110 10:00:00 UTC', 6, 'TRADES');
    expect((await client.frame(98, 2))[2]).toBe('8');
  });

  test.each([
    ['too many', ['20240110 10:00:00 UTC', '', 1001, 'TRADES'], 321],
    ['none', ['20240110 10:00:00 UTC', '', 0, 'TRADES'], 321],
    ['a bad kind', ['20240110 10:00:00 UTC', '', 10, 'ADJUSTED_LAST'], 321],
    ['no time', ['', '', 10, 'TRADES'], 321],
    ['a bad time', ['soon', '', 10, 'TRADES'], 10314],
  ])('%s', async (_, [from, to, count, kind], code) => {
    await start();
    const client = await session();
    ask(client, 1, String(from), String(to), Number(count), String(kind));
    await client.error(code, 1);
  });
});

describe('live data', () => {
  test('tick by tick: every trade once, then cancelled', async () => {
    await start();
    const client = await session();
    client.send(97, 1, ...AAPL, 'AllLast', 0, 0);
    client.send(97, 2, ...AAPL, 'BidAsk', 0, 0);
    client.send(97, 3, ...AAPL, 'MidPoint', 0, 0);
    await answered(client);
    simulator.clock.advance(30_050);
    const startS = HAND_START_MS / 1000;
    await client.until(() => client.all(99).length >= 12);
    expect(client.all(99).filter(([, reqId]) => reqId === '1')).toEqual(
      [0, 10, 20, 30].map((s) => [
        '99',
        '1',
        '2',
        String(startS + s),
        String(handPriceAt(HAND_START_MS + s * 1000)),
        '100',
        '0',
        'ISLAND',
        '',
      ]),
    );
    expect(client.all(99).find(([, reqId]) => reqId === '2')).toEqual([
      '99',
      '2',
      '3',
      String(startS),
      '115.39',
      '115.41',
      '300',
      '200',
      '0',
    ]);
    expect(client.all(99).find(([, reqId]) => reqId === '3')).toEqual([
      '99',
      '3',
      '4',
      String(startS),
      '115.4',
    ]);
    for (const reqId of [1, 2, 3]) client.send(98, reqId);
    client.send(98, 1);
    await client.error(300, 1);
    const before = client.all(99).length;
    simulator.clock.advance(60_000);
    await answered(client);
    expect(client.all(99)).toHaveLength(before);
  });

  test('tick by tick may begin with ticks of the past', async () => {
    await start();
    const client = await session();
    client.send(97, 1, ...AAPL, 'Last', 5, 0);
    expect((await client.frame(98, 1))[2]).toBe('5');
  });

  test('market data: parameters, kind, what is known, then what changes', async () => {
    await start();
    const client = await session();
    client.send(1, 11, 7, ...AAPL, 0, '233', 0, 0, '');
    await answered(client);
    const first = client.frames.filter(
      ([id, second, third]) => second === '7' || third === '7' || id === '81',
    );
    expect(first.map(([id]) => id).slice(0, 2)).toEqual(['81', '58']);
    const types = client
      .all(1)
      .map((fields) => Number(fields[3]))
      .toSorted((a, b) => a - b);
    expect(types).toEqual([1, 2, 4, 6, 7, 9, 14]);
    expect(client.all(46).map((fields) => fields[3])).toEqual(['45']);
    simulator.clock.advance(10_500);
    await client.until(() => client.all(46).some((fields) => fields[3] === '48'));
    const rt =
      client
        .all(46)
        .find((fields) => fields[3] === '48')?.[4]
        ?.split(';') ?? [];
    expect([rt[0], rt[1], rt[2], rt[5]]).toEqual(['115.4', '100', String(HAND_START_MS), 'true']);
    expect(
      client
        .all(1)
        .filter((fields) => fields[3] === '4')
        .map((fields) => fields[4]),
    ).toEqual(['115.39', '115.4', '115.41']);
    client.send(2, 1, 7);
    client.send(2, 1, 7);
    await client.error(300, 7);
  });

  test('a snapshot ends', async () => {
    await start();
    const client = await session();
    client.send(1, 11, 7, ...AAPL, 0, '', 1, 0, '');
    await answered(client);
    simulator.clock.advance(1000);
    expect(await client.frame(57)).toEqual(['57', '1', '7']);
  });

  test('real-time bars every five seconds, whole ones only', async () => {
    await start({ market: handMarket({ stepMs: 1000 }), startMs: HAND_START_MS + 2000 });
    const client = await session();
    client.send(50, 3, 4, ...AAPL, 5, 'TRADES', 0, '');
    await answered(client);
    simulator.clock.advance(13_050);
    await client.until(() => client.all(50).length >= 2);
    expect(
      client.all(50).map((fields) => [Number(fields[3]) * 1000 - HAND_START_MS, fields[8], fields[10]]),
    ).toEqual(
      [
        [5000, '500', '5'],
        [10_000, '500', '5'],
      ].slice(0, 2),
    );
    client.send(51, 1, 4);
    client.send(51, 1, 4);
    await client.error(300, 4);
  });

  test('delayed data where there is no permission, with its own tick types', async () => {
    await start();
    simulator.inject({ kind: 'noPermission', instrument: 'AAPL', delayed: true });
    const client = await session();
    client.send(1, 11, 7, ...AAPL, 0, '', 0, 0, '');
    await client.error(354, 7);
    client.send(59, 1, 3);
    client.send(1, 11, 8, ...AAPL, 0, '', 0, 0, '');
    await client.error(10167, 8);
    expect((await client.frame(58, 8))[3]).toBe('3');
    await client.until(() => client.all(1).some((fields) => fields[3] === '68'));
    expect(client.all(1).every((fields) => Number(fields[3]) >= 66)).toBe(true);
    client.send(97, 9, ...AAPL, 'Last', 0, 0);
    await client.error(10189, 9);
    client.send(50, 3, 10, ...AAPL, 5, 'TRADES', 0, '');
    await client.error(420, 10);
  });

  test('frozen data when the exchange is closed', async () => {
    await start({ startMs: Date.UTC(2024, 0, 13, 12) });
    const client = await session();
    client.send(59, 1, 2);
    client.send(1, 11, 8, ...AAPL, 0, '', 0, 0, '');
    expect((await client.frame(58, 8))[3]).toBe('2');
    await client.until(() => client.all(1).some((fields) => fields[3] === '4'));
  });
});

describe('account', () => {
  test('what ib_async asks for when it connects is answered to its end', async () => {
    await start();
    const client = await session();
    client.send(61, 1);
    client.send(5, 1);
    client.send(99, 0);
    client.send(6, 2, 1, '');
    client.send(76, 1, 1, 'DU1234567', '', 0);
    client.send(7, 3, 2, 0, '', '', '', '', '', '');
    for (const id of [62, 53, 102, 54, 74, 55]) await client.frame(id);
    expect(client.all(61).map((fields) => [fields[4], fields[14]])).toEqual([
      ['AAPL', '110'],
      ['ES', '2'],
    ]);
    expect(client.all(7)).toHaveLength(2);
    expect(client.all(11)).toHaveLength(1);
    expect(client.all(59)).toHaveLength(1);
    const order = client.frames.map(([id]) => id).filter((id) => ['6', '7', '8', '54'].includes(id ?? ''));
    expect([...new Set(order)]).toEqual(['6', '7', '8', '54']);
  });

  test('a trade reaches positions, values, executions and the profit', async () => {
    await start({ positions: [{ instrument: 'AAPL', quantity: 100, averageCost: 100 }] });
    const client = await session(undefined, 0);
    client.send(61, 1);
    client.send(92, 3, 'DU1234567', '');
    client.send(94, 4, 'DU1234567', '', 265598);
    client.send(62, 1, 5, 'All', 'NetLiquidation,TotalCashValue');
    await client.frame(64);
    expect(client.all(63).map((fields) => fields.slice(2))).toEqual([
      ['5', 'DU1234567', 'NetLiquidation', '111539.00', 'USD'],
      ['5', 'DU1234567', 'TotalCashValue', '100000.00', 'USD'],
    ]);
    expect((await client.frame(95, 4)).slice(2)).toEqual(['100', expect.any(String), '1539', '0', '11539']);
    const { execId } = simulator.trade({ instrument: 'AAPL', quantity: -40, price: 120 });
    const executed = await client.frame(11);
    expect([executed[1], executed[14], executed[18], executed[19], executed[20]]).toEqual([
      '-1',
      execId,
      'SLD',
      '40',
      '120',
    ]);
    expect((await client.frame(59)).slice(2, 6)).toEqual([execId, '1', 'USD', '799']);
    await client.until(() => client.all(61).length === 2);
    expect(client.all(61)[1]?.slice(14)).toEqual(['60', '100']);
    simulator.clock.advance(2000);
    await client.until(() => client.all(95).length >= 2);
    expect(client.all(95).at(-1)?.slice(2, 3)).toEqual(['60']);
    client.send(93, 3);
    client.send(93, 3);
    await client.error(300, 3);
  });

  test('unknown accounts and positions', async () => {
    await start();
    const client = await session();
    client.send(92, 3, 'U999', '');
    await client.error(321, 3);
    client.send(94, 4, 'DU1234567', '', 272093);
    await client.error(321, 4);
  });

  test('executions by filter', async () => {
    await start();
    const client = await session();
    simulator.trade({ instrument: 'MSFT', quantity: 5, clientId: 1 });
    client.send(7, 3, 2, 0, '', '', 'MSFT', 'STK', '', 'BUY');
    await client.frame(55, 2);
    expect(
      client
        .all(11)
        .filter((fields) => fields[1] === '2')
        .map((fields) => fields[4]),
    ).toEqual(['MSFT']);
    client.send(7, 3, 3, 0, '', '20240110 15:30:00 UTC', '', '', '', '');
    await client.frame(55, 3);
    expect(client.all(11).filter((fields) => fields[1] === '3')).toEqual([]);
  });

  test('fundamentals, and none', async () => {
    await start();
    const client = await session();
    client.send(52, 2, 3, 265598, 'AAPL', 'STK', 'SMART', '', 'USD', '', 'ReportSnapshot', '');
    expect((await client.frame(51))[3]).toBe('<ReportSnapshot>Soci&#233;t&#233;\n</ReportSnapshot>');
    client.send(52, 2, 4, 265598, 'AAPL', 'STK', 'SMART', '', 'USD', '', 'CalendarReport', '0', '');
    await client.error(430, 4);
  });
});

describe('limits', () => {
  const bars = (client: RawClient, reqId: number, duration: string, kind = 'TRADES') => {
    client.send(20, reqId, ...AAPL, '0', '', '1 min', duration, 1, kind, 1, 0, '');
  };

  test('the 61st request in ten minutes, also after a reconnect; later they are answered again', async () => {
    await start();
    let client = await session();
    for (let n = 1; n <= 60; n += 1) {
      bars(client, n, `${60 + n} S`);
      if (n % 5 === 0) simulator.clock.advance(5000);
      await client.until(() => client.all(17).length === n);
    }
    await client.close();
    client = await session();
    bars(client, 61, '600 S');
    expect((await client.error(162, 61))[4]).toContain('pacing violation');
    expect(simulator.stats().violations.historicalPacing).toBe(1);
    simulator.clock.advance(600_000);
    bars(client, 62, '600 S');
    await client.frame(17, 62);
  });

  test('messages: 100 twice, then the session ends', async () => {
    await start();
    const client = await session();
    for (let n = 0; n < 160; n += 1) client.send(49, 1);
    await client.untilClosed();
    expect(client.frames.filter((fields) => fields[3] === '100')).toHaveLength(3);
    expect(simulator.stats()).toMatchObject({ violations: { messageRate: 3 }, cuts: { 'message rate': 1 } });
  });

  test('lines are counted over all clients and given back', async () => {
    await start({ limits: { marketDataLines: 2, tickByTickLines: 1 } });
    const [one, two] = [await session(undefined, 1), await session(undefined, 2)];
    const line = (client: RawClient, reqId: number) => {
      client.send(1, 11, reqId, ...AAPL, 0, '', 0, 0, '');
    };
    line(one, 1);
    await one.frame(58, 1);
    two.send(50, 3, 1, ...AAPL, 5, 'TRADES', 0, '');
    line(two, 2);
    await two.error(101, 2);
    await one.close();
    await two.until(() => simulator.stats().connectionsOpen === 1);
    line(two, 3);
    await two.frame(58, 3);
    two.send(97, 5, ...AAPL, 'Last', 0, 0);
    two.send(97, 6, ...AAPL, 'AllLast', 0, 0);
    await two.error(10190, 6);
    expect(simulator.stats().violations).toMatchObject({ marketDataLines: 1, tickByTickLines: 1 });
  });

  test('no more than so many open requests', async () => {
    await start({ limits: { openHistoricalRequests: 2 }, historyLatencyMs: 1000 });
    const client = await session();
    for (const n of [1, 2, 3]) bars(client, n, `${n}000 S`);
    expect((await client.error(322, 3))[4]).toContain('Only 2 simultaneous');
    simulator.clock.advance(1000);
    await client.frame(17, 2);
    bars(client, 4, '4000 S');
    await answered(client);
    simulator.clock.advance(1000);
    await client.frame(17, 4);
  });

  test('real-time bars count as history: 420', async () => {
    await start();
    const client = await session();
    client.send(50, 3, 1, ...AAPL, 5, 'TRADES', 0, '');
    client.send(50, 3, 2, ...AAPL, 5, 'TRADES', 0, '');
    await client.error(420, 2);
    expect(simulator.stats()).toMatchObject({ violations: { identicalRequest: 1 }, violationsTotal: 1 });
  });

  test('a duration beyond the step-size table is answered and counted apart', async () => {
    await start();
    const client = await session();
    client.send(20, 1, ...AAPL, '0', '', '1 secs', '3600 S', 1, 'TRADES', 1, 0, '');
    await client.frame(17, 1);
    expect(simulator.stats()).toMatchObject({ violations: { stepSize: 1 }, violationsTotal: 0 });
  });
});

test('what the simulator does not serve, and what is not the protocol', async () => {
  await start();
  const client = await session();
  client.send(3, 1, 'order');
  await client.error(320, -1);
  client.send(20, 5, 'many');
  await client.error(321, 5);
  client.send(104, 6);
  expect(await client.frame(107)).toEqual(['107', '6', '']);
  client.send(91, 26);
  expect(await client.frame(93)).toEqual(['93', '26', '1', '0', '0.01']);
});
