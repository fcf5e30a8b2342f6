import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { TickwellClient, type BarsCoverage, type LedgerHole, type SeriesCoverage } from '@tickwell/client';
import { events, parseMessage, TOPICS } from '@tickwell/contracts';
import { createMarket, startIbGatewaySim, type IbGatewaySim, type Market } from '@tickwell/ib-gateway-sim';
import { createKafkaLog } from '@tickwell/kafka';
import { endpointVariables } from '@tickwell/local-stack';
import { SILENT } from '@tickwell/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliHome } from '../support/cli.ts';
import { untilDrained } from '../support/drained.ts';
import {
  barsRepaired,
  hasBar,
  MINUTE_MS,
  scriptHoles,
  type HoleKind,
  type ScriptedHole,
} from '../support/hole-script.ts';
import { startLiveIngest, type LiveIngest } from '../support/ib-ingest.ts';
import { runIngest } from '../support/ingest.ts';
import { startTestPlatform } from '../support/platform.ts';
import { until } from '../support/wait.ts';

const HOUR_MS = 60 * MINUTE_MS;
/** The monitor looks at a day that ends an hour ago, so that its bars are all there however long the test takes. */
const SETTLE_SECONDS = 3_600;
const END_MS = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
const START_MS = END_MS - 27 * HOUR_MS;
const FIRST_HOLE_MS = END_MS - 23 * HOUR_MS;
const ATTEMPTS = 2;
const DEADLINE_MS = 240_000;

const IB_SYMBOL = 'LTCUSD';
const DESK_SYMBOLS = ['ONE', 'TWO'];
const KINDS: readonly (readonly [string, readonly HoleKind[]])[] = [
  [IB_SYMBOL, Array.from({ length: 8 }, () => 'ib' as const)],
  [
    'ONE',
    ['cut', 'nowhere', 'fallback', 'cut', 'flaky', 'partly', 'shared', 'cut', 'fallback', 'nowhere', 'cut'],
  ],
  [
    'TWO',
    [
      'fallback',
      'partly',
      'flaky',
      'cut',
      'nowhere',
      'fallback',
      'cut',
      'shared',
      'partly',
      'flaky',
      'fallback',
    ],
  ],
];
const HOLES = KINDS.flatMap(([symbol, kinds]) => scriptHoles(symbol, kinds, FIRST_HOLE_MS));
const holesOf = (symbol: string): ScriptedHole[] => HOLES.filter((hole) => hole.symbol === symbol);

interface Bar {
  readonly startMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** Of instruments that exist in this test alone. */
function madeBars(fromMs: number, toMs: number): Bar[] {
  const first = Math.ceil(fromMs / MINUTE_MS) * MINUTE_MS;
  return Array.from({ length: Math.max(0, Math.ceil((toMs - first) / MINUTE_MS)) }, (_, at) => {
    const startMs = first + at * MINUTE_MS;
    const price = 100 + ((startMs / MINUTE_MS) % 50) / 10;
    return { startMs, open: price, high: price + 0.2, low: price - 0.2, close: price + 0.1 };
  });
}

/** A hole for the message of a test that fails. */
function textOf(hole: LedgerHole | undefined): string {
  return JSON.stringify(hole, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

describe('a day with 30 holes', () => {
  let platform: Platform;
  let market: Market;
  let gateway: IbGatewaySim;
  let vendor: Server;
  let folder: string;
  let home: CliHome;
  let ingest: LiveIngest | undefined;
  let client: TickwellClient;
  /** Spans that a vendor was asked for, as "desk ONE 5" with the number of the hole. */
  const asked: string[] = [];
  const hadPage = new Set<ScriptedHole>();

  beforeAll(async () => {
    platform = await startTestPlatform();
    client = new TickwellClient({ address: platform.grpcAddress });
    home = await CliHome.create({
      ...endpointVariables(platform.endpoints),
      TICKWELL_GRPC_ADDRESS: platform.grpcAddress,
    });
    market = await createMarket({ logger: SILENT });
    gateway = await startIbGatewaySim({ market, startMs: Date.now(), port: 0 });
    folder = mkdtempSync(join(tmpdir(), 'tickwell-repair-'));
    vendor = createServer(answer);
    await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    ingest?.child.kill('SIGKILL');
    (client as TickwellClient | undefined)?.close();
    await (gateway as IbGatewaySim | undefined)?.stop();
    await (platform as Platform | undefined)?.stop();
    await new Promise((resolve) => vendor.close(resolve));
    home.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What a vendor has of a span; once it has a page of a hole that is flaky. */
  function answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://vendor');
    const name = url.pathname === '/desk' ? 'desk' : 'spare';
    const symbol = url.searchParams.get('symbol') ?? '';
    const [fromMs = 0, toMs = 0] = ['from', 'to'].map((field) => Number(url.searchParams.get(field)));
    const holes = holesOf(symbol);
    const hole = holes.find((one) => fromMs < one.toMs && toMs > one.fromMs);
    if (hole !== undefined) asked.push(`${name} ${symbol} ${holes.indexOf(hole)}`);
    if (hole?.kind === 'flaky' && name === 'desk' && !hadPage.has(hole)) {
      hadPage.add(hole);
      response.end('<html>maintenance</html>');
      return;
    }
    const bars = madeBars(Math.max(fromMs, START_MS), Math.min(toMs, END_MS));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(bars.filter(({ startMs }) => hasBar(name, holes, startMs))));
  }

  function barsOf(symbol: string): readonly Bar[] {
    if (symbol !== IB_SYMBOL) return madeBars(START_MS, END_MS);
    const instrument = market.instruments.find((one) => one.symbol === 'LTC' && one.secType === 'CRYPTO');
    if (instrument === undefined) throw new Error('the market has no litecoin');
    const span = { fromMs: START_MS, toMs: END_MS, barMs: MINUTE_MS };
    return [...market.bars(instrument.conId, { ...span, whatToShow: 'TRADES' as const, useRth: false })];
  }

  /** A replay of the day as it was received: without the holes. */
  async function replayDay(): Promise<void> {
    const files = [IB_SYMBOL, ...DESK_SYMBOLS].map((symbol) => {
      const path = join(folder, `${symbol}.csv`);
      const holes = holesOf(symbol);
      const all = barsOf(symbol);
      expect(all, symbol).toHaveLength((END_MS - START_MS) / MINUTE_MS);
      const received = all.filter(
        ({ startMs }) => !holes.some(({ fromMs, toMs }) => startMs >= fromMs && startMs < toMs),
      );
      const rows = received.map(({ startMs, open, high, low, close }) =>
        [startMs, open, high, low, close].join(','),
      );
      writeFileSync(path, ['time,open,high,low,close', ...rows, ''].join('\n'));
      const of = { path, kind: 'bars', symbol, interval: '1m', priceBasis: 'raw', dataset: 'day' };
      return { ...of, timeFormat: 'epoch-ms' };
    });
    const { code, output } = await runIngest(platform.endpoints, {
      type: 'replay',
      dataset: 'day',
      files,
      speed: 'max',
    }).ended;
    expect(code, output.slice(-2_000)).toBe(0);
    await untilDrained(platform.endpoints);
  }

  function definition(name: string): string {
    const { port } = vendor.address() as AddressInfo;
    const path = join(folder, `${name}.json`);
    const columns = { time: 'startMs', open: 'open', high: 'high', low: 'low', close: 'close' };
    const bars = {
      url: `http://127.0.0.1:${port}/${name}?symbol={symbol}&from={from}&to={to}`,
      dates: { format: 'epoch-ms' },
      format: 'json',
      columns,
      time: { format: 'epoch-ms' },
    };
    const limits = { requestsPerSecond: 100 };
    const of = { type: 'http', name, example: 'ONE', priceBasis: 'raw', limits, intervals: { '1m': '1m' } };
    writeFileSync(path, JSON.stringify({ ...of, bars }));
    return path;
  }

  async function putPolicies(): Promise<void> {
    const providerJob = (name: string, span: object): object => ({
      type: 'provider',
      definition: definition(name),
      symbols: '{instruments}',
      interval: '1m',
      ...span,
    });
    const missing = { from: '{from}', to: '{to}' };
    const ibJob = (span: object): object => ({
      ...{ type: 'ib', feed: 'history', port: gateway.port, interval: '1m', useRth: false },
      instruments: [{ symbol: IB_SYMBOL, ibSymbol: 'LTC', secType: 'CRYPTO' }],
      ...span,
    });
    const rules = {
      attempts: ATTEMPTS,
      firstWaitSeconds: 1,
      maxAgeDays: 1,
      everySeconds: 0.5,
      settleSeconds: SETTLE_SECONDS,
    };
    const common = {
      type: 'policy',
      series: { kind: 'bars', interval: '1m' },
      session: { calendar: '24-7' },
      // What the primary brings by itself is after the day.
      lookbackSeconds: 60,
    };
    const everySeconds = 86_400;
    await put('crypto', {
      ...common,
      instruments: [IB_SYMBOL],
      sources: [{ source: 'ib:history', everySeconds, job: ibJob({ from: '{since}' }) }],
      best: ['replay:day', 'ib:history'],
      repair: { ...rules, sources: [{ source: 'ib:history', job: ibJob(missing) }] },
    });
    await put('desk', {
      ...common,
      instruments: DESK_SYMBOLS,
      sources: [{ source: 'desk', everySeconds, job: providerJob('desk', { from: '{since}' }) }],
      best: ['replay:day', 'desk', 'spare'],
      repair: {
        ...rules,
        sources: ['desk', 'spare'].map((source) => ({ source, job: providerJob(source, missing) })),
      },
    });
  }

  async function put(id: string, policy: object): Promise<void> {
    const path = join(folder, `${id}-policy.json`);
    writeFileSync(path, JSON.stringify(policy));
    const { code, stderr } = await home.run('config', 'put', 'source', id, path);
    expect(code, stderr).toBe(0);
  }

  const startIngest = (): LiveIngest => startLiveIngest(platform, [{ type: 'policy', ids: [] }]);

  async function ledger(): Promise<readonly LedgerHole[]> {
    return (await client.holes({ source: 'best', kind: 'bars', interval: '1m' })).holes;
  }

  async function untilClosed(count: number): Promise<readonly LedgerHole[]> {
    const look = async (): Promise<readonly LedgerHole[]> => {
      if (ingest?.child.exitCode !== null)
        throw new Error(`ingest ended: ${ingest?.stderr().slice(-3_000) ?? ''}`);
      return ledger();
    };
    const closed = (holes: readonly LedgerHole[]): number =>
      holes.filter(({ state }) => state !== 'missing').length;
    const waiting = until('holes', look, (holes) => closed(holes) >= count, DEADLINE_MS);
    return waiting.catch(async (error: unknown) => {
      const texts = (await ledger()).map(textOf);
      throw new Error(`${String(error)}\n${texts.join('\n')}\n${ingest?.stderr().slice(-3_000) ?? ''}`);
    });
  }

  it(
    'ends with everything there or a stated reason for each, over the deaths of who repairs it',
    async () => {
      await replayDay();
      await putPolicies();
      ingest = startIngest();
      await untilClosed(3);
      await platform.services.find(({ spec }) => spec.name === 'monitor')?.kill();
      await untilClosed(10);
      ingest.child.kill('SIGKILL');
      await ingest.ended;
      ingest = startIngest();
      const holes = await untilClosed(HOLES.length);

      expect(holes).toHaveLength(HOLES.length);
      for (const hole of HOLES) expectExplained(hole, holes);
      await expectCovered();
      await expectBounded(holes);
      await expectShown();
      ingest.child.kill('SIGTERM');
      expect(await ingest.ended, ingest.stderr().slice(-3_000)).toBe(0);
    },
    3 * DEADLINE_MS,
  );

  /** The ledger says of a hole what became of it, why, and when. */
  function expectExplained(scripted: ScriptedHole, holes: readonly LedgerHole[]): void {
    const { symbol, kind, fromMs, toMs } = scripted;
    const [startNs, endNs] = [fromMs, toMs].map((ms) => BigInt(ms) * 1_000_000n);
    const hole = holes.find((one) => one.symbol === symbol && one.startNs === startNs && one.endNs === endNs);
    const what = `${symbol} ${kind} ${new Date(fromMs).toISOString()} ${textOf(hole)}`;
    if (hole === undefined) throw new Error(`${what} is not in the ledger`);
    expect(hole.sinceNs, what).toBeGreaterThan(startNs ?? 0n);
    const stays = (toMs - fromMs) / MINUTE_MS - barsRepaired(scripted);
    expect(hole.missing, what).toBe(stays);
    if (stays > 0) {
      expect(hole.state, what).toBe('given-up');
      expect(hole.reason, what).toBe(
        `${stays} bars stay missing: desk, spare did not bring it (${2 * ATTEMPTS} requests, the last to spare: nothing of it)`,
      );
      return;
    }
    expect(hole.state, what).toBe('repaired');
    expect(hole.repairedAtNs, what).toBeGreaterThanOrEqual(hole.sinceNs ?? 0n);
    const by = { ib: 'ib:history', cut: 'desk', flaky: 'desk', fallback: 'spare', shared: 'spare' } as const;
    expect(hole.repairedSource, what).toBe(kind in by ? by[kind as keyof typeof by] : '');
    expect(hole.repairedStream, what).toContain(hole.repairRequestId);
    expect(hole.repairRequestId, what).not.toBe('');
  }

  /** Nothing is missing but what was given up, and each gap says so, in GetCoverage and with the bars. */
  async function expectCovered(): Promise<void> {
    const [startNs, endNs] = [START_MS, END_MS].map((ms) => BigInt(ms) * 1_000_000n);
    const of = {
      interval: '1m',
      source: 'best',
      calendar: '24-7',
      startNs: startNs ?? 0n,
      endNs: endNs ?? 0n,
    };
    const series = await client.coverage({ ...of, symbols: [IB_SYMBOL, ...DESK_SYMBOLS] });
    expect(series).toHaveLength(3);
    for (const one of series) expectAccounted(one);
    for (const { symbol, arrived, gapCount } of series) {
      const told: BarsCoverage[] = [];
      const rows = await client
        .bars({ ...of, symbol, onCoverage: (coverage) => told.push(coverage) })
        .toArray();
      expect(rows).toHaveLength(arrived);
      expect(told).toMatchObject([{ arrived, gapCount }]);
    }
  }

  function expectAccounted({ symbol, expected, arrived, gaps, repaired }: SeriesCoverage): void {
    const lost = holesOf(symbol).filter((hole) => barsRepaired(hole) * MINUTE_MS < hole.toMs - hole.fromMs);
    const stays = lost.reduce(
      (sum, hole) => sum + (hole.toMs - hole.fromMs) / MINUTE_MS - barsRepaired(hole),
      0,
    );
    expect(expected - arrived, symbol).toBe(stays);
    expect(gaps, symbol).toHaveLength(lost.length);
    for (const { hole } of gaps) expect(hole?.state, symbol).toBe('given-up');
    expect(repaired, symbol).toHaveLength(holesOf(symbol).length - lost.length);
  }

  /** No request was made twice, and no source more often than it may: one is asked again only where its asker was killed meanwhile. */
  async function expectBounded(holes: readonly LedgerHole[]): Promise<void> {
    const requests = await readRequests();
    const ids = requests.map(({ requestId }) => requestId);
    expect(new Set(ids).size).toBe(ids.length);
    const bySource = Map.groupBy(
      requests,
      ({ source, symbol, hole }) => `${source} ${symbol} ${hole?.startNs}`,
    );
    for (const [key, of] of bySource) expect(of.length, key).toBeLessThanOrEqual(ATTEMPTS);
    for (const { attempts, requestId } of holes) {
      expect(attempts).toBeLessThanOrEqual(2 * ATTEMPTS);
      expect(ids).toContain(requestId);
    }
    for (const [key, of] of Map.groupBy(asked, (key) => key))
      expect(of.length, key).toBeLessThanOrEqual(ATTEMPTS + 1);
  }

  async function readRequests(): Promise<readonly events.IngestRequest[]> {
    const log = createKafkaLog({
      brokers: platform.endpoints.kafkaBrokers,
      clientId: 'test',
      logger: SILENT,
    });
    const topic = TOPICS.ingestRequests.name;
    const requests: events.IngestRequest[] = [];
    for (const { partition, beginOffset, endOffset } of (await log.describeTopic(topic)).partitions)
      for await (const records of log.readRange({
        topic,
        partition,
        fromOffset: beginOffset,
        toOffset: endOffset,
      }))
        for (const { value } of records) {
          const parsed = parseMessage(events.IngestRequestSchema, value ?? new Uint8Array());
          if (!parsed.ok) throw new Error(parsed.error.reason);
          requests.push(parsed.value);
        }
    await log.close();
    return requests;
  }

  /** `tickwell coverage` says why and by whom. */
  async function expectShown(): Promise<void> {
    const from = new Date(START_MS).toISOString();
    const args = [
      'coverage',
      'TWO',
      '--interval',
      '1m',
      '--source',
      'best',
      '--calendar',
      '24-7',
      '--from',
      from,
    ];
    const { code, stdout, stderr } = await home.run(...args, '--to', new Date(END_MS).toISOString());
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(
      /TWO best: \d+ missing from \S+ to \S+ \(given up: \d+ bars stay missing: desk, spare did not bring it/,
    );
    expect(stdout).toMatch(
      /TWO best: repaired from \S+ to \S+ by spare after .+: replay:day, desk, spare have not brought it/,
    );
  }
});
