import { parseBarLength, NS_PER_DAY, NS_PER_SECOND, type PriceType } from '@tickwell/domain';
import type { LogRecord, TopicPartition } from '@tickwell/ports';
import { timesOf, type MarketEvents } from '../market-events.ts';
import { Touches } from './touches.ts';

/** Series remembered of a partition; with one more all of them are forgotten, and everything of the partition counts as touched. */
const MAX_SERIES = 32_768;
const TICK_GRAIN_NS = 60n * NS_PER_SECOND;
/** Bars of one grain. */
const GRAIN_BARS = 64n;

/** A part of one series that an answer is made of; an undefined side of the span is open. */
export interface Scope extends TopicPartition {
  readonly symbol: string;
  readonly series: string;
  readonly startNs: bigint | undefined;
  readonly endNs: bigint | undefined;
}

/**
 * Positions of a partition between which nothing touched a scope: what the records below any of them made of it is the same.
 * `fromOffset`: behind the last record that touched it; `toOffset`: behind the last one that was seen.
 */
export interface QuietSpan {
  readonly fromOffset: bigint;
  readonly toOffset: bigint;
}

interface SeenPartition {
  readonly epoch: string;
  readonly beginOffset: bigint;
  nextOffset: bigint;
  /** Of what was below nothing is known. */
  floor: bigint;
  readonly series: Map<string, Touches>;
}

export function barSeries(interval: string, priceType: PriceType): string {
  return `bars|${interval}|${priceType}`;
}

export const ACTIONS = 'actions';

/** How long the time is that is told apart in a series; what is cached of it begins and ends with one. */
export function grainNsOf(series: string): bigint {
  const [kind, interval = ''] = series.split('|');
  if (kind !== 'bars') return TICK_GRAIN_NS;
  const length = parseBarLength(interval);
  if (!length.ok || length.value.kind === 'threshold') return TICK_GRAIN_NS;
  if (length.value.kind === 'fixed') return length.value.lengthNs * GRAIN_BARS;
  return (length.value.kind === 'week' ? 7n : 31n) * NS_PER_DAY * BigInt(length.value.count) * GRAIN_BARS;
}

/** What this process has seen of the log: how far, and which times of which series the records touched. */
export class SeenLog {
  readonly #partitions = new Map<string, SeenPartition>();

  /** Where the process begins to follow a partition. */
  begin(place: TopicPartition & Pick<SeenPartition, 'epoch' | 'beginOffset' | 'nextOffset'>): void {
    const { epoch, beginOffset, nextOffset } = place;
    const partition = {
      epoch,
      beginOffset,
      nextOffset,
      floor: nextOffset,
      series: new Map<string, Touches>(),
    };
    this.#partitions.set(nameOf(place), partition);
  }

  /** Every record in order, repetitions too: events of it, or undefined where it cannot be read. */
  see(record: LogRecord, symbol: string, events: MarketEvents | 'none' | 'unknown'): void {
    const partition = this.#passed(record);
    if (events === 'unknown') this.#forget(partition);
    else if (events !== 'none')
      this.#touchesOf(partition, symbol, seriesOf(events))?.add(timesOf(events), record.offset);
  }

  /** A record that may have touched any time of a series. */
  seeAll(record: LogRecord, symbol: string, series: string): void {
    this.#touchesOf(this.#passed(record), symbol, series)?.addAll(record.offset);
  }

  nextOffset(place: TopicPartition): bigint | undefined {
    return this.#partitions.get(nameOf(place))?.nextOffset;
  }

  /** Id of the topic, where the partition is followed. */
  epoch(place: TopicPartition): string | undefined {
    return this.#partitions.get(nameOf(place))?.epoch;
  }

  /** Undefined: the partition is not followed. */
  quiet(scope: Scope): (QuietSpan & { readonly epoch: string; readonly beginOffset: bigint }) | undefined {
    const partition = this.#partitions.get(nameOf(scope));
    if (partition === undefined) return undefined;
    const { epoch, beginOffset, floor, nextOffset } = partition;
    const touches = partition.series.get(`${scope.symbol}|${scope.series}`);
    const last = touches?.last(scope.startNs, scope.endNs);
    const fromOffset = last === undefined || last < floor ? floor : last + 1n;
    return { epoch, beginOffset, fromOffset, toOffset: nextOffset };
  }

  #passed(record: LogRecord): SeenPartition {
    const partition = this.#partitions.get(nameOf(record));
    if (partition === undefined) throw new Error(`${nameOf(record)} is not followed`);
    // Records that were never handed over (retention was faster) may have touched anything.
    const isGap = record.offset > partition.nextOffset;
    partition.nextOffset = record.offset + 1n;
    if (isGap) this.#forget(partition);
    return partition;
  }

  /** Undefined: there are too many, and everything of the partition counts as touched. */
  #touchesOf(partition: SeenPartition, symbol: string, series: string): Touches | undefined {
    const key = `${symbol}|${series}`;
    const known = partition.series.get(key);
    if (known !== undefined) return known;
    if (partition.series.size >= MAX_SERIES) {
      this.#forget(partition);
      return undefined;
    }
    const touches = new Touches(grainNsOf(series));
    partition.series.set(key, touches);
    return touches;
  }

  #forget(partition: SeenPartition): void {
    partition.floor = partition.nextOffset;
    partition.series.clear();
  }
}

/** The series that events are of. */
function seriesOf(events: MarketEvents): string {
  if (events.kind !== 'bars') return events.kind;
  return barSeries(events.batch.interval, events.batch.priceType);
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
