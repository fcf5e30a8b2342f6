import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpointVariables, parseStackEnvironment } from './endpoints.ts';
import type { StackEndpoints } from './types.ts';

const NAMED = { TICKWELL_KAFKA_BROKERS: 'one:9092, two:9093', TICKWELL_QUESTDB_HTTP_URL: 'http://db:9000/' };

describe('endpoints in the environment', () => {
  it('are absent when none is named', () => {
    expect(parseStackEnvironment({})).toEqual({
      endpoints: undefined,
      docker: false,
      kafkaPort: undefined,
      questdbHttpPort: undefined,
      questdbPgPort: undefined,
    });
  });

  it('are read whole, with the documented PostgreSQL port and user where none is named', () => {
    const { endpoints } = parseStackEnvironment(NAMED);
    expect(endpoints?.kafkaBrokers).toEqual(['one:9092', 'two:9093']);
    expect(endpoints?.questdbHttpUrl).toBe('http://db:9000');
    expect(endpoints?.questdbPg).toEqual({
      host: 'db',
      port: 8812,
      user: 'admin',
      password: 'quest',
      database: 'qdb',
    });
  });

  it('give what they were made from, whatever the password', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.integer({ min: 1, max: 65_535 }), (password, port) => {
        fc.pre(password.isWellFormed());
        const pg = { host: '127.0.0.1', port, user: 'tick well', password, database: 'qdb' };
        const endpoints: StackEndpoints = {
          kafkaBrokers: ['127.0.0.1:9092'],
          questdbHttpUrl: 'http://127.0.0.1:9000',
          questdbPg: pg,
          questdbPgReadonly: { ...pg, user: 'reader' },
        };
        expect(parseStackEnvironment(endpointVariables(endpoints)).endpoints).toEqual(endpoints);
      }),
    );
  });

  it('say everything that is wrong at once', () => {
    const env = {
      TICKWELL_KAFKA_BROKERS: 'nowhere',
      TICKWELL_QUESTDB_HTTP_URL: 'http://db:9000',
      TICKWELL_QUESTDB_PG_URL: 'mysql://u:secret@db/x',
      TICKWELL_STACK: 'podman',
      TICKWELL_KAFKA_PORT: '99999',
    };
    const failure = (): unknown => parseStackEnvironment(env);
    expect(failure).toThrow(/"nowhere" is not host:port/);
    expect(failure).toThrow(/TICKWELL_QUESTDB_PG_URL is not of the form/);
    expect(failure).toThrow(/TICKWELL_STACK is "podman"/);
    expect(failure).toThrow(/TICKWELL_KAFKA_PORT is "99999"/);
    expect(failure).not.toThrow(/secret/);
  });

  it.each([
    [{ TICKWELL_KAFKA_BROKERS: 'a:1' }, /TICKWELL_KAFKA_BROKERS is set and TICKWELL_QUESTDB_HTTP_URL is not/],
    [
      { TICKWELL_QUESTDB_HTTP_URL: 'http://a' },
      /TICKWELL_QUESTDB_HTTP_URL is set and TICKWELL_KAFKA_BROKERS is not/,
    ],
  ])('do not mix a named server with one of ours (%j)', (env, message) => {
    expect(() => parseStackEnvironment(env)).toThrow(message);
  });
});
