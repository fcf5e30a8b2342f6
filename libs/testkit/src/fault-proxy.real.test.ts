import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { eventually } from '@tickwell/ports/contract';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFaultProxy } from './fault-proxy.ts';
import type { FaultProxy, FaultProxyOptions } from './fault-proxy.ts';
import { FrameSplitter } from './kafka-frames.ts';

let server: Server;
let serverGot: Buffer;
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  serverGot = Buffer.alloc(0);
  // Answers every request frame with its correlation id.
  server = createServer((socket) => {
    const frames = new FrameSplitter();
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      serverGot = Buffer.concat([serverGot, chunk]);
      for (const frame of frames.push(chunk)) {
        socket.write(Buffer.concat([Buffer.from([0, 0, 0, 4]), frame.subarray(8, 12)]));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function proxied(protocol: FaultProxyOptions['protocol'] = 'kafka'): Promise<FaultProxy> {
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const proxy = await createFaultProxy({ target: { host: '127.0.0.1', port }, protocol });
  closing.push(() => proxy.close());
  return proxy;
}

interface Client {
  readonly socket: Socket;
  readonly answers: () => number[];
  readonly ended: () => boolean;
  readonly request: (correlationId: number, apiKey?: number) => void;
}

function client({ host, port }: FaultProxy): Client {
  const socket = connect({ host, port, noDelay: true });
  socket.on('error', () => undefined);
  closing.push(() => socket.destroy());
  let got = Buffer.alloc(0);
  let ended = false;
  socket.on('data', (chunk: Buffer) => {
    got = Buffer.concat([got, chunk]);
  });
  socket.on('close', () => {
    ended = true;
  });
  return {
    socket,
    answers: () => Array.from({ length: Math.floor(got.length / 8) }, (_, at) => got.readInt32BE(8 * at + 4)),
    ended: () => ended,
    request: (correlationId, apiKey = 3) => {
      const frame = Buffer.alloc(12);
      frame.writeInt32BE(8, 0);
      frame.writeInt16BE(apiKey, 4);
      frame.writeInt32BE(correlationId, 8);
      socket.write(frame);
    },
  };
}

it('passes everything when nothing is asked of it', async () => {
  const proxy = await proxied();
  const { request, answers } = client(proxy);
  for (let id = 1; id <= 200; id++) request(id);
  await eventually(() => {
    expect(answers()).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
  });
  expect(proxy.connections).toBe(1);
});

it('loses only the responses asked for, after the server carried the requests out', async () => {
  const proxy = await proxied();
  const { request, answers } = client(proxy);
  proxy.swallowResponses({ count: 2, matches: ({ apiKey }) => apiKey === 0 });
  [0, 3, 0, 3, 0].forEach((apiKey, at) => {
    request(at, apiKey);
  });
  await eventually(() => {
    expect(answers()).toEqual([1, 3, 4]);
  });
  expect(serverGot).toHaveLength(60);
  expect(proxy.swallowed).toBe(2);
});

it('cuts the connection with the response when asked to, and takes the next connection', async () => {
  const proxy = await proxied();
  const first = client(proxy);
  proxy.swallowResponses({ count: 1, thenCut: true });
  first.request(1);
  await eventually(() => {
    expect(first.ended()).toBe(true);
  });
  expect(first.answers()).toEqual([]);
  expect(serverGot).toHaveLength(12);
  const second = client(proxy);
  second.request(2);
  await eventually(() => {
    expect(second.answers()).toEqual([2]);
  });
});

it('holds everything back while paused, and refuses or cuts connections', async () => {
  const proxy = await proxied('bytes');
  const held = client(proxy);
  held.request(1);
  await eventually(() => {
    expect(held.answers()).toEqual([1]);
  });
  proxy.pause();
  held.request(2);
  proxy.refuse(true);
  const refused = client(proxy);
  await eventually(() => {
    expect(refused.ended()).toBe(true);
  });
  expect(serverGot).toHaveLength(12);
  proxy.resume();
  await eventually(() => {
    expect(held.answers()).toEqual([1, 2]);
  });
  proxy.cut();
  await eventually(() => {
    expect(held.ended()).toBe(true);
    expect(proxy.connections).toBe(0);
  });
  expect(() => {
    proxy.swallowResponses({ count: 1 });
  }).toThrow('protocol');
});

it('cuts in the middle of a message after so many bytes, and delays in order', async () => {
  const proxy = await proxied();
  proxy.delay(2);
  const { request, answers, ended } = client(proxy);
  request(1);
  request(2);
  await eventually(() => {
    expect(answers()).toEqual([1, 2]);
  });
  proxy.cutAfterBytes(5);
  request(3);
  await eventually(() => {
    expect(ended()).toBe(true);
    expect(serverGot).toHaveLength(29);
  });
});
