import { JsonFields, NS_PER_DAY, NS_PER_SECOND, parseIsoTime, type Result } from '@tickwell/domain';
import type { FeedJob } from '@tickwell/ports';
import type { YahooAccess, YahooContext } from './context.ts';
import { UNSETTLED_NS } from './history.ts';
import { instrumentProblems, type YahooInstrument } from './instrument.ts';
import { yahooInterval, type YahooInterval } from './intervals.ts';
import { actionsJobs, fundamentalsJobs, historyJobs, quotesJobs, type YahooSpan } from './jobs.ts';
import { parseBaseUrl } from './other-host.ts';
import { QUOTE_SERIES, type QuoteSeries } from './quotes.ts';

const FEEDS = ['history', 'actions', 'fundamentals', 'quotes'] as const;
const DEFAULT_EVERY_SECONDS = 15;
const MAX_SECONDS = 3600;
const MAX_PER_HOUR = 1_000_000;
const MAX_PER_SECOND = 1000;
const MAX_INSTRUMENTS = 20_000;
/** Statements go back five years at most. */
const STATEMENTS_NS = 10n * 366n * NS_PER_DAY;
const USER_AGENT = /^[\x20-\x7e]{1,200}$/;

/**
 * A job `{"type":"yahoo","symbols":["AAPL",{"symbol":"EURUSD","ticker":"EURUSD=X"}],"interval":"1d","from":"2020-01-01","to":…}`, or with
 * `"feed"` actions, fundamentals or quotes. Without `to` it ends now, and a later run goes on there. Every problem at once.
 */
export function readYahooJob(
  value: unknown,
  where: string,
  context: YahooContext,
): Result<readonly FeedJob[], readonly string[]> {
  const fields = new JsonFields(value, where);
  fields.take('type');
  const feed = fields.choice('feed', FEEDS) ?? 'history';
  const jobs = { context, access: readAccess(fields, context), instruments: readInstruments(fields) };
  switch (feed) {
    case 'history': {
      const interval = readInterval(fields);
      const basis = fields.choice('priceBasis', ['raw', 'split-adjusted']) ?? 'raw';
      const span = readSpan(fields, context);
      return fields.finish(historyJobs(jobs, { ...span, interval, basis }));
    }
    case 'actions':
      return fields.finish(actionsJobs(jobs, readSpan(fields, context)));
    case 'fundamentals': {
      const nowNs = context.clock.nowNs();
      const startNs = readTime(fields, 'from') ?? nowNs - STATEMENTS_NS;
      return fields.finish(fundamentalsJobs(jobs, { startNs, endNs: nowNs }));
    }
    case 'quotes': {
      const everyMs = 1000 * (readNumber(fields, 'everySeconds', 1, MAX_SECONDS) ?? DEFAULT_EVERY_SECONDS);
      return fields.finish(quotesJobs(jobs, { series: readSeries(fields), everyMs }));
    }
  }
}

function readAccess(fields: JsonFields, context: YahooContext): YahooAccess {
  const baseUrl = readBaseUrl(fields, context);
  const requestsPerSecond = readNumber(fields, 'requestsPerSecond', 0.001, MAX_PER_SECOND);
  const requestsPerHour = readNumber(fields, 'requestsPerHour', 1, MAX_PER_HOUR);
  const timeoutSeconds = readNumber(fields, 'timeoutSeconds', 0.1, MAX_SECONDS);
  const userAgent = fields.text('userAgent');
  if (userAgent !== undefined && !USER_AGENT.test(userAgent))
    fields.problem('userAgent', 'must be 1 to 200 printable ASCII characters');
  return {
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
    ...(requestsPerHour === undefined ? {} : { requestsPerHour: Math.floor(requestsPerHour) }),
    ...(timeoutSeconds === undefined ? {} : { timeoutMs: timeoutSeconds * 1000 }),
    ...(userAgent === undefined ? {} : { userAgent }),
  };
}

function readBaseUrl(fields: JsonFields, context: YahooContext): URL | undefined {
  const text = fields.text('baseUrl') ?? context.baseUrl;
  if (text === undefined || text === '') return undefined;
  const url = parseBaseUrl(text);
  if (url.ok) return url.value;
  fields.problem('baseUrl', url.error);
  return undefined;
}

function readNumber(fields: JsonFields, name: string, min: number, max: number): number | undefined {
  const value = fields.number(name);
  if (value === undefined || (value >= min && value <= max)) return value;
  fields.problem(name, `must be ${min} to ${max}`);
  return undefined;
}

function readInterval(fields: JsonFields): YahooInterval {
  const text = fields.text('interval');
  if (text === undefined) return '1d';
  const interval = yahooInterval(text);
  if (interval.ok) return interval.value;
  fields.problem('interval', interval.error);
  return '1d';
}

function readSpan(fields: JsonFields, context: YahooContext): YahooSpan {
  const startNs = readTime(fields, 'from') ?? 0n;
  if (fields.take('from') === undefined) fields.problem('from', 'is required: a date or time');
  const nowNs = context.clock.nowNs();
  const toNs = readTime(fields, 'to');
  // Whole seconds, as Yahoo counts.
  const endNs = toSeconds(toNs === undefined || toNs > nowNs ? nowNs : toNs);
  if (startNs >= endNs)
    fields.problem('from', toNs === undefined ? 'lies ahead' : 'is not before `to` and now');
  return { span: { startNs: toSeconds(startNs), endNs }, isSettled: endNs < nowNs - UNSETTLED_NS };
}

function toSeconds(ns: bigint): bigint {
  return (ns / NS_PER_SECOND) * NS_PER_SECOND;
}

function readTime(fields: JsonFields, name: string): bigint | undefined {
  const text = fields.text(name);
  if (text === undefined) return undefined;
  const time = parseIsoTime(text);
  if (time.ok) return time.value;
  fields.problem(name, time.error);
  return undefined;
}

function readSeries(fields: JsonFields): readonly QuoteSeries[] | undefined {
  const list = fields.list('series');
  if (list === undefined) return undefined;
  const series = QUOTE_SERIES.filter((each) => list.includes(each));
  if (series.length === 0 || series.length !== new Set(list).size)
    fields.problem('series', `must be a list of some of ${QUOTE_SERIES.join(', ')}`);
  return series;
}

function readInstruments(fields: JsonFields): readonly YahooInstrument[] {
  const values = fields.list('symbols') ?? [];
  if (values.length === 0 || values.length > MAX_INSTRUMENTS)
    fields.problem('symbols', `must be a list of 1 to ${MAX_INSTRUMENTS} tickers`);
  const taken = new Map<string, string>();
  return values.flatMap((value, index): YahooInstrument[] => {
    const instrument = readInstrument(fields, value, index);
    if (instrument === undefined) return [];
    const { symbol, ticker } = instrument;
    const other = taken.get(symbol);
    taken.set(symbol, ticker);
    if (other === undefined) return [instrument];
    // The same twice is the same; two tickers would mix two histories.
    if (other !== ticker)
      fields.problem(`symbols[${index}]`, `${symbol} is ${other} already and cannot be ${ticker}, too`);
    return [];
  });
}

function readInstrument(fields: JsonFields, value: unknown, index: number): YahooInstrument | undefined {
  if (typeof value === 'string') return checked(fields, { symbol: value, ticker: value }, index);
  const inner = new JsonFields(value, `symbols[${index}]`);
  const read = inner.finish({ symbol: inner.requiredText('symbol'), ticker: inner.requiredText('ticker') });
  if (read.ok) return checked(fields, read.value, index);
  fields.problems.push(...read.error);
  return undefined;
}

function checked(
  fields: JsonFields,
  instrument: YahooInstrument,
  index: number,
): YahooInstrument | undefined {
  const problems = instrumentProblems(instrument);
  for (const problem of problems) fields.problem(`symbols[${index}]`, problem);
  return problems.length === 0 ? instrument : undefined;
}
