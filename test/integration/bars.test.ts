import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { connect, type Bar, type TickwellClient } from '@tickwell/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runIngest } from '../support/ingest.ts';
import { startTestPlatform } from '../support/platform.ts';
import { until } from '../support/wait.ts';

const FIRST_MS = Date.parse('2024-07-01T14:00:00Z');
const SOURCE = 'file:tape';
const SYMBOL = 'TAPE';
/** A trade every seven seconds. */
const STEP_MS = 7_000;
const HOUR_MS = 3_600_000;

describe('bars of a stream of trades whose configuration changes', () => {
  let platform: Platform;
  let client: TickwellClient;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwell-bars-'));
    platform = await startTestPlatform();
    client = connect({ address: platform.grpcAddress });
  });
  afterAll(async () => {
    (client as TickwellClient | undefined)?.close();
    // Absent where it could not start.
    await (platform as Platform | undefined)?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function importTrades(name: string, fromMs: number, toMs: number): Promise<void> {
    const rows: string[] = [];
    for (let ms = fromMs; ms < toMs; ms += STEP_MS) {
      const n = (ms - FIRST_MS) / STEP_MS;
      rows.push(
        `${new Date(ms).toISOString()},${SYMBOL},${100 + ((n * 37) % 50) / 10},${((n % 9) + 1) / 10}`,
      );
    }
    const path = join(folder, `${name}.csv`);
    writeFileSync(path, `time,symbol,price,size\n${rows.join('\n')}\n`);
    const files = [{ path, dataset: 'tape', kind: 'trades' }];
    const { code, output } = await runIngest(platform.endpoints, { type: 'files', files }).ended;
    expect(code, output.slice(-2_000)).toBe(0);
  }

  const read = (options: {
    interval: string;
    source?: string;
    resampleFrom?: string;
  }): Promise<readonly Bar[]> =>
    client.bars({ symbol: SYMBOL, source: `derived:${SOURCE}`, ...options }).toArray();
  const numbers = (bars: readonly Bar[], withAverage = true): readonly unknown[] =>
    bars.map(({ startNs, open, high, low, close, volume, vwap, tradeCount }) => [
      startNs,
      open,
      high,
      low,
      close,
      volume,
      tradeCount,
      withAverage ? vwap : 0,
    ]);

  /** The first trade of an hour. */
  const at = (hour: number): number => FIRST_MS + Math.ceil((hour * HOUR_MS) / STEP_MS) * STEP_MS;

  const untilBars = (interval: string, count: number): Promise<number> =>
    until(
      `${count} ${interval} bars`,
      async () => (await read({ interval })).length,
      (seen) => seen >= count,
    );

  async function configure(bars: readonly string[]): Promise<void> {
    await client.config.put({
      kind: 'bars',
      id: 'test',
      payloadJson: JSON.stringify({ bars, sources: [SOURCE] }),
    });
  }

  it('go on without a gap, start and stop; what is made when it is read is the same', async () => {
    await configure(['1m', '5m']);
    await importTrades('first', at(0), at(1));
    await untilBars('5m', 11);
    await configure(['1m', '15m', '50tick']);
    // The second import may begin before the change is known, the third does not.
    await importTrades('second', at(1), at(2));
    await untilBars('1m', 119);
    await importTrades('third', at(2), at(3));
    await untilBars('1m', 179);

    const minutes = await read({ interval: '1m' });
    const firstNs = BigInt(FIRST_MS) * 1_000_000n;
    expect(minutes.map(({ startNs }) => Number((startNs - firstNs) / 60_000_000_000n))).toEqual(
      Array.from({ length: 179 }, (_, minute) => minute),
    );
    const made = await read({ interval: '1m', source: SOURCE, resampleFrom: 'trades' });
    expect(numbers(made.slice(0, 179))).toEqual(numbers(minutes));
    const five = await read({ interval: '5m' });
    const ofTrades = await read({ interval: '5m', source: SOURCE, resampleFrom: 'trades' });
    const ofMinutes = await read({ interval: '5m', resampleFrom: '1m' });
    expect(numbers(ofTrades.slice(0, five.length))).toEqual(numbers(five));
    expect(numbers(ofMinutes.slice(0, five.length), false)).toEqual(numbers(five, false));
    expect((await read({ interval: '15m' })).length).toBeGreaterThan(0);
    expect((await read({ interval: '50tick' })).map(({ tradeCount }) => tradeCount)).toContain(50);
  }, 400_000);
});
