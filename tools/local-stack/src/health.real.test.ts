import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { probeKafka } from './health.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

/** Answers every request with these bytes, built once the port is known. */
async function serve(answer: (port: number) => Buffer): Promise<number> {
  const listening = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(answer(port)));
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  return port;
}

/** A metadata answer that lists one broker. */
function metadata(port: number): Buffer {
  const body = Buffer.alloc(4 + 4 + 4 + 2 + 9 + 4 + 2);
  body.writeInt32BE(7, 0);
  body.writeInt32BE(1, 4);
  body.writeInt32BE(1, 8);
  body.writeInt16BE(9, 12);
  body.write('127.0.0.1', 14);
  body.writeInt32BE(port, 23);
  body.writeInt16BE(-1, 27);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

describe('health of Kafka', () => {
  it('is good when the broker lists itself', async () => {
    expect(await probeKafka(await serve(metadata))).toBeUndefined();
  });

  it('is not good when it lists none yet, or another', async () => {
    expect(await probeKafka(await serve(() => metadata(1)))).toBe('the broker is not registered yet');
  });

  it('is not good when something else answers', async () => {
    expect(await probeKafka(await serve(() => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')))).toBe(
      'this is not a Kafka broker',
    );
  });

  it('is not good when an answer breaks off, and when nobody answers', async () => {
    const port = await serve((p) => metadata(p).subarray(0, 10));
    expect(await probeKafka(port)).toBe('the connection was closed');
    server?.close();
    expect(await probeKafka(port)).toMatch(/ECONNREFUSED|closed/);
  });
});
