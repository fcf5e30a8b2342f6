import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runIngest, tradesJob } from '../support/ingest.ts';
import { generateTrades } from '../support/market-data.ts';
import { startTestPlatform } from '../support/platform.ts';
import { countRows, storedTradesHash } from '../support/store.ts';
import { until } from '../support/wait.ts';

const ROWS = 120_000;

describe('SIGTERM in the middle of a replay', () => {
  let platform: Platform;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwell-term-'));
    platform = await startTestPlatform();
  });
  afterAll(async () => {
    // Absent where it could not start.
    await (platform as Platform | undefined)?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('drains every service, which exits 0, and the rest follows after a start', async () => {
    const sent = await generateTrades({ path: join(folder, 'term.csv'), rows: ROWS, symbols: 40, seed: 3 });
    const source = `trades where source = 'file:term'`;
    const ingest = runIngest(platform.endpoints, tradesJob(sent.path, 'term'));
    await until(
      'the first rows',
      () => countRows(platform.endpoints, source),
      (rows) => rows > 0,
    );
    ingest.child.kill('SIGTERM');
    const { code, output } = await ingest.ended;
    expect(code, output.slice(-2000)).toBe(0);
    for (const service of platform.services) {
      await service.stop();
      expect(service.exitCode, `${service.label}: ${service.spec.logFile}`).toBe(0);
    }
    for (const service of platform.services) service.start();
    await Promise.all(platform.services.map((service) => service.ready()));
    expect((await runIngest(platform.endpoints, tradesJob(sent.path, 'term')).ended).code).toBe(0);
    await until(
      'all rows',
      () => countRows(platform.endpoints, source),
      (rows) => rows >= ROWS,
    );
    expect(await storedTradesHash(platform.endpoints, 'file:term')).toBe(sent.hash);
  });
});
