import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runIngest, tradesJob, type IngestRun } from '../support/ingest.ts';
import { generateTrades, type GeneratedTrades } from '../support/market-data.ts';
import { startTestPlatform } from '../support/platform.ts';
import { untilDrained } from '../support/drained.ts';
import { countRows, queryStore, storedTradesHash } from '../support/store.ts';
import { until } from '../support/wait.ts';

const ROWS = 120_000;
const SYMBOLS = 40;

/** Who dies, with SIGKILL, while the file is on its way through. */
const VICTIMS: readonly { readonly name: string; readonly kill: (platform: Platform) => Promise<unknown> }[] =
  [
    { name: 'validator', kill: (platform) => service(platform, 'validator').kill() },
    { name: 'indicators', kill: (platform) => service(platform, 'indicators').kill() },
    { name: 'storage', kill: (platform) => service(platform, 'storage').kill() },
    { name: 'query', kill: (platform) => service(platform, 'query').kill() },
    { name: 'monitor', kill: (platform) => service(platform, 'monitor').kill() },
    { name: 'kafka', kill: async (platform) => platform.stack.stack?.kafka.kill() },
    { name: 'questdb', kill: async (platform) => platform.stack.stack?.questdb.kill() },
  ];

function service(platform: Platform, name: string): Platform['services'][number] {
  const found = platform.services.find((candidate) => candidate.spec.name === name);
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
}

describe('kill -9 in the middle of a replay', () => {
  let platform: Platform;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwell-kill-'));
    platform = await startTestPlatform();
  });
  afterAll(async () => {
    // Absent where it could not start.
    await (platform as Platform | undefined)?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const stored = (dataset: string): Promise<number> =>
    countRows(platform.endpoints, `trades where source = 'file:${dataset}'`);

  /** Rows have begun to arrive and most are still to come. */
  async function midway(dataset: string): Promise<void> {
    await until(
      'the first rows',
      () => stored(dataset),
      (rows) => rows > 0,
    );
  }

  async function expectAllOnce(dataset: string, sent: GeneratedTrades): Promise<void> {
    await until(
      `rows of ${dataset}`,
      () => stored(dataset),
      (rows) => rows >= sent.rows,
      120_000,
    );
    expect(await storedTradesHash(platform.endpoints, `file:${dataset}`)).toBe(sent.hash);
    const refused = await countRows(platform.endpoints, `dead_letters where source = 'file:${dataset}'`);
    expect(refused).toBe(0);
  }

  it.each(VICTIMS)('of $name loses nothing and stores nothing twice', async ({ name, kill }) => {
    const sent = await generateTrades({
      path: join(folder, `${name}.csv`),
      rows: ROWS,
      symbols: SYMBOLS,
      seed: name.length,
    });
    const dataset = `kill-${name}`;
    const ingest = runIngest(platform.endpoints, tradesJob(sent.path, dataset));
    await midway(dataset);
    await kill(platform);
    const { code, output } = await ingest.ended;
    expect(code, output.slice(-2000)).toBe(0);
    await expectAllOnce(dataset, sent);
  });

  it('of ingest loses nothing and stores nothing twice once it is run again', async () => {
    const sent = await generateTrades({
      path: join(folder, 'ingest.csv'),
      rows: ROWS,
      symbols: SYMBOLS,
      seed: 99,
    });
    const first: IngestRun = runIngest(platform.endpoints, tradesJob(sent.path, 'kill-ingest'));
    await midway('kill-ingest');
    first.child.kill('SIGKILL');
    expect((await first.ended).code).toBeNull();
    const second = await runIngest(platform.endpoints, tradesJob(sent.path, 'kill-ingest')).ended;
    expect(second.code, second.output.slice(-2000)).toBe(0);
    await expectAllOnce('kill-ingest', sent);
    const third = await runIngest(platform.endpoints, tradesJob(sent.path, 'kill-ingest')).ended;
    expect(third.code).toBe(0);
    await expectAllOnce('kill-ingest', sent);
  });

  it('leaves derived bars and indicators as if nothing had happened', async () => {
    // The same file, once with everything dying and once undisturbed, under two data set names.
    const sent = await generateTrades({
      path: join(folder, 'bars.csv'),
      rows: ROWS,
      symbols: SYMBOLS,
      seed: 7,
      stepNs: 100_000_000n,
    });
    for (const dataset of ['calm', 'stormy']) {
      const ingest = runIngest(platform.endpoints, tradesJob(sent.path, dataset));
      if (dataset === 'stormy') {
        await midway(dataset);
        await service(platform, 'indicators').kill();
        await service(platform, 'validator').kill();
      }
      expect((await ingest.ended).code).toBe(0);
      await expectAllOnce(dataset, sent);
    }
    await untilDrained(platform.endpoints);
    const select = (table: string, values: string, dataset: string): string =>
      `select symbol, ts::long, interval, ${values} from ${table} where source = 'derived:file:${dataset}' order by symbol, interval, ts, ${values}`;
    for (const [table, values] of [
      ['bars', 'open, high, low, close, volume, vwap, trade_count'],
      ['indicators', 'spec_id, output, value, warm'],
    ] as const) {
      const calm = await queryStore(platform.endpoints, select(table, values, 'calm'));
      const stormy = await queryStore(platform.endpoints, select(table, values, 'stormy'));
      expect(calm.length).toBeGreaterThan(1_000);
      expect(stormy).toEqual(calm);
    }
  });
});
