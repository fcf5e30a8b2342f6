import {
  quotePrices,
  toBarColumns,
  TradeBars,
  type Bar,
  type BarLimits,
  type BarPlan,
  type ClosedBars,
  type FormingBar,
  type LeftOut,
  type TradeBarsOutcome,
} from '@tickwell/bars';
import {
  decodeTickBatch,
  encodeBarBatch,
  events,
  MAX_BATCH_EVENTS,
  TOPICS,
  type TopicSpec,
} from '@tickwell/contracts';
import {
  err,
  formatNs,
  readState,
  StateWriter,
  TickwellError,
  type BarBatch,
  type BarLength,
  type Header,
  type PriceBasis,
  type PriceType,
  type Result,
  type TickBatch,
  type TradeColumns,
} from '@tickwell/domain';
import { qualityEvent, qualityFinding, type Output, type Processor } from '@tickwell/flow';
import type { LogRecord } from '@tickwell/ports';
import { cutForRecords } from './outputs.ts';
import type { ServiceSettings } from './settings.ts';
import type { OnUnreadable } from './unreadable.ts';

/** Most series of ticks (source, price basis and price type) one symbol may have bars of. */
const MAX_SERIES = 64;
const PRICE_BASES: readonly PriceBasis[] = ['unspecified', 'raw', 'split-adjusted', 'all'];
const PRICE_TYPES: readonly PriceType[] = ['trade', 'bid', 'ask', 'mid'];
const QUOTE_TYPES = ['bid', 'ask', 'mid'] as const;
/** State of before there were bars of quotes. */
const TRADES_ONLY = 1;

interface SeriesName {
  readonly source: string;
  readonly priceBasis: PriceBasis;
  readonly priceType: PriceType;
}

interface TickSeries extends SeriesName {
  /** Undefined: as it was restored. */
  bars: TradeBars | undefined;
  snapshot: Uint8Array;
  /** What the bars are built by. */
  plans: readonly BarPlan[];
  /** When that was looked up last. */
  settings: ServiceSettings | undefined;
}

/** Everything the bar builder remembers of one symbol. */
export type BarBuilderState = TickSeries[];

export interface BarBuilderOptions {
  readonly limits: BarLimits;
  readonly onUnreadable?: OnUnreadable;
}

/**
 * Trades and quotes to the configured bars of source `derived:<source>`, those by sessions `derived:<source>@<calendar>`; one set per source, price basis and
 * price type. A watermark without ticks closes the bars of its source. What comes too late for its bar is a finding. Where the
 * configuration changes, bars that go on being wanted go on, new ones start with the next tick, and others stop.
 */
export class BarBuilder implements Processor<BarBuilderState, ServiceSettings> {
  readonly name = 'bar-builder';
  readonly inputTopic = TOPICS.ticks.name;
  readonly dedup = 'record';
  readonly stateVersion = 2;
  readonly #options: BarBuilderOptions;

  constructor(options: BarBuilderOptions) {
    this.#options = options;
  }

  keyOf(record: LogRecord): string {
    return record.key ?? '';
  }

  createState(): BarBuilderState {
    return [];
  }

  process(record: LogRecord, state: BarBuilderState, settings: ServiceSettings): readonly Output[] {
    const decoded = decodeTickBatch(record.value ?? new Uint8Array(), false);
    if (!decoded.ok) {
      this.#options.onUnreadable?.(record, decoded.error);
      return [];
    }
    const batch = decoded.value;
    const { header } = batch;
    const key = this.keyOf(record);
    if (batch.kind === 'watermark') return this.#watermark(key, header, state, settings);
    const { source, priceBasis } = header;
    const kinds: readonly PriceType[] = batch.kind === 'trades' ? ['trade'] : QUOTE_TYPES;
    const outside: LeftOut[] = [];
    const outputs = kinds.flatMap((priceType) => {
      const name = { source, priceBasis, priceType };
      const series = this.#seriesOf(key, state, name, settings);
      if (series === 'too-many') return [tooManySeries(key, batch)];
      if (series === undefined) return [];
      const ticks = pricesOf(batch, priceType);
      const outcome = this.#bars(key, series, settings).apply({ ...header, trades: ticks });
      outside.push(...outcome.outside);
      return report(key, header, series, outcome);
    });
    return [...outputs, ...outsideFinding(key, header, batch.kind, outside)];
  }

  encodeState(state: BarBuilderState): Uint8Array {
    const writer = new StateWriter().uint(state.length);
    for (const { source, priceBasis, priceType, bars, snapshot } of state) {
      writer.text(source).uint(PRICE_BASES.indexOf(priceBasis)).uint(PRICE_TYPES.indexOf(priceType));
      writer.block(bars?.snapshot() ?? snapshot);
    }
    return writer.finish();
  }

  decodeState(_key: string, version: number, bytes: Uint8Array): Result<BarBuilderState, string> {
    if (version !== this.stateVersion && version !== TRADES_ONLY)
      return err(`version ${version}, this build reads ${this.stateVersion}`);
    const read = readState(bytes, (reader) =>
      Array.from({ length: reader.count(3) }, (): TickSeries => {
        const source = reader.text();
        const priceBasis = PRICE_BASES[reader.uint()] ?? reader.fail('a price basis that does not exist');
        const type = version === TRADES_ONLY ? 0 : reader.uint();
        const priceType = PRICE_TYPES[type] ?? reader.fail('a price type that does not exist');
        const snapshot = reader.block();
        return { source, priceBasis, priceType, snapshot, bars: undefined, plans: [], settings: undefined };
      }),
    );
    if (!read.ok) return read;
    // By what they are built is known with the first record only; what is damaged is to be seen before.
    for (const { snapshot } of read.value) {
      const checked = TradeBars.check(snapshot);
      if (!checked.ok) return checked;
    }
    return read;
  }

  #watermark(key: string, header: Header, state: BarBuilderState, settings: ServiceSettings): Output[] {
    return state
      .filter((series) => series.source === header.source)
      .flatMap((series) => {
        const outcome = this.#bars(key, series, settings).apply(header);
        const own = { ...header, priceBasis: series.priceBasis };
        const kind = series.priceType === 'trade' ? 'trades' : 'quotes';
        return [...report(key, own, series, outcome), ...outsideFinding(key, own, kind, outcome.outside)];
      });
  }

  /** Undefined: nobody wants bars of it, and nothing is remembered. */
  #seriesOf(
    symbol: string,
    state: BarBuilderState,
    name: SeriesName,
    settings: ServiceSettings,
  ): TickSeries | 'too-many' | undefined {
    const known = state.find(
      ({ source, priceBasis, priceType }) =>
        source === name.source && priceBasis === name.priceBasis && priceType === name.priceType,
    );
    if (known !== undefined) return known;
    const plans = settings.bars.of({ symbol, ...name });
    if (plans.length === 0) return undefined;
    if (state.length >= MAX_SERIES) return 'too-many';
    const bars = new TradeBars(plans, this.#options.limits);
    const series = { ...name, bars, snapshot: new Uint8Array(), plans, settings };
    state.push(series);
    return series;
  }

  /** The bars of a series by the settings of now. */
  #bars(symbol: string, series: TickSeries, settings: ServiceSettings): TradeBars {
    if (series.bars !== undefined && series.settings === settings) return series.bars;
    const plans = settings.bars.of({ symbol, ...series });
    series.settings = settings;
    if (series.bars !== undefined && series.plans === plans) return series.bars;
    const snapshot = series.bars?.snapshot() ?? series.snapshot;
    const restored = TradeBars.restore(snapshot, plans, this.#options.limits);
    if (!restored.ok) throw new TickwellError('state-unreadable', `bars of ${symbol}: ${restored.error}`);
    series.bars = restored.value;
    series.plans = plans;
    series.snapshot = new Uint8Array();
    return restored.value;
  }
}

function pricesOf(batch: Exclude<TickBatch, { kind: 'watermark' }>, priceType: PriceType): TradeColumns {
  if (batch.kind === 'trades') return batch.trades;
  if (priceType === 'trade') throw new TypeError('quotes are no trades');
  return quotePrices(batch.quotes, priceType).prices;
}

function report(key: string, header: Header, name: SeriesName, outcome: TradeBarsOutcome): Output[] {
  const outputs = [
    ...outcome.closed.flatMap((closed) => barRecords(key, header, name, closed)),
    ...outcome.forming.map((forming) => formingRecord(key, header, name, forming)),
  ];
  const kind = name.priceType === 'trade' ? 'trades' : 'quotes';
  const of = `${kind} of ${key} (${header.source})`;
  const find = (rule: string, message: string, startNs: bigint, endNs: bigint): void => {
    outputs.push(qualityFinding(key, header, kind, { rule, message, startNs, endNs }));
  };
  for (const { interval, count, firstNs, lastNs, volume } of outcome.tooLate) {
    const span = `${formatNs(firstNs)} to ${formatNs(lastNs)}`;
    find(
      'trade-too-late',
      `${count} ${of} from ${span}, volume ${volume}, came after their ${interval} bars were final: no ${interval} bar holds them`,
      firstNs,
      lastNs + 1n,
    );
  }
  const { knownAtNs } = header;
  if (outcome.refused > 0) {
    find(
      'trade-not-usable',
      `${outcome.refused} ${of} are in no bar: price or size is no finite number, or the size is negative`,
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
  for (const { interval, bars } of outcome.closed) {
    const partial = bars.filter((bar) => bar.partial && !bar.corrected);
    if (partial.length > 0) outputs.push(partialFinding(key, header, kind, { interval, partial }));
  }
  for (const { interval, startNs } of outcome.unfilled) {
    find(
      'bars-not-filled',
      `${interval} bars of ${key} (${header.source}) end at ${formatNs(startNs)}: nothing has traded for so long that empty ones are no longer made`,
      startNs,
      startNs,
    );
  }
  return outputs;
}

/** One of a record, however many bars by sessions leave its ticks out. */
function outsideFinding(key: string, header: Header, kind: string, outside: readonly LeftOut[]): Output[] {
  if (outside.length === 0) return [];
  const intervals = new Map<string, Set<string>>();
  let startNs = outside[0]?.firstNs ?? 0n;
  let endNs = startNs;
  for (const { interval, count, firstNs, lastNs, volume } of outside) {
    const what = `${count} from ${formatNs(firstNs)} to ${formatNs(lastNs)}, volume ${volume}`;
    intervals.set(what, (intervals.get(what) ?? new Set()).add(interval));
    if (firstNs < startNs) startNs = firstNs;
    if (lastNs >= endNs) endNs = lastNs + 1n;
  }
  const parts = [...intervals].map(([what, of]) => `${[...of].join(', ')}: ${what}`).join('; ');
  const message = `${kind} of ${key} (${header.source}) outside of the sessions are in no bar by them: ${parts}`;
  const severity = events.Severity.INFO;
  const finding = { rule: 'trade-outside-sessions', severity, message, startNs, endNs };
  return [qualityEvent(key, header, kind, { case: 'finding', value: finding })];
}

/** What is stored of the mark that a bar begins before its ticks are known. */
function partialFinding(
  key: string,
  header: Header,
  kind: string,
  { interval, partial }: { readonly interval: BarLength; readonly partial: readonly Bar[] },
): Output {
  const startNs = partial[0]?.startNs ?? 0n;
  const endNs = (partial.at(-1)?.startNs ?? startNs) + 1n;
  const message = `the ${interval.text} bar of ${key} (${header.source}) of ${formatNs(startNs)} begins before its ${kind} are known: it may lack some`;
  const finding = { rule: 'bar-partial', severity: events.Severity.INFO, message, startNs, endNs };
  return qualityEvent(key, header, kind, { case: 'finding', value: finding });
}

/**
 * The last record of an interval says how far the bars got: before it that is not true yet. Bars that may lack ticks, because they begin before the stream
 * was known, have records of their own that say so.
 */
function barRecords(key: string, header: Header, name: SeriesName, closed: ClosedBars): Output[] {
  const whole = closed.bars.findIndex((bar) => !bar.partial);
  const firstWhole = whole === -1 ? closed.bars.length : whole;
  const runs = [closed.bars.slice(0, firstWhole), closed.bars.slice(firstWhole)];
  const pieces = runs.flatMap((run) => cutForRecords(run, MAX_BATCH_EVENTS));
  return pieces.map((bars, index): Output => {
    const watermarkNs = index === pieces.length - 1 ? closed.watermarkNs : 0n;
    const partial = bars.some((bar) => bar.partial) ? ({ partial: true } as const) : {};
    return barRecord(TOPICS.bars, key, { ...header, watermarkNs }, { name, ...closed, bars, marks: partial });
  });
}

function formingRecord(key: string, header: Header, name: SeriesName, forming: FormingBar): Output {
  const marks: RecordBars['marks'] = forming.bar.partial
    ? { forming: true, partial: true }
    : { forming: true };
  return barRecord(
    TOPICS.barsForming,
    key,
    { ...header, watermarkNs: 0n },
    { name, ...forming, bars: [forming.bar], marks },
  );
}

interface RecordBars {
  readonly name: SeriesName;
  readonly interval: BarLength;
  readonly id: string;
  readonly bars: readonly Bar[];
  readonly marks: Pick<BarBatch, 'partial' | 'forming'>;
}

function barRecord(
  topic: TopicSpec,
  key: string,
  header: Header,
  { name: { priceType }, interval, id, bars, marks }: RecordBars,
): Output {
  const [first] = bars;
  // Bars by sessions are another series: the same names of hours and days, other bars.
  const source = `derived:${header.source}${id.slice(interval.text.length)}`;
  return {
    topic: topic.name,
    key,
    type: topic.type,
    source,
    encode: (cause) =>
      encodeBarBatch({
        header: { ...header, source, cause, knownAtNs: first?.knownAtNs ?? 0n, replayOf: '' },
        interval: interval.text,
        priceType,
        bars: toBarColumns(interval, bars, priceType),
        positions: [],
        ...marks,
      }),
  };
}

function tooManySeries(key: string, batch: Exclude<TickBatch, { kind: 'watermark' }>): Output {
  const { header, kind } = batch;
  const times = batch.kind === 'trades' ? batch.trades.timeNs : batch.quotes.timeNs;
  const [startNs = 0n] = times;
  return qualityFinding(key, header, kind, {
    rule: 'too-many-series',
    message: `${times.length} ${kind} of ${key} from ${header.source} are in no bar: ${MAX_SERIES} sources have bars of it already`,
    startNs,
    endNs: (times.at(-1) ?? startNs) + 1n,
  });
}
