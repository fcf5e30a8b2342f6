import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, queryConnection } from '@tickwell/runtime';
import { expect, it } from 'vitest';
import { readMonitorConfig } from './config.ts';

const BROKERS = { TICKWELL_KAFKA_BROKERS: '127.0.0.1:9092' };

it('needs the brokers and nothing else', () => {
  const config = readMonitorConfig(BROKERS);
  expect(config).toMatchObject({ groupId: 'tickwell-monitor', queryAddress: '127.0.0.1:50051' });
  expect(queryConnection(config)).toEqual({ address: '127.0.0.1:50051' });
  expect(() => readMonitorConfig({})).toThrow(ConfigError);
});

it('takes the first access token of a file, and says where there is none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tickwell-monitor-'));
  try {
    const file = join(folder, 'tokens');
    const config = readMonitorConfig({
      ...BROKERS,
      TICKWELL_QUERY_TOKEN_FILE: file,
      TICKWELL_QUERY_TLS: 'true',
    });
    expect(() => queryConnection(config)).toThrow(/TICKWELL_QUERY_TOKEN_FILE=".*": cannot be read/);
    writeFileSync(file, '# of the monitor\n\n');
    expect(() => queryConnection(config)).toThrow('holds no token');
    writeFileSync(file, '# of the monitor\n\nfirst\nsecond\n');
    expect(queryConnection(config)).toMatchObject({ tls: {}, token: 'first' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
