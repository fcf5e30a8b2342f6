import {
  plainBars,
  toBarColumns,
  TradeBars,
  type BarLimits,
  type BarPlan,
  type ClosedBars,
  type TradeBarsOutcome,
} from '@tickwell/bars';
import { decodeTickBatch, encodeBarBatch, MAX_BATCH_EVENTS, TOPICS } from '@tickwell/contracts';
import {
  err,
  formatNs,
  ok,
  readState,
  StateWriter,
  type Header,
  type Interval,
  type PriceBasis,
  type Result,
  type TickBatch,
} from '@tickwell/domain';
import { qualityFinding, type Output, type Processor } from '@tickwell/flow';
import type { LogRecord } from '@tickwell/ports';
import { cutForRecords } from './outputs.ts';
import type { ServiceSettings } from './settings.ts';
import type { OnUnreadable } from './unreadable.ts';

/** Most series of trades (source and price basis) one symbol may have bars of. */
const MAX_SERIES = 16;
const PRICE_BASES: readonly PriceBasis[] = ['unspecified', 'raw', 'split-adjusted', 'all'];

interface TradeSeries {
  readonly source: string;
  readonly priceBasis: PriceBasis;
  readonly bars: TradeBars;
}

/** Everything the bar builder remembers of one symbol. */
export type BarBuilderState = TradeSeries[];

export interface BarBuilderOptions {
  readonly intervals: readonly Interval[];
  readonly limits: BarLimits;
  readonly onUnreadable?: OnUnreadable;
}

/**
 * Trades to bars of source `derived:<source>`, one set per source and price basis. Quotes go by; a watermark without trades closes
 * the bars of its source. What comes too late for its bar is a finding.
 */
export class BarBuilder implements Processor<BarBuilderState, ServiceSettings> {
  readonly name = 'bar-builder';
  readonly inputTopic = TOPICS.ticks.name;
  readonly dedup = 'record';
  readonly stateVersion = 1;
  readonly #options: BarBuilderOptions;
  readonly #plans: readonly BarPlan[];

  constructor(options: BarBuilderOptions) {
    this.#options = options;
    this.#plans = options.intervals.map(plainBars);
  }

  keyOf(record: LogRecord): string {
    return record.key ?? '';
  }

  createState(): BarBuilderState {
    return [];
  }

  process(record: LogRecord, state: BarBuilderState): readonly Output[] {
    const decoded = decodeTickBatch(record.value ?? new Uint8Array(), false);
    if (!decoded.ok) {
      this.#options.onUnreadable?.(record, decoded.error);
      return [];
    }
    const batch = decoded.value;
    if (batch.kind === 'quotes') return [];
    const { header } = batch;
    const key = this.keyOf(record);
    if (batch.kind === 'watermark') {
      return state
        .filter((series) => series.source === header.source)
        .flatMap((series) =>
          report(key, { ...header, priceBasis: series.priceBasis }, series.bars.apply(header)),
        );
    }
    const series = this.#seriesOf(state, header);
    if (series === undefined) return [tooManySeries(key, batch)];
    return report(key, header, series.bars.apply({ ...header, trades: batch.trades }));
  }

  encodeState(state: BarBuilderState): Uint8Array {
    const writer = new StateWriter().uint(state.length);
    for (const { source, priceBasis, bars } of state) {
      writer.text(source).uint(PRICE_BASES.indexOf(priceBasis)).block(bars.snapshot());
    }
    return writer.finish();
  }

  decodeState(_key: string, version: number, bytes: Uint8Array): Result<BarBuilderState, string> {
    if (version !== this.stateVersion)
      return err(`version ${version}, this build reads ${this.stateVersion}`);
    const read = readState(bytes, (reader) =>
      Array.from({ length: reader.count(3) }, () => {
        const source = reader.text();
        const priceBasis = PRICE_BASES[reader.uint()] ?? reader.fail('a price basis that does not exist');
        return { source, priceBasis, snapshot: reader.block() };
      }),
    );
    if (!read.ok) return read;
    const state: BarBuilderState = [];
    for (const { source, priceBasis, snapshot } of read.value) {
      const bars = TradeBars.restore(snapshot, this.#plans, this.#options.limits);
      if (!bars.ok) return bars;
      state.push({ source, priceBasis, bars: bars.value });
    }
    return ok(state);
  }

  #seriesOf(state: BarBuilderState, header: Header): TradeSeries | undefined {
    const { source, priceBasis } = header;
    const known = state.find((series) => series.source === source && series.priceBasis === priceBasis);
    if (known !== undefined || state.length >= MAX_SERIES) return known;
    const series = { source, priceBasis, bars: new TradeBars(this.#plans, this.#options.limits) };
    state.push(series);
    return series;
  }
}

function report(key: string, header: Header, outcome: TradeBarsOutcome): Output[] {
  const outputs = outcome.closed.flatMap((closed) => barRecords(key, header, closed));
  const find = (rule: string, message: string, startNs: bigint, endNs: bigint): void => {
    outputs.push(qualityFinding(key, header, 'trades', { rule, message, startNs, endNs }));
  };
  for (const { interval, count, firstNs, lastNs, volume } of outcome.tooLate) {
    const span = `${formatNs(firstNs)} to ${formatNs(lastNs)}`;
    find(
      'trade-too-late',
      `${count} trades of ${key} (${header.source}) from ${span}, volume ${volume}, came after their ${interval} bars were final: no ${interval} bar holds them`,
      firstNs,
      lastNs + 1n,
    );
  }
  const { knownAtNs } = header;
  if (outcome.refused > 0) {
    find(
      'trade-not-usable',
      `${outcome.refused} trades of ${key} (${header.source}) are in no bar: price or size is no finite number, or the size is negative`,
      knownAtNs,
      knownAtNs,
    );
  }
  for (const { interval, bars } of outcome.forced) {
    find(
      'watermark-stalled',
      `${bars} ${interval} bars of ${key} (${header.source}) were closed without a watermark: the source does not say how far it got`,
      knownAtNs,
      knownAtNs,
    );
  }
  return outputs;
}

/** The last record of an interval says how far the bars got: before it that is not true yet. */
function barRecords(key: string, header: Header, closed: ClosedBars): Output[] {
  const pieces = cutForRecords(closed.bars, MAX_BATCH_EVENTS);
  const source = `derived:${header.source}`;
  return pieces.map((bars, index): Output => {
    const watermarkNs = index === pieces.length - 1 ? closed.watermarkNs : 0n;
    const knownAtNs = bars[0]?.knownAtNs ?? 0n;
    return {
      topic: TOPICS.bars.name,
      key,
      type: TOPICS.bars.type,
      source,
      encode: (cause) =>
        encodeBarBatch({
          header: { ...header, source, cause, knownAtNs, watermarkNs, replayOf: '' },
          interval: closed.interval.text,
          priceType: 'trade',
          bars: toBarColumns(closed.interval, bars),
          positions: [],
        }),
    };
  });
}

function tooManySeries(key: string, batch: TickBatch & { readonly kind: 'trades' }): Output {
  const { header, trades } = batch;
  const [startNs = 0n] = trades.timeNs;
  return qualityFinding(key, header, 'trades', {
    rule: 'too-many-series',
    message: `${trades.timeNs.length} trades of ${key} from ${header.source} are in no bar: ${MAX_SERIES} sources have bars of it already`,
    startNs,
    endNs: (trades.timeNs.at(-1) ?? startNs) + 1n,
  });
}
