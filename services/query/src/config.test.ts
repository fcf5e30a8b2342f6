import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readExposure, readQueryConfig } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'tickwell-query-'));
const NEEDED = {
  TICKWELL_KAFKA_BROKERS: '127.0.0.1:9092',
  TICKWELL_QUESTDB_HTTP_URL: 'http://127.0.0.1:9000',
  TICKWELL_QUESTDB_PG_URL: 'postgres://reader:secret@127.0.0.1:8812/qdb',
};

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('the configuration of query', () => {
  it('is complete with the endpoints alone, frozen, on loopback', () => {
    const config = readQueryConfig(NEEDED);
    expect(config).toMatchObject({
      grpcHost: '127.0.0.1',
      grpcPort: 50_051,
      stallMs: 30_000,
      heartbeatMs: 10_000,
    });
    expect(Object.isFrozen(config)).toBe(true);
    expect(readExposure(config)).toEqual({});
  });

  it('names everything that is wrong at once', () => {
    const read = (): unknown =>
      readQueryConfig({ TICKWELL_QUESTDB_HTTP_URL: 'questdb:9000', TICKWELL_GRPC_STALL_MS: '1' });
    for (const name of ['KAFKA_BROKERS', 'QUESTDB_HTTP_URL', 'QUESTDB_PG_URL', 'GRPC_STALL_MS']) {
      expect(read).toThrow(`TICKWELL_${name}`);
    }
    expect(() => readQueryConfig({ ...NEEDED, TICKWELL_GRPC_TLS_CERT_FILE: 'cert.pem' })).toThrow(
      /both or neither/,
    );
  });

  it('reads certificate and tokens from their files, and says which it cannot read', () => {
    const env = {
      ...NEEDED,
      TICKWELL_GRPC_TLS_CERT_FILE: file('cert.pem', 'CERT'),
      TICKWELL_GRPC_TLS_KEY_FILE: file('key.pem', 'KEY'),
      TICKWELL_GRPC_TOKENS_FILE: file(
        'tokens',
        '# of the team\nfirst-token-of-all\n\n second-token-of-all \n',
      ),
    };
    expect(readExposure(readQueryConfig(env))).toEqual({
      tls: { certPem: 'CERT', keyPem: 'KEY' },
      auth: { tokens: ['first-token-of-all', 'second-token-of-all'] },
    });
    const missing = { ...NEEDED, TICKWELL_GRPC_TOKENS_FILE: join(folder, 'nowhere') };
    expect(() => readExposure(readQueryConfig(missing))).toThrow(
      /TICKWELL_GRPC_TOKENS_FILE=".*nowhere": cannot be read/,
    );
    const empty = { ...NEEDED, TICKWELL_GRPC_TOKENS_FILE: file('empty', '# none\n') };
    expect(() => readExposure(readQueryConfig(empty))).toThrow(/holds no token/);
  });
});
