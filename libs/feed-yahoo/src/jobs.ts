import { JsonFields, parseIsoTime, type Result } from '@tickwell/domain';
import type { Clock, FeedJob } from '@tickwell/ports';
import { YAHOO_INTERVALS, YahooClient, type YahooInterval } from './client.ts';
import { openYahooHistory } from './history.ts';

export interface YahooJobContext {
  readonly clock: Clock;
  readonly fetch?: typeof fetch;
}

/**
 * A job `{"type":"yahoo","symbols":["AAPL",{"symbol":"EURUSD","ticker":"EURUSD=X"}],"interval":"1d","from":"2020-01-01","to":…}`:
 * one stream per symbol, one client for all. Without `to` it ends now.
 */
export function readYahooJob(
  value: unknown,
  where: string,
  context: YahooJobContext,
): Result<readonly FeedJob[], readonly string[]> {
  const fields = new JsonFields(value, where);
  fields.take('type');
  const interval = fields.choice('interval', Object.keys(YAHOO_INTERVALS) as YahooInterval[]) ?? '1d';
  const startNs = readTime(fields, 'from') ?? 0n;
  if (fields.take('from') === undefined) fields.problem('from', 'is required: a date or time');
  const endNs = readTime(fields, 'to') ?? context.clock.nowNs();
  const instruments = readInstruments(fields);
  // One client for all symbols, so that all requests keep their distance.
  let client: YahooClient | undefined;
  return fields.finish(
    instruments.map(({ symbol, ticker }): FeedJob => ({
      name: `Yahoo ${ticker} ${interval}`,
      open: (logger) => {
        client ??= new YahooClient({ ...context, logger });
        return openYahooHistory({
          client,
          clock: context.clock,
          logger,
          symbol,
          ticker,
          interval,
          startNs,
          endNs,
        });
      },
    })),
  );
}

function readTime(fields: JsonFields, name: string): bigint | undefined {
  const text = fields.text(name);
  if (text === undefined) return undefined;
  const time = parseIsoTime(text);
  if (time.ok) return time.value;
  fields.problem(name, time.error);
  return undefined;
}

interface Instrument {
  readonly symbol: string;
  readonly ticker: string;
}

function readInstruments(fields: JsonFields): readonly Instrument[] {
  const values = fields.list('symbols') ?? [];
  if (values.length === 0) fields.problem('symbols', 'must be a list of at least one ticker');
  return values.flatMap((value, index): Instrument[] => {
    if (typeof value === 'string') return [{ symbol: value, ticker: value }];
    const inner = new JsonFields(value, `symbols[${index}]`);
    const instrument = { symbol: inner.requiredText('symbol'), ticker: inner.requiredText('ticker') };
    const read = inner.finish(instrument);
    if (read.ok) return [read.value];
    fields.problems.push(...read.error);
    return [];
  });
}
