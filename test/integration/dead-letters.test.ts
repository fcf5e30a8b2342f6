import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { connect, type DeadLetter, type DeadLetterFilter, type TickwellClient } from '@tickwell/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliHome, type CliResult } from '../support/cli.ts';
import { runIngest } from '../support/ingest.ts';
import { startTestPlatform } from '../support/platform.ts';
import { countRows, queryStore } from '../support/store.ts';
import { until } from '../support/wait.ts';

/** Two bars whose high is below their low, one with a negative price, a line that is no bar, and two good ones. */
const CSV = `time,symbol,open,high,low,close
2024-01-02,AAPL,10,11,9,10
2024-01-03,AAPL,10,1,9,10
2024-01-04,AAPL,10,2,9,10
2024-01-05,AAPL,-10,11,9,10
2024-01-08,AAPL,10,oops,9,10
2024-01-09,AAPL,10,11,9,10
`;

describe('dead letters on the command line', () => {
  let platform: Platform;
  let home: CliHome;
  let folder: string;
  let client: TickwellClient;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwell-letters-'));
    home = await CliHome.create();
    platform = await startTestPlatform();
    client = connect({ address: platform.grpcAddress });
    const path = join(folder, 'bad.csv');
    writeFileSync(path, CSV);
    const files = [{ path, dataset: 'bad', kind: 'bars', interval: '1d' }];
    const { code, output } = await runIngest(platform.endpoints, { type: 'files', files }).ended;
    expect(code, output.slice(-2_000)).toBe(0);
  });
  afterAll(async () => {
    // Absent where it could not start.
    (client as TickwellClient | undefined)?.close();
    await (platform as Platform | undefined)?.stop();
    home.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (...args: string[]): Promise<CliResult> =>
    home.run('dead-letter', ...args, '--address', platform.grpcAddress);

  /** Letters past the command line: of a test every call of that takes a process. */
  async function list(filter: DeadLetterFilter = {}): Promise<readonly DeadLetter[]> {
    const found: DeadLetter[] = [];
    for await (const letter of client.deadLetters.list(filter)) found.push(letter);
    return found;
  }

  /** "2024-01-03 12": day and high of every stored bar, oldest first. */
  const storedHighs = async (): Promise<readonly string[]> =>
    (
      await queryStore(
        platform.endpoints,
        `select to_str(ts, 'yyyy-MM-dd') d, high from bars where source = 'file:bad' order by ts`,
      )
    ).map((row) => row.join(' '));

  it('are listed, shown, mended and sent again, and put away', async () => {
    const open = await until(
      'letters',
      () => list(),
      (found) => found.length === 4,
    );
    const ranges = open.filter(({ rule }) => rule === 'bar-range');
    expect(ranges).toHaveLength(2);
    const summary = await run('summary');
    expect(summary.stdout).toMatch(/2\s+file:bad\s+bar-range\s+reject\s+open/);

    const [first] = [...ranges].sort((a, b) => (a.id < b.id ? -1 : 1));
    const id = first?.id ?? '';
    const shown = await run('show', id);
    expect(shown.stdout).toMatch(/rule\s+bar-range/);
    expect(shown.stdout).toMatch(/"high": \[\s+1\s+\]/);

    // As it is it breaks the rule again, and says whose replay it was.
    expect((await run('replay', id)).stdout).toBe('1 of 1 dead letters sent again\n');
    const [again] = await until(
      'the replay refused again',
      () => list({ rule: 'bar-range' }),
      (found) => found.some(({ replayOf }) => replayOf === id),
    ).then((found) => found.filter(({ replayOf }) => replayOf === id));
    const mended = await run('replay', again?.id ?? '', '--set', 'high=12', '--note', 'typo');
    expect(mended, mended.stderr).toMatchObject({ code: 0 });
    await until('the mended bar', storedHighs, (highs) => highs.length === 3);
    expect(await storedHighs()).toEqual(['2024-01-02 11.0', '2024-01-03 12.0', '2024-01-09 11.0']);

    const twice = await run('replay', id);
    expect(twice).toMatchObject({ code: 1 });
    expect(twice.stderr).toMatch(/was replayed by .* already/);

    // By filter: what cannot go as it is is named, and stays.
    const all = await run('replay', '--source', 'file:bad');
    expect(all.code).toBe(1);
    expect(all.stdout).toBe('2 of 3 dead letters sent again\n');
    expect(all.stderr).toMatch(/is no message but text/);

    const purged = await run('purge', '--source', 'file:bad', '--note', 'test');
    expect(purged, purged.stderr).toMatchObject({ code: 0 });
    // What was sent again was refused again: these letters come last.
    await until(
      'every letter to be put away',
      async () => {
        const ids = (await list()).map((letter) => letter.id);
        if (ids.length > 0) await client.deadLetters.purge({ ids });
        return list({ states: ['open', 'purged'] });
      },
      (found) => found.length >= 3 && found.every(({ state }) => state === 'purged'),
    );
    const replayed = await list({ states: ['replayed'] });
    const bytes = `select count() from dead_letters where original_base64 != ''`;
    expect(await queryStore(platform.endpoints, bytes)).toEqual([[String(replayed.length)]]);
  });

  /** 30 quiet trades, one at a tenth of the price, two more. Resolves once all but those held are stored. */
  async function ingestSlip(dataset: string, symbol: string): Promise<readonly DeadLetter[]> {
    const prices = [...Array.from({ length: 30 }, (_value, at) => 100 + (at % 2) / 100), 10.001, 100, 100.01];
    const rows = prices.map(
      (price, at) => `2024-01-02T15:00:${String(at).padStart(2, '0')}Z,${symbol},${price},1`,
    );
    const path = join(folder, `${dataset}.csv`);
    writeFileSync(path, ['time,symbol,price,size', ...rows, ''].join('\n'));
    const files = [{ path, dataset, kind: 'trades' }];
    const { code, output } = await runIngest(platform.endpoints, { type: 'files', files }).ended;
    expect(code, output.slice(-2_000)).toBe(0);
    const letters = (): Promise<readonly DeadLetter[]> => list({ source: `file:${dataset}` });
    await until(
      'every trade to be stored or held',
      async () =>
        (await countRows(platform.endpoints, `trades where source = 'file:${dataset}'`)) +
        (await letters()).length,
      (count) => count === prices.length,
    );
    return letters();
  }

  it('of quarantine are held, and go through once a person says so', async () => {
    const [held, ...more] = await ingestSlip('slip', 'SLIP');
    expect(more).toEqual([]);
    expect(held).toMatchObject({ rule: 'price-absurd', severity: 'quarantine', state: 'open' });
    expect((await run('list', '--severity', 'quarantine')).stdout).toMatch(/SLIP\s+quarantine\s+open/);
    const released = await run(
      'replay',
      '--severity',
      'quarantine',
      '--symbol',
      'SLIP',
      '--note',
      'it was the market',
    );
    expect(released, released.stderr).toMatchObject({ code: 0 });
    const slipped = `select price from trades where source = 'file:slip' and price < 50`;
    await until(
      'the released trade',
      () => queryStore(platform.endpoints, slipped),
      (rows) => rows.length === 1,
    );
    const [letter] = await list({ source: 'file:slip', states: ['replayed'] });
    expect(letter).toMatchObject({ id: held?.id, note: 'it was the market' });
    expect(letter?.resolvedBy).not.toBe('');
    expect(await list({ source: 'file:slip' })).toEqual([]);
  });

  it('of quarantine are as many as the documents of kind validation say', async () => {
    const off = { rules: { 'price-absurd': { action: 'off' } } };
    const name = { kind: 'validation', id: 'unknown' };
    await client.config.put({ ...name, payloadJson: JSON.stringify(off) });
    let attempt = 0;
    await until(
      'the validator to know the document',
      () => ingestSlip(`off${(attempt += 1)}`, `OFF${attempt}`),
      (letters) => letters.length === 0,
    );
    const wrong = { rules: { 'price-absurd': { times: 0 } } };
    await expect(client.config.put({ ...name, payloadJson: JSON.stringify(wrong) })).rejects.toThrow(
      /rules\.price-absurd\.times must be from 1\.05 to 1000000/,
    );
  });

  it('says in one line what is wrong with what it was told', async () => {
    for (const [args, message] of [
      [['replay'], /say which: ids .* or at least one of --source/],
      [['show', 'x'], /"x" is no id of a dead letter: they look like "md\.raw\.bars/],
      [['show', 'md.raw.bars/0/999999/0'], /there is no dead letter md\.raw\.bars\/0\/999999\/0/],
      [['replay', 'md.raw.bars/0/1/0', '--source', 'a'], /either ids or options/],
    ] as const) {
      const { code, stderr } = await run(...args);
      expect(code).toBe(1);
      expect(stderr).toMatch(message);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
  });
});
