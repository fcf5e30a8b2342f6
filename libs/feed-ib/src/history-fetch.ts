import type { Result, TickwellError } from '@tickwell/domain';
import { err, ok } from '@tickwell/domain';
import type { BarSize } from './bar-sizes.ts';
import type { IbConnection } from './connection.ts';
import type { ResolvedInstrument } from './contracts.ts';
import type { HistoryKind } from './ib-link.ts';
import type { IbBar, IbContract, IbQuote, IbTrade } from './ib-messages.ts';
import { formatIbUtc } from './ib-time.ts';
import { BID_ASK_WEIGHT } from './pacing-limits.ts';
import type { Lane, PacedRequest } from './pacing-schedule.ts';
import { readTickPage, TICKS_PER_PAGE, type BarPiece, type Span, type TickPage } from './request-splitter.ts';

/** How a request for data of a contract is paced. */
export function pacedData(
  contract: IbContract,
  of: {
    readonly lane: Lane;
    /** What is shown, or the kind of ticks. */
    readonly what: string;
    readonly size: 'small' | 'large';
    /** All parameters beside the contract. */
    readonly parameters: string;
  },
): PacedRequest {
  const name = `${contract.conId}@${contract.exchange}`;
  return {
    lane: of.lane,
    instrument: name,
    history: of.size,
    weight: of.what === 'BID_ASK' || of.what === 'BidAsk' ? BID_ASK_WEIGHT : 1,
    identity: `${name}|${of.what}|${of.parameters}`,
    group: `${name}|${of.what}`,
  };
}

export interface FetchContext {
  readonly connection: IbConnection;
  readonly instrument: ResolvedInstrument;
  readonly lane: Lane;
  readonly useRth: boolean;
  readonly signal: AbortSignal;
}

/** Bars of one piece that have ended by `nowSeconds`, in order. Errors as {@link IbConnection.request}. */
export async function fetchBars(
  { connection, instrument, lane, useRth, signal }: FetchContext,
  of: { readonly size: BarSize; readonly what: HistoryKind; readonly piece: BarPiece },
): Promise<Result<readonly IbBar[], TickwellError>> {
  const { contract, symbol } = instrument;
  const { size, what, piece } = of;
  const nowSeconds = connection.server.nowSeconds();
  const end = formatIbUtc(Math.min(piece.endSeconds, Math.ceil(nowSeconds)));
  const { duration } = piece;
  const parameters = [end, duration, size.ib, useRth].join('|');
  const answer = await connection.request<readonly IbBar[]>(
    {
      subject: symbol,
      pacing: pacedData(contract, { lane, what, size: size.pacing, parameters }),
      send: (link, reqId) => {
        link.reqHistoricalBars(reqId, contract, { end, duration, barSize: size.ib, what, useRth });
      },
      cancel: (link, reqId) => {
        link.cancelHistoricalBars(reqId);
      },
      read: (message) => (message.kind === 'bars' ? { answer: message.bars } : undefined),
      nothing: [],
    },
    signal,
  );
  if (!answer.ok) return answer;
  const { fromSeconds, toSeconds } = piece;
  const wanted = answer.value.filter(({ time }) => time >= fromSeconds && time < toSeconds);
  return ok(wanted.toSorted((a, b) => a.time - b.time));
}

/** One page of trades from the span's start on. */
export function fetchTrades(
  context: FetchContext,
  span: Span,
): Promise<Result<TickPage<IbTrade>, TickwellError>> {
  return fetchTicks<IbTrade>(context, span, 'TRADES', (message) =>
    message.kind === 'historyTrades' ? { answer: message.trades } : undefined,
  );
}

/** One page of quotes from the span's start on. */
export function fetchQuotes(
  context: FetchContext,
  span: Span,
): Promise<Result<TickPage<IbQuote>, TickwellError>> {
  return fetchTicks<IbQuote>(context, span, 'BID_ASK', (message) =>
    message.kind === 'historyQuotes' ? { answer: message.quotes } : undefined,
  );
}

async function fetchTicks<T extends { readonly time: number }>(
  { connection, instrument, lane, useRth, signal }: FetchContext,
  span: Span,
  what: 'TRADES' | 'BID_ASK',
  read: Parameters<typeof connection.request<readonly T[]>>[0]['read'],
): Promise<Result<TickPage<T>, TickwellError>> {
  const { contract, symbol } = instrument;
  const start = formatIbUtc(span.fromSeconds);
  const parameters = ['ticks', start, useRth].join('|');
  const answer = await connection.request<readonly T[]>(
    {
      subject: symbol,
      pacing: pacedData(contract, { lane, what, size: 'small', parameters }),
      send: (link, reqId) => {
        link.reqHistoricalTicks(reqId, contract, { start, count: TICKS_PER_PAGE, what, useRth });
      },
      read,
      nothing: [],
    },
    signal,
  );
  return answer.ok ? ok(readTickPage(answer.value, span)) : err(answer.error);
}
