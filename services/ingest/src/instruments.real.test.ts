import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigDocuments, ConfigReader, ConfigWriter } from '@tickwell/config';
import { ALL_TOPICS, decodeBarBatch, decodeTickBatch, TOPICS } from '@tickwell/contracts';
import { CauseMarks } from '@tickwell/domain';
import { createMarket, startIbGatewaySim, type Instrument, type Market } from '@tickwell/ib-gateway-sim';
import { INSTRUMENT_KIND } from '@tickwell/instruments';
import { createKafkaLog } from '@tickwell/kafka';
import { SILENT } from '@tickwell/ports';
import { startFeedSim } from '@tickwell/websocket-sim';
import { startYahooSim, type YahooSim } from '@tickwell/yahoo-sim';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { isDurable, recordsOf, runIngest } from './fixtures/ingest-run.ts';

/** Every test has ids of its own, which begin so. */
const RUN = `N${randomUUID().slice(0, 8)}`;
const DAY_MS = 86_400_000;

const log = createKafkaLog({
  brokers: inject('stack').kafkaBrokers,
  clientId: 'names-test',
  logger: SILENT,
});
const nowNs = (): bigint => BigInt(Date.now()) * 1_000_000n;
const reader = new ConfigReader({ log, logger: SILENT });
const writer = new ConfigWriter({ log, reader, nowNs });
const documents = new ConfigDocuments({ reader, writer, kinds: { instrument: INSTRUMENT_KIND } });
const written: string[] = [];
let yahoo: YahooSim;
let folder = '';

beforeAll(async () => {
  await log.ensureTopics(ALL_TOPICS);
  await reader.start();
  yahoo = await startYahooSim({ tickers: 2 });
  folder = await mkdtemp(join(tmpdir(), 'tickwell-names-'));
});

afterAll(async () => {
  // Other tests share the log, and their tickers are nobody's.
  for (const id of written.toReversed()) await documents.delete({ ...EDIT, id, expectedVersion: undefined });
  await Promise.all([yahoo.stop(), rm(folder, { recursive: true, force: true })]);
  await reader.stop();
  await writer.close();
  await log.close();
});

const EDIT = { kind: 'instrument', author: 'test' };

interface Name {
  readonly source: string;
  readonly symbol?: string;
  readonly contract?: Readonly<Record<string, unknown>>;
  readonly from?: string;
  readonly to?: string;
}

async function instrument(id: string, ...vendors: readonly Name[]): Promise<void> {
  const payloadJson = JSON.stringify({ type: 'stock', currency: 'USD', vendors });
  written.push(id);
  await documents.put({ ...EDIT, id, payloadJson, expectedVersion: undefined });
}

/** "start close" of the bars of every id of a test, in order of time, each once. */
async function bars(prefix: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const marks = new CauseMarks();
  const found = new Map<string, string[]>();
  const isWanted = ({ key }: { readonly key: string | null }): boolean => key?.startsWith(prefix) === true;
  for (const { value } of await recordsOf(log, [TOPICS.rawBars], isWanted)) {
    const batch = value === null ? undefined : decodeBarBatch(value, true);
    if (batch?.ok !== true || !marks.advance(batch.value.header.cause)) continue;
    const { header, bars: columns } = batch.value;
    const rows = columns.startNs.map((startNs, at) => `${startNs} ${columns.close[at]}`);
    found.set(header.symbol, [...(found.get(header.symbol) ?? []), ...rows]);
  }
  return new Map([...found].map(([symbol, rows]) => [symbol, rows.toSorted()]));
}

/** Rows of a time of their own: half-open, dates. */
function within(rows: readonly string[] | undefined, from: string, to: string): readonly string[] {
  const [fromNs, toNs] = [from, to].map((date) => BigInt(Date.parse(date)) * 1_000_000n);
  return (rows ?? []).filter((row) => {
    const startNs = BigInt(row.split(' ')[0] ?? '');
    return startNs >= (fromNs ?? 0n) && startNs < (toNs ?? 0n);
  });
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

describe('a reused and a renamed name, on the way in', () => {
  it('of Yahoo splits a request for a ticker, and for an id', async () => {
    const [old, now, one, two] = ['old', 'now', 'one', 'two'].map((name) => `${RUN}-y-${name}`) as [
      string,
      string,
      string,
      string,
    ];
    await instrument(old, { source: 'yahoo', symbol: 'SIM1', to: '2021-03-01' });
    await instrument(
      now,
      { source: 'yahoo', symbol: 'SIM1', from: '2021-06-01', to: '2021-09-01' },
      { source: 'yahoo', symbol: 'SIM2', from: '2021-09-01' },
    );
    const [from, to] = ['2021-01-01', '2022-01-01'];
    const own = [
      { symbol: one, ticker: 'SIM1' },
      { symbol: two, ticker: 'SIM2' },
    ];
    const job = { type: 'yahoo', from, to, baseUrl: yahoo.url, requestsPerSecond: 200 };
    // The ticker brings both companies; the id what the ticker did not.
    const { code, lines } = await runIngest({
      jobs: [
        { ...job, symbols: own },
        { ...job, symbols: ['SIM1'] },
        { ...job, symbols: [now], from: '2021-09-01' },
      ],
    });
    expect([code, lines.filter(({ type }) => type === 'error')]).toEqual([0, []]);
    const stored = await bars(`${RUN}-y-`);
    const [first, second] = [stored.get(one), stored.get(two)];
    expect(first?.length).toBeGreaterThan(200);
    expect(first).not.toEqual(second);
    expect(stored.get(old)).toEqual(within(first, from, '2021-03-01'));
    expect(stored.get(now)).toEqual([
      ...within(first, '2021-06-01', '2021-09-01'),
      ...within(second, '2021-09-01', to),
    ]);
  });

  it('of Interactive Brokers splits by contract', async () => {
    const market = await createMarket({ logger: SILENT });
    const [a, b] = market.instruments.filter(({ secType }) => ['STK', 'CRYPTO'].includes(secType));
    if (a === undefined || b === undefined) throw new Error('the market has less than two instruments');
    const todayMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const [from, sold, renamed, to] = [15, 11, 8, 4].map((days) => day(todayMs - days * DAY_MS)) as [
      string,
      string,
      string,
      string,
    ];
    const [old, now] = [`${RUN}-i-old`, `${RUN}-i-now`];
    const { secType, exchange, currency } = a;
    const described = { symbol: a.symbol, contract: { secType, exchange, currency } };
    await instrument(old, { source: 'ib', ...described, to: sold });
    await instrument(
      now,
      { source: 'ib', ...described, from: sold, to: renamed },
      { source: 'ib', symbol: b.symbol, contract: { conId: b.conId }, from: renamed },
    );
    const gateway = await startIbGatewaySim({ market, startMs: Date.now() });
    try {
      const job = {
        type: 'ib',
        feed: 'history',
        port: gateway.port,
        kind: 'bars',
        interval: '30m',
        from,
        to,
      };
      const { code, lines } = await runIngest({ ...job, instruments: [old, now] });
      expect([code, lines.filter(({ type }) => type === 'error')]).toEqual([0, []]);
    } finally {
      await gateway.stop();
    }
    const stored = await bars(`${RUN}-i-`);
    expect(stored.get(old)).toEqual(marketBars(market, a, from, sold));
    expect(stored.get(now)).toEqual([
      ...marketBars(market, a, sold, renamed),
      ...marketBars(market, b, renamed, to),
    ]);
  });

  it('of a provider splits a request for a symbol, and for an id', async () => {
    const name = `names-${RUN.toLowerCase()}`;
    const path = join(folder, `${name}.ts`);
    // The close tells which symbol it was asked for.
    await writeFile(
      path,
      `export default {
        name: '${name}', kinds: ['bars'], intervals: ['1d'], priceBasis: 'raw',
        async *history({ symbol, from, to }: { symbol: string; from: Date; to: Date }) {
          const close = symbol.length;
          for (let ms = from.getTime(); ms < to.getTime(); ms += ${DAY_MS})
            yield { time: new Date(ms), open: close, high: close, low: close, close };
        },
      };`,
    );
    const [old, now, other] = [`${RUN}-p-old`, `${RUN}-p-now`, `${RUN}-p-other`];
    await instrument(old, { source: name, symbol: 'FB', to: '2003-03-28' });
    await instrument(
      now,
      { source: name, symbol: 'FB', from: '2003-04-02', to: '2003-04-04' },
      { source: name, symbol: 'META', from: '2003-04-04' },
    );
    const job = { type: 'provider', module: path, to: '2003-04-06' };
    const { code, lines } = await runIngest({
      jobs: [
        { ...job, from: '2003-03-26', symbols: ['FB'] },
        { ...job, from: '2003-03-26', symbols: [{ symbol: other, vendor: 'FB' }] },
        { ...job, from: '2003-04-04', symbols: [now] },
      ],
    });
    expect([code, lines.filter(({ type }) => type === 'error')]).toEqual([0, []]);
    const closes = Object.fromEntries(
      [...(await bars(`${RUN}-p-`))].map(([id, rows]) => [id, rows.map((row) => row.split(' ')[1]).join('')]),
    );
    expect(closes).toEqual({ [old]: '22', [now]: '2244', [other]: '2'.repeat(11) });
  });

  it('of a feed over WebSocket is asked for as it is called now, and filed under the id', async () => {
    const name = `ws-${RUN.toLowerCase()}`;
    const trade = (symbol: string, n: number): string =>
      JSON.stringify({ e: 'trade', s: symbol, t: 1_700_000_000_000 + n, p: n, q: 1 });
    const texts = [trade('BTC-USD', 1), trade('ETHUSD', 2), trade('BTC-USD', 3)];
    const feed = await startFeedSim({ messages: texts.map((text) => ({ text, atMs: 0 })), speed: 0 });
    const path = join(folder, `${name}.json`);
    const definition = {
      type: 'websocket',
      name,
      url: `${feed.url}/?of={topics}`,
      channels: [{ kind: 'trades', name: 'trade' }],
      subscribe: { maxTopicsPerConnection: 100 },
      routes: [
        {
          match: { e: 'trade' },
          as: 'trades',
          symbol: 's',
          fields: { time: { path: 't', unit: 'ms' }, price: 'p', size: 'q' },
        },
      ],
    };
    await writeFile(path, JSON.stringify(definition));
    const [bitcoin, ether, gone] = [`${RUN}-w-btc`, `${RUN}-w-eth`, `${RUN}-w-gone`];
    await instrument(
      bitcoin,
      { source: name, symbol: 'XBT', to: '2020-01-01' },
      { source: name, symbol: 'BTC-USD', from: '2020-01-01' },
    );
    await instrument(ether, { source: name, symbol: 'ETHUSD' });
    await instrument(gone, { source: name, symbol: 'GONE', to: '2020-01-01' });
    // An id, a symbol that the map knows, and one that is not called anything any more.
    const job = { type: 'websocket', definition: path, symbols: [bitcoin, 'ETHUSD', gone] };
    const { code, lines } = await runIngest(job, {
      signalAfter: (all) => (isDurable(all, { events: 3 }) ? 'SIGTERM' : undefined),
    });
    await feed.stop();
    expect(code).toBe(0);
    expect(lines.filter(({ type }) => type === 'not-served')).toMatchObject([
      { symbol: gone, reason: expect.stringContaining(`${gone} has no name at ${name} at `) as string },
    ]);
    const records = await recordsOf(
      log,
      [TOPICS.rawTicks],
      ({ key }) => key?.startsWith(`${RUN}-w-`) === true,
    );
    const prices = records.flatMap(({ value }) => {
      const batch = value === null ? undefined : decodeTickBatch(value, true);
      if (batch?.ok !== true || batch.value.kind !== 'trades') return [];
      const { header, trades } = batch.value;
      return trades.price.map((price) => `${header.symbol} ${price}`);
    });
    expect(prices.toSorted()).toEqual([`${bitcoin} 1`, `${bitcoin} 3`, `${ether} 2`]);
  });
});

function marketBars(market: Market, { conId }: Instrument, from: string, to: string): readonly string[] {
  const span = { fromMs: Date.parse(from), toMs: Date.parse(to) };
  return [...market.bars(conId, { ...span, barMs: 1_800_000, whatToShow: 'TRADES', useRth: true })].map(
    ({ startMs, close }) => `${BigInt(startMs) * 1_000_000n} ${close}`,
  );
}
