import { startFeedSim, type Capture, type FeedSimOptions } from '@tickwell/websocket-sim';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Series } from './definition.ts';
import { countOf, readFeed, readyAt, rowsOf, sharedCapture, type ReadFeed } from './fixtures/feed.ts';

type Json = Readonly<Record<string, unknown>>;
type Row = readonly unknown[];

const WAIT = { timeout: 20_000, interval: 20 };
/** Acknowledgements, which every connection gets. */
const isPreamble = (text: string): boolean => /"type":"subscriptions"|"success":true/.test(text);

const feeds: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(feeds.splice(0).map((feed) => feed.stop()));
});

/** What a straightforward reader makes of a capture: rows by symbol, in order. */
interface Expected {
  readonly trades: readonly Row[];
  readonly quotes: readonly Row[];
  readonly bars: readonly Row[];
}

const num = (value: unknown): number => Number(value);
const isoNs = (text: unknown): bigint => {
  const [, seconds = '', fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(String(text)) ?? [];
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
};
const messagesOf = (capture: Capture): Json[] => capture.messages.map(({ text }) => JSON.parse(text) as Json);

function coinbase(capture: Capture): Expected {
  const messages = messagesOf(capture);
  const trades = messages
    .filter((m) => m['type'] === 'match' || m['type'] === 'last_match')
    .map((m) => [
      m['product_id'],
      isoNs(m['time']),
      BigInt(num(m['trade_id'])),
      num(m['price']),
      num(m['size']),
      // The maker's side is the other one's.
      m['side'] === 'sell' ? 'buy' : 'sell',
      '',
    ]);
  const quotes = messages
    .filter((m) => m['type'] === 'ticker')
    .map((m) => [
      m['product_id'],
      isoNs(m['time']),
      BigInt(num(m['sequence'])),
      num(m['best_bid']),
      0,
      num(m['best_ask']),
      0,
    ]);
  return { trades, quotes, bars: [] };
}

function binance(capture: Capture): Expected {
  const data = messagesOf(capture).map((m) => m['data'] as Json);
  const ns = (ms: unknown): bigint => BigInt(num(ms)) * 1_000_000n;
  return {
    trades: data
      .filter((d) => d['e'] === 'aggTrade')
      .map((d) => [
        d['s'],
        ns(d['T']),
        BigInt(num(d['a'])),
        num(d['p']),
        num(d['q']),
        d['m'] === true ? 'sell' : 'buy',
        '',
      ]),
    quotes: data
      .filter((d) => d['e'] === 'bookTicker')
      .map((d) => [
        d['s'],
        ns(d['T']),
        BigInt(num(d['u'])),
        num(d['b']),
        num(d['B']),
        num(d['a']),
        num(d['A']),
      ]),
    bars: data
      .filter((d) => d['e'] === 'kline' && (d['k'] as Json)['x'] === true)
      .map((d) => d['k'] as Json)
      .map((k) => [
        k['s'],
        ns(k['t']),
        num(k['o']),
        num(k['h']),
        num(k['l']),
        num(k['c']),
        num(k['v']),
        num(k['n']),
      ]),
  };
}

/** BitMEX numbers nothing: the ordinal among equal times is the number. */
function bitmex(capture: Capture): Expected {
  const rows = (table: string, values: (d: Json) => Row): Row[] => {
    const last = new Map<string, { timeNs: bigint; seq: bigint }>();
    return messagesOf(capture)
      .filter((m) => m['table'] === table)
      .flatMap((m) => m['data'] as Json[])
      .map((d) => {
        const symbol = String(d['symbol']);
        const timeNs = isoNs(d['timestamp']);
        const before = last.get(symbol);
        const seq = before?.timeNs === timeNs ? before.seq + 1n : 0n;
        last.set(symbol, { timeNs, seq });
        return [symbol, timeNs, seq, ...values(d)];
      });
  };
  return {
    trades: rows('trade', (d) => [d['price'], d['size'], String(d['side']).toLowerCase(), '']),
    quotes: rows('quote', (d) => [d['bidPrice'], d['bidSize'], d['askPrice'], d['askSize']]),
    bars: [],
  };
}

const CASES = [
  { file: 'COINBASE.ws.28.0.gz', name: 'coinbase', expected: coinbase, path: '', counts: [107, 107, 0] },
  {
    file: 'BINANCE_FUTURES.ws.1.0.gz',
    name: 'binance-futures',
    expected: binance,
    path: '/stream?streams={topics}',
    counts: [91, 613, 4],
  },
  { file: 'BITMEX.ws.1.0.gz', name: 'bitmex', expected: bitmex, path: '', counts: [27, 436, 0] },
] as const;

const bySymbol = (rows: readonly Row[]): Readonly<Record<string, readonly Row[]>> =>
  Object.fromEntries(Map.groupBy(rows, ([symbol]) => String(symbol)));

async function play(
  { name, path }: { readonly name: string; readonly path: string },
  capture: Capture,
  symbols: readonly string[],
  of: Partial<FeedSimOptions> & { readonly beforeEach?: () => Promise<void> } = {},
): Promise<{
  readonly feed: ReadFeed;
  readonly connections: () => number;
  readonly heard: readonly string[];
}> {
  const sim = await startFeedSim({ ...capture, speed: 0, isPreamble, ...of });
  feeds.push(sim);
  const definition = readyAt(name, `${sim.url}${path}`);
  const feed = await readFeed(
    definition,
    symbols,
    of.beforeEach === undefined ? {} : { beforeEach: of.beforeEach },
  );
  await vi.waitFor(() => {
    expect(sim.stats().isDone).toBe(true);
  }, WAIT);
  return { feed, connections: () => sim.stats().connections, heard: sim.heard };
}

describe.each(CASES)('the capture $file', ({ file, name, expected, path, counts }) => {
  const capture = sharedCapture(file);
  const of = capture === undefined ? undefined : expected(capture);
  const symbols = [
    ...new Set([...(of?.trades ?? []), ...(of?.quotes ?? [])].map(([symbol]) => String(symbol))),
  ];

  const expectAll = async (feed: ReadFeed): Promise<void> => {
    for (const kind of ['trades', 'quotes', 'bars'] as const satisfies readonly Series[])
      await vi.waitFor(() => {
        expect(countOf(feed.items, kind)).toBe(of?.[kind].length);
      }, WAIT);
    await feed.stop();
    for (const kind of ['trades', 'quotes', 'bars'] as const)
      expect(bySymbol(rowsOf(feed.items, kind))).toEqual(bySymbol(of?.[kind] ?? []));
    expect(feed.refusals()).toEqual([]);
  };

  it.skipIf(capture === undefined)('is what an independent reader counts', () => {
    expect([of?.trades.length, of?.quotes.length, of?.bars.length]).toEqual(counts);
  });

  it.skipIf(capture === undefined)('arrives whole, each event once, with its values', async () => {
    const { feed } = await play({ name, path }, capture!, symbols);
    await expectAll(feed);
    expect(feed.reports.filter(({ kind }) => kind === 'hole')).toEqual([]);
  });

  it.skipIf(capture === undefined)(
    'arrives whole over connections that are cut again and again',
    async () => {
      const every = Math.ceil(capture!.messages.length / 6);
      let lastCut = 0;
      const { feed, connections } = await play({ name, path }, capture!, symbols, {
        fault: (sent) => {
          if (sent - lastCut < every) return undefined;
          lastCut = sent;
          return 'cut';
        },
      });
      expect(connections()).toBeGreaterThan(4);
      await expectAll(feed);
      // Everything came, but only a count can tell that of it.
      const holes = feed.reports.filter((report) => report.kind === 'hole');
      expect(holes.some(({ reason }) => reason.includes('closed'))).toBe(true);
    },
  );

  it.skipIf(capture === undefined)('arrives whole in compressed frames, to a slow reader', async () => {
    const { feed } = await play({ name, path }, capture!, symbols, {
      compress: true,
      beforeEach: () => Promise.resolve(),
    });
    await expectAll(feed);
  });
});
