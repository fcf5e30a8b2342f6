import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { SILENT } from '@tickwell/ports';
import { systemLike } from './fixtures/sim.ts';
import { IbConnection } from './connection.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { formulaMarket, stock } from './fixtures/formula-market.ts';
import { startBench, until, type Bench } from './fixtures/sim.ts';
import { PacingGovernor } from './pacing-governor.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function connection(port: number, options: Partial<ConnectionOptions> = {}): IbConnection {
  const clock = options.clock ?? systemLike;
  const made = new IbConnection({
    host: '127.0.0.1',
    port,
    clientIds: [5],
    marketDataType: 'live',
    clock,
    logger: SILENT,
    governor: new PacingGovernor(clock),
    timing: { backoffMs: 5, maxBackoffMs: 10, connectMs: 300 },
    ...options,
  });
  ends.push(() => made.close());
  return made;
}

async function sim(): Promise<Bench> {
  const bench = await startBench(formulaMarket({ instruments: [stock(1, 'AAPL')] }));
  ends.push(() => bench.simulator.stop());
  return bench;
}

/** A server that says something of its own to whoever connects. */
async function server(answer: (socket: Socket) => void): Promise<number> {
  const listening: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      answer(socket);
    });
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  ends.push(() => new Promise((resolve) => listening.close(resolve)));
  const address = listening.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function frame(...fields: string[]): Buffer {
  const payload = Buffer.from(fields.map((field) => `${field}\0`).join(''));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  return Buffer.concat([length, payload]);
}

async function failure(made: IbConnection): Promise<string> {
  const opened = await made.open();
  return opened.ok ? 'connected' : `${opened.error.code} ${opened.error.message}`;
}

describe('IbConnection', () => {
  it('connects, answers requests and closes', async () => {
    const { simulator } = await sim();
    const made = connection(simulator.port);
    expect(await failure(made)).toBe('connected');
    expect(made.accounts).toEqual(['DU1234567']);
    await made.close();
    await until(() => simulator.stats().connectionsOpen === 0);
  });

  it('takes the next client id when one is in use, and says so when all are', async () => {
    const { simulator } = await sim();
    const first = connection(simulator.port);
    expect(await failure(first)).toBe('connected');
    const second = connection(simulator.port, { clientIds: [5, 6] });
    expect(await failure(second)).toBe('connected');
    const third = connection(simulator.port, { clientIds: [5, 6] });
    expect(await failure(third)).toMatch(
      /^ib-326 .*client id \d.*326.*choose another clientId \(--client-id\), or leave it out/,
    );
  });

  it('says what to do when nobody listens, somebody else does, or the server is too old', async () => {
    const nobody = await server(() => undefined);
    await Promise.resolve(ends.pop()?.());
    expect(await failure(connection(nobody))).toMatch(
      /^ib-502 .*ECONNREFUSED.*start TWS or the Gateway, enable its API/,
    );
    const silent = await server(() => undefined);
    expect(await failure(connection(silent))).toMatch(/no answer within 300 ms: is it the API port/);
    const old = await server((socket) => socket.write(frame('38', '20100101 10:00:00 EST')));
    expect(await failure(connection(old))).toMatch(/^ib-506 .*update TWS or the Gateway/);
  });

  it('drops a socket that is silent, fails nothing that was asked, and asks again on the next', async () => {
    const bench = await sim();
    const { simulator } = bench;
    const made = connection(simulator.port, {
      timing: {
        backoffMs: 5,
        maxBackoffMs: 10,
        heartbeatMs: 50,
        heartbeatDeadlineMs: 300,
        requestMs: 10_000,
      },
    });
    expect(await failure(made)).toBe('connected');
    simulator.inject({ kind: 'silent', for: '30s', clientId: 5 });
    const answer = await made.request({
      subject: 'AAPL',
      pacing: { lane: 'live', instrument: 'AAPL', history: 'none', weight: 1, identity: '', group: '' },
      send: (link, reqId) => {
        link.reqContractDetails(reqId, {
          symbol: 'AAPL',
          secType: 'STK',
          exchange: 'SMART',
          currency: 'USD',
        });
      },
      read: (message) =>
        message.kind === 'contract' ? { answer: message.details.contract.conId } : undefined,
    });
    expect([answer, simulator.stats().connections]).toEqual([{ ok: true, value: 1 }, 2]);
  });

  it('leaves out what cannot be decoded and goes on', async () => {
    const port = await server((socket) => {
      socket.write(frame('178', '20240108 16:00:00 EST'));
      socket.write(frame('15', '1', 'DU1'));
      // A number of ticks that makes the library throw, one field too few, no message at all.
      socket.write(frame('98', '1', '-5', '0'));
      socket.write(frame('46', '6'));
      socket.write(frame('nonsense'));
      socket.write(frame('9', '1', '1'));
    });
    const undecodable: string[] = [];
    const made = connection(port);
    made.onBroadcast((broadcast) => {
      if (broadcast.kind === 'undecodable') undecodable.push(broadcast.reason);
    });
    expect(await failure(made)).toBe('connected');
    expect(undecodable.length).toBeGreaterThan(1);
  });
});
