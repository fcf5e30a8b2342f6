import { EventName, MarketDataType, TickByTickDataType, WhatToShow } from '@stoqey/ib';
import type { Plan } from './plan.ts';
import { errorOf, pick, type Arguments, type Fields, type StoqeyClient } from './stoqey-session.ts';

export async function live(client: StoqeyClient): Promise<void> {
  const { api, answers, share } = client;
  api.reqMarketDataType(MarketDataType.REALTIME);
  api.reqRealTimeBars(20, share, 5, WhatToShow.TRADES, false);
  api.reqMktData(21, share, '233', false, false);
  api.reqMktData(22, share, '', true, false);
  const bars = await client.wait(EventName.realtimeBar, 20, 3);
  answers.set(
    'realTimeBars',
    bars.map(([, time, open, high, low, close, volume, wap, count]) => ({
      time: Number(time),
      open,
      high,
      low,
      close,
      volume,
      wap,
      count,
    })),
  );
  await client.wait(EventName.tickString, 21, 2);
  const type = client.seen(EventName.marketDataType, 21)[0]?.[1];
  answers.set('marketData', { ticks: ticksSeen(client, 21), type });
  const ended = await client.wait(EventName.tickSnapshotEnd, 22);
  answers.set('snapshot', { ticks: ticksSeen(client, 22), ended: ended.length === 1 });
  api.cancelRealTimeBars(20);
  api.cancelMktData(21);
  await client.quiet({ realTimeBars: [EventName.realtimeBar, 20], marketData: [EventName.tickPrice, 21] });
  await tickByTick(client);
}

function ticksSeen(client: StoqeyClient, reqId: number): readonly Arguments[] {
  return [EventName.tickPrice, EventName.tickSize, EventName.tickString, EventName.tickGeneric]
    .flatMap((name) => client.seen(name, reqId))
    .map(([, type, value]) => [type, value]);
}

const TICK_BY_TICK = [
  ['Last', 30, TickByTickDataType.Last, EventName.tickByTickAllLast],
  ['AllLast', 31, TickByTickDataType.AllLast, EventName.tickByTickAllLast],
  ['BidAsk', 32, TickByTickDataType.BidAsk, EventName.tickByTickBidAsk],
  ['MidPoint', 33, TickByTickDataType.MidPoint, EventName.tickByTickMidPoint],
] as const;

/** One after the other: IB allows few of them at a time. */
async function tickByTick(client: StoqeyClient): Promise<void> {
  for (const [kind, reqId, type, event] of TICK_BY_TICK) {
    client.api.reqTickByTickData(reqId, client.share, type, 0, false);
    const ticks = await client.wait(event, reqId, 5);
    client.answers.set(
      `tickByTick ${kind}`,
      ticks.map((args) => tickOf(kind, args)),
    );
    client.api.cancelTickByTickData(reqId);
  }
  await client.quiet(
    Object.fromEntries(
      TICK_BY_TICK.map(([kind, reqId, , event]) => [`tickByTick ${kind}`, [event, reqId] as const]),
    ),
  );
}

function tickOf(kind: (typeof TICK_BY_TICK)[number][0], args: Arguments): Fields {
  if (kind === 'MidPoint') return { time: Number(args[1]), price: args[2] };
  if (kind === 'BidAsk')
    return { time: Number(args[1]), bid: args[2], ask: args[3], bidSize: args[4], askSize: args[5] };
  return { time: Number(args[2]), price: args[3], size: args[4], exchange: args[6] };
}

export async function account(client: StoqeyClient, plan: Plan): Promise<void> {
  await balances(client, plan);
  await profitAndLoss(client, plan);
  const { api, answers, share } = client;
  api.reqExecutions(44, {});
  await client.wait(EventName.execDetailsEnd, 44);
  answers.set(
    'executions',
    client.seen(EventName.execDetails, 44).map(([, contract, execution]) => ({
      conId: (contract as Fields)['conId'],
      ...pick(execution as Fields, ['execId', 'side', 'shares', 'price']),
      account: (execution as Fields)['acctNumber'],
    })),
  );
  api.reqFundamentalData(45, share, 'ReportSnapshot');
  await client.waitUntil(
    () => [EventName.fundamentalData, EventName.error].some((name) => client.seen(name, 45).length > 0),
    'fundamentals',
  );
  const [report] = client.seen(EventName.fundamentalData, 45);
  answers.set('fundamentals', report?.[1] ?? errorOf(client.seen(EventName.error, 45)[0]));
  api.cancelFundamentalData(45);
}

async function balances(client: StoqeyClient, plan: Plan): Promise<void> {
  const { api, answers } = client;
  api.reqPositions();
  await client.wait(EventName.positionEnd);
  answers.set('positions', positionsOf(client));
  api.cancelPositions();
  api.reqAccountSummary(40, 'All', 'NetLiquidation,TotalCashValue,BuyingPower');
  await client.wait(EventName.accountSummaryEnd, 40);
  answers.set(
    'accountSummary',
    client
      .seen(EventName.accountSummary, 40)
      .map(([, name, key, value, currency]) => ({ account: name, key, value, currency })),
  );
  api.cancelAccountSummary(40);
  api.reqAccountUpdates(true, plan.account);
  await client.wait(EventName.accountDownloadEnd);
  answers.set('accountUpdates', {
    values: client
      .seen(EventName.updateAccountValue)
      .map(([key, value, currency, name]) => ({ account: name, key, value, currency })),
    portfolio: client.seen(EventName.updatePortfolio).map(holdingOf),
  });
  api.reqAccountUpdates(false, plan.account);
  api.reqAccountUpdatesMulti(41, plan.account, '', false);
  await client.wait(EventName.accountUpdateMultiEnd, 41);
  answers.set(
    'accountUpdatesMulti',
    client
      .seen(EventName.accountUpdateMulti, 41)
      .map(([, name, , key, value, currency]) => ({ account: name, key, value, currency })),
  );
  api.cancelAccountUpdatesMulti(41);
}

function positionsOf(client: StoqeyClient): readonly Fields[] {
  return client.seen(EventName.position).map(([name, contract, position, averageCost]) => ({
    account: name,
    conId: (contract as Fields)['conId'],
    position,
    averageCost,
  }));
}

function holdingOf(args: Arguments): Fields {
  const [contract, position, marketPrice, marketValue, averageCost, unrealized, realized, name] = args;
  const figures = { position, marketPrice, marketValue, averageCost, unrealized, realized };
  return { account: name, conId: (contract as Fields)['conId'], ...figures };
}

async function profitAndLoss(client: StoqeyClient, plan: Plan): Promise<void> {
  const { api, answers } = client;
  api.reqPnL(42, plan.account, '');
  const [pnl] = await client.wait(EventName.pnl, 42);
  answers.set('pnl', { daily: pnl?.[1], unrealized: pnl?.[2], realized: pnl?.[3] });
  api.cancelPnL(42);
  const conId = positionsOf(client)[0]?.['conId'];
  if (typeof conId === 'number') {
    api.reqPnLSingle(43, plan.account, '', conId);
    const [single] = await client.wait(EventName.pnlSingle, 43);
    const [, position, daily, unrealized, realized, marketValue] = single ?? [];
    answers.set('pnlSingle', { conId, position, daily, unrealized, realized, marketValue });
    api.cancelPnLSingle(43);
  }
  await client.quiet({
    pnl: [EventName.pnl, 42],
    pnlSingle: [EventName.pnlSingle, 43],
    accountUpdates: [EventName.updateAccountValue],
  });
}
