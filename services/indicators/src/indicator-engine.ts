import { decodeBarBatch, TOPICS } from '@tickwell/contracts';
import {
  err,
  formatNs,
  ok,
  readState,
  StateWriter,
  type BarBatch,
  type PriceBasis,
  type PriceType,
  type Result,
} from '@tickwell/domain';
import { qualityFinding, type Finding, type Output, type Processor } from '@tickwell/flow';
import { barInput, IndicatorSeries, isUsableInput, type SeriesBar } from '@tickwell/indicators';
import type { LogRecord } from '@tickwell/ports';
import type { History } from './history.ts';
import { configureSeries, IndicatorPreparing } from './indicator-preparing.ts';
import { indicatorRecords } from './indicator-records.ts';
import type { SeriesEntry } from './series-entry.ts';
import type { ServiceSettings } from './settings.ts';
import type { OnUnreadable } from './unreadable.ts';

/** Most series of bars (source, interval and price type) one symbol may have indicators of. */
const MAX_SERIES = 64;
const PRICE_TYPES: readonly PriceType[] = ['trade', 'bid', 'ask', 'mid'];
const PRICE_BASES: readonly PriceBasis[] = ['unspecified', 'raw', 'split-adjusted', 'all'];

/** Everything the indicator engine remembers of one symbol. */
export type IndicatorState = SeriesEntry[];

export interface IndicatorEngineOptions {
  /** How far back, in bars of a series, a correction is computed at once; at least 1. */
  readonly keptBars: number;
  /** What specifications that begin later, and corrections of older bars, are computed from. */
  readonly history: History;
  readonly onUnreadable?: OnUnreadable;
}

/**
 * Bars to the configured indicators, per source, interval and price type. A batch's price basis and watermark go on as they come. The
 * anchor of a series is its first bar; `known_at` of a value is the greatest known-at of the bars from the anchor to its own, so a value
 * is never said to be known before something it may depend on. Bars without volume count as volume 0.
 */
export class IndicatorEngine implements Processor<IndicatorState, ServiceSettings> {
  readonly name = 'indicator-engine';
  readonly inputTopic = TOPICS.bars.name;
  readonly dedup = 'record';
  readonly stateVersion = 2;
  readonly preparing: IndicatorPreparing;
  readonly #options: IndicatorEngineOptions;

  constructor(options: IndicatorEngineOptions) {
    this.#options = options;
    this.preparing = new IndicatorPreparing(options.history);
  }

  keyOf(record: LogRecord): string {
    return record.key ?? '';
  }

  createState(): IndicatorState {
    return [];
  }

  process(record: LogRecord, state: IndicatorState, settings: ServiceSettings): readonly Output[] {
    const decoded = decodeBarBatch(record.value ?? new Uint8Array(), false);
    if (!decoded.ok) {
      this.#options.onUnreadable?.(record, decoded.error);
      return [];
    }
    const batch = decoded.value;
    const key = this.keyOf(record);
    const entry = this.#entryOf(state, batch);
    if (entry === undefined) return [tooManySeries(key, batch)];
    configureSeries(key, entry, settings);
    entry.priceBasis = batch.header.priceBasis;
    const bars = toSeriesBars(batch);
    const usable = bars.filter(isUsableInput);
    const { rows, failed } = entry.indicators.apply(usable);
    const outputs = indicatorRecords(key, batch, rows);
    const refused = bars
      .filter((bar, index) => !isUsableInput(bar) && !isEmpty(batch, index))
      .map((bar) => bar.startNs);
    if (refused.length > 0) {
      const reason = 'have prices or volumes that are no finite numbers: indicators do not count them';
      outputs.push(barsFinding(key, batch, refused, 'bar-not-usable', reason));
    }
    for (const { message } of failed) outputs.push(failureFinding(key, batch, message));
    const missing = entry.indicators.tellLackOfCalendar();
    if (missing.length > 0) outputs.push(noCalendar(key, batch, missing));
    return outputs;
  }

  encodeState(state: IndicatorState): Uint8Array {
    const writer = new StateWriter().uint(state.length);
    for (const { source, interval, priceType, priceBasis, indicators } of state) {
      writer.text(source).text(interval).uint(PRICE_TYPES.indexOf(priceType));
      writer.uint(PRICE_BASES.indexOf(priceBasis)).block(indicators.encode());
    }
    return writer.finish();
  }

  decodeState(_key: string, version: number, bytes: Uint8Array): Result<IndicatorState, string> {
    if (version < 1 || version > this.stateVersion)
      return err(`version ${version}, this build reads up to ${this.stateVersion}`);
    const read = readState(bytes, (reader) =>
      Array.from({ length: reader.count(4) }, () => {
        const [source, interval] = [reader.text(), reader.text()];
        const priceType = PRICE_TYPES[reader.uint()] ?? reader.fail('a price type that does not exist');
        const priceBasis = version === 1 ? 'unspecified' : PRICE_BASES[reader.uint()];
        if (priceBasis === undefined) return reader.fail('a price basis that does not exist');
        return { source, interval, priceType, priceBasis, encoded: reader.block() };
      }),
    );
    if (!read.ok) return read;
    const state: IndicatorState = [];
    for (const { encoded, ...series } of read.value) {
      const indicators = IndicatorSeries.decode(encoded, version, this.#options.keptBars);
      if (!indicators.ok) return err(`${series.source} ${series.interval}: ${indicators.error}`);
      state.push({ ...series, indicators: indicators.value, settings: undefined, warmUp: undefined });
    }
    return ok(state);
  }

  #entryOf(state: IndicatorState, batch: BarBatch): SeriesEntry | undefined {
    const { header, interval, priceType } = batch;
    const { source } = header;
    const known = state.find(
      (entry) => entry.source === source && entry.interval === interval && entry.priceType === priceType,
    );
    if (known !== undefined || state.length >= MAX_SERIES) return known;
    const indicators = new IndicatorSeries(this.#options.keptBars);
    const { priceBasis } = header;
    const rest = { settings: undefined, warmUp: undefined };
    const entry: SeriesEntry = { source, interval, priceType, priceBasis, indicators, ...rest };
    state.push(entry);
    return entry;
  }
}

function toSeriesBars({ header, bars }: BarBatch): SeriesBar[] {
  const { knownAtNs } = header;
  return bars.startNs.map((_startNs, index) => ({ ...barInput(bars, index), knownAtNs }));
}

/** An interval in which nothing was traded, or quoted, where such have bars without prices: nothing is wrong with it. Bars of quotes have no volume. */
function isEmpty({ bars, priceType }: BarBatch, index: number): boolean {
  const traded = priceType === 'trade' ? NaN : 0;
  const isStill = (bars.volume[index] ?? traded) === 0 && (bars.tradeCount[index] ?? traded) === 0;
  return (
    isStill && [bars.open, bars.high, bars.low, bars.close].every((column) => Number.isNaN(column[index]))
  );
}

/** One of a record of bars and a specification, however many bars it failed on. */
function failureFinding(key: string, batch: BarBatch, message: string): Output {
  return qualityFinding(key, batch.header, 'bars', {
    rule: 'indicator-failed',
    message: `${batch.interval} ${batch.priceType} bars of ${key} (${batch.header.source}): ${message}; it has no values of them`,
    ...spanOf(batch.bars.startNs),
  });
}

function barsFinding(
  key: string,
  batch: BarBatch,
  startsNs: readonly bigint[],
  rule: string,
  reason: string,
): Output {
  const span = spanOf(startsNs);
  const { header, interval, priceType } = batch;
  return qualityFinding(key, header, 'bars', {
    rule,
    message: `${startsNs.length} ${interval} ${priceType} bars of ${key} (${header.source}) from ${formatNs(span.startNs)} on ${reason}`,
    ...span,
  });
}

function noCalendar(key: string, batch: BarBatch, specs: readonly string[]): Output {
  const reason = `have no ${specs.join(', ')}, which goes by sessions: give the instrument a calendar (tickwell instrument add ${key} --calendar XNYS)`;
  return barsFinding(key, batch, batch.bars.startNs, 'no-calendar', reason);
}

function tooManySeries(key: string, batch: BarBatch): Output {
  const reason = `would be one series more than the ${MAX_SERIES} a symbol may have: indicators do not count them`;
  return barsFinding(key, batch, batch.bars.startNs, 'too-many-series', reason);
}

function spanOf(startsNs: readonly bigint[]): Pick<Finding, 'startNs' | 'endNs'> {
  let [startNs = 0n] = startsNs;
  let lastNs = startNs;
  for (const time of startsNs) {
    if (time < startNs) startNs = time;
    if (time > lastNs) lastNs = time;
  }
  return { startNs, endNs: lastNs + 1n };
}
