import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { TickwellClient } from '@tickwell/client';
import { createMarket, startIbGatewaySim, type IbGatewaySim, type Market } from '@tickwell/ib-gateway-sim';
import type { IngestLine } from '@tickwell/ports';
import { SILENT } from '@tickwell/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpointVariables } from '@tickwell/local-stack';
import { CliHome } from '../support/cli.ts';
import { untilDrained } from '../support/drained.ts';
import { marketContent, storedContent } from '../support/ib-content.ts';
import { startLiveIngest, type LiveIngest } from '../support/ib-ingest.ts';
import { startTestPlatform } from '../support/platform.ts';
import { countRows, queryStore } from '../support/store.ts';
import { until } from '../support/wait.ts';

/**
 * The recording has bars without a pause from here to 16:27:55. In a pause IB would be stale, and a fallback whose job names an end is not asked again
 * for what it had nothing of: both came about on a machine under load when the clock began at 14:00 and ran at 50, seven minutes before a pause.
 */
const START_MS = Date.parse('2025-10-06T15:50:00Z');
/** Five-second bars come four a second; two minutes of the machine's time reach the next pause. */
const SPEED = 20;
const SYMBOL = 'BTCUSD';
const SPARE = 'spare';
const MINUTE_MS = 60_000;
const DEADLINE_MS = 4 * MINUTE_MS;
const IB = `bars where symbol = '${SYMBOL}' and interval = '5s' and source = 'ib'`;
const OF_SPARE = `bars where symbol = '${SYMBOL}' and interval = '5s' and source = '${SPARE}'`;

type PolicyLine = Extract<IngestLine, { readonly type: 'policy' }>;

describe('a policy with Interactive Brokers first', () => {
  let platform: Platform;
  let market: Market;
  let conId: number;
  let gateway: IbGatewaySim | undefined;
  let spare: Server;
  let folder: string;
  let home: CliHome;
  let ingest: LiveIngest | undefined;
  const client = (): TickwellClient => new TickwellClient({ address: platform.grpcAddress });
  /** What a spare source with the same market would know; the simulated time goes on without a Gateway. */
  let nowMs: () => number;

  beforeAll(async () => {
    platform = await startTestPlatform();
    home = await CliHome.create({
      ...endpointVariables(platform.endpoints),
      TICKWELL_GRPC_ADDRESS: platform.grpcAddress,
    });
    market = await createMarket({ logger: SILENT, now: () => START_MS });
    const found = market.instruments.find((one) => one.symbol === 'BTC' && one.secType === 'CRYPTO');
    if (found === undefined) throw new Error('the market has no bitcoin');
    ({ conId } = found);
    // Recordings are read before the clock runs.
    marketContent(
      market,
      { symbol: SYMBOL, conId, series: 'bars' },
      { fromMs: START_MS, toMs: START_MS + 60 * MINUTE_MS },
    );
    folder = mkdtempSync(join(tmpdir(), 'tickwell-policy-'));
    spare = createServer((request, response) => {
      const fromMs = Number(new URL(request.url ?? '', 'http://spare').searchParams.get('from'));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(barsOf(Math.max(START_MS, fromMs), nowMs())));
    });
    await new Promise<void>((resolve) => spare.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    ingest?.child.kill('SIGKILL');
    await gateway?.stop();
    await (platform as Platform | undefined)?.stop();
    await new Promise((resolve) => spare.close(resolve));
    home.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Bars that have ended. */
  function barsOf(fromMs: number, toMs: number): { startMs: number; open: number; close: number }[] {
    const span = { fromMs: Math.ceil(fromMs / 5000) * 5000, toMs: Math.floor(toMs / 5000) * 5000 };
    if (span.fromMs >= span.toMs) return [];
    return [...market.bars(conId, { ...span, barMs: 5000, whatToShow: 'TRADES' as const, useRth: false })];
  }

  async function startGateway(port: number): Promise<IbGatewaySim> {
    const started = await startIbGatewaySim({ market, startMs: nowMs(), speed: SPEED, port });
    nowMs = () => started.clock.nowMs();
    return started;
  }

  /** Nobody tells the time any more, but it goes on. */
  async function stopGateway(running: IbGatewaySim): Promise<void> {
    const stoppedMs = running.clock.nowMs();
    const since = performance.now();
    nowMs = () => stoppedMs + (performance.now() - since) * SPEED;
    await running.stop();
  }

  async function putPolicy(port: number): Promise<void> {
    const { port: sparePort } = spare.address() as AddressInfo;
    const definition = join(folder, `${SPARE}.json`);
    const columns = {
      time: 'startMs',
      open: 'open',
      high: 'high',
      low: 'low',
      close: 'close',
      volume: 'volume',
    };
    writeFileSync(
      definition,
      JSON.stringify({
        type: 'http',
        name: SPARE,
        example: 'BTC',
        priceBasis: 'raw',
        limits: { requestsPerSecond: 100 },
        intervals: { '5s': '5s' },
        bars: {
          url: `http://127.0.0.1:${sparePort}/bars?symbol={symbol}&from={from}&to={to}`,
          dates: { format: 'epoch-ms' },
          format: 'json',
          columns,
          time: { format: 'epoch-ms' },
        },
      }),
    );
    const policy = {
      type: 'policy',
      instruments: [SYMBOL],
      series: { kind: 'bars', interval: '5s' },
      sources: [
        {
          source: 'ib',
          job: {
            type: 'ib',
            feed: 'live',
            port,
            speed: SPEED,
            instruments: [{ symbol: SYMBOL, ibSymbol: 'BTC', secType: 'CRYPTO' }],
            series: ['bars'],
          },
        },
        {
          source: SPARE,
          everySeconds: 1,
          job: {
            type: 'provider',
            definition,
            symbols: [{ symbol: SYMBOL, vendor: 'BTC' }],
            interval: '5s',
            from: '{since}',
            to: '2025-10-07',
          },
        },
      ],
      fallback: { afterFailures: 2, afterStaleSeconds: 3, retryMaxSeconds: 2 },
      return: { afterHealthySeconds: 3 },
    };
    const config = client();
    await config.config.put({
      kind: 'source',
      id: 'btc',
      author: 'test',
      payloadJson: JSON.stringify(policy),
    });
    config.close();
  }

  const moves = (): PolicyLine[] => (ingest?.lines ?? []).filter((line) => line.type === 'policy');
  function checkAlive(): void {
    if (ingest?.child.exitCode !== null)
      throw new Error(`ingest ended: ${ingest?.stderr().slice(-3000) ?? ''}`);
  }
  const untilMoves = (count: number): Promise<unknown> =>
    until(
      `transition ${count}`,
      () => {
        checkAlive();
        return moves().length;
      },
      (seen) => seen >= count,
      DEADLINE_MS,
    );
  const untilRows = (from: string, atLeast: number): Promise<number> =>
    until(
      from,
      () => {
        checkAlive();
        return countRows(platform.endpoints, from);
      },
      (rows) => rows >= atLeast,
      DEADLINE_MS,
    );

  async function best(): Promise<{ readonly source: string; readonly ms: number; readonly close: number }[]> {
    const reader = client();
    const rows: { source: string; ms: number; close: number }[] = [];
    for await (const { source, bars } of reader.bars({ symbol: SYMBOL, interval: '5s', source: 'best' }))
      for (const [row, start] of bars.startNs.entries())
        rows.push({ source, ms: Number(start / 1_000_000n), close: bars.close[row] ?? Number.NaN });
    reader.close();
    return rows;
  }

  it(
    'is served by the fallback while the Gateway is away, and by IB again after it, every bar once and none missing',
    async () => {
      nowMs = () => START_MS;
      const first = await startGateway(0);
      gateway = first;
      const { port } = first;
      await putPolicy(port);
      ingest = startLiveIngest(platform, [{ type: 'policy', ids: ['btc'] }]);
      await untilRows(IB, 20);
      expect(moves()).toEqual([]);

      await stopGateway(first);
      gateway = undefined;
      await untilMoves(1);
      expect(moves()[0]).toMatchObject({ policy: 'btc', instruments: [SYMBOL], from: 'ib', to: SPARE });
      const [[ibEnd = ''] = []] = await queryStore(platform.endpoints, `select max(ts) from ${IB}`);
      await untilRows(`${OF_SPARE} and ts > '${ibEnd}'`, 20);
      await expectShown([/^ib down serves 0 of 1: /, /^spare up serves 1 of 1$/]);
      const during = await best();
      const ibEndMs = Date.parse(ibEnd);
      expect(during.filter(({ ms }) => ms <= ibEndMs).every(({ source }) => source === 'ib')).toBe(true);
      expect(during.filter(({ ms }) => ms > ibEndMs).every(({ source }) => source === SPARE)).toBe(true);
      expectGapless(during);

      gateway = await startGateway(port);
      const backMs = nowMs();
      await untilMoves(2);
      expect(moves()[1]).toMatchObject({ instruments: [SYMBOL], from: SPARE, to: 'ib' });
      await untilRows(`${IB} and ts > '${new Date(backMs + MINUTE_MS).toISOString()}'`, 20);
      await expectShown([/^ib up serves 1 of 1$/, /^spare up stands by$/]);
      ingest.child.kill('SIGTERM');
      expect(await ingest.ended, ingest.stderr().slice(-3000)).toBe(0);
      await untilDrained(platform.endpoints);

      expect(moves()).toHaveLength(2);
      const all = await best();
      expectGapless(all);
      expect(all.at(-1)).toMatchObject({ source: 'ib' });
      await expectOnce();
      await expectTold();
      await expectStatus();
    },
    3 * DEADLINE_MS,
  );

  /** What `tickwell source status` says, once what was filed is stored. */
  async function expectShown(wanted: readonly RegExp[]): Promise<void> {
    const look = async (): Promise<readonly string[]> => {
      const { code, stdout, stderr } = await home.run('source', 'status', '--json');
      expect(code, stderr).toBe(0);
      const rows = JSON.parse(stdout) as { source: string; state: string; reason: string }[];
      return rows.map(({ source, state, reason }) => `${source} ${state} ${reason}`);
    };
    await until('source status', look, (rows) => wanted.every((pattern, at) => pattern.test(rows[at] ?? '')));
  }

  /** From the first to the last, exactly what the market says. */
  function expectGapless(rows: Awaited<ReturnType<typeof best>>): void {
    const bars = barsOf(rows[0]?.ms ?? 0, (rows.at(-1)?.ms ?? 0) + 5000);
    expect(rows.map(({ ms, close }) => [ms, close])).toEqual(
      bars.map(({ startMs, close }) => [startMs, close]),
    );
  }

  /** IB has filled its hole from history by itself, and nothing of it is there twice. */
  async function expectOnce(): Promise<void> {
    const [[last = ''] = []] = await queryStore(platform.endpoints, `select max(ts) from ${IB}`);
    const series = { symbol: SYMBOL, conId, series: 'bars' } as const;
    const toMs = Date.parse(last) + 5000;
    const stored = await storedContent(platform.endpoints, series, toMs);
    expect(stored.hours).toEqual(marketContent(market, series, { fromMs: stored.firstMs, toMs }).hours);
    // The newest bar is asked for again at every round, and makes no version.
    expect(await countRows(platform.endpoints, OF_SPARE)).toBe(
      await countRows(platform.endpoints, `(select distinct ts from ${OF_SPARE})`),
    );
  }

  /** The ledger knows what the session missed, and that it has filled it itself. */
  async function expectTold(): Promise<void> {
    const reader = client();
    const { holes } = await reader.holes({ symbols: [SYMBOL], source: 'ib', kind: 'bars', interval: '5s' });
    reader.close();
    const repaired = holes.filter(({ state }) => state === 'repaired');
    expect(repaired, JSON.stringify(holes.map(({ state, reason }) => [state, reason]))).not.toEqual([]);
    for (const { repairedSource, repairedStream, reason, events } of repaired) {
      expect([repairedSource, repairedStream]).toEqual(['ib', expect.stringMatching(/^ib:live:/)]);
      expect(reason).not.toBe('');
      expect(events).toBeGreaterThan(0);
    }
  }

  async function expectStatus(): Promise<void> {
    const filed = await queryStore(
      platform.endpoints,
      "select source, state, reason from source_status where stream = 'policy:btc' order by ts",
    );
    // Once ingest has been ended each is stopped.
    const texts = filed.map((row) => row.join(' ')).filter((text) => !/^\S+ stopped /.test(text));
    expect(texts).toContain('ib up serves 1 of 1');
    // While it may be back in time it is degraded and serves; once the fallback serves for it, it is down until it is back.
    const lost = texts.filter((text) => /^ib \S+ serves 0 of 1: /.test(text));
    expect(lost, texts.join('\n')).not.toEqual([]);
    expect(lost.filter((text) => !text.startsWith('ib down '))).toEqual([]);
    expect(texts).toContain(`${SPARE} up serves 1 of 1`);
    expect(texts.findLast((text) => text.startsWith(SPARE))).toBe(`${SPARE} up stands by`);
    expect(texts.findLast((text) => text.startsWith('ib'))).toBe('ib up serves 1 of 1');
  }
});
