import {
  contentType,
  encodeActionBatch,
  encodeBarBatch,
  encodeFundamentalBatch,
  encodeMessage,
  encodeTickBatch,
  events,
  HEADER_CONTENT_TYPE,
  HEADER_SOURCE,
  HEADER_STREAM_NAME,
  HEADER_TRACEPARENT,
  headerToProto,
  stateV1,
  TOPICS,
  type TopicSpec,
} from '@tickwell/contracts';
import { TickwellError, type Header, type PriceBasis } from '@tickwell/domain';
import type { FeedChunk, FeedRefusal, LiveReport, NewRecord, PortfolioItem } from '@tickwell/ports';
import type { IngestCursor } from './cursors.ts';

/** What every record of one stream has in common. */
interface StreamIdentity {
  readonly streamId: string;
  readonly source: string;
  /** Set once per stream and kept in its cursor, so that a resume repeats it. */
  readonly knownAtNs: bigint;
}

/** Index of the outputs of one position: data first, the closing watermark above it. */
const DATA_INDEX = 0;
const WATERMARK_INDEX = 1;

function header(
  stream: StreamIdentity,
  of: {
    readonly symbol: string;
    readonly suffix: string;
    readonly n: bigint;
    readonly k: number;
    readonly watermarkNs: bigint;
    readonly priceBasis: PriceBasis;
  },
): Header {
  return {
    source: stream.source,
    symbol: of.symbol,
    cause: { origin: `${stream.streamId}#${of.suffix}`, n: of.n, k: of.k },
    knownAtNs: stream.knownAtNs,
    watermarkNs: of.watermarkNs,
    replayOf: '',
    priceBasis: of.priceBasis,
  };
}

export interface RecordContext extends StreamIdentity {
  /** What a person calls the stream. */
  readonly streamName: string;
  readonly traceparent: string;
}

function record(context: RecordContext, topic: TopicSpec, key: string, value: Uint8Array): NewRecord {
  return {
    topic: topic.name,
    key,
    value,
    headers: {
      [HEADER_CONTENT_TYPE]: contentType(topic.type),
      [HEADER_SOURCE]: context.source,
      [HEADER_TRACEPARENT]: context.traceparent,
      [HEADER_STREAM_NAME]: context.streamName,
    },
  };
}

/** One batch as a record of its raw topic. `watermarkNs`: every event of this series before it is in this record or an earlier one. */
export function dataRecord(context: RecordContext, chunk: FeedChunk, watermarkNs: bigint): NewRecord {
  const { symbol, priceBasis, positions } = chunk;
  const n = positions.at(-1) ?? 0n;
  const of = header(context, { symbol, suffix: symbol, n, k: DATA_INDEX, watermarkNs, priceBasis });
  switch (chunk.kind) {
    case 'trades':
      return record(
        context,
        TOPICS.rawTicks,
        symbol,
        encodeTickBatch({ kind: 'trades', header: of, trades: chunk.trades, positions }),
      );
    case 'quotes':
      return record(
        context,
        TOPICS.rawTicks,
        symbol,
        encodeTickBatch({ kind: 'quotes', header: of, quotes: chunk.quotes, positions }),
      );
    case 'bars': {
      const { interval, priceType, bars } = chunk;
      return record(
        context,
        TOPICS.rawBars,
        symbol,
        encodeBarBatch({ header: of, interval, priceType, bars, positions }),
      );
    }
    case 'fundamentals':
      return record(
        context,
        TOPICS.rawFundamentals,
        symbol,
        encodeFundamentalBatch({ header: of, items: chunk.items }),
      );
    case 'actions':
      return record(
        context,
        TOPICS.rawActions,
        symbol,
        encodeActionBatch({ header: of, actions: chunk.actions }),
      );
    case 'portfolio':
      return record(context, TOPICS.rawPortfolio, symbol, encodePortfolioEvent(of, chunk.items[0], n));
  }
}

/** @throws TickwellError when a chunk is empty: batches of portfolio events hold exactly one. */
function encodePortfolioEvent(of: Header, item: PortfolioItem | undefined, position: bigint): Uint8Array {
  if (item === undefined) throw new TickwellError('empty-batch', 'a portfolio batch without an event');
  return encodeMessage(events.PortfolioEventSchema, {
    header: headerToProto(of),
    account: of.symbol,
    timeNs: item.timeNs,
    event: portfolioEvent(item),
    positionInStream: position,
  });
}

type PortfolioMessage = Parameters<typeof encodeMessage<typeof events.PortfolioEventSchema>>[1];

/** The item is named like the message's case and has its fields; what else it has is not encoded. */
function portfolioEvent(item: PortfolioItem): NonNullable<PortfolioMessage['event']> {
  switch (item.kind) {
    case 'position':
      return { case: item.kind, value: item };
    case 'accountValue':
      return { case: item.kind, value: item };
    case 'execution':
      return { case: item.kind, value: item };
    case 'profitAndLoss':
      return { case: item.kind, value: item };
  }
}

/** What a stream of ticks says of a symbol when it is over. */
export interface LastTick {
  readonly symbol: string;
  readonly position: bigint;
  readonly timeNs: bigint;
  readonly priceBasis: PriceBasis;
}

/** A record without events that says: nothing at or before the last time is to come. */
export function watermarkRecord(context: RecordContext, last: LastTick): NewRecord {
  const { symbol, position: n, timeNs, priceBasis } = last;
  const of = header(context, {
    symbol,
    suffix: symbol,
    n,
    k: WATERMARK_INDEX,
    watermarkNs: timeNs + 1n,
    priceBasis,
  });
  return record(context, TOPICS.rawTicks, symbol, encodeTickBatch({ kind: 'watermark', header: of }));
}

export function refusedRecord(context: RecordContext, refusal: FeedRefusal): NewRecord {
  const { symbol, position, rule, reason, original, originalSize, originalSha256 } = refusal;
  const of = header(context, {
    symbol,
    suffix: 'refused',
    n: position,
    k: DATA_INDEX,
    watermarkNs: 0n,
    priceBasis: 'unspecified',
  });
  const value = encodeMessage(events.RefusedInputSchema, {
    header: headerToProto(of),
    rule,
    reason,
    position,
    original,
    originalSize: BigInt(originalSize),
    originalSha256,
  });
  const key = symbol === '' ? context.source : symbol;
  return record(context, TOPICS.rawRefused, key, value);
}

export function cursorRecord(context: RecordContext, cursor: IngestCursor, updatedAtNs: bigint): NewRecord {
  const value = encodeMessage(stateV1.IngestCursorSchema, { ...cursor, updatedAtNs });
  return record(context, TOPICS.stateIngest, cursor.streamId, value);
}

export interface StatusReport {
  readonly state: 'up' | 'degraded' | 'down' | 'paced' | 'finished' | 'stopped';
  readonly reason: string;
  readonly events: bigint;
  readonly refused: bigint;
  readonly position: bigint;
}

const STATES = {
  up: events.SourceState.UP,
  degraded: events.SourceState.DEGRADED,
  down: events.SourceState.DOWN,
  paced: events.SourceState.PACED,
  finished: events.SourceState.FINISHED,
  stopped: events.SourceState.STOPPED,
} as const;

/** `nowNs` orders the reports of one stream over restarts. */
export function statusRecord(context: RecordContext, report: StatusReport, nowNs: bigint): NewRecord {
  const value = encodeMessage(events.SourceStatusSchema, {
    source: context.source,
    state: STATES[report.state],
    reason: report.reason,
    timeNs: nowNs,
    stream: context.streamId,
    events: report.events,
    position: report.position,
    refused: report.refused,
    cause: { origin: `${context.streamId}#status`, n: nowNs, k: DATA_INDEX },
  });
  return record(context, TOPICS.sourceStatus, context.source, value);
}

/** A hole as live feeds report it. */
export type ReportedHole = Extract<LiveReport, { readonly kind: 'hole' }>;

/** `nowNs` orders the holes of one stream. Undefined where nothing is missing between both ends. */
export function holeRecord(context: RecordContext, hole: ReportedHole, nowNs: bigint): NewRecord | undefined {
  const { symbol, series, interval = '', fromNs, toNs, lostAtNs, endedAtNs, unrepaired } = hole;
  if (fromNs < 0n || fromNs >= toNs) return undefined;
  const isRepaired = unrepaired === undefined;
  const cause = { origin: `${context.streamId}#holes`, n: nowNs, k: DATA_INDEX };
  const { source, streamId: stream } = context;
  const of = { source, symbol, cause, knownAtNs: nowNs, watermarkNs: 0n, replayOf: '' };
  const value = encodeMessage(events.HoleSchema, {
    header: headerToProto({ ...of, priceBasis: 'unspecified' }),
    // The top of the book is quotes; "bars 1m" names its interval for people.
    kind: series === 'top' ? 'quotes' : series.replace(/ .*$/, ''),
    interval,
    startNs: fromNs,
    endNs: toNs,
    state: isRepaired ? events.CoverageState.PRESENT : events.CoverageState.MISSING,
    step: 1,
    reason: isRepaired ? hole.reason : `${hole.reason}: ${unrepaired}`,
    sinceNs: lostAtNs,
    events: BigInt(hole.events),
    ...(isRepaired ? { repair: { source, stream, repairedAtNs: endedAtNs } } : {}),
  });
  return record(context, TOPICS.rawHoles, symbol, value);
}
