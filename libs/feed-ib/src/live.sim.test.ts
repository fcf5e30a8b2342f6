import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { formulaMarket, stock } from './fixtures/formula-market.ts';
import {
  collect,
  expectedTicks,
  openOnly,
  START_MS,
  startBench,
  systemLike,
  until,
  violationsOf,
  type Bench,
} from './fixtures/sim.ts';
import { ibLiveJob } from './jobs.ts';

const AAPL = stock(265_598, 'AAPL');
const MSFT = stock(272_093, 'MSFT');
const LIMITS = { tickByTickLines: 100 };
let bench: Bench;

afterEach(async () => {
  await bench.simulator.stop();
});

describe('a live session', () => {
  it('delivers every trade and quote once, in order, over cuts, restarts, silence and lost farms', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL, MSFT] }), { speed: 100, limits: LIMITS });
    const instruments = [{ symbol: 'AAPL' }, { symbol: 'MSFT' }];
    const source = await openOnly(ibLiveJob({ ...bench.gateway, instruments }, bench.context));
    const { got, stop } = collect(source);
    const faults = [
      { kind: 'cut', midFrame: true },
      { kind: 'connectivityLost', restored: 1101, for: '20s' },
      { kind: 'connectivityLost', restored: 1102, for: '20s' },
      { kind: 'farmDown', farm: 'market', for: '15s' },
      { kind: 'restart', for: '60s' },
      { kind: 'silent', for: '300s' },
    ] as const;
    const holes = (): number => bench.reports.filter(({ kind }) => kind === 'hole').length;
    await until(() => got.ticks('MSFT', 'quotes').length > 20);
    for (const fault of faults) {
      const before = holes();
      bench.simulator.inject(fault);
      await until(() => holes() >= before + 4);
      const size = got.ticks('AAPL', 'trades').length;
      await until(() => got.ticks('AAPL', 'trades').length > size + 20);
    }
    await stop();
    for (const instrument of [AAPL, MSFT]) {
      for (const kind of ['trades', 'quotes'] as const) {
        const ticks = got.ticks(instrument.symbol, kind);
        expect(ticks).toEqual(expectedTicks(bench.market, instrument.conId, kind, ticks));
      }
    }
    expect(violationsOf(bench)).toEqual([]);
    const repaired = bench.reports.flatMap((report) =>
      report.kind === 'hole' ? [report.timeToRepairMs] : [],
    );
    expect(Math.min(...repaired)).toBeGreaterThan(0);
  }, 120_000);

  it('takes up where an earlier session was stored, from the second of its last tick', async () => {
    const lastNs = BigInt(START_MS - 90_400) * 1_000_000n;
    bench = await startBench(formulaMarket({ instruments: [AAPL] }), {
      speed: 20,
      limits: LIMITS,
      context: { lastStored: (_symbol, series) => Promise.resolve(series === 'trades' ? lastNs : undefined) },
    });
    const instruments = [{ symbol: 'AAPL' }];
    const source = await openOnly(
      ibLiveJob({ ...bench.gateway, instruments, series: ['trades'] }, bench.context),
    );
    const { got, stop } = collect(source);
    await until(
      () => bench.reports.some(({ kind }) => kind === 'hole') && got.ticks('AAPL', 'trades').length > 350,
    );
    await stop();
    const ticks = got.ticks('AAPL', 'trades');
    expect(ticks[0]?.split('/')[0]).toBe(String(Math.floor((START_MS - 90_400) / 1000)));
    expect(ticks).toEqual(expectedTicks(bench.market, AAPL.conId, 'trades', ticks));
  });

  it('takes up an earlier session also where the clock of the Gateway runs faster than ours', async () => {
    const lastNs = BigInt(START_MS - 30_000) * 1_000_000n;
    bench = await startBench(formulaMarket({ instruments: [AAPL], tradeMs: 3000 }), {
      speed: 60,
      limits: LIMITS,
      context: { clock: systemLike, lastStored: () => Promise.resolve(lastNs) },
    });
    const job = ibLiveJob(
      { port: bench.simulator.port, instruments: [{ symbol: 'AAPL' }], series: ['trades'] },
      bench.context,
    );
    const source = await openOnly(job);
    // Late between two heartbeats, which are ten minutes of the Gateway's clock apart.
    await setTimeout(2000);
    const { got, stop } = collect(source);
    await until(() => bench.reports.some(({ kind }) => kind === 'hole'));
    const size = got.ticks('AAPL', 'trades').length;
    await until(() => got.ticks('AAPL', 'trades').length > size + 20);
    await stop();
    const ticks = got.ticks('AAPL', 'trades');
    expect(ticks).toEqual(expectedTicks(bench.market, AAPL.conId, 'trades', ticks));
    expect(violationsOf(bench)).toEqual([]);
  }, 30_000);

  it('repairs five-second bars and goes on with the next', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL] }), { speed: 60 });
    const instruments = [{ symbol: 'AAPL' }];
    const source = await openOnly(
      ibLiveJob({ ...bench.gateway, instruments, series: ['bars'] }, bench.context),
    );
    const { got, stop } = collect(source);
    await until(() => got.bars('AAPL').length > 3);
    bench.simulator.inject({ kind: 'cut' });
    await until(() => bench.reports.some(({ kind }) => kind === 'hole'));
    const size = got.bars('AAPL').length;
    await until(() => got.bars('AAPL').length > size + 3);
    await stop();
    const bars = got.bars('AAPL');
    const startMs = Number(bars[0]?.split(' ')[0]) * 1000;
    const expected = [
      ...bench.market.bars(AAPL.conId, {
        fromMs: startMs,
        toMs: startMs + bars.length * 5000,
        barMs: 5000,
        whatToShow: 'TRADES',
        useRth: false,
      }),
    ];
    expect(bars).toEqual(expected.map(({ startMs: at, open, volume }) => `${at / 1000} ${open} ${volume}`));
  });

  it('goes on with the others when instruments are unknown or not permitted, and says so', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL, MSFT] }), { speed: 20, limits: LIMITS });
    bench.simulator.inject({ kind: 'noPermission', instrument: 'MSFT', code: 354 });
    const instruments = [{ symbol: 'AAPL' }, { symbol: 'MSFT' }, { symbol: 'NOPE' }];
    const source = await openOnly(
      ibLiveJob({ ...bench.gateway, instruments, series: ['trades'] }, bench.context),
    );
    const { got, stop } = collect(source);
    await until(() => got.ticks('AAPL', 'trades').length > 20);
    await until(() => bench.reports.filter(({ kind }) => kind === 'refused').length === 2);
    await stop();
    const refused = bench.reports.flatMap((report) => (report.kind === 'refused' ? [report.reason] : []));
    expect(refused[0]).toMatch(/^IB NOPE: error 200: .*; check symbol/);
    expect(refused[1]).toMatch(/^IB MSFT trades: error \d+: .*; subscribe to its market data/);
    const items = got.items.flatMap((item) =>
      item.kind === 'refused' ? [`${item.symbol} ${item.rule}`] : [],
    );
    expect(items).toEqual([expect.stringMatching(/^MSFT ib-\d+$/)]);
  });

  it('outlives garbage, half a frame and a broken length', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL] }), { speed: 100, limits: LIMITS });
    const instruments = [{ symbol: 'AAPL' }];
    const source = await openOnly(
      ibLiveJob({ ...bench.gateway, instruments, series: ['trades'] }, bench.context),
    );
    const { got, stop } = collect(source);
    const more = (): Promise<unknown> => {
      const size = got.ticks('AAPL', 'trades').length;
      return until(() => got.ticks('AAPL', 'trades').length > size + 20);
    };
    const holes = (): string[] =>
      bench.reports.flatMap((report) => (report.kind === 'hole' ? [report.reason] : []));
    await more();
    // It may have been a tick, for all that is known of it.
    bench.simulator.inject({ kind: 'garbage', style: 'message' });
    await until(() => holes().length === 1);
    await more();
    bench.simulator.inject({ kind: 'garbage', style: 'length' });
    await until(() => holes().length === 2);
    bench.simulator.inject({ kind: 'halfFrame' });
    await until(() => holes().length === 3);
    await more();
    await stop();
    const ticks = got.ticks('AAPL', 'trades');
    expect(ticks).toEqual(expectedTicks(bench.market, AAPL.conId, 'trades', ticks));
    expect(holes()[0]).toMatch(/could not be read/);
    expect(holes()[1]).toMatch(/no frame of its protocol/);
    expect(holes()[2]).toMatch(/silent/);
  });

  it('tells the hole that is open when it ends, and what is longer ago than it looks back', async () => {
    const lastNs = BigInt(START_MS - 3_600_000) * 1_000_000n;
    bench = await startBench(formulaMarket({ instruments: [AAPL] }), {
      speed: 20,
      limits: LIMITS,
      context: { lastStored: () => Promise.resolve(lastNs) },
    });
    bench.simulator.inject({ kind: 'pacingStorm' });
    const of = { instruments: [{ symbol: 'AAPL' }], series: ['bars' as const], maxBackfillSeconds: 60 };
    const { stop } = collect(await openOnly(ibLiveJob({ ...bench.gateway, ...of }, bench.context)));
    await until(() => bench.reports.some(({ kind }) => kind === 'waiting'));
    await stop();
    const holes = bench.reports.flatMap((report) =>
      report.kind === 'hole' ? [`${report.reason}: ${report.unrepaired}`] : [],
    );
    expect(holes).toEqual([
      'the session was not running: a session looks back 60 s at most',
      'the session was not running: the session ended before; the next one goes on from what is stored',
    ]);
    expect(bench.reports).toContainEqual({
      kind: 'waiting',
      subject: 'AAPL bars',
      reason: expect.stringMatching(/^IB AAPL bars: error 420: .*; it is asked again later$/) as string,
    });
  });

  it('delivers the top of the book as quotes that change', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL] }), { speed: 20 });
    const instruments = [{ symbol: 'AAPL' }];
    const source = await openOnly(
      ibLiveJob({ ...bench.gateway, instruments, series: ['top'] }, bench.context),
    );
    const { got, stop } = collect(source);
    await until(() => got.ticks('AAPL', 'quotes').length > 10);
    await stop();
    const asks = got.chunks.flatMap((chunk) => (chunk.kind === 'quotes' ? chunk.quotes.askPrice : []));
    const bids = got.chunks.flatMap((chunk) => (chunk.kind === 'quotes' ? chunk.quotes.bidPrice : []));
    const spreads = bids.map((bid, index) => Number(((asks[index] ?? NaN) - bid).toFixed(2)));
    expect(spreads.filter((spread) => spread === 0.02).length).toBeGreaterThan(5);
  });

  it('waits out a competing session (10197) and repairs what it took', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL] }), { speed: 100, limits: LIMITS });
    const instruments = [{ symbol: 'AAPL' }];
    const source = await openOnly(
      ibLiveJob({ ...bench.gateway, instruments, series: ['trades'] }, bench.context),
    );
    const { got, stop } = collect(source);
    await until(() => got.ticks('AAPL', 'trades').length > 20);
    const undo = bench.simulator.inject({ kind: 'noPermission', instrument: 'AAPL', code: 10197 });
    bench.simulator.inject({ kind: 'cut' });
    const startMs = bench.simulator.clock.nowMs();
    await until(() => bench.simulator.clock.nowMs() > startMs + 60_000);
    // Told once, though it is asked for again and again.
    const waiting = bench.reports.flatMap((report) => (report.kind === 'waiting' ? [report.reason] : []));
    expect(waiting).toEqual([expect.stringMatching(/^IB AAPL trades: error 10197: .*; another session/)]);
    undo();
    await until(() => bench.reports.some(({ kind }) => kind === 'hole'));
    const size = got.ticks('AAPL', 'trades').length;
    await until(() => got.ticks('AAPL', 'trades').length > size + 20);
    await stop();
    const ticks = got.ticks('AAPL', 'trades');
    expect(ticks).toEqual(expectedTicks(bench.market, AAPL.conId, 'trades', ticks));
  });

  it('keeps delayed data apart: under a source of its own where it was chosen, refused where it was not', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL] }), { speed: 20 });
    bench.simulator.inject({ kind: 'noPermission', instrument: 'AAPL', code: 10167, delayed: true });
    const of = { ...bench.gateway, instruments: [{ symbol: 'AAPL' }], series: ['top' as const] };
    const delayed = await openOnly(ibLiveJob({ ...of, marketDataType: 'delayed' }, bench.context));
    expect(delayed.source).toBe('ib:delayed');
    const first = collect(delayed);
    await until(() => first.got.ticks('AAPL', 'quotes').length > 3);
    await first.stop();
    expect(bench.reports).toContainEqual({ kind: 'market-data-type', symbol: 'AAPL', type: 'delayed' });
    const live = collect(await openOnly(ibLiveJob(of, bench.context)));
    await until(() => bench.reports.some(({ kind }) => kind === 'refused'));
    await expect(live.done).rejects.toThrow(
      /left to follow; the last: IB AAPL top of book: error \d+: .*marketDataType/,
    );
    expect(live.got.ticks('AAPL', 'quotes')).toEqual([]);
  });

  it('shares one connection among jobs, and closes it with the last', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL] }), { speed: 20, limits: LIMITS });
    const of = { ...bench.gateway, instruments: [{ symbol: 'AAPL' }], clientIds: [9] };
    const first = collect(await openOnly(ibLiveJob({ ...of, series: ['trades'] }, bench.context)));
    const second = collect(await openOnly(ibLiveJob({ ...of, series: ['bars'] }, bench.context)));
    await until(() => first.got.ticks('AAPL', 'trades').length > 3 && second.got.bars('AAPL').length > 1);
    expect(bench.simulator.stats().connectionsOpen).toBe(1);
    await first.stop();
    const size = second.got.bars('AAPL').length;
    await until(() => second.got.bars('AAPL').length > size);
    await second.stop();
    await until(() => bench.simulator.stats().connectionsOpen === 0);
  });

  it('waits for history that does not know yet what was heard', async () => {
    bench = await startBench(formulaMarket({ instruments: [AAPL] }), { speed: 50, limits: LIMITS });
    const instruments = [{ symbol: 'AAPL' }];
    const source = await openOnly(
      ibLiveJob({ ...bench.gateway, instruments, series: ['trades'] }, bench.context),
    );
    const { got, stop } = collect(source);
    await until(() => got.ticks('AAPL', 'trades').length > 20);
    const at = (ms: number): string => new Date(bench.simulator.clock.nowMs() + ms).toISOString();
    bench.simulator.inject({ kind: 'hole', instrument: 'AAPL', from: at(0), to: at(80_000), for: '80s' });
    bench.simulator.inject({ kind: 'cut' });
    await until(() => bench.reports.some(({ kind }) => kind === 'hole'));
    const size = got.ticks('AAPL', 'trades').length;
    await until(() => got.ticks('AAPL', 'trades').length > size + 20);
    await stop();
    const ticks = got.ticks('AAPL', 'trades');
    expect(ticks).toEqual(expectedTicks(bench.market, AAPL.conId, 'trades', ticks));
    expect(bench.reports).toContainEqual(expect.objectContaining({ kind: 'hole', unrepaired: undefined }));
  });
});
