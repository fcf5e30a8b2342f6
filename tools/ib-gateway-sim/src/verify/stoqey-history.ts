import { BarSizeSetting, EventName, SecType, TickByTickDataType, WhatToShow } from '@stoqey/ib';
import type { Plan } from './plan.ts';
import { errorOf, pick, type Arguments, type Fields, type StoqeyClient } from './stoqey-session.ts';

export async function session(client: StoqeyClient): Promise<void> {
  const { api, answers } = client;
  answers.set('handshake', api.serverVersion);
  const [accounts] = await client.wait(EventName.managedAccounts);
  answers.set(
    'accounts',
    String(accounts?.[0])
      .split(',')
      .filter((name) => name !== ''),
  );
  const [id] = await client.wait(EventName.nextValidId);
  answers.set('nextValidId', id?.[0]);
  api.reqCurrentTime();
  const [time] = await client.wait(EventName.currentTime);
  answers.set('currentTime', time?.[0]);
}

export async function contracts(client: StoqeyClient, plan: Plan): Promise<void> {
  const { api, answers, share } = client;
  api.reqContractDetails(1, share);
  const [details] = await client.wait(EventName.contractDetails, 1);
  answers.set('contractDetails', flatDetails(details?.[1] as Fields));
  api.reqMatchingSymbols(2, plan.share.symbol);
  const [samples] = await client.wait(EventName.symbolSamples, 2);
  answers.set(
    'matchingSymbols',
    (samples?.[1] as readonly Fields[] | undefined)?.map(({ contract }) =>
      pick(contract as Fields, ['conId', 'symbol', 'secType']),
    ),
  );
  api.reqContractDetails(3, { ...share, conId: 0, symbol: 'NOSUCHSYMBOL' });
  const [error] = await client.wait(EventName.error, 3);
  answers.set('unknownContract', errorOf(error));
}

function flatDetails(details: Fields): Fields {
  const isin = (details['secIdList'] as readonly Fields[] | undefined)?.find(({ tag }) => tag === 'ISIN');
  return {
    ...pick(details['contract'] as Fields, [
      'conId',
      'symbol',
      'secType',
      'currency',
      'primaryExch',
      'localSymbol',
      'tradingClass',
    ]),
    primaryExchange: (details['contract'] as Fields)['primaryExch'],
    ...pick(details, ['minTick', 'longName', 'timeZoneId', 'tradingHours', 'liquidHours']),
    isin: isin?.['value'] ?? '',
  };
}

export async function history(client: StoqeyClient, plan: Plan): Promise<void> {
  const { api, answers, share } = client;
  const { MINUTES_ONE, DAYS_ONE, SECONDS_FIVE } = BarSizeSetting;
  const { TRADES } = WhatToShow;
  api.reqHistoricalData(10, share, plan.historyEnd, '1800 S', MINUTES_ONE, TRADES, 0, 2, false);
  answers.set('historicalBars', await finishedBars(client, 10));
  api.reqHistoricalData(11, share, plan.historyEnd, '5 D', DAYS_ONE, TRADES, 1, 1, false);
  answers.set('dailyBars', await finishedBars(client, 11));
  api.reqHistoricalData(12, share, '', '60 S', SECONDS_FIVE, TRADES, 0, 2, true);
  answers.set('barUpdates', (await client.wait(EventName.historicalDataUpdate, 12, 3)).map(barOf));
  api.cancelHistoricalData(12);
  const [error] = await client.wait(EventName.error, 12);
  answers.set('cancelHistoricalData', errorOf(error));
  api.reqHeadTimestamp(13, share, WhatToShow.TRADES, false, 2);
  const [head] = await client.wait(EventName.headTimestamp, 13);
  answers.set('headTimestamp', head?.[1]);
  api.cancelHeadTimestamp(13);
  const start = plan.ticksStart;
  api.reqHistoricalTicks(14, share, start, '', 100, WhatToShow.TRADES, 0, false);
  answers.set('historicalTicks TRADES', await ticksOf(client, EventName.historicalTicksLast, 14));
  api.reqHistoricalTicks(15, share, start, '', 100, WhatToShow.BID_ASK, 0, false);
  answers.set('historicalTicks BID_ASK', await ticksOf(client, EventName.historicalTicksBidAsk, 15));
  api.reqHistoricalTicks(16, share, start, '', 100, WhatToShow.MIDPOINT, 0, false);
  answers.set('historicalTicks MIDPOINT', await ticksOf(client, EventName.historicalTicks, 16));
}

/** The last event is "finished-…". */
async function finishedBars(client: StoqeyClient, reqId: number): Promise<readonly Fields[]> {
  let count = 1;
  for (;;) {
    const bars = await client.wait(EventName.historicalData, reqId, count);
    if (String(bars.at(-1)?.[1]).startsWith('finished')) return bars.slice(0, -1).map(barOf);
    count = bars.length + 1;
  }
}

function barOf([, time, open, high, low, close, volume, count, wap]: Arguments): Fields {
  return { time: String(time), open, high, low, close, volume, wap, count };
}

async function ticksOf(client: StoqeyClient, name: EventName, reqId: number): Promise<readonly Fields[]> {
  const [answer] = await client.wait(name, reqId);
  return ((answer?.[1] ?? []) as readonly Fields[]).map((tick) => ({
    time: Number(tick['time']),
    ...(tick['price'] === undefined ? {} : { price: tick['price'] }),
    ...(name === EventName.historicalTicksLast ? pick(tick, ['size', 'exchange']) : {}),
    ...(name === EventName.historicalTicksBidAsk
      ? { bid: tick['priceBid'], ask: tick['priceAsk'], bidSize: tick['sizeBid'], askSize: tick['sizeAsk'] }
      : {}),
  }));
}

/** A future, whose days begin on the evening before, and a currency pair, which is quoted and not traded. */
export async function others(client: StoqeyClient, plan: Plan): Promise<void> {
  const { api, answers } = client;
  const { MINUTES_ONE, MINUTES_FIVE, DAYS_ONE, WEEKS_ONE } = BarSizeSetting;
  const { TRADES, MIDPOINT, BID_ASK } = WhatToShow;
  const end = plan.historyEnd;
  if (plan.future !== null) {
    const future = { ...plan.future, secType: SecType.FUT };
    api.reqContractDetails(50, future);
    const [details] = await client.wait(EventName.contractDetails, 50);
    answers.set('futureDetails', futureDetails(details?.[1] as Fields));
    api.reqHistoricalData(51, future, end, '5 D', DAYS_ONE, TRADES, 0, 1, false);
    answers.set('futureDailyBars', await finishedBars(client, 51));
    api.reqHistoricalData(52, future, end, '2 W', WEEKS_ONE, TRADES, 0, 1, false);
    answers.set('futureWeeklyBars', await finishedBars(client, 52));
  }
  if (plan.pair !== null) {
    const pair = { ...plan.pair, secType: SecType.CASH };
    api.reqHistoricalData(53, pair, end, '1800 S', MINUTES_ONE, MIDPOINT, 0, 2, false);
    answers.set('pairMidpointBars', await finishedBars(client, 53));
    api.reqHistoricalData(54, pair, end, '3600 S', MINUTES_FIVE, BID_ASK, 0, 2, false);
    answers.set('pairBidAskBars', await finishedBars(client, 54));
    api.reqTickByTickData(55, pair, TickByTickDataType.BidAsk, 0, false);
    const ticks = await client.wait(EventName.tickByTickBidAsk, 55, 5);
    answers.set(
      'pairTicks',
      ticks.map(([, time, bid, ask, bidSize, askSize]) => ({
        time: Number(time),
        bid,
        ask,
        bidSize,
        askSize,
      })),
    );
    api.cancelTickByTickData(55);
  }
}

function futureDetails(details: Fields): Fields {
  const contract = details['contract'] as Fields;
  return {
    ...pick(contract, ['conId', 'localSymbol']),
    lastTradeDate: String(contract['lastTradeDateOrContractMonth']).slice(0, 8),
    // It reads numbers where the others keep text.
    multiplier: String(contract['multiplier']),
    minTick: details['minTick'],
  };
}
