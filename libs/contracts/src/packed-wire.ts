import { fromBinary } from '@bufbuild/protobuf';
import { packQuotes, packTrades, type PackedQuotes, type PackedTrades } from '@tickwell/domain';
import { GetQuotesResponseSchema, GetTicksResponseSchema } from './gen/tickwell/query/v1/market_data_pb.js';
import { LEN, tagOf, unusual } from './header-wire.ts';
import { ForwardReader, UnusualLayout } from './wire-reader.ts';
import { BackwardWriter } from './wire-writer.ts';

/*
 * GetTicksResponse and GetQuotesResponse (market_data.proto) by hand: a packed column of 64 bit values is, on the wire, the memory of a typed array.
 * For a million rows of three columns protobuf-es takes 65 ms to write and 50 to read what is in arrays already, and 70 to bring it there
 * (bench/reads.ts). Tests hold both to the same bytes.
 */

/** What GetTicks answers of one source. */
export interface PackedTicks {
  readonly source: string;
  readonly trades: PackedTrades;
}

/** What GetQuotes answers of one source. */
export interface PackedQuoteRows {
  readonly source: string;
  readonly quotes: PackedQuotes;
}

const writer = new BackwardWriter();

/** The same bytes as protobuf-es'. */
export function encodeTicksResponse({ source, trades }: PackedTicks): Uint8Array<ArrayBuffer> {
  writer.reset();
  writeTrades(trades);
  writer.nested(2, 0);
  writer.text(1, source);
  return writer.finish();
}

/** The same bytes as protobuf-es'. */
export function encodeQuotesResponse({ source, quotes }: PackedQuoteRows): Uint8Array<ArrayBuffer> {
  writer.reset();
  writeQuotes(quotes);
  writer.nested(2, 0);
  writer.text(1, source);
  return writer.finish();
}

function writeTrades(trades: PackedTrades): void {
  writer.texts(6, trades.venue);
  writer.texts(5, trades.conditions);
  writer.memoryColumn(4, trades.size);
  writer.memoryColumn(3, trades.price);
  writer.memoryColumn(2, trades.seq);
  writer.memoryColumn(1, trades.timeNs);
}

function writeQuotes(quotes: PackedQuotes): void {
  writer.memoryColumn(6, quotes.askSize);
  writer.memoryColumn(5, quotes.askPrice);
  writer.memoryColumn(4, quotes.bidSize);
  writer.memoryColumn(3, quotes.bidPrice);
  writer.memoryColumn(2, quotes.seq);
  writer.memoryColumn(1, quotes.timeNs);
}

/** @throws what protobuf-es throws of bytes that are no such message */
export function decodeTicksResponse(bytes: Uint8Array): PackedTicks {
  const read = readAnswer(bytes, readTrades);
  if (read !== undefined) return { source: read.source, trades: read.columns };
  const { source, trades } = fromBinary(GetTicksResponseSchema, bytes);
  return { source, trades: trades === undefined ? NO_TRADES : packTrades(trades) };
}

/** @throws what protobuf-es throws of bytes that are no such message */
export function decodeQuotesResponse(bytes: Uint8Array): PackedQuoteRows {
  const read = readAnswer(bytes, readQuotes);
  if (read !== undefined) return { source: read.source, quotes: read.columns };
  const { source, quotes } = fromBinary(GetQuotesResponseSchema, bytes);
  return { source, quotes: quotes === undefined ? NO_QUOTES : packQuotes(quotes) };
}

/** Undefined: let protobuf-es decode it, or say what is wrong with it. */
function readAnswer<C>(
  bytes: Uint8Array,
  readColumns: (reader: ForwardReader) => C,
): { readonly source: string; readonly columns: C } | undefined {
  const reader = new ForwardReader(bytes);
  let source = '';
  let columns: C | undefined;
  let last = 0;
  try {
    for (let tag = reader.tag(); tag !== -1; tag = reader.tag()) {
      if (tag <= last) return undefined;
      last = tag;
      if (tag === tagOf(1, LEN)) source = reader.text();
      else if (tag === tagOf(2, LEN)) columns = reader.nested(() => readColumns(reader));
      else return undefined;
    }
  } catch (error) {
    if (error instanceof UnusualLayout) return undefined;
    throw error;
  }
  return columns === undefined ? undefined : { source, columns };
}

const NO_LONGS = new BigInt64Array();
const NO_DOUBLES = new Float64Array();
const NO_TRADES: PackedTrades = {
  timeNs: NO_LONGS,
  seq: NO_LONGS,
  price: NO_DOUBLES,
  size: NO_DOUBLES,
  conditions: [],
  venue: [],
};
const NO_QUOTES: PackedQuotes = {
  timeNs: NO_LONGS,
  seq: NO_LONGS,
  bidPrice: NO_DOUBLES,
  bidSize: NO_DOUBLES,
  askPrice: NO_DOUBLES,
  askSize: NO_DOUBLES,
};

function readTrades(reader: ForwardReader): PackedTrades {
  let { timeNs, seq, price, size } = NO_TRADES;
  const conditions: string[] = [];
  const venue: string[] = [];
  let last = 0;
  for (let tag = reader.tag(); tag !== -1; tag = reader.tag()) {
    const repeats = tag === tagOf(5, LEN) || tag === tagOf(6, LEN);
    if (tag < last || (tag === last && !repeats)) throw unusual();
    last = tag;
    if (tag === tagOf(1, LEN)) timeNs = new BigInt64Array(reader.memoryColumn());
    else if (tag === tagOf(2, LEN)) seq = new BigInt64Array(reader.memoryColumn());
    else if (tag === tagOf(3, LEN)) price = new Float64Array(reader.memoryColumn());
    else if (tag === tagOf(4, LEN)) size = new Float64Array(reader.memoryColumn());
    else if (tag === tagOf(5, LEN)) conditions.push(reader.text());
    else if (tag === tagOf(6, LEN)) venue.push(reader.text());
    else throw unusual();
  }
  return { timeNs, seq, price, size, conditions, venue };
}

function readQuotes(reader: ForwardReader): PackedQuotes {
  let { timeNs, seq, bidPrice, bidSize, askPrice, askSize } = NO_QUOTES;
  let last = 0;
  for (let tag = reader.tag(); tag !== -1; tag = reader.tag()) {
    if (tag <= last) throw unusual();
    last = tag;
    if (tag === tagOf(1, LEN)) timeNs = new BigInt64Array(reader.memoryColumn());
    else if (tag === tagOf(2, LEN)) seq = new BigInt64Array(reader.memoryColumn());
    else if (tag === tagOf(3, LEN)) bidPrice = new Float64Array(reader.memoryColumn());
    else if (tag === tagOf(4, LEN)) bidSize = new Float64Array(reader.memoryColumn());
    else if (tag === tagOf(5, LEN)) askPrice = new Float64Array(reader.memoryColumn());
    else if (tag === tagOf(6, LEN)) askSize = new Float64Array(reader.memoryColumn());
    else throw unusual();
  }
  return { timeNs, seq, bidPrice, bidSize, askPrice, askSize };
}
