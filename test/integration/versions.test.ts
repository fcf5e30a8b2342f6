import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { TickwellClient, type BarsFingerprint } from '@tickwell/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliHome } from '../support/cli.ts';
import { untilDrained } from '../support/drained.ts';
import { runIngest } from '../support/ingest.ts';
import { startTestPlatform } from '../support/platform.ts';
import { queryStore } from '../support/store.ts';
import { until } from '../support/wait.ts';

const DAY_MS = 86_400_000;
const FIRST_MS = Date.parse('2024-01-01');
const DAYS = 100;
const SYMBOLS = 200;
const SOURCE = 'file:nightly';

describe('a file of bars that is imported again every night', () => {
  let platform: Platform;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwell-versions-'));
    platform = await startTestPlatform();
  });
  afterAll(async () => {
    // Absent where it could not start.
    await (platform as Platform | undefined)?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const symbol = (index: number): string => `NIGHT${index}`;
  const dayOf = (index: number): string => new Date(FIRST_MS + index * DAY_MS).toISOString().slice(0, 10);

  /** Days from 0 on; the file of a night has one day more, and corrects one that it had before. */
  function writeNight(night: number): string {
    const rows: string[] = [];
    for (let at = 0; at < SYMBOLS; at++)
      for (let day = 0; day < DAYS + night; day++) {
        const close = 100 + day / 100 + (day === DAYS - night ? 0.5 * night : 0);
        rows.push([dayOf(day), symbol(at), close, close, close, close].join(','));
      }
    const path = join(folder, `night-${night}.csv`);
    writeFileSync(path, `time,symbol,open,high,low,close\n${rows.join('\n')}\n`);
    return path;
  }

  async function importNight(night: number): Promise<number> {
    const files = [{ path: writeNight(night), dataset: 'nightly', kind: 'bars', interval: '1d' }];
    const { code, output } = await runIngest(platform.endpoints, { type: 'files', files }).ended;
    expect(code, output.slice(-2000)).toBe(0);
    return SYMBOLS * (DAYS + night);
  }

  /** What each import brought to the store, oldest first: its number of rows and its days. */
  async function versions(): Promise<readonly (readonly [rows: number, days: readonly string[]])[]> {
    const sql = `select known_at, to_str(ts, 'yyyy-MM-dd') day, count() from bars where source = '${SOURCE}' order by known_at, day`;
    const byImport = Map.groupBy(await queryStore(platform.endpoints, sql), ([known = '']) => known);
    return [...byImport.values()].map((rows) => [
      rows.reduce((sum, [, , count]) => sum + Number(count), 0),
      rows.map(([, day = '']) => day),
    ]);
  }

  async function counts(): Promise<readonly number[]> {
    const names = ['received', 'accepted', 'dead_lettered', 'duplicates'];
    // Counts only grow, so the newest of a symbol are the greatest.
    const newest = names.map((name) => `max(${name}) ${name}`).join();
    const sums = names.map((name) => `sum(${name})`).join();
    const sql = `select ${sums} from (select symbol, ${newest} from quality where source = '${SOURCE}')`;
    const [row = []] = await queryStore(platform.endpoints, sql);
    return row.map(Number);
  }

  const BARS = { symbol: symbol(7), interval: '1d', source: SOURCE };

  /** What the bars of a symbol are now. */
  async function quote(): Promise<BarsFingerprint> {
    const client = new TickwellClient({ address: platform.grpcAddress });
    try {
      const told: BarsFingerprint[] = [];
      await client.bars({ ...BARS, onFingerprint: (one) => told.push(one) }).toArray();
      const [only] = told;
      if (only === undefined) throw new Error('no fingerprint');
      return only;
    } finally {
      client.close();
    }
  }

  /** Bars that were quoted are answered as they were then, by client and command line, and are no longer those of now. */
  async function expectStillAnswered({ value, rows }: BarsFingerprint): Promise<void> {
    const client = new TickwellClient({ address: platform.grpcAddress });
    const home = await CliHome.create();
    try {
      expect(await client.verifyFingerprint(BARS, value)).toMatchObject({ matches: true, found: { rows } });
      expect((await quote()).value).not.toBe(value);
      const flags = ['--source', SOURCE, '--expect-fingerprint', value, '--address', platform.grpcAddress];
      const same = await home.run('get', 'bars', BARS.symbol, '--csv', ...flags);
      expect(same.code, same.stderr).toBe(0);
      expect(same.stdout.trim().split('\n')).toHaveLength(rows + 1);
      expect(same.stderr).toContain(`fingerprint ${value}`);
      const other = await home.run('get', 'bars', BARS.symbol, '--limit', '5', ...flags);
      expect(other.code).not.toBe(0);
      expect(other.stderr).toContain('are not those of the fingerprint that is expected');
    } finally {
      client.close();
      home.remove();
    }
  }

  it('stores what is new and what was corrected, counts the rest, and a validator killed meanwhile changes nothing', async () => {
    let sent = await importNight(0);
    await untilDrained(platform.endpoints);
    const quoted = await quote();
    expect(quoted.rows).toBe(DAYS);
    sent += await importNight(1);
    const validator = platform.services.find(({ spec }) => spec.name === 'validator');
    if (validator === undefined) throw new Error('no validator');
    await validator.kill();
    sent += await importNight(2);
    await validator.kill();
    await untilDrained(platform.endpoints);

    // The second night takes back what the first one corrected, and corrects another day.
    const stored = await until('three imports', versions, (found) => found.length === 3);
    expect(stored).toEqual([
      [SYMBOLS * DAYS, Array.from({ length: DAYS }, (_, day) => dayOf(day))],
      [SYMBOLS * 2, [dayOf(DAYS - 1), dayOf(DAYS)]],
      [SYMBOLS * 3, [dayOf(DAYS - 2), dayOf(DAYS - 1), dayOf(DAYS + 1)]],
    ]);
    const accepted = SYMBOLS * (DAYS + 5);
    expect(await counts()).toEqual([sent, accepted, 0, sent - accepted]);
    await expectStillAnswered(quoted);
  });
});
