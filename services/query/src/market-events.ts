import { encodeBarBatch, encodeIndicatorBatches, encodeTickBatch } from '@tickwell/contracts';
import {
  pickBars,
  pickQuotes,
  pickTrades,
  type BarBatch,
  type IndicatorBatch,
  type TickBatch,
} from '@tickwell/domain';

/** The events of a record, by kind. */
export type MarketEvents =
  | { readonly kind: 'trades' | 'quotes'; readonly batch: Exclude<TickBatch, { kind: 'watermark' }> }
  | { readonly kind: 'bars'; readonly batch: BarBatch }
  | { readonly kind: 'forming-bars'; readonly batch: BarBatch }
  /** One per specification, all of one series. */
  | { readonly kind: 'indicators'; readonly batches: readonly [IndicatorBatch, ...IndicatorBatch[]] };

/** Span of event time, ns since the epoch, half-open; an undefined side is open. */
export interface EventSpan {
  readonly sinceNs: bigint | undefined;
  readonly untilNs: bigint | undefined;
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

/** Kind, symbol and what else tells series of one source apart. */
export function seriesOf(events: MarketEvents): string {
  if (events.kind === 'indicators') {
    const [{ header, interval, priceType }] = events.batches;
    const specs = events.batches.map(({ specId }) => specId).join(' ');
    return ['indicators', header.symbol, interval, priceType, specs].join('|');
  }
  const { symbol } = events.batch.header;
  if (!isOfBars(events)) return `${events.kind}|${symbol}`;
  return [events.kind, symbol, events.batch.interval, events.batch.priceType].join('|');
}

function isOfBars(events: MarketEvents): events is Extract<MarketEvents, { readonly batch: BarBatch }> {
  return events.kind === 'bars' || events.kind === 'forming-bars';
}

/** Of the events those within the span; undefined where there is none. */
export function pickWithin(events: MarketEvents, span: EventSpan): MarketEvents | undefined {
  if (events.kind === 'indicators') {
    const [first, ...more] = events.batches.flatMap((batch) => indicatorsWithin(batch, span) ?? []);
    return first === undefined ? undefined : { kind: 'indicators', batches: [first, ...more] };
  }
  const indexes = indexesWithin(timesOf(events), span);
  return indexes.length === 0 ? undefined : pickEvents(events, indexes);
}

/** Some of the events, of indicators of every batch. */
function pickEvents(events: MarketEvents, indexes: readonly number[]): MarketEvents {
  if (events.kind === 'indicators') {
    const [first, ...more] = events.batches;
    const picked = more.map((batch) => pickValues(batch, indexes));
    return { kind: 'indicators', batches: [pickValues(first, indexes), ...picked] };
  }
  if (isOfBars(events)) {
    const { kind, batch } = events;
    return { kind, batch: { ...batch, bars: pickBars(batch.bars, indexes) } };
  }
  const { kind, batch } = events;
  return batch.kind === 'trades'
    ? { kind, batch: { ...batch, trades: pickTrades(batch.trades, indexes) } }
    : { kind, batch: { ...batch, quotes: pickQuotes(batch.quotes, indexes) } };
}

/** Of the events of each series the newest one that is before a time; of several of one time the last. */
export function newestOfEach(
  events: MarketEvents,
  untilNs: bigint | undefined,
): readonly { readonly timeNs: bigint; readonly newest: MarketEvents }[] {
  const parts: readonly MarketEvents[] =
    events.kind === 'indicators'
      ? events.batches.map((batch) => ({ kind: 'indicators', batches: [batch] }))
      : [events];
  return parts.flatMap((part) => {
    let last: { readonly timeNs: bigint; readonly index: number } | undefined;
    for (const [index, timeNs] of timesOf(part).entries()) {
      if (untilNs !== undefined && timeNs >= untilNs) continue;
      if (last === undefined || timeNs >= last.timeNs) last = { timeNs, index };
    }
    return last === undefined ? [] : [{ timeNs: last.timeNs, newest: pickEvents(part, [last.index]) }];
  });
}

function indicatorsWithin(batch: IndicatorBatch, span: EventSpan): IndicatorBatch | undefined {
  const indexes = indexesWithin(batch.startNs, span);
  return indexes.length === 0 ? undefined : pickValues(batch, indexes);
}

function pickValues(batch: IndicatorBatch, indexes: readonly number[]): IndicatorBatch {
  return {
    ...batch,
    startNs: pick(batch.startNs, indexes),
    warm: pick(batch.warm, indexes),
    outputs: batch.outputs.map(({ name, value }) => ({ name, value: pick(value, indexes) })),
  };
}

/** The events as the bytes of a record. */
export function encoded(events: MarketEvents): Uint8Array {
  if (isOfBars(events)) return encodeBarBatch(events.batch);
  if (events.kind === 'indicators') return encodeIndicatorBatches(events.batches);
  return encodeTickBatch(events.batch);
}

function indexesWithin(times: readonly bigint[], { sinceNs, untilNs }: EventSpan): readonly number[] {
  return times.flatMap((time, index) =>
    (sinceNs === undefined || time >= sinceNs) && (untilNs === undefined || time < untilNs) ? [index] : [],
  );
}

function pick<T>(values: readonly T[], indexes: readonly number[]): T[] {
  return indexes.flatMap((index) => values.slice(index, index + 1));
}
