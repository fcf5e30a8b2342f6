import { decodeBarBatch, encodeIndicatorBatches, MAX_BATCH_EVENTS, TOPICS } from '@tickwell/contracts';
import {
  err,
  formatNs,
  ok,
  readState,
  StateWriter,
  type BarBatch,
  type Cause,
  type IndicatorBatch,
  type PriceType,
  type Result,
} from '@tickwell/domain';
import { qualityFinding, type Finding, type Output, type Processor } from '@tickwell/flow';
import {
  barInput,
  IndicatorSeries,
  isUsableInput,
  type IndicatorPlan,
  type IndicatorRow,
  type SeriesBar,
  type SpecRows,
} from '@tickwell/indicators';
import type { LogRecord } from '@tickwell/ports';
import { packForRecords, type Packed } from './outputs.ts';
import type { ServiceSettings } from './settings.ts';
import type { OnUnreadable } from './unreadable.ts';

/** Most series of bars (source, interval and price type) one symbol may have indicators of. */
const MAX_SERIES = 64;
const PRICE_TYPES: readonly PriceType[] = ['trade', 'bid', 'ask', 'mid'];

interface SeriesEntry {
  readonly source: string;
  readonly interval: string;
  readonly priceType: PriceType;
  readonly indicators: IndicatorSeries;
  /** By which {@link indicators} is configured. */
  plan: IndicatorPlan | undefined;
}

/** Everything the indicator engine remembers of one symbol. */
export type IndicatorState = SeriesEntry[];

export interface IndicatorEngineOptions {
  /** How far back, in bars of a series, a correction is computed; at least 1. */
  readonly keptBars: number;
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
  readonly stateVersion = 1;
  readonly #options: IndicatorEngineOptions;

  constructor(options: IndicatorEngineOptions) {
    this.#options = options;
  }

  keyOf(record: LogRecord): string {
    return record.key ?? '';
  }

  createState(): IndicatorState {
    return [];
  }

  process(
    record: LogRecord,
    state: IndicatorState,
    { indicators: plan }: ServiceSettings,
  ): readonly Output[] {
    const decoded = decodeBarBatch(record.value ?? new Uint8Array(), false);
    if (!decoded.ok) {
      this.#options.onUnreadable?.(record, decoded.error);
      return [];
    }
    const batch = decoded.value;
    const key = this.keyOf(record);
    const entry = this.#entryOf(state, batch);
    if (entry === undefined) return [tooManySeries(key, batch)];
    if (entry.plan !== plan) {
      entry.indicators.configure(plan.of({ symbol: key, ...entry }));
      entry.plan = plan;
    }
    const bars = toSeriesBars(batch);
    const usable = bars.filter(isUsableInput);
    const { rows, tooOld } = entry.indicators.apply(usable);
    const outputs = indicatorRecords(key, batch, rows);
    if (usable.length < bars.length) {
      const refused = bars.filter((bar) => !isUsableInput(bar)).map((bar) => bar.startNs);
      outputs.push(
        barsFinding(
          key,
          batch,
          refused,
          'bar-not-usable',
          'have prices or volumes that are no finite numbers',
        ),
      );
    }
    if (tooOld.length > 0) {
      const reason = `are older than the ${this.#options.keptBars} bars corrections are computed for`;
      outputs.push(barsFinding(key, batch, tooOld, 'correction-too-old', reason));
    }
    return outputs;
  }

  encodeState(state: IndicatorState): Uint8Array {
    const writer = new StateWriter().uint(state.length);
    for (const { source, interval, priceType, indicators } of state) {
      writer.text(source).text(interval).uint(PRICE_TYPES.indexOf(priceType)).block(indicators.encode());
    }
    return writer.finish();
  }

  decodeState(_key: string, version: number, bytes: Uint8Array): Result<IndicatorState, string> {
    if (version !== this.stateVersion)
      return err(`version ${version}, this build reads ${this.stateVersion}`);
    const read = readState(bytes, (reader) =>
      Array.from({ length: reader.count(4) }, () => {
        const [source, interval] = [reader.text(), reader.text()];
        const priceType = PRICE_TYPES[reader.uint()] ?? reader.fail('a price type that does not exist');
        return { source, interval, priceType, encoded: reader.block() };
      }),
    );
    if (!read.ok) return read;
    const state: IndicatorState = [];
    for (const { encoded, ...series } of read.value) {
      const indicators = IndicatorSeries.decode(encoded, this.#options.keptBars);
      if (!indicators.ok) return err(`${series.source} ${series.interval}: ${indicators.error}`);
      state.push({ ...series, indicators: indicators.value, plan: undefined });
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
    const entry = { source, interval, priceType, indicators, plan: undefined };
    state.push(entry);
    return entry;
  }
}

function toSeriesBars({ header, bars }: BarBatch): SeriesBar[] {
  const { knownAtNs } = header;
  return bars.startNs.map((_startNs, index) => ({ ...barInput(bars, index), knownAtNs }));
}

/** All specifications together; the last record passes the watermark on: before it that is not true yet. */
function indicatorRecords(key: string, batch: BarBatch, all: readonly SpecRows[]): Output[] {
  const { header, interval, priceType } = batch;
  const records = packForRecords(
    all.map(({ rows }) => rows),
    MAX_BATCH_EVENTS,
  );
  return records.map(({ knownAtNs, parts: [first, ...others] }, index): Output => {
    const watermarkNs = index === records.length - 1 ? header.watermarkNs : 0n;
    const part = (values: Packed<IndicatorRow>, cause: Cause): IndicatorBatch => ({
      header: { ...header, cause, knownAtNs, watermarkNs, replayOf: '' },
      interval,
      priceType,
      ...columnsOf(all[values.index]?.spec, values.items),
    });
    return {
      topic: TOPICS.indicators.name,
      key,
      type: TOPICS.indicators.type,
      source: header.source,
      encode: (cause) =>
        encodeIndicatorBatches([part(first, cause), ...others.map((values) => part(values, cause))]),
    };
  });
}

function columnsOf(
  spec: SpecRows['spec'] | undefined,
  rows: readonly IndicatorRow[],
): Pick<IndicatorBatch, 'specId' | 'startNs' | 'warm' | 'outputs'> {
  return {
    specId: spec?.id ?? '',
    startNs: rows.map((row) => row.startNs),
    warm: rows.map((row) => row.warm),
    outputs: (spec?.outputs ?? []).map((name, output) => ({
      name,
      value: rows.map((row) => row.values[output] ?? NaN),
    })),
  };
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
    message: `${startsNs.length} ${interval} ${priceType} bars of ${key} (${header.source}) from ${formatNs(span.startNs)} on ${reason}: indicators do not count them`,
    ...span,
  });
}

function tooManySeries(key: string, batch: BarBatch): Output {
  const reason = `would be one series more than the ${MAX_SERIES} a symbol may have`;
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
