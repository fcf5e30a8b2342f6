/** What every kind of message has to say, from the market and from what other messages said. */
import type { Instrument, Market, MarketBar, Span } from '../market/market.ts';
import {
  finite,
  inOrder,
  row,
  rows,
  same,
  sameBars,
  sameFields,
  samePrefix,
  show,
  within,
  type Row,
} from './compare.ts';
import type { Answers } from './plan.ts';

export interface CheckContext {
  readonly market: Market;
  readonly share: Instrument;
  /** Undefined: the market has none. */
  readonly future: Instrument | undefined;
  readonly pair: Instrument | undefined;
  readonly account: string;
  readonly serverVersion: number;
  readonly startMs: number;
  readonly historyEndMs: number;
  readonly ticksStartMs: number;
  /** When the client was done. */
  readonly endMs: number;
}

type Check = (value: unknown, context: CheckContext, answers: Answers) => string | undefined;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** In the order of the table. The answer is what is wrong; undefined: nothing. */
export const CHECKS: Readonly<Record<string, Check>> = {
  handshake: (value, { serverVersion }) => same(value, serverVersion),
  accounts: (value, { account }) => same(value, [account]),
  nextValidId: (value) =>
    Number.isInteger(value) && Number(value) >= 1 ? undefined : `no order id: ${show(value)}`,
  currentTime: (value, { startMs, endMs }) => within(Number(value), startMs / 1000 - 1, endMs / 1000 + 1),
  contractDetails,
  matchingSymbols: (value, { share }) =>
    rows(value).some(
      (row) =>
        row['conId'] === share.conId && row['symbol'] === share.symbol && row['secType'] === share.secType,
    )
      ? undefined
      : `not among ${show(value)}`,
  unknownContract: (value) => same(row(value)['code'], 200),
  historicalBars: (value, { market, share, historyEndMs }) =>
    sameBars(
      rows(value),
      [
        ...market.bars(share.conId, {
          ...bars('TRADES', MINUTE_MS),
          fromMs: historyEndMs - 30 * MINUTE_MS,
          toMs: historyEndMs,
        }),
      ],
      (bar) => String(bar.startMs / 1000),
    ),
  dailyBars: (value, { market, share, historyEndMs }) => {
    const span = { fromMs: historyEndMs - 14 * DAY_MS, toMs: historyEndMs, useRth: true };
    const expected = [...market.bars(share.conId, { ...bars('TRADES', DAY_MS), ...span })].slice(-5);
    return sameBars(rows(value), expected, (bar) => bar.date ?? '');
  },
  barUpdates,
  cancelHistoricalData: (value) =>
    row(value)['code'] === 162 && String(row(value)['text']).includes('cancelled')
      ? undefined
      : `no 162 "cancelled" but ${show(value)}`,
  headTimestamp: (value, { market, share }) =>
    same(Number(value), (market.headMs(share.conId, 'TRADES') ?? 0) / 1000),
  'historicalTicks TRADES': (value, context) =>
    samePrefix(
      rows(value),
      context.market.trades(context.share.conId, afterTicksStart(context)),
      (trade) => ({
        time: Math.floor(trade.timeMs / 1000),
        price: trade.price,
        size: trade.size,
        exchange: trade.exchange,
      }),
    ),
  'historicalTicks BID_ASK': (value, context) =>
    samePrefix(
      rows(value),
      context.market.quotes(context.share.conId, afterTicksStart(context)),
      (quote) => ({
        time: Math.floor(quote.timeMs / 1000),
        bid: quote.bid,
        ask: quote.ask,
        bidSize: quote.bidSize,
        askSize: quote.askSize,
      }),
    ),
  'historicalTicks MIDPOINT': (value, context) => midpoints(value, context, afterTicksStart(context)),
  futureDetails: (value, { future }) => {
    const { conId, localSymbol, lastTradeDate, multiplier, minTick } = future ?? {};
    return sameFields(row(value), { conId, localSymbol, lastTradeDate, multiplier, minTick });
  },
  futureDailyBars: (value, { market, future, historyEndMs }) => {
    const span = { fromMs: historyEndMs - 14 * DAY_MS, toMs: historyEndMs };
    const expected = [...market.bars(future?.conId ?? 0, { ...bars('TRADES', DAY_MS), ...span })].slice(-5);
    return sameBars(rows(value), expected, (bar) => bar.date ?? '');
  },
  futureWeeklyBars: (value, { market, future, historyEndMs }) => {
    const span = { fromMs: historyEndMs - 28 * DAY_MS, toMs: historyEndMs };
    const expected = [...market.bars(future?.conId ?? 0, { ...bars('TRADES', 7 * DAY_MS), ...span })];
    // The first week is as long as the duration reaches back.
    return sameBars(rows(value).slice(1), expected.slice(-rows(value).length + 1), (bar) => bar.date ?? '');
  },
  pairMidpointBars: (value, { market, pair, historyEndMs }) => {
    const span = { fromMs: historyEndMs - 30 * MINUTE_MS, toMs: historyEndMs };
    const expected = [...market.bars(pair?.conId ?? 0, { ...bars('MIDPOINT', MINUTE_MS), ...span })];
    return sameBars(untraded(value), expected, (bar) => String(bar.startMs / 1000));
  },
  pairBidAskBars: (value, { market, pair, historyEndMs }) => {
    const span = { fromMs: historyEndMs - 60 * MINUTE_MS, toMs: historyEndMs };
    const expected = [...market.bars(pair?.conId ?? 0, { ...bars('BID_ASK', 5 * MINUTE_MS), ...span })];
    return sameBars(untraded(value), expected, (bar) => String(bar.startMs / 1000));
  },
  pairTicks: (value, context) =>
    inOrder(
      rows(value),
      [...context.market.quotes(context.pair?.conId ?? 0, seen(context))].map((quote) => ({ ...quote })),
    ),
  realTimeBars,
  marketData,
  snapshot: (value, context) =>
    row(value)['ended'] === true ? topOfBook(value, context) : 'the end of the snapshot did not come',
  'tickByTick Last': tradeTicks,
  'tickByTick AllLast': tradeTicks,
  'tickByTick BidAsk': (value, context) =>
    inOrder(
      rows(value),
      [...context.market.quotes(context.share.conId, seen(context))].map((quote) => ({ ...quote })),
    ),
  'tickByTick MidPoint': (value, context) => midpoints(value, context, seen(context)),
  positions: (value, context) => {
    const unknown = rows(value).find(
      (each) => instrument(context, each) === undefined || each['account'] !== context.account,
    );
    if (unknown !== undefined) return `not of the account or the market: ${show(unknown)}`;
    return rows(value).length > 0 ? undefined : 'none';
  },
  accountSummary: (value, context) =>
    figures(value, context, ['NetLiquidation', 'TotalCashValue', 'BuyingPower']),
  accountUpdates: (value, context, answers) =>
    figures(row(value)['values'], context, ['NetLiquidation', 'TotalCashValue']) ??
    holdings(row(value)['portfolio'], context, answers),
  accountUpdatesMulti: (value, context) => figures(value, context, ['NetLiquidation']),
  pnl: (value, _, answers) =>
    finite(value, ['daily', 'unrealized', 'realized']) ?? sumOfHoldings(row(value), answers),
  pnlSingle: (value, context, answers) =>
    finite(value, ['daily', 'unrealized', 'marketValue']) ?? holding(row(value), context, answers),
  executions: (value, context) => {
    const wrong = rows(value).find(
      (each) =>
        instrument(context, each) === undefined ||
        !['BOT', 'SLD'].includes(String(each['side'])) ||
        !(Number(each['shares']) > 0 && Number(each['price']) > 0) ||
        each['account'] !== context.account,
    );
    if (wrong !== undefined) return `not an execution of the account: ${show(wrong)}`;
    return rows(value).length > 0 ? undefined : 'none';
  },
  fundamentals: (value, { market, share }) => {
    const expected = market.fundamentals(share.conId, 'ReportSnapshot');
    return expected === undefined ? same(row(value)['code'], 430) : same(value, expected);
  },
  'cancel realTimeBars': silent,
  'cancel marketData': silent,
  'cancel tickByTick Last': silent,
  'cancel tickByTick AllLast': silent,
  'cancel tickByTick BidAsk': silent,
  'cancel tickByTick MidPoint': silent,
  'cancel pnl': silent,
  'cancel pnlSingle': silent,
  'cancel accountUpdates': silent,
};

function bars<T extends string>(
  whatToShow: T,
  barMs: number,
): { whatToShow: T; barMs: number; useRth: boolean } {
  return { whatToShow, barMs, useRth: false };
}

function afterTicksStart({ ticksStartMs }: CheckContext): Span {
  return { fromMs: ticksStartMs, toMs: ticksStartMs + 6 * 60 * MINUTE_MS };
}

/** What the client may have seen live, with what was current when it subscribed. */
function seen({ startMs, endMs }: CheckContext): Span {
  return { fromMs: startMs - 5 * MINUTE_MS, toMs: endMs + MINUTE_MS };
}

function contractDetails(value: unknown, { market, share, startMs }: CheckContext): string | undefined {
  const { conId, symbol, secType, currency, primaryExchange, localSymbol, tradingClass } = share;
  const { minTick, longName, timeZoneId, isin } = share;
  const expected = { conId, symbol, secType, currency, primaryExchange, localSymbol, tradingClass };
  const problem = sameFields(row(value), { ...expected, minTick, longName, timeZoneId, isin });
  if (problem !== undefined) return problem;
  const today = market.sessions(conId, { fromMs: startMs, toMs: startMs + 1 });
  for (const { startMs: openMs, endMs, regular } of today) {
    const hours = `${wallClock(openMs, timeZoneId)}-${wallClock(endMs, timeZoneId)}`;
    const text = String(row(value)[regular ? 'liquidHours' : 'tradingHours']);
    if (!text.includes(hours)) return `hours ${text} lack ${hours}`;
  }
  return undefined;
}

/** yyyyMMdd:HHmm in a zone. */
function wallClock(timeMs: number, timeZone: string): string {
  const text = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(
    timeMs,
  );
  return text
    .replaceAll('-', '')
    .replace(' ', ':')
    .replace(/(\d\d):(\d\d)$/, '$1$2');
}

/** -1 for what is not known is undefined to some clients. */
function untraded(value: unknown): readonly Row[] {
  return rows(value).map((bar) => ({
    ...bar,
    volume: bar['volume'] ?? -1,
    wap: bar['wap'] ?? -1,
    count: bar['count'] ?? -1,
  }));
}

/** The last version of every bar that another one followed is the bar of history. */
function barUpdates(value: unknown, context: CheckContext): string | undefined {
  const last = new Map(rows(value).map((bar) => [String(bar['time']), bar]));
  const closed = [...last.values()].slice(0, -1);
  if (rows(value).length < 3 || closed.length === 0) return `too few updates: ${rows(value).length}`;
  const expected = fiveSeconds(context)
    .filter((bar) => last.has(String(bar.startMs / 1000)))
    .slice(0, closed.length);
  return sameBars(closed, expected, (bar) => String(bar.startMs / 1000));
}

function realTimeBars(value: unknown, context: CheckContext): string | undefined {
  // Where nothing is traded the last price goes on, as with IB; history has no bar then.
  const traded = rows(value).filter((bar) => Number(bar['volume']) > 0);
  if (rows(value).length < 3 || traded.length === 0) return `too few bars: ${show(value)}`;
  const times = new Set(traded.map((bar) => Number(bar['time']) * 1000));
  const expected = fiveSeconds(context).filter(({ startMs }) => times.has(startMs));
  return sameBars(traded, expected, (bar) => String(bar.startMs / 1000));
}

function fiveSeconds(context: CheckContext): readonly MarketBar[] {
  return [...context.market.bars(context.share.conId, { ...bars('TRADES', 5000), ...seen(context) })];
}

function marketData(value: unknown, context: CheckContext): string | undefined {
  const problem = topOfBook(value, context);
  if (problem !== undefined) return problem;
  if (row(value)['type'] !== 1) return `market data type ${show(row(value)['type'])}`;
  const last = tickValues(value, 48).at(-1);
  if (last === undefined) return 'no RTVolume';
  const [price, , , total] = (typeof last === 'string' ? last : show(last)).split(';');
  // ib_async takes the text apart itself and keeps the volume.
  if (total === undefined) return Number(price) > 0 ? undefined : `RTVolume ${show(last)}`;
  const prices = new Set(
    [...context.market.trades(context.share.conId, seen(context))].map((trade) => trade.price),
  );
  return prices.has(Number(price)) && Number(total) > 0 ? undefined : `RTVolume ${show(last)}`;
}

/** Prices that were quoted and traded, the day's open and the close of the day before. */
function topOfBook(value: unknown, context: CheckContext): string | undefined {
  const { market, share, startMs, endMs } = context;
  const quotes = [...market.quotes(share.conId, seen(context))];
  const allowed: readonly (readonly [string, number, ReadonlySet<number>])[] = [
    ['bid', 1, new Set(quotes.map(({ bid }) => bid))],
    ['ask', 2, new Set(quotes.map(({ ask }) => ask))],
    ['last', 4, new Set([...market.trades(share.conId, seen(context))].map(({ price }) => price))],
  ];
  for (const [name, type, prices] of allowed) {
    const got = tickValues(value, type).map(Number);
    const wrong = got.find((price) => !prices.has(price));
    if (got.length === 0 || wrong !== undefined)
      return `${name} ${got.length === 0 ? 'is missing' : show(wrong)}`;
  }
  const days = [
    ...market.bars(share.conId, { ...bars('TRADES', DAY_MS), fromMs: startMs - 14 * DAY_MS, toMs: endMs }),
  ];
  const expected: readonly (readonly [string, number, number | undefined])[] = [
    ['open', 14, days.at(-1)?.open],
    ['previous close', 9, days.at(-2)?.close],
  ];
  for (const [name, type, price] of expected) {
    const got = tickValues(value, type);
    if (got.length === 0 || got.some((each) => Number(each) !== price))
      return `${name} ${show(got)}, not ${show(price)}`;
  }
  return [0, 3, 5, 6, 7, 8].every((type) => tickValues(value, type).length > 0)
    ? undefined
    : 'sizes, high, low or volume';
}

function tickValues(value: unknown, type: number): readonly unknown[] {
  const ticks = row(value)['ticks'];
  if (!Array.isArray(ticks)) return [];
  return ticks
    .filter((tick: unknown): tick is [number, unknown] => Array.isArray(tick) && tick[0] === type)
    .map(([, each]) => each);
}

function tradeTicks(value: unknown, context: CheckContext): string | undefined {
  return inOrder(
    rows(value),
    [...context.market.trades(context.share.conId, seen(context))].map((trade) => ({ ...trade })),
  );
}

function midpoints(value: unknown, { market, share }: CheckContext, span: Span): string | undefined {
  const known = new Set(
    [...market.quotes(share.conId, span)].map(({ bid, ask }) => Math.round(((bid + ask) / 2) * 1e6)),
  );
  const wrong = rows(value).find((tick) => !known.has(Math.round(Number(tick['price']) * 1e6)));
  if (wrong !== undefined) return `never was the middle: ${show(wrong)}`;
  return rows(value).length > 0 ? undefined : 'none';
}

function silent(value: unknown): string | undefined {
  return value === 0 ? undefined : `${show(value)} more after it`;
}

function figures(value: unknown, { account }: CheckContext, keys: readonly string[]): string | undefined {
  const missing = keys.find(
    (key) =>
      !rows(value).some(
        (each) =>
          each['account'] === account &&
          each['key'] === key &&
          Number(each['value']) > 0 &&
          each['currency'] === 'USD',
      ),
  );
  return missing === undefined ? undefined : `${missing} is not in ${show(value)}`;
}

function holdings(value: unknown, context: CheckContext, answers: Answers): string | undefined {
  const positions = rows(answers.get('positions'));
  if (rows(value).length !== positions.length)
    return `${rows(value).length} holdings, ${positions.length} positions`;
  for (const each of rows(value)) {
    const problem = holding(each, context, answers);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The same quantity as the position, worth what the market says. */
function holding(value: Row, context: CheckContext, answers: Answers): string | undefined {
  const position = rows(answers.get('positions')).find(({ conId }) => conId === value['conId']);
  const held = instrument(context, value);
  if (position === undefined || held === undefined) return `no position ${show(value)}`;
  if (position['position'] !== value['position']) return `${show(value)} but position ${show(position)}`;
  const worth = Number(value['marketValue']) / (Number(value['position']) * Number(held.multiplier || 1));
  const whatToShow = held.secType === 'CASH' ? 'MIDPOINT' : 'TRADES';
  const span = { fromMs: context.startMs - 5 * DAY_MS, toMs: context.endMs };
  const days = [...context.market.bars(held.conId, { ...bars(whatToShow, DAY_MS), ...span })];
  return within(
    worth,
    0.999 * Math.min(...days.map(({ low }) => low)),
    1.001 * Math.max(...days.map(({ high }) => high)),
  );
}

/** What prices may have moved in between, of the worth of all holdings. */
const MOVED = 0.005;

function sumOfHoldings(value: Row, answers: Answers): string | undefined {
  const held = rows(row(answers.get('accountUpdates'))['portfolio']);
  const sum = (name: string, part: (figure: number) => number = Number): number =>
    held.reduce((total, each) => total + part(Number(each[name])), 0);
  const allowed = MOVED * sum('marketValue', Math.abs);
  const unrealized = sum('unrealized');
  return (
    within(Number(value['unrealized']), unrealized - allowed, unrealized + allowed) ??
    within(Number(value['realized']), sum('realized') - 0.01, sum('realized') + 0.01)
  );
}

function instrument({ market }: CheckContext, value: Row): Instrument | undefined {
  return market.instruments.find(({ conId }) => conId === value['conId']);
}
