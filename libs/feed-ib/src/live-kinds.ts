import type { PriceBasis, Result, TickwellError } from '@tickwell/domain';
import { err, NS_PER_SECOND, ok } from '@tickwell/domain';
import { barSizeOf } from './bar-sizes.ts';
import { barsChunk, quotesChunk, tradesChunk } from './columns.ts';
import type { ResolvedInstrument } from './contracts.ts';
import { fetchBars, fetchQuotes, fetchTrades, pacedData, type FetchContext } from './history-fetch.ts';
import type { HistoryKind, Link } from './ib-link.ts';
import type { IbBar, IbMessage, IbQuote, IbTrade } from './ib-messages.ts';
import type { Numbered, RepairSpan, Timed } from './live-line.ts';
import type { ChunkMaker } from '@tickwell/ports';
import type { PacedRequest } from './pacing-schedule.ts';
import { barPieces } from './request-splitter.ts';

/** Some of what is missing: events of whole units, and how far they are complete. */
interface HistoryPart<T> {
  readonly events: readonly T[];
  readonly completeBefore: number;
  /** A second that history cannot give in full. */
  readonly truncatedSecond: number | undefined;
}

/** What one kind of live line is made of. */
export interface LiveKind<T extends Timed> {
  readonly name: 'trades' | 'quotes' | 'bars';
  /** Of bars. */
  readonly interval?: string;
  readonly unitSeconds: number;
  readonly pacing: (instrument: ResolvedInstrument) => PacedRequest;
  readonly send: (link: Link, reqId: number, instrument: ResolvedInstrument) => void;
  readonly cancel: (link: Link, reqId: number) => void;
  /** The event of a message; undefined: another kind of message. */
  readonly read: (message: IbMessage) => T | undefined;
  readonly fetch: (context: FetchContext, span: RepairSpan) => Promise<Result<HistoryPart<T>, TickwellError>>;
  /** Of events that its `read` and `fetch` made; others are a fault of the program and throw. */
  readonly chunks: (symbol: string) => ChunkMaker<Numbered<Timed>>;
}

/** As reports name it. */
export function seriesOf({ name, interval }: Pick<LiveKind<Timed>, 'name' | 'interval'>): {
  readonly series: string;
  readonly interval?: string;
} {
  return { series: name, ...(interval === undefined ? {} : { interval }) };
}

/** As traded; an outage is repaired within days, before a split would matter. */
const LIVE_BASIS: PriceBasis = 'raw';

function tickPacing({ contract }: ResolvedInstrument, what: string): PacedRequest {
  return pacedData(contract, { lane: 'live', what, size: 'small', parameters: 'subscription' });
}

/** Tick by tick. `Last` leaves out what is not reported to the tape (odd lots, averages). */
export function tradesKind(of: 'AllLast' | 'Last'): LiveKind<IbTrade> {
  const counts = (trade: IbTrade): boolean => of === 'AllLast' || !trade.unreported;
  return {
    name: 'trades',
    unitSeconds: 1,
    pacing: (instrument) => tickPacing(instrument, of),
    send: (link, reqId, { contract }) => {
      link.reqTickByTick(reqId, contract, of);
    },
    cancel: (link, reqId) => {
      link.cancelTickByTick(reqId);
    },
    read: (message) => (message.kind === 'trade' ? message.trade : undefined),
    fetch: async (context, span) => {
      const page = await fetchTrades(context, span);
      if (!page.ok) return page;
      const { ticks, nextSeconds, truncatedSecond } = page.value;
      return ok({
        events: ticks.filter(counts),
        completeBefore: nextSeconds ?? span.toSeconds,
        truncatedSecond,
      });
    },
    chunks: (symbol) => (events, positions) =>
      tradesChunk({ symbol, priceBasis: LIVE_BASIS }, allOf(events, isTrade), positions),
  };
}

export const QUOTES_KIND: LiveKind<IbQuote> = {
  name: 'quotes',
  unitSeconds: 1,
  pacing: (instrument) => tickPacing(instrument, 'BidAsk'),
  send: (link, reqId, { contract }) => {
    link.reqTickByTick(reqId, contract, 'BidAsk');
  },
  cancel: (link, reqId) => {
    link.cancelTickByTick(reqId);
  },
  read: (message) => (message.kind === 'quote' ? message.quote : undefined),
  fetch: async (context, span) => {
    const page = await fetchQuotes(context, span);
    if (!page.ok) return page;
    const { ticks, nextSeconds, truncatedSecond } = page.value;
    return ok({ events: ticks, completeBefore: nextSeconds ?? span.toSeconds, truncatedSecond });
  },
  chunks: (symbol) => (events, positions) =>
    quotesChunk({ symbol, priceBasis: LIVE_BASIS }, allOf(events, isQuote), positions),
};

/** Real-time bars of five seconds. */
export function barsKind(what: HistoryKind): LiveKind<IbBar> {
  const size = barSizeOf('5s');
  if (size === undefined) throw new RangeError('the table of bar sizes has no bars of 5 seconds');
  return {
    name: 'bars',
    interval: size.interval,
    unitSeconds: size.seconds,
    pacing: ({ contract }) =>
      pacedData(contract, { lane: 'live', what, size: 'small', parameters: 'real-time bars' }),
    send: (link, reqId, { contract }) => {
      link.reqRealTimeBars(reqId, contract, what, false);
    },
    cancel: (link, reqId) => {
      link.cancelRealTimeBars(reqId);
    },
    read: (message) => (message.kind === 'liveBar' ? message.bar : undefined),
    fetch: async (context, span) => {
      const [piece] = barPieces(size, span);
      if (piece === undefined)
        return ok({ events: [], completeBefore: span.toSeconds, truncatedSecond: undefined });
      const bars = await fetchBars(context, { size, what, piece });
      if (!bars.ok) return err(bars.error);
      return ok({ events: bars.value, completeBefore: piece.toSeconds, truncatedSecond: undefined });
    },
    chunks: (symbol) => (events, positions) => {
      const bars = allOf(events, isBar).map(({ event: { time, ...values } }) => ({
        ...values,
        startNs: BigInt(time) * NS_PER_SECOND,
        sessionDate: undefined,
      }));
      return barsChunk({ symbol, priceBasis: LIVE_BASIS, interval: size.interval, what }, bars, positions);
    },
  };
}

const isTrade = (of: Numbered<Timed>): of is Numbered<IbTrade> => 'price' in of.event;
const isQuote = (of: Numbered<Timed>): of is Numbered<IbQuote> => 'bidPrice' in of.event;
const isBar = (of: Numbered<Timed>): of is Numbered<IbBar> => 'open' in of.event;

/** Groups hold lines of several kinds, so what a line's events are is looked at where they become columns. */
function allOf<T extends Numbered<Timed>>(
  events: readonly Numbered<Timed>[],
  is: (event: Numbered<Timed>) => event is T,
): readonly T[] {
  if (events.every(is)) return events;
  throw new TypeError('a live line holds events of another kind');
}
