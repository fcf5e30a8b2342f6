import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { describe, expect, it } from 'vitest';
import { Channel } from './channel.ts';
import {
  latestRequest,
  startPair,
  testMethods,
  ticksMessage,
  ticksRequest,
} from './fixtures/test-service.ts';
import { checkExposure, isLoopback } from './security.ts';
import { GrpcServer } from './server.ts';

const TLS = { certPem: 'certificate', keyPem: 'key' };
const TOKEN = 'a-token-of-some-length';
const AUTH = { tokens: [TOKEN] };
const { getLatest, getTicks } = queryV1.MarketDataService.method;

describe('checkExposure', () => {
  it.each(['127.0.0.1', '127.8.9.10', 'localhost', '::1'])('lets %s be open', (host) => {
    expect(checkExposure({ host })).toEqual({ ok: true, value: null });
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', 'market.example', '127.example.org', '::ffff:10.0.0.1'])(
    'wants TLS and authentication on %s',
    (host) => {
      expect(isLoopback(host)).toBe(false);
      expect(checkExposure({ host })).toMatchObject({
        error: expect.stringMatching(/TLS.* and authentication/) as string,
      });
      expect(checkExposure({ host, tls: TLS })).toMatchObject({
        error: expect.stringMatching(/without authent/) as string,
      });
      expect(checkExposure({ host, auth: AUTH })).toMatchObject({
        error: expect.stringMatching(/without TLS/) as string,
      });
      expect(checkExposure({ host, tls: TLS, auth: { tokens: [] } })).toMatchObject({ ok: false });
      expect(checkExposure({ host, tls: TLS, auth: AUTH })).toMatchObject({ ok: true });
    },
  );

  it('refuses tokens that can be guessed', () => {
    expect(checkExposure({ host: '127.0.0.1', auth: { tokens: ['short'] } })).toMatchObject({ ok: false });
  });

  it('keeps the server from being made', () => {
    expect(() => new GrpcServer({ host: '0.0.0.0', port: 0, methods: [] })).toThrow(
      /refusing to listen on 0\.0\.0\.0/,
    );
  });
});

describe('a server with tokens', () => {
  const methods = testMethods({
    getLatest: () => Promise.resolve(create(queryV1.GetLatestResponseSchema, {})),
    async *getTicks() {
      await Promise.resolve();
      yield ticksMessage('secret');
    },
  });

  it('serves who has one', async () => {
    await using pair = await startPair({ methods, auth: AUTH }, TOKEN);
    await expect(pair.channel.unary(getLatest, latestRequest())).resolves.toBeDefined();
  });

  it.each([undefined, `${TOKEN}x`, 'another-token-of-length'])('refuses %s', async (token) => {
    await using pair = await startPair({ methods, auth: AUTH }, token);
    await expect(pair.channel.unary(getLatest, latestRequest())).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    await expect(pair.channel.stream(getTicks, ticksRequest()).next()).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });
});

describe('a channel', () => {
  it('sends no token in plain text beyond loopback', () => {
    expect(() => new Channel({ address: 'market.example:50051', token: TOKEN })).toThrow(/plain text/);
  });
});
