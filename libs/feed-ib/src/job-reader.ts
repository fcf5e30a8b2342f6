import { err, JsonFields, parseIsoTime, type Result } from '@tickwell/domain';
import type { FeedJob } from '@tickwell/ports';
import { allowancesAt } from './fast-clock.ts';
import type { IbContext } from './jobs.ts';
import { ibFundamentalsJob, ibHistoryJob, ibLiveJob, ibPortfolioJob } from './jobs.ts';
import { REPORT_TYPES } from './fundamentals.ts';
import type { IbGatewayOptions, IbInstrument } from './options.ts';
import { IB_LIMITS, type PacingLimits } from './pacing-limits.ts';

const FEEDS = ['live', 'history', 'fundamentals', 'portfolio'] as const;

/**
 * A job `{"type":"ib","feed":"live","port":4002,"instruments":["AAPL",{"symbol":"ES","secType":"FUT","exchange":"CME"}],
 * "series":["trades","quotes"]}`, or with feed history ("kind", "interval", "what", "from", "to"), fundamentals ("report") or portfolio
 * ("account"); "speed" is that of a simulated Gateway's clock. Every problem at once.
 */
export function readIbJob(
  value: unknown,
  where: string,
  realContext: IbContext,
): Result<readonly FeedJob[], readonly string[]> {
  const fields = new JsonFields(value, where);
  fields.take('type');
  const speed = readSpeed(fields);
  const context = realContext.at(speed);
  const feed = fields.choice('feed', FEEDS);
  if (fields.take('feed') === undefined) fields.problem('feed', `is required: one of ${FEEDS.join(', ')}`);
  const gateway = readGateway(fields, speed);
  const jobs = feed === undefined ? undefined : readFeed(feed, fields, gateway, speed, context);
  const problems = jobs?.ok === false ? jobs.error : [];
  fields.problems.push(...problems.map((problem) => `${where}: ${problem}`));
  return fields.finish(jobs?.ok === true ? jobs.value : []);
}

function readFeed(
  feed: (typeof FEEDS)[number],
  fields: JsonFields,
  gateway: IbGatewayOptions,
  speed: number,
  context: IbContext,
): Result<readonly FeedJob[], readonly string[]> {
  const instruments = readInstruments(fields);
  switch (feed) {
    case 'live':
      return ibLiveJob({ ...gateway, instruments, ...readLive(fields, speed) }, context);
    case 'history':
      return readHistory(fields, { ...gateway, instruments }, context);
    case 'fundamentals': {
      const report = fields.choice('report', REPORT_TYPES);
      return ibFundamentalsJob({ ...gateway, instruments, ...defined({ report }) }, context);
    }
    case 'portfolio': {
      const account = fields.text('account');
      return ibPortfolioJob({ ...gateway, instruments, ...defined({ account }) }, context);
    }
  }
}

const MAX_SPEED = 10_000;

/** Of a simulated Gateway's clock; 1: a real one. */
function readSpeed(fields: JsonFields): number {
  const speed = fields.number('speed') ?? 1;
  if (speed >= 1 && speed <= MAX_SPEED) return speed;
  fields.problem('speed', `must be 1 to ${MAX_SPEED}: how fast the clock of a simulated Gateway runs`);
  return 1;
}

function readGateway(fields: JsonFields, speed: number): IbGatewayOptions {
  const host = fields.text('host');
  const port = fields.number('port');
  const clientId = fields.take('clientId');
  const clientIds =
    typeof clientId === 'number'
      ? [clientId]
      : Array.isArray(clientId)
        ? clientId.filter((id): id is number => typeof id === 'number')
        : undefined;
  if (clientId !== undefined && clientIds === undefined)
    fields.problem('clientId', 'must be a number, or a list of them');
  const marketDataType = fields.choice('marketDataType', ['live', 'frozen', 'delayed', 'delayed-frozen']);
  const limits = readLimits(fields);
  if (speed === 1) return defined({ host, port, clientIds, marketDataType, limits });
  const { timing, marginMs } = allowancesAt(speed);
  return defined({ host, port, clientIds, marketDataType, timing, limits: { ...limits, marginMs } });
}

function readLimits(fields: JsonFields): Partial<PacingLimits> | undefined {
  const marketDataLines = fields.number('maxLines');
  const messagesPerSecond = fields.number('messagesPerSecond');
  const large = fields.number('largeBarsPer10Minutes');
  const largeBars = large === undefined ? undefined : { ...IB_LIMITS.history, weight: large };
  const limits = defined({ marketDataLines, messagesPerSecond, largeBars });
  for (const [name, number] of Object.entries({
    maxLines: marketDataLines,
    messagesPerSecond,
    largeBarsPer10Minutes: large,
  }))
    if (number !== undefined && !(Number.isInteger(number) && number > 0))
      fields.problem(name, 'must be a whole number above 0');
  if (messagesPerSecond !== undefined && messagesPerSecond > 50)
    fields.problem('messagesPerSecond', "must be at most 50, which is IB's limit");
  return Object.keys(limits).length === 0 ? undefined : limits;
}

function readLive(fields: JsonFields, speed: number): Omit<Parameters<typeof ibLiveJob>[0], 'instruments'> {
  const names = ['trades', 'quotes', 'top', 'bars'] as const;
  const series = fields.list('series')?.flatMap((name) => {
    const known = names.find((one) => one === name);
    if (known === undefined) fields.problem('series', `may hold ${names.join(', ')}`);
    return known === undefined ? [] : [known];
  });
  const trades = fields.choice('trades', ['AllLast', 'Last']);
  const what = fields.choice('what', ['TRADES', 'MIDPOINT', 'BID', 'ASK']);
  const maxBackfillSeconds = fields.number('maxBackfillSeconds');
  const settings = speed === 1 ? undefined : allowancesAt(speed).settings;
  return defined({ series, trades, what, maxBackfillSeconds, settings });
}

function readHistory(
  fields: JsonFields,
  of: IbGatewayOptions & { readonly instruments: readonly IbInstrument[] },
  context: IbContext,
): Result<readonly FeedJob[], readonly string[]> {
  const kind = fields.choice('kind', ['bars', 'trades', 'quotes']) ?? 'bars';
  const interval = fields.text('interval');
  const what = fields.choice('what', ['TRADES', 'MIDPOINT', 'BID', 'ASK', 'ADJUSTED_LAST']);
  const useRth = fields.flag('useRth');
  const again = fields.number('again');
  const fromNs = readTime(fields, 'from');
  const toNs = readTime(fields, 'to') ?? context.clock.nowNs();
  if (fromNs === undefined) {
    if (fields.take('from') === undefined) fields.problem('from', 'is required: a date or time');
    return err([]);
  }
  return ibHistoryJob({ ...of, kind, fromNs, toNs, ...defined({ interval, what, useRth, again }) }, context);
}

function readTime(fields: JsonFields, name: string): bigint | undefined {
  const text = fields.text(name);
  if (text === undefined) return undefined;
  const time = parseIsoTime(text);
  if (time.ok) return time.value;
  fields.problem(name, time.error);
  return undefined;
}

function readInstruments(fields: JsonFields): readonly IbInstrument[] {
  return (fields.list('instruments') ?? []).flatMap((value, index): IbInstrument[] => {
    if (typeof value === 'string') return [{ symbol: value }];
    const inner = new JsonFields(value, `instruments[${index}]`);
    const texts = {
      ibSymbol: inner.text('ibSymbol'),
      secType: inner.text('secType'),
      exchange: inner.text('exchange'),
      primaryExchange: inner.text('primaryExchange'),
      currency: inner.text('currency'),
      expiry: inner.text('expiry'),
      localSymbol: inner.text('localSymbol'),
      tradingClass: inner.text('tradingClass'),
    };
    const numbers = {
      conId: inner.number('conId'),
      multiplier: inner.number('multiplier'),
      rollDays: inner.number('rollDays'),
    };
    const read = inner.finish<IbInstrument>({
      symbol: inner.requiredText('symbol'),
      ...defined({ ...texts, ...numbers }),
    });
    if (read.ok) return [read.value];
    fields.problems.push(...read.error);
    return [];
  });
}

/** Without properties that are undefined. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
