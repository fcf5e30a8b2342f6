import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { endpointVariables } from '@tickwell/local-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliHome, type CliResult } from '../support/cli.ts';
import { startLiveIngest, type LiveIngest } from '../support/ib-ingest.ts';
import { startTestPlatform } from '../support/platform.ts';
import { countRows, queryStore } from '../support/store.ts';
import { until } from '../support/wait.ts';

const FIRST_MS = Date.parse('2025-10-06T14:00:00Z');
const MINUTE_MS = 60_000;
const BARS = 30;

interface StatusRow {
  readonly policy: string;
  readonly source: string;
  readonly state: string;
  readonly reason: string;
}

describe('policies of one process', () => {
  let platform: Platform;
  let home: CliHome;
  let folder: string;
  let vendor: Server;
  let ingest: LiveIngest | undefined;
  /** Vendors that answer with a page instead of data. */
  const broken = new Set<string>();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwell-policies-'));
    platform = await startTestPlatform();
    home = await CliHome.create({
      ...endpointVariables(platform.endpoints),
      TICKWELL_GRPC_ADDRESS: platform.grpcAddress,
    });
    vendor = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://vendor');
      if (broken.has(url.pathname.slice(1))) {
        response.end('<html>maintenance</html>');
        return;
      }
      const [fromMs, toMs] = ['from', 'to'].map((name) => Number(url.searchParams.get(name)));
      const bars = Array.from({ length: BARS }, (_, at) => ({ t: FIRST_MS + at * MINUTE_MS, c: 10 + at }));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(bars.filter(({ t }) => t >= (fromMs ?? 0) && t < (toMs ?? 0))));
    });
    await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    ingest?.child.kill('SIGKILL');
    await (platform as Platform | undefined)?.stop();
    await new Promise((resolve) => vendor.close(resolve));
    home.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  function definition(name: string): string {
    const { port } = vendor.address() as AddressInfo;
    const path = join(folder, `${name}.json`);
    const columns = { time: 't', open: 'c', high: 'c', low: 'c', close: 'c' };
    const bars = {
      url: `http://127.0.0.1:${port}/${name}?symbol={symbol}&from={from}&to={to}`,
      dates: { format: 'epoch-ms' },
      format: 'json',
      columns,
      time: { format: 'epoch-ms' },
    };
    const limits = { requestsPerSecond: 100 };
    writeFileSync(
      path,
      JSON.stringify({
        type: 'http',
        name,
        example: 'AAA',
        priceBasis: 'raw',
        limits,
        intervals: { '1m': '1m' },
        bars,
      }),
    );
    return path;
  }

  function policy(instruments: unknown, names: readonly string[]): object {
    const sources = names.map((source) => ({
      source,
      everySeconds: 1,
      job: {
        type: 'provider',
        definition: definition(source),
        symbols: '{instruments}',
        interval: '1m',
        // To now, which is another question every time.
        from: '2025-10-06',
      },
    }));
    return {
      type: 'policy',
      instruments,
      series: { kind: 'bars', interval: '1m' },
      sources,
      fallback: { afterFailures: 2, afterStaleSeconds: 60, retryMaxSeconds: 1 },
      return: { afterHealthySeconds: 2 },
    };
  }

  function put(kind: string, id: string, document: object): Promise<CliResult> {
    const path = join(folder, `put-${id}.json`);
    writeFileSync(path, JSON.stringify(document));
    return home.run('config', 'put', kind, id, path);
  }

  async function mustPut(kind: string, id: string, document: object): Promise<void> {
    const { code, stderr } = await put(kind, id, document);
    expect(code, stderr).toBe(0);
  }

  const stock = (currency: string): object => ({ type: 'stock', exchange: 'TEST', currency });

  /** What ingest has said, for the message of a test that fails. */
  const said = (): string =>
    [...(ingest?.lines ?? []).map((line) => JSON.stringify(line)), ingest?.stderr() ?? '']
      .join('\n')
      .slice(-3000);

  /** Waits until a source has brought every bar of a symbol. */
  const untilServed = (symbol: string, source: string): Promise<unknown> =>
    until(
      `${symbol} of ${source}`,
      async (): Promise<number> => {
        if (ingest?.child.exitCode !== null) throw new Error(`ingest ended: ${said()}`);
        return countRows(
          platform.endpoints,
          `(select distinct ts from bars where symbol = '${symbol}' and source = '${source}')`,
        );
      },
      (bars) => bars === BARS,
    );

  const notices = (): string[] =>
    (ingest?.lines ?? []).flatMap((line) => (line.type === 'notice' ? [line.text] : []));
  const untilNotice = (text: RegExp): Promise<unknown> =>
    until(`notice ${String(text)}`, notices, (seen) => seen.some((one) => text.test(one)));

  async function status(): Promise<readonly string[]> {
    const { code, stdout, stderr } = await home.run('source', 'status', '--json');
    expect(code, stderr).toBe(0);
    return (JSON.parse(stdout) as StatusRow[]).map(
      ({ policy: id, source, state, reason }) => `${id} ${source} ${state} ${reason}`,
    );
  }
  const untilStatus = (wanted: readonly RegExp[]): Promise<unknown> =>
    until(`status ${wanted.join()}`, status, (rows) =>
      wanted.every((pattern) => rows.some((row) => pattern.test(row))),
    );

  it('take in instruments of the map and changes of their documents without a restart, and say so', async () => {
    for (const id of ['AAA', 'BBB']) await mustPut('instrument', id, stock('USD'));
    await mustPut('source', 'dollars', policy({ type: 'stock', currency: 'USD' }, ['desk-a', 'desk-b']));
    await mustPut('source', 'named', policy(['SAP'], ['desk-b']));
    const refused = await put('source', 'test', policy({ type: 'stock', exchange: 'TEST' }, ['desk-a']));
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('policy dollars (type stock, currency USD) may both hold'),
    ]);
    ingest = startLiveIngest(platform, [{ type: 'policy', ids: [] }]);
    for (const symbol of ['AAA', 'BBB']) await untilServed(symbol, 'desk-a');
    await untilServed('SAP', 'desk-b');
    await untilStatus([
      /^dollars desk-a up serves 2 of 2$/,
      /^dollars desk-b up stands by$/,
      /^named desk-b up serves 1 of 1$/,
    ]);

    await mustPut('instrument', 'CCC', stock('USD'));
    await mustPut('instrument', 'EUR1', stock('EUR'));
    await untilNotice(/^policy dollars: CCC joins$/);
    await untilServed('CCC', 'desk-a');
    // Its id comes before the rule.
    await mustPut('source', 'named', policy(['SAP', 'BBB'], ['desk-b']));
    await untilNotice(
      /^policy named has changed \(version 2, position \d+ of the configuration\): what ran for it is drained, and it begins anew/,
    );
    await untilNotice(/^policy dollars: BBB leaves$/);
    await untilServed('BBB', 'desk-b');
    await mustPut('source', 'dollars', policy({ type: 'stock', currency: 'USD' }, ['desk-b', 'desk-a']));
    for (const symbol of ['AAA', 'CCC']) await untilServed(symbol, 'desk-b');

    broken.add('desk-b');
    await untilStatus([
      /^dollars desk-b down serves 0 of 2: \d+ failures in a row: /,
      /^dollars desk-a up serves 2 of 2$/,
    ]);
    broken.clear();
    await untilStatus([/^dollars desk-b up serves 2 of 2$/, /^dollars desk-a up stands by$/]);
    const deleted = await home.run('config', 'delete', 'source', 'named');
    expect(deleted.code, deleted.stderr).toBe(0);
    await untilNotice(/^policy dollars: BBB joins$/);
    expect((await status()).some((row) => row.startsWith('named'))).toBe(false);

    ingest.child.kill('SIGTERM');
    expect(await ingest.ended, ingest.stderr().slice(-3000)).toBe(0);
    // Asked for again every second, and never a version more.
    const rows = await queryStore(
      platform.endpoints,
      `select count(), count_distinct(symbol || source || ts::string) from bars`,
    );
    expect(rows[0]?.[0]).toBe(rows[0]?.[1]);
    expect(ingest.lines.filter((line) => line.type === 'error')).toEqual([]);
  }, 900_000);
});
