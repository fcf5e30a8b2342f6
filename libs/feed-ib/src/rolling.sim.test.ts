import type { Market } from '@tickwell/ib-gateway-sim';
import { afterEach, describe, expect, it } from 'vitest';
import { formulaMarket, stock } from './fixtures/formula-market.ts';
import { collect, openOnly, startBench, until, violationsOf, type Bench } from './fixtures/sim.ts';
import { ibLiveJob } from './jobs.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Ends in the session of 11 January, in which the day begins that is eight days before the last trade date of the first contract. */
const SESSION_END_MS = Date.UTC(2024, 0, 11, 22);
const BREAK_MS = 10 * MINUTE_MS;

const future = (conId: number, localSymbol: string, lastTradeDate: string) => ({
  ...stock(conId, 'ES'),
  secType: 'FUT' as const,
  exchange: 'CME',
  primaryExchange: '',
  tradingClass: 'ES',
  multiplier: '50',
  localSymbol,
  lastTradeDate,
});
const FRONT = future(1, 'ESF4', '20240119');
const NEXT = future(2, 'ESH4', '20240315');

/** Sessions of a day less ten minutes; what the formula makes in a break did not happen. */
function marketWithBreaks(): Market {
  const market = formulaMarket({ instruments: [FRONT, NEXT], tradeMs: 3000 });
  const isOpen = (timeMs: number): boolean =>
    (((timeMs - SESSION_END_MS) % DAY_MS) + DAY_MS) % DAY_MS >= BREAK_MS;
  return {
    ...market,
    trades: (conId, span) => [...market.trades(conId, span)].filter(({ timeMs }) => isOpen(timeMs)),
    sessions: (_conId, { fromMs, toMs }) => {
      const sessions = [];
      const first = Math.floor((fromMs - SESSION_END_MS) / DAY_MS) * DAY_MS + SESSION_END_MS;
      for (let end = first; end < toMs + DAY_MS; end += DAY_MS) {
        const [startMs, endMs] = [end - DAY_MS + BREAK_MS, end];
        const date = new Date(endMs).toISOString().slice(0, 10).replaceAll('-', '');
        if (endMs > fromMs && startMs < toMs)
          for (const regular of [false, true]) sessions.push({ startMs, endMs, date, regular });
      }
      return sessions;
    },
  };
}

let bench: Bench;
afterEach(async () => {
  await bench.simulator.stop();
});

/** What the market says, as a session delivers it. */
function expected(conId: number, fromMs: number, toMs: number): string[] {
  return [...bench.market.trades(conId, { fromMs, toMs })].map(
    ({ timeMs, price }) => `${timeMs / 1000}/0 ${price}`,
  );
}

const secondOf = (tick: string | undefined): number => Number(tick?.split('/')[0]);

describe('a future without expiry in a running session', () => {
  it.each([
    ['goes on with the next contract from the session after its roll on', undefined],
    ['rolls once it is whole, when the session ends in an outage', { kind: 'restart', for: '30m' }],
  ] as const)(
    '%s',
    async (_name, fault) => {
      const startMs = SESSION_END_MS - 5 * MINUTE_MS;
      bench = await startBench(marketWithBreaks(), { speed: 100, startMs });
      const instruments = [{ symbol: 'ES', secType: 'FUT', exchange: 'CME' }];
      const source = await openOnly(
        ibLiveJob({ ...bench.gateway, instruments, series: ['trades'] }, bench.context),
      );
      const { got, stop } = collect(source);
      await until(() => got.ticks('ES', 'trades').length > 10);
      if (fault !== undefined) bench.simulator.inject(fault);
      await until(() => bench.reports.some(({ kind }) => kind === 'roll'));
      const size = got.ticks('ES', 'trades').length;
      await until(() => got.ticks('ES', 'trades').length > size + 50);
      await stop();

      const ticks = got.ticks('ES', 'trades');
      const roll = bench.reports.find((report) => report.kind === 'roll');
      expect(roll).toMatchObject({ symbol: 'ES', from: 'ESF4', to: 'ESH4' });
      const atMs = roll?.kind === 'roll' ? Number(roll.atNs / 1_000_000n) : Number.NaN;
      const [fromMs, toMs] = [secondOf(ticks[0]) * 1000, (secondOf(ticks.at(-1)) + 1) * 1000];
      expect(ticks).toEqual([...expected(FRONT.conId, fromMs, atMs), ...expected(NEXT.conId, atMs, toMs)]);
      if (fault === undefined) expect(atMs).toBe(SESSION_END_MS);
      expect(violationsOf(bench)).toEqual([]);
    },
    120_000,
  );

  it('does not take the next contract for the time before the roll when it begins', async () => {
    const startMs = SESSION_END_MS + BREAK_MS + MINUTE_MS;
    const lastNs = BigInt(SESSION_END_MS - DAY_MS) * 1_000_000n;
    bench = await startBench(marketWithBreaks(), {
      speed: 100,
      startMs,
      context: { lastStored: () => Promise.resolve(lastNs) },
    });
    const instruments = [{ symbol: 'ES', secType: 'FUT', exchange: 'CME' }];
    const source = await openOnly(
      ibLiveJob(
        { ...bench.gateway, instruments, series: ['trades'], maxBackfillSeconds: 200_000 },
        bench.context,
      ),
    );
    const { got, stop } = collect(source);
    await until(() => got.ticks('ES', 'trades').length > 50);
    await stop();
    const [first] = got.ticks('ES', 'trades');
    expect(secondOf(first) * 1000).toBe(Date.UTC(2024, 0, 11));
    expect(bench.reports).toContainEqual(
      expect.objectContaining({ kind: 'hole', unrepaired: 'that was the contract before the roll' }),
    );
  });
});
