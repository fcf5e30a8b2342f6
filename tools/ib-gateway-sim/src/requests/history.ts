/** Historical bars, schedules and head timestamps. */
import { ok, err, type Result } from '@tickwell/domain';
import type { LookupFailure } from '../directory.ts';
import type { Gateway } from '../gateway.ts';
import type { Instrument, MarketBar, Span, WhatToShow } from '../market/market.ts';
import { sessionsOf } from '../market-view.ts';
import { longestDuration } from '../pacing/judge.ts';
import type { Session } from '../session.ts';
import {
  DAY_MS,
  calendarStart,
  nominalMs,
  parseBarSize,
  parseDuration,
  type Duration,
} from '../time/bar-sizes.ts';
import { foldDays } from '../time/fold.ts';
import { dashedText, dateText, knownZone, parseIbTime, zonedText, zonelessText } from '../time/ib-time.ts';
import {
  headTimestamp as headTimestampMessage,
  historicalData as historicalDataMessage,
  historicalDataUpdate,
  historicalSchedule,
  type WireBar,
} from '../wire/messages/history.ts';
import type { HeadTimestampRequest, HistoricalDataRequest } from '../wire/requests.ts';
import { VERSION } from '../wire/versions.ts';
import { PACING_TEXT, hasRoom, judgePacing } from './pacing.ts';

const HMDS = 'Historical Market Data Service error message:';
export const HMDS_DOWN_TEXT = `${HMDS}HMDS server disconnect occurred.  Attempting reconnection...`;
/** What a frame of 16 MiB holds, with room. */
const MAX_BARS = 100_000;
/** TWS updates bars that are kept up to date this often at most. */
const UPDATE_MS = 5000;

const KINDS: Readonly<Record<string, string>> = {
  TRADES: 'Trades',
  MIDPOINT: 'Midpoint',
  BID: 'Bid',
  ASK: 'Ask',
  BID_ASK: 'BidAsk',
  ADJUSTED_LAST: 'AdjustedLast',
};

export function isWhatToShow(text: string): text is WhatToShow {
  return text in KINDS;
}

interface Query {
  readonly instrument: Instrument;
  readonly barMs: number;
  readonly duration: Duration;
  readonly span: Span;
  readonly whatToShow: WhatToShow | 'SCHEDULE';
}

const invalid = (cause: string): LookupFailure => ({
  code: 321,
  text: `Error validating request:-'bN' : cause - ${cause}`,
});

export function historicalData(session: Session, request: HistoricalDataRequest): void {
  const { gateway } = session;
  const { reqId } = request;
  const query = parseQuery(session, request);
  if (!query.ok) {
    session.error(reqId, query.error.code, query.error.text);
    return;
  }
  const { instrument, barMs, duration } = query.value;
  const parameters = [request.endDateTime, request.barSize, request.duration, request.useRth];
  const violation = judgePacing(session, {
    contract: request.contract,
    conId: instrument.conId,
    whatToShow: request.whatToShow,
    parameters: [...parameters, request.formatDate, request.keepUpToDate].join('|'),
    barMs,
  });
  if (violation !== undefined) {
    session.error(reqId, 162, PACING_TEXT);
    return;
  }
  if (nominalMs(duration) > longestDuration(gateway.limits, barMs)) gateway.stats.violation('stepSize');
  if (!hasRoom(session, reqId)) return;
  if (!session.begin('historical', reqId)) return;
  gateway.answerLater(() => {
    if (session.isActive('historical', reqId)) answer(session, request, query.value);
  });
}

/** What is wrong with a request, in the order in which a person would look for it. */
function parseQuery(session: Session, request: HistoricalDataRequest): Result<Query, LookupFailure> {
  const { gateway } = session;
  const nowMs = gateway.clock.nowMs();
  const { whatToShow } = request;
  const instrument = gateway.directory.only(request.contract, nowMs, request.includeExpired);
  if (!instrument.ok) return instrument;
  const isSchedule = whatToShow === 'SCHEDULE' && session.version >= VERSION.historicalSchedule;
  if (!isSchedule && !isWhatToShow(whatToShow))
    return err(invalid(`Historical data type string is invalid: ${whatToShow}`));
  const barMs = parseBarSize(request.barSize);
  if (!barMs.ok) return err(invalid(barMs.error));
  const duration = parseDuration(request.duration);
  if (!duration.ok) return err(invalid(duration.error));
  if (isSchedule && barMs.value !== DAY_MS)
    return err(invalid('Historical schedule requests need bars of 1 day'));
  if (request.keepUpToDate && request.endDateTime !== '')
    return err(invalid('End time is not supported with keepUpToDate'));
  if (request.keepUpToDate && (barMs.value < UPDATE_MS || isSchedule))
    return err(invalid('keepUpToDate needs bars of 5 secs or more'));
  const end = request.endDateTime === '' ? ok(nowMs) : parseIbTime(request.endDateTime, gateway.zone);
  if (!end.ok)
    return err({
      code: 10314,
      text: `End Date/Time: The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss xx/xxxx where yyyymmdd and xx/xxxx are optional. E.g.: 20031126 15:59:00 US/Eastern  (${end.error})`,
    });
  const span = spanOf(gateway, instrument.value.conId, Math.min(end.value, nowMs), {
    duration: duration.value,
    useRth: request.useRth,
  });
  return ok({
    instrument: instrument.value,
    barMs: barMs.value,
    duration: duration.value,
    span,
    whatToShow: isSchedule ? 'SCHEDULE' : (whatToShow as WhatToShow),
  });
}

/** Days are trading days up to the end, all other units time on the calendar. */
function spanOf(
  gateway: Gateway,
  conId: number,
  endMs: number,
  { duration, useRth }: { readonly duration: Duration; readonly useRth: boolean },
): Span {
  if (duration.unit !== 'D') return { fromMs: calendarStart(endMs, duration), toMs: endMs };
  const window = { fromMs: endMs - (2 * duration.count + 14) * DAY_MS, toMs: endMs };
  const sessions = sessionsOf(gateway.market, conId, window, useRth);
  const dates = [...new Set(sessions.map(({ date }) => date))].slice(-duration.count);
  const first = sessions.find(({ date }) => date === dates[0]);
  return { fromMs: first?.startMs ?? calendarStart(endMs, duration), toMs: endMs };
}

function answer(session: Session, request: HistoricalDataRequest, query: Query): void {
  const { gateway, version } = session;
  const { reqId } = request;
  if (!gateway.conditions.farmUp('history')) {
    session.end('historical', reqId);
    session.error(reqId, 162, HMDS_DOWN_TEXT);
    return;
  }
  if (query.whatToShow === 'SCHEDULE') {
    answerSchedule(session, request, query);
    return;
  }
  const bars = readBars(gateway, query, query.span, request.useRth);
  if (bars.length > MAX_BARS || bars.length === 0) {
    session.end('historical', reqId);
    const { symbol, exchange } = query.instrument;
    const none = `HMDS query returned no data: ${symbol}@${request.contract.exchange || exchange} ${KINDS[query.whatToShow] ?? ''}`;
    session.error(reqId, 162, `${HMDS}${bars.length === 0 ? none : 'Time length exceed max.'}`);
    return;
  }
  const format = barFormat(session, query, request.formatDate);
  const zone = knownZone(query.instrument.timeZoneId);
  const text = version >= VERSION.advancedReject ? zonedText : zonelessText;
  session.send(
    historicalDataMessage(
      version,
      reqId,
      { start: text(query.span.fromMs, zone), end: text(query.span.toMs, zone) },
      bars.map(format),
    ),
  );
  if (request.keepUpToDate) keepUpToDate(session, request, query, bars.at(-1));
  else session.end('historical', reqId);
}

function readBars(gateway: Gateway, query: Query, span: Span, useRth: boolean): MarketBar[] {
  const { instrument, barMs, whatToShow } = query;
  if (whatToShow === 'SCHEDULE') return [];
  const holes = gateway.conditions.holes(instrument.conId);
  const bars: MarketBar[] = [];
  const readMs = Math.min(barMs, DAY_MS);
  for (const bar of gateway.market.bars(instrument.conId, { ...span, barMs: readMs, whatToShow, useRth })) {
    if (holes.some(({ fromMs, toMs }) => bar.startMs >= fromMs && bar.startMs < toMs)) continue;
    bars.push(bar);
    if (bars.length > MAX_BARS) break;
  }
  return barMs > DAY_MS ? foldDays(bars, barMs, knownZone(instrument.timeZoneId)) : bars;
}

/** Days and longer as a date whatever formatDate says; the rest as text in the instrument's zone or epoch seconds. */
function barFormat(session: Session, query: Query, formatDate: number): (bar: MarketBar) => WireBar {
  const zone = knownZone(query.instrument.timeZoneId);
  const text = session.version >= VERSION.advancedReject ? zonedText : zonelessText;
  // A session may begin on the evening before the day it is named after.
  const time = (startMs: number, date: string | undefined): string => {
    if (query.barMs >= DAY_MS) return date ?? dateText(startMs, zone);
    return formatDate === 2 ? String(Math.floor(startMs / 1000)) : text(startMs, zone);
  };
  return ({ startMs, date, ...rest }) => ({ time: time(startMs, date), ...rest });
}

function answerSchedule(session: Session, request: HistoricalDataRequest, query: Query): void {
  const { conId, timeZoneId } = query.instrument;
  const zone = knownZone(timeZoneId);
  session.end('historical', request.reqId);
  const sessions = sessionsOf(session.gateway.market, conId, query.span, request.useRth);
  session.send(
    historicalSchedule(
      request.reqId,
      {
        start: dashedText(query.span.fromMs, zone),
        end: dashedText(query.span.toMs, zone),
        timeZone: timeZoneId,
      },
      sessions.map(({ startMs, endMs, date }) => ({
        start: dashedText(startMs, zone),
        end: dashedText(endMs, zone),
        refDate: date,
      })),
    ),
  );
}

/** Sends the forming bar as it changes, and the next one when it starts; whole bars that passed between two updates are not left out. */
function keepUpToDate(
  session: Session,
  request: HistoricalDataRequest,
  query: Query,
  last: MarketBar | undefined,
): void {
  const { gateway, version } = session;
  const format = barFormat(session, query, request.formatDate);
  let current = last;
  let updatedMs = gateway.clock.nowMs();
  const stop = gateway.hub.onPoll((nowMs) => {
    if (nowMs - updatedMs < UPDATE_MS || !gateway.conditions.flows(query.instrument.conId)) return;
    updatedMs = nowMs;
    const span = { fromMs: current?.startMs ?? query.span.fromMs, toMs: nowMs };
    for (const bar of readBars(gateway, query, span, request.useRth)) {
      if (current !== undefined && (bar.startMs < current.startMs || sameBar(bar, current))) continue;
      session.send(historicalDataUpdate(version, request.reqId, format(bar)));
      current = bar;
    }
  });
  session.onEnd('historical', request.reqId, stop);
}

function sameBar(a: MarketBar, b: MarketBar): boolean {
  return (
    a.startMs === b.startMs &&
    a.close === b.close &&
    a.high === b.high &&
    a.low === b.low &&
    a.volume === b.volume &&
    a.count === b.count
  );
}

export function cancelHistoricalData(session: Session, reqId: number): void {
  if (session.end('historical', reqId))
    session.error(reqId, 162, `${HMDS}API historical data query cancelled: ${reqId}`);
  else session.error(reqId, 366, `No historical data query found for ticker id:${reqId}`);
}

export function headTimestamp(session: Session, request: HeadTimestampRequest): void {
  const { gateway } = session;
  const { reqId, whatToShow } = request;
  const instrument = gateway.directory.only(request.contract, gateway.clock.nowMs(), true);
  if (!instrument.ok) {
    session.error(reqId, instrument.error.code, instrument.error.text);
    return;
  }
  if (!isWhatToShow(whatToShow)) {
    const { code, text } = invalid(`Historical data type string is invalid: ${whatToShow}`);
    session.error(reqId, code, text);
    return;
  }
  if (!gateway.conditions.farmUp('history')) {
    session.error(reqId, 162, HMDS_DOWN_TEXT);
    return;
  }
  if (!session.begin('headTimestamp', reqId)) return;
  gateway.answerLater(() => {
    if (!session.end('headTimestamp', reqId)) return;
    const { conId, symbol, exchange } = instrument.value;
    const headMs = gateway.market.headMs(conId, whatToShow);
    if (headMs === undefined)
      session.error(
        reqId,
        162,
        `${HMDS}HMDS query returned no data: ${symbol}@${exchange} ${KINDS[whatToShow] ?? ''}`,
      );
    else
      session.send(
        headTimestampMessage(
          reqId,
          request.formatDate === 2 ? String(Math.floor(headMs / 1000)) : dashedText(headMs, knownZone('UTC')),
        ),
      );
  });
}

export function cancelHeadTimestamp(session: Session, reqId: number): void {
  if (session.end('headTimestamp', reqId))
    session.error(reqId, 162, `${HMDS}API head timestamp query cancelled: ${reqId}`);
  else session.error(reqId, 366, `No historical data query found for ticker id:${reqId}`);
}
