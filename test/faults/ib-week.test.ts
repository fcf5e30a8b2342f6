import type { Platform } from '@tickwell/cli/platform';
import { createMarket, startIbGatewaySim, type IbGatewaySim, type Market } from '@tickwell/ib-gateway-sim';
import { SILENT } from '@tickwell/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilDrained } from '../support/drained.ts';
import { marketContent, storedContent, type LiveSeries } from '../support/ib-content.ts';
import { holesOf, startLiveIngest, type LiveIngest } from '../support/ib-ingest.ts';
import { startTestPlatform } from '../support/platform.ts';
import { countRows } from '../support/store.ts';
import { until } from '../support/wait.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A Monday, in the hours before trading. */
const START_MS = Date.parse('2025-10-06T08:00:00Z');
const END_MS = START_MS + 7 * DAY_MS;
/** A week in two and a half minutes, where the machine keeps up; the simulator slows down where it does not. */
const SPEED = 4000;
const DEADLINE_MS = 8 * 60_000;

/** What happens beside the restart of every night, by hours after the start, and how the feed calls it. */
const FAULTS = [
  { hour: 9, fault: { kind: 'cut' }, reason: /closed the connection/ },
  { hour: 32, fault: { kind: 'silent', for: '3h' }, reason: /silent for/ },
  { hour: 58, fault: { kind: 'cut', midFrame: true }, reason: /closed the connection/ },
  { hour: 80, fault: { kind: 'farmDown', farm: 'market', for: '1h' }, reason: /farms are down/ },
  { hour: 107, fault: { kind: 'silent', for: '3h' }, reason: /silent for/ },
  { hour: 130, fault: { kind: 'cut' }, reason: /closed the connection/ },
] as const;
/** Meets the repair of a cut. */
const STORM = { kind: 'pacingStorm', at: '+58h', for: '2h' } as const;
const RESTART = { kind: 'restart', daily: '23:45 US/Eastern', for: '5m' } as const;
const FIRST_NIGHT_MS = Date.parse('2025-10-07T03:45:00Z');
/** In between the process itself is gone for a while. */
const PAUSE_HOUR = 96;
const PAUSE_MS = 3 * HOUR_MS;
/** After the week, for what is under way at its end. */
const SLACK_MS = 6 * HOUR_MS;

/** All three lines tick by tick that IB gives to an account, and five-second bars. */
const JOBS = [
  {
    instruments: [
      { symbol: 'AAPL', ibSymbol: 'AAPL', secType: 'STK' },
      { symbol: 'BTCUSD', ibSymbol: 'BTC', secType: 'CRYPTO' },
    ],
    series: ['trades', 'bars'],
  },
  { instruments: [{ symbol: 'EURUSD', ibSymbol: 'EUR', secType: 'CASH' }], series: ['quotes'] },
] as const;

const at = (hour: number): number => START_MS + hour * HOUR_MS;
/** All instants from which something was missing while the process ran. */
const OUTAGES: readonly { readonly atMs: number; readonly reason: RegExp }[] = [
  ...FAULTS.map(({ hour, reason }) => ({ atMs: at(hour), reason })),
  ...Array.from({ length: 7 }, (_, night) => ({
    atMs: FIRST_NIGHT_MS + night * DAY_MS,
    reason: /lost its connection|closed the connection/,
  })),
];
const PAUSED = /session was not running/;
/** What is under way when the process ends is the next one's. */
const ENDED = /session ended before/;

describe('a simulated week of Interactive Brokers', () => {
  let platform: Platform;
  let market: Market;
  let gateway: IbGatewaySim;
  let lines: readonly LiveSeries[];
  const ingests: LiveIngest[] = [];

  beforeAll(async () => {
    platform = await startTestPlatform();
    market = await createMarket({ logger: SILENT, now: () => START_MS });
    lines = JOBS.flatMap(({ instruments, series }) =>
      instruments.flatMap(({ symbol, ibSymbol, secType }) => {
        const found = market.instruments.find((one) => one.symbol === ibSymbol && one.secType === secType);
        if (found === undefined) throw new Error(`the market has no ${symbol}`);
        const { conId } = found;
        // Recordings are read before the clock runs.
        for (const one of series)
          marketContent(market, { symbol, conId, series: one }, { fromMs: START_MS, toMs: END_MS });
        return series.map((one) => ({ symbol, conId, series: one }));
      }),
    );
  });
  afterAll(async () => {
    for (const { child } of ingests) child.kill('SIGKILL');
    // Absent where they could not start.
    await (gateway as IbGatewaySim | undefined)?.stop();
    await (platform as Platform | undefined)?.stop();
  });

  /** The simulated time goes on when the process is there. */
  async function begin(): Promise<LiveIngest> {
    const goOn = gateway.clock.hold();
    const gatewayOf = { type: 'ib', feed: 'live', port: gateway.port, speed: SPEED };
    const started = startLiveIngest(
      platform,
      JOBS.map((job) => ({ ...gatewayOf, ...job })),
    );
    ingests.push(started);
    await until(
      'the sessions',
      () => started.lines.filter(({ type }) => type === 'started').length,
      (count) => count === JOBS.length,
    );
    goOn();
    return started;
  }

  const untilTime = (timeMs: number): Promise<unknown> =>
    until(
      `simulated ${new Date(timeMs).toISOString()}`,
      () => {
        const running = ingests.at(-1);
        if (running?.child.exitCode !== null)
          throw new Error(`ingest ended: ${running?.stderr().slice(-2000)}`);
        return gateway.clock.nowMs();
      },
      (nowMs) => nowMs > timeMs,
      DEADLINE_MS,
    );

  async function stop(running: LiveIngest): Promise<void> {
    running.child.kill('SIGTERM');
    expect(await running.ended, running.stderr().slice(-2000)).toBe(0);
    await untilDrained(platform.endpoints);
  }

  it(
    'ends with every bar, trade and quote stored once, no limit broken, and the time to repair of every hole',
    async () => {
      gateway = await startIbGatewaySim({ market, startMs: START_MS, speed: SPEED });
      for (const { hour, fault } of FAULTS) gateway.inject({ ...fault, at: `+${hour}h` });
      gateway.inject(STORM);
      gateway.inject(RESTART);
      const first = await begin();
      await untilTime(at(PAUSE_HOUR));
      const end = gateway.clock.hold();
      const pausedMs = gateway.clock.nowMs();
      await stop(first);
      gateway.clock.advance(PAUSE_MS);
      end();
      const second = await begin();
      await untilTime(END_MS + SLACK_MS);
      await stop(second);

      for (const series of lines) await expectOnce(series);
      expectHoles([...OUTAGES, { atMs: pausedMs, reason: PAUSED }]);
      const { violations, violationsTotal, errorsSent, cuts } = gateway.stats();
      expect.soft(violationsTotal, JSON.stringify(violations)).toBe(0);
      expect.soft(cuts).toEqual({ fault: 3, 'gateway restart': 7 });
      expect.soft(errorsSent[162], 'the storm was met').toBeGreaterThan(0);
      expect.soft(await countRows(platform.endpoints, `dead_letters where source = 'ib'`)).toBe(0);
    },
    2 * DEADLINE_MS,
  );

  async function expectOnce(series: LiveSeries): Promise<void> {
    const stored = await storedContent(platform.endpoints, series, END_MS);
    const { firstMs } = stored;
    const what = `${series.symbol} ${series.series}`;
    expect.soft(firstMs - START_MS, what).toBeLessThan(8 * HOUR_MS);
    const span = { fromMs: firstMs, toMs: END_MS };
    expect.soft(stored.hours, what).toEqual(marketContent(market, series, span).hours);
  }

  /** Of every outage every series has a line with its time to repair, and its cause was what was meant. */
  function expectHoles(outages: typeof OUTAGES): void {
    const holes = holesOf(ingests);
    const stay = holes.filter(({ unrepaired }) => unrepaired !== null && !ENDED.test(unrepaired));
    expect.soft(stay).toEqual([]);
    for (const { atMs, reason } of outages) {
      const when = new Date(atMs).toISOString();
      const around = holes.filter(({ from, to }) => Date.parse(from) <= atMs && Date.parse(to) > atMs);
      expect.soft(around.map((hole) => hole.reason).join('; '), when).toMatch(reason);
      const untold = lines.filter(
        ({ symbol, series }) =>
          !around.some((one) => one.symbol === symbol && one.series === series && one.timeToRepairMs > 0),
      );
      const near = holes.filter(({ symbol }) => untold.some((line) => line.symbol === symbol));
      expect.soft(untold, `${when}: ${JSON.stringify(near)}`).toEqual([]);
    }
  }
});
