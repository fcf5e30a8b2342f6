/** Historical time and sales. */
import { err, ok, type Result } from '@tickwell/domain';
import type { LookupFailure } from '../directory.ts';
import type { Gateway } from '../gateway.ts';
import type { Instrument, MarketQuote, MarketTrade, Span } from '../market/market.ts';
import { sessionsOf } from '../market-view.ts';
import type { Session } from '../session.ts';
import { DAY_MS } from '../time/bar-sizes.ts';
import { parseIbTime } from '../time/ib-time.ts';
import { historicalMidpoints, historicalQuotes, historicalTrades } from '../wire/messages/history.ts';
import type { HistoricalTicksRequest } from '../wire/requests.ts';
import { HMDS_DOWN_TEXT } from './history.ts';
import { PACING_TEXT, hasRoom, judgePacing } from './pacing.ts';

/** One question to the market is not longer. */
const CHUNK_MS = 10 * 60_000;
/** How far from the asked instant ticks are looked for. */
const REACH_MS = 14 * DAY_MS;

interface Timed {
  readonly timeMs: number;
}
/** A question about a span, answered in order of time. */
type Read<T> = (span: Span) => readonly T[];

interface TicksQuery {
  readonly startMs: number | undefined;
  readonly endMs: number;
  readonly count: number;
}

const invalid = (cause: string): LookupFailure => ({
  code: 321,
  text: `Error validating request:-'bN' : cause - ${cause}`,
});

export function historicalTicks(session: Session, request: HistoricalTicksRequest): void {
  const { gateway } = session;
  const { reqId } = request;
  const instrument = gateway.directory.only(request.contract, gateway.clock.nowMs(), true);
  const query = instrument.ok ? parseTicksQuery(gateway, request) : instrument;
  if (!instrument.ok || !query.ok) {
    const failure = instrument.ok ? (query.ok ? undefined : query.error) : instrument.error;
    if (failure !== undefined) session.error(reqId, failure.code, failure.text);
    return;
  }
  const { startDateTime, endDateTime, numberOfTicks, useRth, ignoreSize } = request;
  const violation = judgePacing(session, {
    contract: request.contract,
    conId: instrument.value.conId,
    whatToShow: request.whatToShow,
    parameters: ['ticks', startDateTime, endDateTime, numberOfTicks, useRth, ignoreSize].join('|'),
    barMs: 0,
  });
  if (violation !== undefined) {
    session.error(reqId, 162, PACING_TEXT);
    return;
  }
  if (!hasRoom(session, reqId)) return;
  if (!session.begin('historical', reqId)) return;
  gateway.answerLater(() => {
    if (!session.end('historical', reqId)) return;
    if (gateway.conditions.farmUp('history')) sendTicks(session, request, instrument.value, query.value);
    else session.error(reqId, 162, HMDS_DOWN_TEXT);
  });
}

function parseTicksQuery(
  gateway: Gateway,
  request: HistoricalTicksRequest,
): Result<TicksQuery, LookupFailure> {
  const { startDateTime, endDateTime, numberOfTicks, whatToShow } = request;
  if (!['TRADES', 'BID_ASK', 'MIDPOINT'].includes(whatToShow))
    return err(invalid(`Historical tick type is invalid: ${whatToShow}`));
  if (numberOfTicks < 1 || numberOfTicks > gateway.limits.ticksPerRequest)
    return err(invalid(`Number of ticks must be from 1 to ${gateway.limits.ticksPerRequest}`));
  if (startDateTime === '' && endDateTime === '') return err(invalid('Please specify start or end time'));
  const nowMs = gateway.clock.nowMs();
  const start = startDateTime === '' ? ok(undefined) : parseIbTime(startDateTime, gateway.zone);
  const end = endDateTime === '' ? ok(nowMs) : parseIbTime(endDateTime, gateway.zone);
  const problem = start.ok ? (end.ok ? undefined : end.error) : start.error;
  if (!start.ok || !end.ok)
    return err({
      code: 10314,
      text: `Start or End Date/Time: The date, time, or time-zone entered is invalid. (${problem})`,
    });
  return ok({ startMs: start.value, endMs: Math.min(end.value, nowMs), count: numberOfTicks });
}

function sendTicks(
  session: Session,
  request: HistoricalTicksRequest,
  instrument: Instrument,
  query: TicksQuery,
): void {
  const { gateway, version } = session;
  const { conId } = instrument;
  const { reqId, useRth, whatToShow, ignoreSize } = request;
  const known = withoutHoles(gateway, conId);
  if (whatToShow === 'TRADES') {
    const read = known((span) => [...gateway.market.trades(conId, span)]);
    session.send(historicalTrades(version, reqId, collect(gateway, conId, query, { useRth, read })));
    return;
  }
  const priceOnly = ignoreSize || whatToShow === 'MIDPOINT';
  const quotes = known((span) => [...gateway.market.quotes(conId, span)]);
  const read: Read<MarketQuote> = priceOnly ? (span) => onlyNewPrices(quotes(span)) : quotes;
  const ticks = collect(gateway, conId, query, { useRth, read });
  session.send(
    whatToShow === 'MIDPOINT' ? historicalMidpoints(reqId, ticks) : historicalQuotes(version, reqId, ticks),
  );
}

type Known = <T extends Timed>(read: Read<T>) => Read<T>;

function withoutHoles(gateway: Gateway, conId: number): Known {
  const holes = gateway.conditions.holes(conId);
  if (holes.length === 0) return (read) => read;
  return (read) => (span) =>
    read(span).filter(({ timeMs }) => !holes.some(({ fromMs, toMs }) => timeMs >= fromMs && timeMs < toMs));
}

function onlyNewPrices(quotes: readonly MarketQuote[]): MarketQuote[] {
  return quotes.filter((quote, index) => {
    const before = quotes[index - 1];
    return before?.bid !== quote.bid || before.ask !== quote.ask;
  });
}

/**
 * The first `count` from the start on, or the last `count` before the end, with all others of the last (first) second: TWS never
 * cuts a second in two, so an answer may be longer than what was asked.
 */
function collect<T extends Timed>(
  gateway: Gateway,
  conId: number,
  query: TicksQuery,
  { useRth, read }: { readonly useRth: boolean; readonly read: Read<T> },
): T[] {
  const forward = query.startMs !== undefined;
  const span = forward
    ? { fromMs: query.startMs, toMs: Math.min(query.endMs, query.startMs + REACH_MS) }
    : { fromMs: query.endMs - REACH_MS, toMs: query.endMs };
  const chunks = sessionsOf(gateway.market, conId, span, useRth).flatMap((session) =>
    split({
      fromMs: Math.max(session.startMs, span.fromMs),
      toMs: Math.min(session.endMs, span.toMs),
    }),
  );
  let ticks: T[] = [];
  for (const chunk of forward ? chunks : chunks.toReversed()) {
    ticks = forward ? [...ticks, ...read(chunk)] : [...read(chunk), ...ticks];
    if (ticks.length > query.count) break;
  }
  return forward ? firstOf(ticks, query.count) : firstOf(ticks.toReversed(), query.count).toReversed();
}

/** Chunks end on whole seconds, so that no second is read in two parts. */
function split({ fromMs, toMs }: Span): Span[] {
  const chunks: Span[] = [];
  let startMs = fromMs;
  while (startMs < toMs) {
    const endMs = Math.min(Math.floor((startMs + CHUNK_MS) / 1000) * 1000, toMs);
    chunks.push({ fromMs: startMs, toMs: endMs });
    startMs = endMs;
  }
  return chunks;
}

function firstOf<T extends Timed>(ticks: readonly T[], count: number): T[] {
  const last = ticks[count - 1];
  if (last === undefined) return [...ticks];
  const second = Math.floor(last.timeMs / 1000);
  let end = count;
  for (; end < ticks.length; end += 1) if (Math.floor((ticks[end]?.timeMs ?? 0) / 1000) !== second) break;
  return ticks.slice(0, end);
}

/** The last ticks before an instant: what a tick-by-tick subscription may begin with. */
export function recentTicks(
  gateway: Gateway,
  conId: number,
  count: number,
): { readonly trades: () => MarketTrade[]; readonly quotes: () => MarketQuote[] } {
  const query = { startMs: undefined, endMs: gateway.clock.nowMs(), count };
  const { market } = gateway;
  return {
    trades: () =>
      collect(gateway, conId, query, { useRth: false, read: (span) => [...market.trades(conId, span)] }),
    quotes: () =>
      collect(gateway, conId, query, { useRth: false, read: (span) => [...market.quotes(conId, span)] }),
  };
}
