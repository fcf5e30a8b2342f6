import { decodeBarBatch, peekHeader, TOPICS, type DecodeError } from '@tickwell/contracts';
import {
  err,
  formatNs,
  NS_PER_DAY,
  ok,
  parseInterval,
  readState,
  StateWriter,
  type BarBatch,
  type Interval,
  type PriceType,
  type Result,
} from '@tickwell/domain';
import { qualityFinding, type Output, type Processor } from '@tickwell/flow';
import type { LogRecord } from '@tickwell/ports';
import { RECONCILED_SOURCE, ReconciledSeries, type IncomingBars } from '@tickwell/reconciliation';
import { barRecords, decisionRecords } from './outputs.ts';
import type { ReconcileSettings } from './settings.ts';

/** Most series (interval and price type) of one symbol. */
const MAX_SERIES = 16;
const PRICE_TYPES: readonly PriceType[] = ['trade', 'bid', 'ask', 'mid'];

interface SeriesEntry {
  readonly interval: string;
  readonly priceType: PriceType;
  readonly series: ReconciledSeries;
}

/** Everything the reconciler remembers of one symbol. */
export type ReconcilerState = SeriesEntry[];

/** Told of a record that cannot be read; storage, which reads the same topic, files its dead letter. */
type OnUnreadable = (record: LogRecord, error: DecodeError) => void;

/**
 * Compares the bars of the sources that a policy reconciles, says why they differ and whose is taken, and keeps the series "reconciled". Bars of
 * its own making and of sources that no policy names go by.
 */
export class Reconciler implements Processor<ReconcilerState, ReconcileSettings> {
  readonly name = 'reconciler';
  readonly inputTopic = TOPICS.bars.name;
  readonly dedup = 'record';
  readonly stateVersion = 1;
  readonly #onUnreadable: OnUnreadable;

  constructor(onUnreadable: OnUnreadable) {
    this.#onUnreadable = onUnreadable;
  }

  keyOf(record: LogRecord): string {
    return record.key ?? '';
  }

  createState(): ReconcilerState {
    return [];
  }

  process(record: LogRecord, state: ReconcilerState, settings: ReconcileSettings): readonly Output[] {
    const value = record.value ?? new Uint8Array();
    const source = peekHeader(value)?.source;
    if (source !== undefined && (source === RECONCILED_SOURCE || !settings.concerns(source))) return [];
    const decoded = decodeBarBatch(value, false);
    if (!decoded.ok) {
      this.#onUnreadable(record, decoded.error);
      return [];
    }
    const batch = decoded.value;
    const { header, interval: text, priceType } = batch;
    const of = settings.of(header.symbol, text);
    const interval = parseInterval(text);
    if (of === undefined || !interval.ok || !of.rules.sources.includes(header.source)) return [];
    const key = this.keyOf(record);
    const series = entryOf(state, text, priceType);
    if (series === undefined) return [tooManySeries(key, batch)];
    const facts = { isDaily: isDaily(interval.value), inSession: of.inSession };
    const { decisions, published, tooOld } = series.apply(incomingOf(batch), of.rules, facts);
    const { policy } = of;
    const about = { key, symbol: header.symbol, interval: interval.value, priceType, policy };
    return [
      ...decisionRecords(about, decisions),
      ...barRecords(about, published),
      ...(tooOld.length === 0 ? [] : [tooOldFinding(key, batch, tooOld, of.rules.windowBars)]),
    ];
  }

  encodeState(state: ReconcilerState): Uint8Array {
    const writer = new StateWriter().uint(state.length);
    for (const { interval, priceType, series } of state)
      writer.text(interval).uint(PRICE_TYPES.indexOf(priceType)).block(series.encode());
    return writer.finish();
  }

  decodeState(_key: string, version: number, bytes: Uint8Array): Result<ReconcilerState, string> {
    if (version !== this.stateVersion)
      return err(`version ${version}, this build reads ${this.stateVersion}`);
    const read = readState(bytes, (reader) =>
      Array.from({ length: reader.count(3) }, () => {
        const interval = reader.text();
        const priceType = PRICE_TYPES[reader.uint()] ?? reader.fail('a price type that does not exist');
        return { interval, priceType, encoded: reader.block() };
      }),
    );
    if (!read.ok) return read;
    const state: ReconcilerState = [];
    for (const { interval, priceType, encoded } of read.value) {
      const series = ReconciledSeries.decode(encoded);
      if (!series.ok) return err(`${interval} bars: ${series.error}`);
      state.push({ interval, priceType, series: series.value });
    }
    return ok(state);
  }
}

function entryOf(
  state: ReconcilerState,
  interval: string,
  priceType: PriceType,
): ReconciledSeries | undefined {
  const known = state.find((entry) => entry.interval === interval && entry.priceType === priceType);
  if (known !== undefined || state.length >= MAX_SERIES) return known?.series;
  const series = new ReconciledSeries();
  state.push({ interval, priceType, series });
  return series;
}

function isDaily(interval: Interval): boolean {
  return interval.kind !== 'fixed' || interval.lengthNs >= NS_PER_DAY;
}

function incomingOf({ header, bars }: BarBatch): IncomingBars {
  const { source, knownAtNs, priceBasis, watermarkNs } = header;
  return {
    source,
    knownAtNs,
    priceBasis,
    watermarkNs,
    bars: bars.startNs.map((startNs, index) => ({
      startNs,
      open: bars.open[index] ?? NaN,
      high: bars.high[index] ?? NaN,
      low: bars.low[index] ?? NaN,
      close: bars.close[index] ?? NaN,
      volume: bars.volume[index] ?? NaN,
      vwap: bars.vwap[index] ?? NaN,
      tradeCount: bars.tradeCount[index] ?? NaN,
    })),
  };
}

function tooOldFinding(
  key: string,
  batch: BarBatch,
  startsNs: readonly bigint[],
  windowBars: number,
): Output {
  const { header, interval } = batch;
  return finding(
    key,
    batch,
    startsNs,
    'reconcile-too-old',
    `${startsNs.length} ${interval} bars of ${key} (${header.source}) from ${formatNs(startsNs[0] ?? 0n)} on are older than the ${windowBars} newest, which are compared with other sources: make windowBars of the policy larger, or import the sources side by side`,
  );
}

function tooManySeries(key: string, batch: BarBatch): Output {
  const { header, interval, priceType } = batch;
  return finding(
    key,
    batch,
    batch.bars.startNs,
    'too-many-series',
    `${interval} ${priceType} bars of ${key} (${header.source}) are not compared with other sources: ${MAX_SERIES} series of it are already`,
  );
}

function finding(
  key: string,
  { header }: BarBatch,
  startsNs: readonly bigint[],
  rule: string,
  message: string,
): Output {
  let [startNs = 0n] = startsNs;
  let endNs = startNs;
  for (const time of startsNs) {
    if (time < startNs) startNs = time;
    if (time > endNs) endNs = time;
  }
  return qualityFinding(key, header, 'bars', { rule, message, startNs, endNs: endNs + 1n });
}
