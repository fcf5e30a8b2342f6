import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';
import type { StackEndpoints } from '@tickwell/local-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliHome, type CliRun } from '../support/cli.ts';
import { ROOT } from '../support/ingest.ts';
import { queryStore } from '../support/store.ts';
import { until } from '../support/wait.ts';

const MINUTES = 60_000;
const INSTANCE = ['--instance', 'websocket'];
/** A real capture, which is not part of the repository. */
const CAPTURE = join(
  process.env['TICKWELL_TEST_DATA'] ?? join(ROOT, '../shared/data'),
  'cryptofeed_raw/COINBASE.ws.28.0.gz',
);
const CUT_EVERY = 4000;

interface Message {
  readonly type: string;
  readonly product_id: string;
  readonly trade_id: number;
  readonly sequence: number;
  readonly price: string;
  readonly best_bid: string;
  readonly best_ask: string;
}

/** What the exchange sent, read without anything of Tickwell. */
function recorded(): readonly Message[] {
  const lines = gunzipSync(readFileSync(CAPTURE)).toString('utf8').split('\n');
  return lines.flatMap((line) => {
    const json = /^\d+(?:\.\d+)?: (.*)$/.exec(line)?.[1];
    return json === undefined ? [] : [JSON.parse(json) as Message];
  });
}

/** Rows as the store has them, in one order. */
function rows(all: readonly (readonly (string | number)[])[]): readonly string[] {
  return all.map((row) => row.join(' ')).sort();
}

describe.skipIf(!existsSync(CAPTURE))('tickwell ingest provider coinbase --live', () => {
  let home: CliHome;
  let folder: string;
  let endpoints: Pick<StackEndpoints, 'questdbHttpUrl'>;
  let simulator: ChildProcess;
  let definition: string;
  let live: CliRun;

  beforeAll(async () => {
    home = await CliHome.create();
    folder = mkdtempSync(join(tmpdir(), 'tickwell-websocket-'));
    const up = await home.run('up', '--json', ...INSTANCE);
    expect(up.code, up.stderr).toBe(0);
    endpoints = JSON.parse(up.stdout) as typeof endpoints;
  }, 10 * MINUTES);

  afterAll(async () => {
    live.child.kill('SIGKILL');
    simulator.kill('SIGKILL');
    await home.run('down', '--force', ...INSTANCE);
    home.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 2 * MINUTES);

  /** `npm run ws-sim`, and the ready definition with its address. */
  async function startSimulator(): Promise<void> {
    const options = ['--capture', CAPTURE, '--port', '0', '--speed', '0', '--cut-every', String(CUT_EVERY)];
    simulator = spawn(process.execPath, [join(ROOT, 'tools/websocket-sim/src/main.ts'), ...options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (simulator.stdout === null) throw new Error('no output');
    const output = createInterface({ input: simulator.stdout });
    const url = await new Promise<string>((resolve) => {
      output.on('line', (line) => {
        const said = /^feed ready on (\S+):/.exec(line)?.[1];
        if (said !== undefined) resolve(said);
      });
    });
    const ready = readFileSync(join(ROOT, 'libs/feed-websocket/definitions/coinbase.json'), 'utf8');
    definition = join(folder, 'coinbase.json');
    const reconnect = { firstSeconds: 0.1, maxSeconds: 1 };
    writeFileSync(definition, JSON.stringify({ ...(JSON.parse(ready) as object), url, reconnect }));
  }

  it(
    'stores every match and quote of a recording once, under ids of the user, also when the connection is cut',
    async () => {
      await startSimulator();
      const messages = recorded();
      const matches = messages.filter(({ type }) => type === 'match' || type === 'last_match');
      const products = [...new Set(matches.map(({ product_id: product }) => product))];
      const idOf = (product: string): string => product.replace('-', '');
      const symbols = products.map((product) => `${idOf(product)}=${product}`);
      live = home.start('ingest', 'provider', definition, ...symbols, '--live', '--json', ...INSTANCE);
      const trades = rows(matches.map((m) => [idOf(m.product_id), m.trade_id, Number(m.price)]));
      const tickers = messages.filter(({ type }) => type === 'ticker');
      const quotes = rows(
        tickers.map((m) => [idOf(m.product_id), m.sequence, Number(m.best_bid), Number(m.best_ask)]),
      );
      expect([trades.length, quotes.length]).toEqual([107, 107]);
      const stored = async (sql: string): Promise<readonly string[]> => {
        const got = await queryStore(endpoints, sql);
        return rows(got.map(([symbol = '', ...numbers]) => [symbol, ...numbers.map(Number)]));
      };
      const tradesSql = "select symbol, seq, price from trades where source = 'coinbase'";
      const quotesSql = "select symbol, seq, bid_price, ask_price from quotes where source = 'coinbase'";
      const until107 = (what: string, sql: string): Promise<readonly string[]> =>
        until(
          what,
          () => stored(sql),
          (seen) => seen.length >= 107,
        );
      expect(await until107('the matches', tradesSql)).toEqual(trades);
      expect(await until107('the quotes', quotesSql)).toEqual(quotes);
      const read = await home.run('get', 'trades', 'SKLUSD', '--csv', '--from', '2021-01-01', ...INSTANCE);
      expect(read.stdout.trim().split('\n')).toHaveLength(1 + 53);
      live.child.kill('SIGINT');
      const { code, stdout, stderr } = await live.ended;
      expect(code, stderr).toBe(130);
      // The recording has more messages than one connection lives: each cut is told, and what nobody can have seen meanwhile is a hole.
      expect(stdout).toContain('connection of coinbase: the server closed the connection');
      expect(stdout).toContain('"type":"hole"');
      expect(await queryStore(endpoints, 'select count() from dead_letters')).toEqual([['0']]);
    },
    5 * MINUTES,
  );
});
