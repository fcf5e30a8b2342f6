import { TOPICS, decodeBarBatch, decodeIndicatorBatches, decodeTickBatch } from '@tickwell/contracts';
import { err, ok, type EventLedger, type Header, type Result, type SeriesSum } from '@tickwell/domain';
import type { LogRecord } from '@tickwell/ports';
import type { EventKind } from './arguments.ts';
import { seriesSum } from './event-sums.ts';
import {
  encoded,
  pickWithin,
  seriesOf,
  timesOf,
  type EventSpan,
  type MarketEvents,
} from './market-events.ts';
import type { Match } from './match.ts';
import { batchResponse, type Position } from './response.ts';

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
  #sum: SeriesSum | undefined;
  #series: string | undefined;
  /** Of its events, the least and the greatest time. */
  #timeBounds: readonly [bigint, bigint] | undefined;

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

  /** Which series it is of: of its kind, what a newer record replaces. */
  get series(): string {
    this.#series ??= this.events === undefined ? '' : `${this.header.source}|${seriesOf(this.events)}`;
    return this.#series;
  }

  /** The newest time of its events, ns since the epoch. */
  get lastNs(): bigint {
    return this.#bounds()[1];
  }

  get eventCount(): number {
    return this.events === undefined ? 0 : timesOf(this.events).length;
  }

  /** The SubscribeResponse that carries the whole record: the record's own bytes behind its position. */
  response(): Uint8Array {
    this.#response ??= this.#responseAround(this.record.value ?? new Uint8Array());
    return this.#response;
  }

  /** What of the record is within a span of event time, half-open, ready to send; undefined: nothing. */
  matchWithin({ sinceNs, untilNs }: EventSpan): Match | undefined {
    if (this.events === undefined || this.eventCount === 0) return undefined;
    if (this.#isWithin(sinceNs, untilNs))
      return { bytes: this.response(), events: this.eventCount, addTo: this.#addTo };
    const picked = pickWithin(this.events, { sinceNs, untilNs });
    if (picked === undefined) return undefined;
    const addTo = (ledger: EventLedger): void => {
      ledger.add(seriesSum(picked));
    };
    return { bytes: this.#responseAround(encoded(picked)), events: timesOf(picked).length, addTo };
  }

  /** Summed once for the process. */
  readonly #addTo = (ledger: EventLedger): void => {
    if (this.events === undefined) return;
    this.#sum ??= seriesSum(this.events);
    ledger.add(this.#sum);
  };

  #isWithin(sinceNs: bigint | undefined, untilNs: bigint | undefined): boolean {
    if (this.events === undefined || (sinceNs === undefined && untilNs === undefined)) return true;
    const [minNs, maxNs] = this.#bounds();
    return (sinceNs === undefined || minNs >= sinceNs) && (untilNs === undefined || maxNs < untilNs);
  }

  #bounds(): readonly [bigint, bigint] {
    if (this.#timeBounds !== undefined) return this.#timeBounds;
    const [first = 0n, ...times] = this.events === undefined ? [] : timesOf(this.events);
    const minNs = times.reduce((least, time) => (time < least ? time : least), first);
    const maxNs = times.reduce((most, time) => (time > most ? time : most), first);
    this.#timeBounds = [minNs, maxNs];
    return this.#timeBounds;
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
