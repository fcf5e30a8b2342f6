import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilDrained } from '../support/drained.ts';
import { runIngest, tradesJob } from '../support/ingest.ts';
import { generateTrades } from '../support/market-data.ts';
import { startTestPlatform } from '../support/platform.ts';
import { countRows, storedTradesHash } from '../support/store.ts';
import { until } from '../support/wait.ts';

const ROWS = 60_000;
const SYMBOLS = 40;

describe('two validators and two storage processes', () => {
  let platform: Platform;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwell-share-'));
    platform = await startTestPlatform({ copies: { validator: 2, storage: 2 }, supervise: false });
  });
  afterAll(async () => {
    // Absent where it could not start.
    await (platform as Platform | undefined)?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function replay(
    dataset: string,
    seed: number,
    midway: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const sent = await generateTrades({
      path: join(folder, `${dataset}.csv`),
      rows: ROWS,
      symbols: SYMBOLS,
      seed,
    });
    const source = `trades where source = 'file:${dataset}'`;
    const ingest = runIngest(platform.endpoints, tradesJob(sent.path, dataset));
    await until(
      'the first rows',
      () => countRows(platform.endpoints, source),
      (rows) => rows > 0,
    );
    await midway();
    const { code, output } = await ingest.ended;
    expect(code, output.slice(-2000)).toBe(0);
    await until(
      `rows of ${dataset}`,
      () => countRows(platform.endpoints, source),
      (rows) => rows >= ROWS,
    );
    await untilDrained(platform.endpoints);
    expect(await storedTradesHash(platform.endpoints, `file:${dataset}`)).toBe(sent.hash);
  }

  /** Value of a counter on a copy's metrics endpoint, over all its labels; 0 where the copy is gone. */
  async function counted(name: string, copy: number, counter: string): Promise<number> {
    const service = platform.services.find(({ spec }) => spec.name === name && spec.copy === copy);
    const text = await fetch(`http://127.0.0.1:${service?.spec.metricsPort}/metrics`).then(
      (response) => response.text(),
      () => '',
    );
    return [...text.matchAll(new RegExp(`^${counter}(?:_total)?(?:\\{[^}]*\\})? (\\d+)`, 'gm'))].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    );
  }

  it('share the load, each storing what the other does not', async () => {
    await replay('shared', 1);
    for (const copy of [1, 2]) {
      expect(await counted('validator', copy, 'tickwell_flow_records_in')).toBeGreaterThan(0);
      expect(await counted('storage', copy, 'tickwell_storage_rows')).toBeGreaterThan(0);
    }
  });

  it('hand the share of one that dies to the other, and nothing is lost or doubled', async () => {
    await replay('handed-over', 2, async () => {
      const dying = platform.services.filter(({ spec }) => spec.copy === 2);
      await Promise.all(dying.map((service) => service.kill()));
    });
    expect(await counted('validator', 2, 'tickwell_flow_records_in')).toBe(0);
  });
});
