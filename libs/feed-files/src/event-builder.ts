import {
  checkSymbol,
  emptyBars,
  emptyQuotes,
  emptyTrades,
  formatNs,
  intervalStartNs,
  NS_PER_DAY,
  NS_PER_SECOND,
  utcDateNumber,
  type BarColumns,
  type Interval,
  type PriceBasis,
  type PriceType,
  type QuoteColumns,
  type TradeColumns,
} from '@tickwell/domain';
import type { FeedChunk } from '@tickwell/ports';
import { isBlank, toNumber, type Cell, type TimeParser } from '@tickwell/text';
import type { ResolvedMapping } from './mapping.ts';
import type { FileSourceOptions, Role } from './options.ts';
import { cellAt, decodeText, showCell, type Row } from './rows.ts';

/** Most events of one chunk. */
const MAX_CHUNK_EVENTS = 1000;
/** More instruments in one file than this are a wrong symbol column. */
const MAX_SYMBOLS = 200_000;
const MAX_TEXT_BYTES = 256;
/** `seq` of an event before the newest of its symbol: unique without remembering every time of the file. */
const OUT_OF_ORDER_SEQ = 1n << 40n;

/** Why a row is no event: the rule and what is wrong, without the place. */
export interface RowProblem {
  readonly rule: string;
  readonly reason: string;
  /** "" where it is the symbol that is wrong. */
  readonly symbol: string;
}

export interface EventPlan {
  readonly kind: FileSourceOptions['kind'];
  readonly mapping: ResolvedMapping;
  readonly symbol: string | undefined;
  /** Whose a name of the symbol column is at a time; undefined: it is the id itself. */
  readonly ownersOf: (name: string) => ((timeNs: bigint) => string | undefined) | undefined;
  readonly time: TimeParser;
  readonly interval: Interval | undefined;
  readonly priceType: PriceType;
  readonly priceBasis: PriceBasis;
  readonly barTime: 'start' | 'end';
  readonly priceDivisor: number;
}

/** A name of the symbol column that is one instrument's at one time and another's, or nobody's, at another. */
interface SharedName {
  readonly name: string;
  readonly ownerAt: (timeNs: bigint) => string | undefined;
}

interface Series {
  readonly symbol: string;
  newestNs: bigint | undefined;
  ordinal: bigint;
  pending: Pending | undefined;
}

interface Pending {
  readonly trades: TradeColumns;
  readonly quotes: QuoteColumns;
  readonly bars: BarColumns;
  readonly positions: bigint[];
}

/** Turns rows into columns per symbol. Rows that are no events are a returned problem. */
export class EventBuilder {
  readonly #plan: EventPlan;
  readonly #series = new Map<string, Series>();
  readonly #names = new Map<string, Series | SharedName>();
  readonly #filled = new Set<Series>();
  readonly #append: (pending: Pending, row: Row, series: Series) => string | RowProblem | undefined;
  #full: FeedChunk[] = [];

  constructor(plan: EventPlan) {
    this.#plan = plan;
    this.#append = { trades: this.#trade, quotes: this.#quote, bars: this.#bar }[plan.kind].bind(this);
  }

  /** `keep` false: the row only counts for the ordinals of later ones (a resume). */
  add(row: Row, keep: boolean): RowProblem | undefined {
    const series = this.#seriesOf(row);
    if (!('symbol' in series && 'ordinal' in series)) return series;
    const pending = series.pending ?? newPending();
    const problem = this.#append(pending, row, series);
    if (problem !== undefined) {
      return typeof problem === 'string'
        ? { rule: 'bad-number', reason: problem, symbol: series.symbol }
        : problem;
    }
    if (!keep) return undefined;
    pending.positions.push(BigInt(row.position));
    series.pending = pending;
    this.#filled.add(series);
    if (pending.positions.length >= MAX_CHUNK_EVENTS) this.#seal(series);
    return undefined;
  }

  /** Everything added so far, per symbol in file order. */
  take(): FeedChunk[] {
    for (const series of this.#filled) this.#seal(series);
    const chunks = this.#full;
    this.#full = [];
    return chunks;
  }

  #seal(series: Series): void {
    const { pending, symbol } = series;
    series.pending = undefined;
    this.#filled.delete(series);
    if (pending === undefined) return;
    const { kind, priceBasis, priceType, interval } = this.#plan;
    const { positions, trades, quotes, bars } = pending;
    if (kind === 'trades') this.#full.push({ kind, symbol, priceBasis, trades, positions });
    else if (kind === 'quotes') this.#full.push({ kind, symbol, priceBasis, quotes, positions });
    else
      this.#full.push({
        kind,
        symbol,
        priceBasis,
        interval: interval?.text ?? '',
        priceType,
        bars,
        positions,
      });
  }

  #seriesOf(row: Row): Series | RowProblem {
    const text = this.#plan.symbol ?? this.#textOf(row, 'symbol');
    let named = this.#names.get(text);
    if (named === undefined) {
      const read = this.#named(text);
      if ('rule' in read) return read;
      named = read;
      this.#names.set(text, named);
    }
    return 'ownerAt' in named ? this.#owned(named, row) : named;
  }

  #named(text: string): Series | SharedName | RowProblem {
    if (text === '') return { rule: 'missing-symbol', reason: 'the symbol is empty', symbol: '' };
    if (this.#names.size >= MAX_SYMBOLS) return tooManySymbols();
    const name = decodeText(text);
    const ownerAt = this.#plan.symbol === undefined ? this.#plan.ownersOf(name) : undefined;
    return ownerAt === undefined ? this.#ofSymbol(name) : { name, ownerAt };
  }

  #owned({ name, ownerAt }: SharedName, row: Row): Series | RowProblem {
    const time = this.#plan.kind === 'bars' ? this.#barStart(row, '') : this.#time(row, '');
    if (typeof time !== 'bigint') return time;
    const symbol = ownerAt(time);
    if (symbol !== undefined) return this.#ofSymbol(symbol);
    const reason = `${JSON.stringify(name)} is no instrument's at ${formatNs(time)}, though it is at other times: "tickwell instrument" shows and changes whose it is`;
    return { rule: 'unknown-instrument', reason, symbol: '' };
  }

  #ofSymbol(symbol: string): Series | RowProblem {
    const known = this.#series.get(symbol);
    if (known !== undefined) return known;
    const checked = checkSymbol(symbol);
    if (!checked.ok) return { rule: 'bad-symbol', reason: checked.error, symbol: '' };
    const series: Series = { symbol, newestNs: undefined, ordinal: 0n, pending: undefined };
    this.#series.set(symbol, series);
    return series;
  }

  #cell(row: Row, role: Role): Cell {
    const at = this.#plan.mapping.get(role);
    return at === undefined ? undefined : cellAt(row, at);
  }

  #textOf(row: Row, role: Role): string {
    const cell = this.#cell(row, role);
    return cell === null || cell === undefined ? '' : String(cell).trim();
  }

  #time(row: Row, symbol: string): bigint | RowProblem {
    const cell = this.#cell(row, 'time');
    const ns = this.#plan.time.instantNs(cell);
    return ns ?? { rule: 'bad-time', reason: `time ${showCell(cell)} cannot be read`, symbol };
  }

  /** A price in its column's unit; a text: what is wrong. */
  #price(row: Row, role: Role): number | string {
    const value = toNumber(this.#cell(row, role));
    if (value === undefined) return `${role} ${showCell(this.#cell(row, role))} is not a number`;
    return value / this.#plan.priceDivisor;
  }

  /** As {@link #price}, of a number that may be left out. */
  #optional(row: Row, role: Role, blank: number): number | string {
    const cell = this.#cell(row, role);
    if (isBlank(cell)) return blank;
    return toNumber(cell) ?? `${role} ${showCell(cell)} is not a number`;
  }

  /** The source's own number, else the ordinal among events of equal time. */
  #seq(row: Row, series: Series, timeNs: bigint): bigint | string {
    if (this.#plan.mapping.has('seq')) {
      const cell = this.#cell(row, 'seq');
      if (typeof cell === 'bigint') return cell;
      const text = this.#textOf(row, 'seq');
      return /^-?\d{1,18}$/.test(text) ? BigInt(text) : `seq ${showCell(cell)} is not a whole number`;
    }
    if (series.newestNs === undefined || timeNs > series.newestNs) {
      series.newestNs = timeNs;
      series.ordinal = 0n;
      return 0n;
    }
    if (timeNs === series.newestNs) return ++series.ordinal;
    return OUT_OF_ORDER_SEQ + BigInt(row.position);
  }

  #trade(pending: Pending, row: Row, series: Series): string | RowProblem | undefined {
    const timeNs = this.#time(row, series.symbol);
    if (typeof timeNs !== 'bigint') return timeNs;
    const price = this.#price(row, 'price');
    if (typeof price === 'string') return price;
    // A file without sizes: 0 says "not known".
    const size = this.#plan.mapping.has('size') ? this.#optional(row, 'size', NaN) : 0;
    if (typeof size === 'string') return size;
    const texts = this.#texts(row, series);
    if ('rule' in texts) return texts;
    const seq = this.#seq(row, series, timeNs);
    if (typeof seq === 'string') return seq;
    const { trades } = pending;
    trades.timeNs.push(timeNs);
    trades.seq.push(seq);
    trades.price.push(price);
    trades.size.push(size);
    if (texts.conditions !== undefined) trades.conditions.push(texts.conditions);
    if (texts.venue !== undefined) trades.venue.push(texts.venue);
    return undefined;
  }

  #texts(row: Row, series: Series): { conditions?: string; venue?: string } | RowProblem {
    const texts: { conditions?: string; venue?: string } = {};
    for (const role of ['conditions', 'venue'] as const) {
      if (!this.#plan.mapping.has(role)) continue;
      const text = this.#textOf(row, role);
      if (text.length > MAX_TEXT_BYTES) {
        return {
          rule: 'text-too-long',
          reason: `${role} has ${text.length} bytes, at most ${MAX_TEXT_BYTES}`,
          symbol: series.symbol,
        };
      }
      texts[role] = decodeText(text);
    }
    return texts;
  }

  #quote(pending: Pending, row: Row, series: Series): string | RowProblem | undefined {
    const timeNs = this.#time(row, series.symbol);
    if (typeof timeNs !== 'bigint') return timeNs;
    const bid = this.#side(row, 'bid', 'bidSize');
    if (typeof bid === 'string') return bid;
    const ask = this.#side(row, 'ask', 'askSize');
    if (typeof ask === 'string') return ask;
    const seq = this.#seq(row, series, timeNs);
    if (typeof seq === 'string') return seq;
    const { quotes } = pending;
    quotes.timeNs.push(timeNs);
    quotes.seq.push(seq);
    quotes.bidPrice.push(bid.price);
    quotes.bidSize.push(bid.size);
    quotes.askPrice.push(ask.price);
    quotes.askSize.push(ask.size);
    return undefined;
  }

  /** A blank price is a side without a quote. */
  #side(
    row: Row,
    priceRole: 'bid' | 'ask',
    sizeRole: 'bidSize' | 'askSize',
  ): { price: number; size: number } | string {
    if (isBlank(this.#cell(row, priceRole))) return { price: NaN, size: NaN };
    const price = this.#price(row, priceRole);
    if (typeof price === 'string') return price;
    const size = this.#plan.mapping.has(sizeRole) ? this.#optional(row, sizeRole, NaN) : 0;
    return typeof size === 'string' ? size : { price, size };
  }

  #bar(pending: Pending, row: Row, series: Series): string | RowProblem | undefined {
    const startNs = this.#barStart(row, series.symbol);
    if (typeof startNs !== 'bigint') return startNs;
    const prices: number[] = [];
    for (const role of ['open', 'high', 'low', 'close'] as const) {
      const price = this.#price(row, role);
      if (typeof price === 'string') return price;
      prices.push(price);
    }
    const volume = this.#optional(row, 'volume', NaN);
    if (typeof volume === 'string') return volume;
    const vwap = isBlank(this.#cell(row, 'vwap')) ? NaN : this.#price(row, 'vwap');
    if (typeof vwap === 'string') return vwap;
    const tradeCount = this.#optional(row, 'tradeCount', 0);
    if (
      typeof tradeCount === 'string' ||
      !Number.isInteger(tradeCount) ||
      tradeCount < 0 ||
      tradeCount > 0xffff_ffff
    ) {
      return `tradeCount ${showCell(this.#cell(row, 'tradeCount'))} is not a count`;
    }
    const [open = NaN, high = NaN, low = NaN, close = NaN] = prices;
    const { bars } = pending;
    bars.startNs.push(startNs);
    bars.open.push(open);
    bars.high.push(high);
    bars.low.push(low);
    bars.close.push(close);
    if (this.#plan.mapping.has('volume')) bars.volume.push(volume);
    if (this.#plan.mapping.has('vwap')) bars.vwap.push(vwap);
    if (this.#plan.mapping.has('tradeCount')) bars.tradeCount.push(tradeCount);
    if (this.#isDayOrLonger()) bars.sessionDate.push(utcDateNumber(startNs));
    return undefined;
  }

  #isDayOrLonger(): boolean {
    const interval = this.#plan.interval;
    return interval !== undefined && (interval.kind !== 'fixed' || interval.lengthNs >= NS_PER_DAY);
  }

  /** Bars of a day and longer start at midnight UTC of their session date, the day on the wall clock of the file. */
  #barStart(row: Row, symbol: string): bigint | RowProblem {
    const { interval, barTime, time } = this.#plan;
    const cell = this.#cell(row, 'time');
    const daily = this.#isDayOrLonger();
    const stamp = daily ? time.wallNs(cell) : time.instantNs(cell);
    if (stamp === undefined || interval === undefined) {
      return { rule: 'bad-time', reason: `time ${showCell(cell)} cannot be read`, symbol };
    }
    if (interval.kind === 'fixed' && !daily)
      return barTime === 'start' ? stamp : endOf(stamp) - interval.lengthNs;
    // The end of a session at midnight belongs to the day before.
    return intervalStartNs(interval, barTime === 'end' && stamp % NS_PER_DAY === 0n ? stamp - 1n : stamp);
  }
}

/** Many sources stamp the last ms (µs, ns) inside the bar: 09:34:59.999 ends a bar at 09:35. */
function endOf(stampNs: bigint): bigint {
  const toNextSecond = NS_PER_SECOND - (((stampNs % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND);
  return toNextSecond === 1_000_000n || toNextSecond === 1000n || toNextSecond === 1n
    ? stampNs + toNextSecond
    : stampNs;
}

function tooManySymbols(): RowProblem {
  return { rule: 'too-many-symbols', reason: `more than ${MAX_SYMBOLS} instruments in one file`, symbol: '' };
}

function newPending(): Pending {
  return { trades: emptyTrades(), quotes: emptyQuotes(), bars: emptyBars(), positions: [] };
}
