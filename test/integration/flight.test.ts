import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Platform } from '@tickwell/cli/platform';
import { connect, type TickwellClient } from '@tickwell/client';
import { installPython, pythonFailure, referencePython } from '@tickwell/local-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runIngest, tradesJob } from '../support/ingest.ts';
import { generateTrades } from '../support/market-data.ts';
import { startTestPlatform } from '../support/platform.ts';
import { countRows } from '../support/store.ts';
import { until } from '../support/wait.ts';

const run = promisify(execFile);
const SCRIPTS = join(import.meta.dirname, 'flight');
const DAYS = 30;
const TRADES = 25_000;

/** A Python with pyarrow, or why there is none. */
async function pyarrow(): Promise<{ readonly python: string } | { readonly missing: string }> {
  try {
    const python = await referencePython();
    await installPython(python, join(SCRIPTS, 'requirements.txt'));
    return { python };
  } catch (error) {
    return { missing: `pyarrow could not be installed: ${pythonFailure(error)}` };
  }
}

const found = await pyarrow();

describe.skipIf('missing' in found)(
  `Arrow Flight, read by pyarrow.flight alone${'missing' in found ? ` (${found.missing})` : ''}`,
  () => {
    let platform: Platform;
    let client: TickwellClient;
    let folder: string;
    let answer: Record<string, unknown>;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'tickwell-flight-'));
      platform = await startTestPlatform();
      client = connect({ address: platform.grpcAddress });
      await fill();
      const python = 'python' in found ? found.python : '';
      const { stdout } = await run(python, [join(SCRIPTS, 'read_flow.py'), platform.grpcAddress], {
        timeout: 120_000,
      });
      answer = JSON.parse(stdout) as Record<string, unknown>;
    }, 300_000);
    afterAll(async () => {
      // Absent where it could not start.
      (client as TickwellClient | undefined)?.close();
      await (platform as Platform | undefined)?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    async function fill(): Promise<void> {
      const path = join(folder, 'bars.csv');
      const lines = Array.from({ length: DAYS }, (_, n) => {
        const day = new Date(Date.UTC(2020, 0, 1 + n)).toISOString().slice(0, 10);
        const close = 100 + n;
        return [day, close, close, close, close, 1_000 + n].join(',');
      });
      writeFileSync(path, `time,open,high,low,close,volume\n${lines.join('\n')}\n`);
      const file = { path, dataset: 'flight', kind: 'bars', interval: '1d', symbol: 'DAILY' };
      const { path: ticks } = await generateTrades({
        path: join(folder, 'ticks.csv'),
        rows: TRADES,
        symbols: 2,
      });
      for (const job of [{ type: 'files', files: [file] }, tradesJob(ticks, 'flight')]) {
        const { code, output } = await runIngest(platform.endpoints, job).ended;
        expect(code, output.slice(-2_000)).toBe(0);
      }
      const stored = (rows: string): Promise<number> =>
        countRows(platform.endpoints, `${rows} source = 'file:flight'`).catch(() => 0);
      const isAll = (wanted: number) => (rows: number) => rows >= wanted;
      await until('trades are stored', () => stored('trades where'), isAll(TRADES));
      await until('bars are stored', () => stored("bars where interval = '1d' and"), isAll(DAYS));
    }

    it('lists what there is, with rows and schemas', async () => {
      const listed = answer['listed'] as { path: string[]; rows: number }[];
      const rows = await countRows(platform.endpoints, "trades where symbol = 'SYM000'");
      expect(listed).toContainEqual({ path: ['md.trades', 'SYM000'], rows });
      expect(listed.map(({ path }) => path[0])).toEqual(expect.arrayContaining(['md.bars.1d', 'md.trades']));
      expect(answer['list_of']).toEqual([['md.bars.1d', 'DAILY']]);
      expect(answer['endpoints']).toEqual({ rows, told: rows });
    });

    it('gives the bars that the client of TypeScript is given', async () => {
      const rows = await client.bars({ symbol: 'DAILY', interval: '1d' }).toArray();
      const bars = answer['bars'] as Record<string, unknown>;
      expect(bars).toMatchObject({
        names: [
          'time',
          'open',
          'high',
          'low',
          'close',
          'volume',
          'vwap',
          'trade_count',
          'session_date',
          'price_basis',
          'source',
        ],
        rows: rows.length,
        close: rows.reduce((sum, { close }) => sum + close, 0),
        first: '2020-01-01 00:00:00+00:00',
        sources: ['file:flight'],
      });
      expect((bars['types'] as string[]).slice(0, 2)).toEqual(['timestamp[ns, tz=UTC]', 'double']);
      expect(bars['nulls']).toMatchObject({ time: 0, close: 0, vwap: rows.length, trade_count: rows.length });
      expect(answer['pandas']).toMatchObject({
        index: 'datetime64[ns, UTC]',
        last: rows.at(-1)?.close,
      });
      expect(answer['part']).toEqual(
        ['03', '04', '05', '06', '07'].map((day) => `2020-01-${day} 00:00:00+00:00`),
      );
      expect(answer['newest']).toHaveLength(2);
      expect(answer['weekly']).toBe(
        (await client.bars({ symbol: 'DAILY', interval: '1w', resampleFrom: '1d' }).toArray()).length,
      );
    });

    it('gives the trades, and only the columns that are wanted', async () => {
      const rows = await client.ticks({ symbol: 'SYM000' }).toArray();
      const trades = answer['trades'] as { names: string[]; rows: number; price: number };
      expect(trades.names).toEqual(['time', 'price', 'size']);
      expect(trades.rows).toBe(rows.length);
      expect(trades.price).toBeCloseTo(
        rows.reduce((sum, { price }) => sum + price, 0),
        4,
      );
    });

    it.each([
      ['library', /there is no library "market"/],
      ['option', /"colums" is unknown/],
      ['injection', /symbol/],
      ['range', /range.start_ns .* is not before/],
      ['ticket', /a ticket is not JSON/],
      ['unknown', /KeyError.*md.trades has nothing of NOPE/],
      ['put', /read-only/],
      ['action', /there is no action/],
    ])('refuses with one sentence: %s', (name, reason) => {
      expect((answer['refused'] as Record<string, string>)[name]).toMatch(reason);
    });
  },
);
