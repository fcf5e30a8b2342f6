import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import { Channel } from './channel.ts';
import {
  aborted,
  latestRequest,
  startPair,
  testMethods,
  ticksMessage,
  ticksRequest,
} from './fixtures/test-service.ts';
import { serializer } from './method.ts';
import { GrpcServer } from './server.ts';

const { getTicks, getLatest } = queryV1.MarketDataService.method;

describe('a server and a channel', () => {
  it('answers a unary call with what the handler returned', async () => {
    const methods = testMethods({
      getLatest: (request) =>
        Promise.resolve(
          create(queryV1.GetLatestResponseSchema, { entries: request.symbols.map((symbol) => ({ symbol })) }),
        ),
    });
    await using pair = await startPair({ methods });
    const request = create(queryV1.GetLatestRequestSchema, { symbols: ['A', 'B'] });
    const answer = await pair.channel.unary(getLatest, request);
    expect(answer.entries.map((entry) => entry.symbol)).toEqual(['A', 'B']);
  });

  it('streams messages in order, serialized ones unchanged', async () => {
    const shared = serializer(queryV1.GetTicksResponseSchema)(ticksMessage('shared'));
    const methods = testMethods({
      async *getTicks() {
        yield ticksMessage('first');
        yield shared;
        await Promise.resolve();
        yield shared;
      },
    });
    await using pair = await startPair({ methods });
    const sources: string[] = [];
    for await (const message of pair.channel.stream(getTicks, ticksRequest())) sources.push(message.source);
    expect(sources).toEqual(['first', 'shared', 'shared']);
  });

  it.each([
    ['invalid-argument', false],
    ['not-found', false],
    ['position-of-deleted-topic', false],
    ['position-expired', false],
    ['store-unavailable', true],
  ])('carries code %s, retryable %s and the message to the client', async (code, retryable) => {
    const methods = testMethods({
      getLatest: () => Promise.reject(new TickwellError(code, 'symbol "\uD800é": wrong', { retryable })),
      // eslint-disable-next-line require-yield
      async *getTicks() {
        await Promise.resolve();
        throw new TickwellError(code, 'of a stream', { retryable });
      },
    });
    await using pair = await startPair({ methods });
    await expect(pair.channel.unary(getLatest, latestRequest())).rejects.toMatchObject({
      code,
      retryable,
      message: 'GetLatest: symbol "\uFFFDé": wrong',
    });
    const stream = pair.channel.stream(getTicks, ticksRequest());
    await expect(stream.next()).rejects.toMatchObject({ code, retryable, message: 'GetTicks: of a stream' });
  });

  it('keeps the text of a bug to itself and logs it', async () => {
    const logged: unknown[] = [];
    const ignore = (): undefined => undefined;
    const logger = { debug: ignore, info: ignore, warn: ignore, error: (f: object) => logged.push(f) };
    const methods = testMethods({ getLatest: () => Promise.reject(new Error('password=secret')) });
    await using pair = await startPair({ methods, logger });
    const failed = pair.channel.unary(getLatest, latestRequest());
    await expect(failed).rejects.toMatchObject({ code: 'internal', retryable: false });
    await expect(failed).rejects.not.toThrow(/secret/);
    expect(logged).toMatchObject([{ status: 'INTERNAL', err: new Error('password=secret') }]);
  });

  it('fires the signal of the handler when the client stops reading early', async () => {
    const ended = Promise.withResolvers<string>();
    const methods = testMethods({
      async *getTicks(_request, { signal }) {
        yield ticksMessage('one');
        await aborted(signal);
        ended.resolve((signal.reason as TickwellError).code);
      },
    });
    await using pair = await startPair({ methods });
    for await (const message of pair.channel.stream(getTicks, ticksRequest())) {
      expect(message.source).toBe('one');
      break;
    }
    expect(await ended.promise).toBe('cancelled');
  });

  it('fires it when the client aborts, and the client hears that it did', async () => {
    const ended = Promise.withResolvers<string>();
    const abort = new AbortController();
    const methods = testMethods({
      async getLatest(_request, { signal }) {
        abort.abort(new Error('changed my mind'));
        await aborted(signal);
        ended.resolve('handler told');
        return create(queryV1.GetLatestResponseSchema, {});
      },
    });
    await using pair = await startPair({ methods });
    const call = pair.channel.unary(getLatest, latestRequest(), { signal: abort.signal });
    await expect(call).rejects.toMatchObject({ code: 'cancelled', cause: new Error('changed my mind') });
    expect(await ended.promise).toBe('handler told');
  });

  it('ends a call at its deadline', async () => {
    const methods = testMethods({
      async getLatest(_request, { signal }) {
        await aborted(signal);
        return create(queryV1.GetLatestResponseSchema, {});
      },
    });
    await using pair = await startPair({ methods });
    const call = pair.channel.unary(getLatest, latestRequest(), { timeoutMs: 20 });
    await expect(call).rejects.toMatchObject({ code: 'deadline-exceeded' });
  });

  it('ends streams with UNAVAILABLE when it stops, lets unary calls finish, and refuses new ones', async () => {
    const finish = Promise.withResolvers<undefined>();
    const started = Promise.withResolvers<undefined>();
    const methods = testMethods({
      async *getTicks(_request, { signal }) {
        yield ticksMessage('one');
        await aborted(signal);
      },
      async getLatest() {
        started.resolve(undefined);
        await finish.promise;
        return create(queryV1.GetLatestResponseSchema, { entries: [{ symbol: 'late' }] });
      },
    });
    await using pair = await startPair({ methods });
    const stream = pair.channel.stream(getTicks, ticksRequest());
    await stream.next();
    const unary = pair.channel.unary(getLatest, latestRequest());
    await started.promise;
    const stopped = pair.server.stop(5_000);
    await expect(stream.next()).rejects.toMatchObject({ code: 'stopping', retryable: true });
    finish.resolve(undefined);
    expect((await unary).entries[0]?.symbol).toBe('late');
    await stopped;
    const late = pair.channel.unary(getLatest, latestRequest(), { timeoutMs: 2_000 });
    await expect(late).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  });

  it('refuses a request larger than its limit', async () => {
    const methods = testMethods({
      getLatest: () => Promise.resolve(create(queryV1.GetLatestResponseSchema, {})),
    });
    await using pair = await startPair({ methods, limits: { maxRequestBytes: 1_000 } });
    const request = create(queryV1.GetLatestRequestSchema, { symbols: ['x'.repeat(2_000)] });
    await expect(pair.channel.unary(getLatest, request)).rejects.toMatchObject({ code: 'limit-exceeded' });
  });
});

describe('GrpcServer', () => {
  it('names the address of a port that is taken', async () => {
    await using pair = await startPair({ methods: testMethods({}) });
    const second = new GrpcServer({ host: '127.0.0.1', port: pair.server.port, methods: testMethods({}) });
    await expect(second.start()).rejects.toMatchObject({
      code: 'address-unavailable',
      message: expect.stringContaining(`127.0.0.1:${pair.server.port}`) as string,
    });
    await second.stop(100);
  });

  it('does not start with a method that nobody handles', () => {
    const methods = testMethods({}).slice(1);
    expect(() => new GrpcServer({ host: '127.0.0.1', port: 0, methods })).toThrow(/ListInstruments/);
  });
});

describe('Channel', () => {
  it('refuses what is not an address', () => {
    expect(() => new Channel({ address: 'localhost' })).toThrow(/write host:port/);
  });

  it('says that nobody answers', async () => {
    const pair = await startPair({ methods: testMethods({}) });
    await pair.server.stop(1_000);
    const call = pair.channel.unary(getLatest, latestRequest(), { timeoutMs: 5_000 });
    await expect(call).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    pair.channel.close();
  });
});
