import { connect } from '@tickwell/client';
import { GrpcServer, bindMarketData } from '@tickwell/grpc';
import { describe, expect, it } from 'vitest';
import { World, startService } from './fixtures/world.ts';

/** The service behind a real gRPC server on loopback, and a client of the library. */
async function served(world: World, port = 0) {
  const query = world.service();
  const server = new GrpcServer({ host: '127.0.0.1', port, methods: bindMarketData(query.calls) });
  const running = await startService(query, server);
  return { port: server.port, stop: () => running[Symbol.asyncDispose]() };
}

const retry = { maxAttempts: 100, initialBackoffMs: 1, maxBackoffMs: 20 };

describe('query over gRPC', () => {
  it('brings history, then live, to a client that survives a restart of the service', async () => {
    const world = new World();
    const wrote: bigint[] = [];
    const write = (): void => {
      const timeNs = BigInt(wrote.length);
      world.trade('B', [timeNs]);
      wrote.push(timeNs);
    };
    for (let n = 0; n < 50; n += 1) write();
    await world.storeTicks(0, 20n);
    let service = await served(world);
    const client = connect({ address: `127.0.0.1:${service.port}`, retry });
    const subscription = client.subscribe({ symbols: ['B'], kinds: ['trades'], sinceNs: 0n });
    const read: bigint[] = [];
    let live = false;
    for await (const event of subscription) {
      if (event.kind === 'live') live = true;
      if (event.kind === 'trades') read.push(...event.trades.timeNs);
      if (live && read.length === 60) {
        const { port } = service;
        await service.stop();
        for (let n = 0; n < 10; n += 1) write();
        service = await served(world, port);
      }
      if (live && read.length === wrote.length) {
        if (wrote.length >= 80) break;
        for (let n = 0; n < 10; n += 1) write();
      }
    }
    expect(read).toEqual(wrote);
    expect(subscription.reconnects).toBeGreaterThan(0);
    client.close();
    await service.stop();
  });

  it('tells the client what is wrong with its arguments', async () => {
    const service = await served(new World());
    const client = connect({ address: `127.0.0.1:${service.port}`, retry });
    await expect(
      client.bars({ symbol: "x'; drop table bars; --", interval: '1d' }).toArray(),
    ).rejects.toMatchObject({
      code: 'invalid-argument',
      retryable: false,
      message: expect.stringMatching(/^GetBars: symbol ".*" is not an instrument id: use/) as string,
    });
    await expect(client.latest({ symbols: ['NOBODY'] })).resolves.toEqual([]);
    client.close();
    await service.stop();
  });
});
