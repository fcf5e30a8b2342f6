import {
  TOPICS,
  decodeBarBatch,
  decodeIndicatorBatches,
  decodeTickBatch,
  encodeBarBatch,
  encodeIndicatorBatches,
  encodeTickBatch,
} from '@tickwell/contracts';
import {
  err,
  ok,
  pickBars,
  pickQuotes,
  pickTrades,
  type BarBatch,
  type Header,
  type IndicatorBatch,
  type Result,
  type TickBatch,
} from '@tickwell/domain';
import type { LogRecord } from '@tickwell/ports';
import type { EventKind } from './arguments.ts';
import { batchResponse, type Position } from './response.ts';

/** The events of a record, by kind. */
export type MarketEvents =
  | { readonly kind: 'trades' | 'quotes'; readonly batch: Exclude<TickBatch, { kind: 'watermark' }> }
  | { readonly kind: 'bars'; readonly batch: BarBatch }
  | { readonly kind: 'forming-bars'; readonly batch: BarBatch }
  /** One per specification, all of one series. */
  | { readonly kind: 'indicators'; readonly batches: readonly [IndicatorBatch, ...IndicatorBatch[]] };

/** Topic of each kind a subscriber may ask for. */
export const TOPIC_OF_KIND: Readonly<Record<EventKind, string>> = {
  trades: TOPICS.ticks.name,
  quotes: TOPICS.ticks.name,
  bars: TOPICS.bars.name,
  indicators: TOPICS.indicators.name,
  'forming-bars': TOPICS.barsForming.name,
};

export const LIVE_TOPICS: readonly string[] = [...new Set(Object.values(TOPIC_OF_KIND))];

/** A decoded record of the live topics. Decoded once for the process, serialized once for every subscriber who gets all of it. */
export class MarketRecord {
  readonly record: LogRecord;
  readonly epoch: string;
  readonly header: Header;
  /** Undefined: the record only moves the watermark. */
  readonly events: MarketEvents | undefined;
  #response: Uint8Array | undefined;
  #minTimeNs: bigint | undefined;

  private constructor(record: LogRecord, epoch: string, header: Header, events: MarketEvents | undefined) {
    this.record = record;
    this.epoch = epoch;
    this.header = header;
    this.events = events;
  }

  static parse(record: LogRecord, epoch: string): Result<MarketRecord, string> {
    if (record.value === null) return err('a record without value');
    if (record.topic === TOPICS.ticks.name) {
      const decoded = decodeTickBatch(record.value, false);
      if (!decoded.ok) return err(decoded.error.reason);
      const batch = decoded.value;
      const events = batch.kind === 'watermark' ? undefined : { kind: batch.kind, batch };
      return ok(new MarketRecord(record, epoch, batch.header, events));
    }
    if (record.topic === TOPICS.bars.name || record.topic === TOPICS.barsForming.name) {
      const decoded = decodeBarBatch(record.value, false);
      if (!decoded.ok) return err(decoded.error.reason);
      const batch = decoded.value;
      const events: MarketEvents =
        record.topic === TOPICS.bars.name ? { kind: 'bars', batch } : { kind: 'forming-bars', batch };
      return ok(new MarketRecord(record, epoch, decoded.value.header, events));
    }
    const decoded = decodeIndicatorBatches(record.value);
    if (!decoded.ok) return err(decoded.error.reason);
    const events = { kind: 'indicators' as const, batches: decoded.value };
    return ok(new MarketRecord(record, epoch, decoded.value[0].header, events));
  }

  get eventCount(): number {
    return this.events === undefined ? 0 : timesOf(this.events).length;
  }

  /** The SubscribeResponse that carries the whole record: the record's own bytes behind its position. */
  response(): Uint8Array {
    this.#response ??= this.#responseAround(this.record.value ?? new Uint8Array());
    return this.#response;
  }

  /** As {@link response}, of the events at or after a time; undefined where there is none. */
  responseSince(sinceNs: bigint): { readonly bytes: Uint8Array; readonly events: number } | undefined {
    if (this.events === undefined) return undefined;
    const times = timesOf(this.events);
    this.#minTimeNs ??= times.reduce((least, time) => (time < least ? time : least), times[0] ?? 0n);
    if (this.#minTimeNs >= sinceNs) return { bytes: this.response(), events: times.length };
    const picked = pickSince(this.events, sinceNs);
    if (picked === undefined) return undefined;
    return { bytes: this.#responseAround(encoded(picked)), events: timesOf(picked).length };
  }

  /** Behind this record. */
  get position(): Position {
    const { topic, partition, offset } = this.record;
    return { topic, partition, epoch: this.epoch, nextOffset: offset + 1n };
  }

  #responseAround(batch: Uint8Array): Uint8Array {
    return batchResponse(this.events?.kind ?? 'trades', batch, this.position);
  }
}

/** Event times of the events, ns since the epoch. */
export function timesOf(events: MarketEvents): readonly bigint[] {
  if (isOfBars(events)) return events.batch.bars.startNs;
  if (events.kind === 'indicators') return events.batches.flatMap(({ startNs }) => startNs);
  return events.batch.kind === 'trades' ? events.batch.trades.timeNs : events.batch.quotes.timeNs;
}

/** Bars and indicators; "" for the rest. */
export function intervalOf(events: MarketEvents): string {
  if (events.kind === 'indicators') return events.batches[0].interval;
  return isOfBars(events) ? events.batch.interval : '';
}

function isOfBars(events: MarketEvents): events is Extract<MarketEvents, { readonly batch: BarBatch }> {
  return events.kind === 'bars' || events.kind === 'forming-bars';
}

/** Of the events those at or after a time; undefined where there is none. */
function pickSince(events: MarketEvents, sinceNs: bigint): MarketEvents | undefined {
  if (events.kind === 'indicators') {
    const [first, ...more] = events.batches.flatMap((batch) => indicatorsSince(batch, sinceNs) ?? []);
    return first === undefined ? undefined : { kind: 'indicators', batches: [first, ...more] };
  }
  const indexes = indexesSince(timesOf(events), sinceNs);
  if (indexes.length === 0) return undefined;
  if (isOfBars(events)) {
    const { kind, batch } = events;
    return { kind, batch: { ...batch, bars: pickBars(batch.bars, indexes) } };
  }
  const { kind, batch } = events;
  return batch.kind === 'trades'
    ? { kind, batch: { ...batch, trades: pickTrades(batch.trades, indexes) } }
    : { kind, batch: { ...batch, quotes: pickQuotes(batch.quotes, indexes) } };
}

function indicatorsSince(batch: IndicatorBatch, sinceNs: bigint): IndicatorBatch | undefined {
  const indexes = indexesSince(batch.startNs, sinceNs);
  if (indexes.length === 0) return undefined;
  return {
    ...batch,
    startNs: pick(batch.startNs, indexes),
    warm: pick(batch.warm, indexes),
    outputs: batch.outputs.map(({ name, value }) => ({ name, value: pick(value, indexes) })),
  };
}

function encoded(events: MarketEvents): Uint8Array {
  if (isOfBars(events)) return encodeBarBatch(events.batch);
  if (events.kind === 'indicators') return encodeIndicatorBatches(events.batches);
  return encodeTickBatch(events.batch);
}

function indexesSince(times: readonly bigint[], sinceNs: bigint): readonly number[] {
  return times.flatMap((time, index) => (time >= sinceNs ? [index] : []));
}

function pick<T>(values: readonly T[], indexes: readonly number[]): T[] {
  return indexes.flatMap((index) => values.slice(index, index + 1));
}
