import {
  TOPICS,
  decodeBarBatch,
  decodeIndicatorBatch,
  decodeTickBatch,
  encodeBarBatch,
  encodeIndicatorBatch,
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
  | { readonly kind: 'indicators'; readonly batch: IndicatorBatch };

/** Topic of each kind a subscriber may ask for. */
export const TOPIC_OF_KIND: Readonly<Record<EventKind, string>> = {
  trades: TOPICS.ticks.name,
  quotes: TOPICS.ticks.name,
  bars: TOPICS.bars.name,
  indicators: TOPICS.indicators.name,
};

export const LIVE_TOPICS: readonly string[] = [TOPICS.ticks.name, TOPICS.bars.name, TOPICS.indicators.name];

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
    if (record.topic === TOPICS.bars.name) {
      const decoded = decodeBarBatch(record.value, false);
      if (!decoded.ok) return err(decoded.error.reason);
      const events = { kind: 'bars' as const, batch: decoded.value };
      return ok(new MarketRecord(record, epoch, decoded.value.header, events));
    }
    const decoded = decodeIndicatorBatch(record.value);
    if (!decoded.ok) return err(decoded.error.reason);
    const events = { kind: 'indicators' as const, batch: decoded.value };
    return ok(new MarketRecord(record, epoch, decoded.value.header, events));
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
    const indexes = times.flatMap((time, index) => (time >= sinceNs ? [index] : []));
    if (indexes.length === 0) return undefined;
    return { bytes: this.#responseAround(encodePicked(this.events, indexes)), events: indexes.length };
  }

  #responseAround(batch: Uint8Array): Uint8Array {
    const { topic, partition, offset } = this.record;
    const position: Position = { topic, partition, epoch: this.epoch, nextOffset: offset + 1n };
    return batchResponse(this.events?.kind ?? 'trades', batch, position);
  }
}

/** Event times of the events, ns since the epoch. */
export function timesOf(events: MarketEvents): readonly bigint[] {
  if (events.kind === 'bars') return events.batch.bars.startNs;
  if (events.kind === 'indicators') return events.batch.startNs;
  return events.batch.kind === 'trades' ? events.batch.trades.timeNs : events.batch.quotes.timeNs;
}

/** Bars and indicators; "" for the rest. */
export function intervalOf(events: MarketEvents): string {
  return events.kind === 'bars' || events.kind === 'indicators' ? events.batch.interval : '';
}

function encodePicked(events: MarketEvents, indexes: readonly number[]): Uint8Array {
  if (events.kind === 'bars') {
    return encodeBarBatch({ ...events.batch, bars: pickBars(events.batch.bars, indexes) });
  }
  if (events.kind === 'indicators') {
    const { batch } = events;
    return encodeIndicatorBatch({
      ...batch,
      startNs: pick(batch.startNs, indexes),
      warm: pick(batch.warm, indexes),
      outputs: batch.outputs.map(({ name, value }) => ({ name, value: pick(value, indexes) })),
    });
  }
  const { batch } = events;
  return batch.kind === 'trades'
    ? encodeTickBatch({ ...batch, trades: pickTrades(batch.trades, indexes) })
    : encodeTickBatch({ ...batch, quotes: pickQuotes(batch.quotes, indexes) });
}

function pick<T>(values: readonly T[], indexes: readonly number[]): T[] {
  return indexes.flatMap((index) => values.slice(index, index + 1));
}
