import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { queryV1 } from '@tickwell/contracts';
import { describe, expect, it } from 'vitest';
import { startPair, testMethods, ticksMessage, ticksRequest } from './fixtures/test-service.ts';
import { methodPath, serializer } from './method.ts';

const { getTicks } = queryV1.MarketDataService.method;
const MESSAGE_BYTES = 64 * 1024;
const ENDLESS = 200_000;

/** A raw HTTP/2 call that is never read: what a stopped process or a debugger at a breakpoint looks like. */
function openUnread(session: ClientHttp2Session): ClientHttp2Stream {
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: methodPath(getTicks),
    [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
    [constants.HTTP2_HEADER_TE]: 'trailers',
  });
  const body = serializer(queryV1.GetTicksRequestSchema)(ticksRequest('STALLED'));
  const frame = Buffer.alloc(5 + body.length);
  frame.writeUInt32BE(body.length, 1);
  body.copy(frame, 5);
  stream.end(frame);
  return stream;
}

describe('a reader who stops reading', () => {
  it('is slowed, then cut, while the memory kept for it is bounded and others are served', async () => {
    const produced = { STALLED: 0, AAPL: 0 };
    const methods = testMethods({
      async *getTicks(request) {
        const name = request.symbol === 'STALLED' ? 'STALLED' : 'AAPL';
        while (produced[name] < ENDLESS) {
          produced[name] += 1;
          yield ticksMessage(String(produced[name]), MESSAGE_BYTES);
          await new Promise(setImmediate);
        }
      },
    });
    const limits = { stallMs: 1_500, streamBufferBytes: 1024 * 1024 };
    await using pair = await startPair({ methods, limits });
    const session = connect(`http://127.0.0.1:${pair.server.port}`);
    const stalled = openUnread(session);
    stalled.on('error', () => undefined);
    const closed = new Promise((resolve) => {
      stalled.once('close', resolve);
    });
    await expect.poll(() => produced.STALLED).toBeGreaterThan(10);

    let received = 0;
    for await (const message of pair.channel.stream(getTicks, ticksRequest('AAPL'))) {
      received += 1;
      expect(message.source).toBe(String(received));
      // Reads on until the other one has been cut: served before, during and after.
      if (pair.server.openStreams === 1 && received > 500) break;
    }
    stalled.resume();
    await closed;
    expect(stalled.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(produced.STALLED * MESSAGE_BYTES).toBeLessThan(6 * 1024 * 1024);
    session.destroy();
  });

  it('as a client of this library hears RESOURCE_EXHAUSTED', async () => {
    const methods = testMethods({
      async *getTicks() {
        for (let n = 0; n < ENDLESS; n += 1) {
          yield ticksMessage(String(n), MESSAGE_BYTES);
          await new Promise(setImmediate);
        }
      },
    });
    await using pair = await startPair({ methods, limits: { stallMs: 300 } });
    const stream = pair.channel.stream(getTicks, ticksRequest());
    await stream.next();
    await expect.poll(() => pair.server.openStreams, { timeout: 10_000 }).toBe(0);
    const drain = async (): Promise<void> => {
      while ((await stream.next()).done !== true);
    };
    await expect(drain()).rejects.toMatchObject({ code: 'limit-exceeded' });
  });
});
