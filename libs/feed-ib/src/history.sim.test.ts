import { NS_PER_SECOND } from '@tickwell/domain';
import { SILENT } from '@tickwell/ports';
import { afterEach, describe, expect, it } from 'vitest';
import { formulaMarket, stock } from './fixtures/formula-market.ts';
import {
  collect,
  expectedTicks,
  openOnly,
  START_MS,
  startBench,
  violationsOf,
  type Bench,
  type Collected,
} from './fixtures/sim.ts';
import { ibHistoryJob } from './jobs.ts';
import type { IbHistoryOptions } from './options.ts';

const AAPL = stock(265_598, 'AAPL');
const HOUR = 3_600_000;
let bench: Bench;

afterEach(async () => {
  await bench.simulator.stop();
});

const toNs = (ms: number): bigint => BigInt(ms) * 1_000_000n;

function job(options: Partial<IbHistoryOptions>): ReturnType<typeof ibHistoryJob> {
  const span = { fromNs: toNs(START_MS - 3 * HOUR), toNs: toNs(START_MS) };
  const all: IbHistoryOptions = {
    ...bench.gateway,
    instruments: [{ symbol: 'AAPL' }],
    kind: 'bars',
    ...span,
    ...options,
  };
  return ibHistoryJob(all, bench.context);
}

async function all(options: Partial<IbHistoryOptions>, afterPosition = 0n): Promise<Collected> {
  const { got, done, stop } = collect(await openOnly(job(options)), afterPosition);
  await done;
  await stop();
  return got;
}

function marketBars(fromMs: number, toMs: number, barMs: number): string[] {
  return [...bench.market.bars(AAPL.conId, { fromMs, toMs, barMs, whatToShow: 'TRADES', useRth: false })].map(
    ({ startMs, open, volume }) => `${startMs / 1000} ${open} ${volume}`,
  );
}

describe('history', () => {
  it('delivers every bar once, and a resume what is left, under the same positions', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL] }), { speed: 300 });
    const got = await all({ interval: '5s' });
    expect(got.bars('AAPL')).toEqual(marketBars(START_MS - 3 * HOUR, START_MS, 5000));
    const half = await all({ interval: '5s' }, 5400n);
    expect(half.bars('AAPL')).toEqual(marketBars(START_MS - 1.5 * HOUR, START_MS, 5000));
    expect(half.progress).toBe(got.progress);
    expect(violationsOf(bench)).toEqual([]);
  });

  it('leaves forming bars out, and dates days', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL] }), { speed: 300 });
    const options = { interval: '1d', fromNs: toNs(Date.UTC(2023, 11, 1)), toNs: toNs(START_MS) };
    const { chunks } = await all(options);
    const days = chunks.flatMap((chunk) => (chunk.kind === 'bars' ? chunk.bars.sessionDate : []));
    expect([days.at(0), days.at(-1), days.length]).toEqual([20_231_201, 20_240_109, 40]);
    expect(chunks[0]).toMatchObject({ priceBasis: 'split-adjusted', interval: '1d', priceType: 'trade' });
  });

  it('delivers every tick under its ordinal, and a resume from within a second the rest', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL], tradeMs: 90 }), { speed: 300 });
    const span = { kind: 'trades' as const, fromNs: toNs(START_MS - 300_000) };
    const got = await all(span);
    const ticks = got.ticks('AAPL', 'trades');
    expect(ticks).toEqual(expectedTicks(bench.market, AAPL.conId, 'trades', ticks));
    const known = [...bench.market.trades(AAPL.conId, { fromMs: START_MS - 300_000, toMs: START_MS })];
    expect(ticks.length).toBe(known.length);
    const middle = got.chunks.flatMap(({ positions }) => positions)[1234] ?? 0n;
    const rest = await all(span, middle);
    expect(rest.ticks('AAPL', 'trades')).toEqual(ticks.slice(1235));
    const quotes = (await all({ ...span, kind: 'quotes' })).ticks('AAPL', 'quotes');
    expect(quotes).toEqual(expectedTicks(bench.market, AAPL.conId, 'quotes', quotes));
  });

  it('uses nine tenths of what IB allows and never more, and outlasts a storm of pacing answers', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL], headMs: 0 }), { speed: 150 });
    const requests = 122;
    const fromNs = toNs(START_MS - 15 * HOUR - (requests - 2) * 8 * HOUR);
    const startMs = bench.simulator.clock.nowMs();
    const { got, done, stop } = collect(await openOnly(job({ interval: '30s', fromNs })));
    await done;
    const minutes = (bench.simulator.clock.nowMs() - startMs) / 60_000;
    await stop();
    const { requests: counted } = bench.simulator.stats();
    expect([violationsOf(bench), counted['historicalData']]).toEqual([[], requests]);
    expect(got.bars('AAPL').length).toBe((15 * 3600 + (requests - 2) * 8 * 3600) / 30);
    // 60 at once, 60 more after ten minutes, the last two after twenty.
    expect(minutes).toBeLessThan(20 / 0.9);
    bench.simulator.inject({ kind: 'pacingStorm', for: '60s' });
    const again = await all({ interval: '5s', fromNs: toNs(START_MS - HOUR) });
    expect(again.bars('AAPL')).toEqual(marketBars(START_MS - HOUR, START_MS, 5000));
    expect(violationsOf(bench)).toEqual([]);
  }, 60_000);

  it('says in one line what is wrong, and asks again when the Gateway restarts', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL] }), { speed: 200 });
    const wrong = job({ instruments: [{ symbol: 'NOPE' }], interval: '1m' });
    const [only] = wrong.ok ? wrong.value : [];
    const opened = await only?.open(SILENT);
    expect(opened?.ok === false && opened.error.message).toMatch(/^IB NOPE: error 200: /);
    const { got, done, stop } = collect(await openOnly(job({ interval: '5s' })));
    bench.simulator.inject({ kind: 'restart', for: '60s' });
    await done;
    await stop();
    expect(got.bars('AAPL')).toEqual(marketBars(START_MS - 3 * HOUR, START_MS, 5000));
  });

  it('names every problem of its options', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL] }));
    const jobs = job({
      port: 0,
      clientIds: [],
      instruments: [{ symbol: 'a b' }, { symbol: 'ES', secType: 'FUT', expiry: 'soon' }],
      interval: '7m',
      toNs: NS_PER_SECOND,
    });
    expect(jobs.ok ? [] : jobs.error).toEqual([
      expect.stringContaining('port 0'),
      expect.stringContaining('clientIds'),
      expect.stringContaining('"a b"'),
      expect.stringContaining('exchange is required'),
      expect.stringContaining('expiry "soon"'),
      expect.stringContaining('is empty'),
      expect.stringContaining('interval 7m'),
    ]);
  });
});
