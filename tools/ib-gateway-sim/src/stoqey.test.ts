import { BarSizeSetting, EventName, IBApi, SecType, TickByTickDataType, WhatToShow } from '@stoqey/ib';
import { afterEach, describe, expect, test } from 'vitest';
import { HAND_START_MS, handMarket } from './fixtures/hand-market.ts';
import { startIbGatewaySim, type IbGatewaySim } from './index.ts';

/** A client that nobody here wrote: @stoqey/ib against the simulator over a loopback socket. */
let simulator: IbGatewaySim;
let client: IBApi;

async function start(options: { readonly speed?: number } = {}): Promise<void> {
  simulator = await startIbGatewaySim({ market: handMarket(), startMs: HAND_START_MS, ...options });
  client = new IBApi({ host: '127.0.0.1', port: simulator.port, clientId: 7 });
}

/** The arguments of the next event that `accept` takes. */
function next(event: EventName, accept: (args: unknown[]) => boolean = () => true): Promise<unknown[]> {
  // The overloads want one name: the listener takes the arguments of any.
  const name = event as EventName.error;
  return new Promise((resolve) => {
    const listener = (...args: unknown[]): void => {
      if (!accept(args)) return;
      client.off(name, listener);
      resolve(args);
    };
    client.on(name, listener);
  });
}

async function connect(): Promise<void> {
  const ready = next(EventName.nextValidId);
  client.connect();
  await ready;
}

const AAPL = { conId: 265598, symbol: 'AAPL', secType: SecType.STK, exchange: 'SMART', currency: 'USD' };

afterEach(async () => {
  client.disconnect();
  await simulator.stop();
});

describe('@stoqey/ib', () => {
  test('connects at version 178 and gets the account and an order id', async () => {
    await start();
    const accounts = next(EventName.managedAccounts);
    await connect();
    expect(await accounts).toEqual(['DU1234567']);
    expect(client.serverVersion).toBe(178);
  });

  test('contract details', async () => {
    await start();
    await connect();
    const details = next(EventName.contractDetails);
    client.reqContractDetails(11, {
      symbol: 'AAPL',
      secType: SecType.STK,
      exchange: 'SMART',
      currency: 'USD',
    });
    expect(await details).toMatchObject([
      11,
      {
        contract: { conId: 265598, symbol: 'AAPL' },
        minTick: 0.01,
        secIdList: [{ tag: 'ISIN', value: 'US0378331005' }],
        minSize: 1,
      },
    ]);
  });

  test('historical bars, ended by the finished event', async () => {
    await start();
    await connect();
    const bars: unknown[][] = [];
    client.on(EventName.historicalData, (...args: unknown[]) => bars.push(args));
    const finished = next(EventName.historicalData, (args) => String(args[1]).startsWith('finished'));
    client.reqHistoricalData(
      12,
      AAPL,
      '20240110 15:00:00 UTC',
      '1800 S',
      BarSizeSetting.MINUTES_ONE,
      WhatToShow.TRADES,
      0,
      2,
      false,
    );
    await finished;
    expect(bars).toHaveLength(31);
    expect(bars[0]?.slice(0, 2)).toEqual([12, String(HAND_START_MS / 1000 - 1800)]);
  });

  test('market data and ticks', async () => {
    await start({ speed: 60 });
    await connect();
    const bid = next(EventName.tickPrice, (args) => args[1] === 1);
    const ticks: unknown[][] = [];
    client.on(EventName.tickByTickAllLast, (...args: unknown[]) => ticks.push(args));
    client.reqMktData(13, AAPL, '233', false, false);
    client.reqTickByTickData(14, AAPL, TickByTickDataType.AllLast, 0, false);
    expect((await bid)[0]).toBe(13);
    await next(EventName.tickByTickAllLast, () => ticks.length >= 3);
    const times = ticks.map((args) => Number(args[2]));
    expect(times[1]).toBe((times[0] ?? 0) + 10);
    expect(times[2]).toBe((times[0] ?? 0) + 20);
    expect(simulator.stats().violationsTotal).toBe(0);
  });
});
