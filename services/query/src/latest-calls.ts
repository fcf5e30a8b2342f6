import { create } from '@bufbuild/protobuf';
import { events, queryV1 } from '@tickwell/contracts';
import { pickBars, pickQuotes, pickTrades, unpackQuotes, unpackTrades } from '@tickwell/domain';
import type { HistoryReader, StoredSeries } from '@tickwell/ports';
import { latestKindsArgument, orRefuse, symbolsArgument, textArgument } from './arguments.ts';
import { timesOf, type MarketEvents } from './market-events.ts';
import type { MarketRecord } from './market-record.ts';

interface Newest {
  readonly kind: string;
  readonly source: string;
  readonly timeNs: bigint;
  readonly event: queryV1.LatestEntry['event'];
}

interface SymbolEntry {
  /** By kind, interval, price type and source. */
  readonly series: Map<string, Newest>;
  /** Whether the store by now holds all that came before the tail was watched for this symbol. */
  readonly isCovered: () => boolean;
  /** The store has been read since then: the tail alone keeps the entry right. */
  complete: boolean;
  loading: Promise<void> | undefined;
}

export interface LatestParts {
  readonly reader: HistoryReader;
  /** For a symbol and this moment: tells later whether the store has caught up with it. */
  readonly coverage: (symbol: string) => () => boolean;
  /** Symbols remembered; those asked for longest ago are forgotten. */
  readonly maxSymbols: number;
}

const CONCURRENT_LOADS = 4;
const MAX_SERIES_PER_SYMBOL = 1_000;

/**
 * GetLatest from memory: a symbol somebody asked for is read from the store once and kept right by the tail from then on. The
 * newest event is that of the greatest event time, so a backfill of old events changes nothing.
 */
export class LatestCalls {
  readonly #parts: LatestParts;
  readonly #symbols = new Map<string, SymbolEntry>();

  constructor(parts: LatestParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#symbols.size;
  }

  /** Every new record of the tail. */
  observe(record: MarketRecord): void {
    const entry = this.#symbols.get(record.header.symbol);
    if (entry === undefined || record.events === undefined || record.events.kind === 'indicators') return;
    const times = timesOf(record.events);
    let last = 0;
    for (const [index, time] of times.entries()) if (time >= (times[last] ?? 0n)) last = index;
    const timeNs = times[last];
    if (timeNs !== undefined) remember(entry, record.header.source, timeNs, newestOf(record.events, last));
  }

  async getLatest(request: queryV1.GetLatestRequest): Promise<queryV1.GetLatestResponse> {
    const symbols = orRefuse(symbolsArgument(request.symbols));
    const kinds: ReadonlySet<string> = orRefuse(latestKindsArgument(request.kinds));
    const source = orRefuse(textArgument('source', request.source));
    if (symbols.length === 0)
      orRefuse({ ok: false, error: 'symbols is empty: name at least one instrument' });
    const waiting = symbols.values();
    const work = async (): Promise<void> => {
      // The workers share one iterator: each takes the next symbol.
      for (const symbol of waiting) await this.#load(symbol);
    };
    await Promise.all(Array.from({ length: CONCURRENT_LOADS }, work));
    const entries = symbols.flatMap((symbol) => this.#answer(symbol, kinds, source));
    return create(queryV1.GetLatestResponseSchema, { entries });
  }

  /** Of each kind and interval the newest among the sources asked for. */
  #answer(symbol: string, kinds: ReadonlySet<string>, source: string): queryV1.LatestEntry[] {
    const best = new Map<string, Newest>();
    for (const [key, newest] of this.#symbols.get(symbol)?.series ?? []) {
      if (!kinds.has(newest.kind) || (source !== '' && newest.source !== source)) continue;
      const group = key.slice(0, key.lastIndexOf('|'));
      const other = best.get(group);
      if (other === undefined || newest.timeNs > other.timeNs) best.set(group, newest);
    }
    return [...best.values()].map((newest) =>
      create(queryV1.LatestEntrySchema, { symbol, source: newest.source, event: newest.event }),
    );
  }

  async #load(symbol: string): Promise<void> {
    let entry = this.#symbols.get(symbol);
    // Watched before the store is read, so that nothing falls between.
    entry ??= {
      series: new Map(),
      isCovered: this.#parts.coverage(symbol),
      complete: false,
      loading: undefined,
    };
    this.#symbols.delete(symbol);
    this.#symbols.set(symbol, entry);
    this.#forgetOldest();
    if (entry.complete) return;
    entry.loading ??= this.#read(symbol, entry).finally(() => {
      entry.loading = undefined;
    });
    await entry.loading;
  }

  #forgetOldest(): void {
    const [oldest] = this.#symbols.keys();
    if (this.#symbols.size > this.#parts.maxSymbols && oldest !== undefined) this.#symbols.delete(oldest);
  }

  async #read(symbol: string, entry: SymbolEntry): Promise<void> {
    const covered = entry.isCovered();
    const found = await this.#parts.reader.series({ symbolPrefix: symbol, limit: MAX_SERIES_PER_SYMBOL });
    for (const series of found) {
      if (series.symbol === symbol) await this.#readSeries(series, entry);
    }
    if (covered) entry.complete = true;
  }

  async #readSeries(series: StoredSeries, entry: SymbolEntry): Promise<void> {
    const { reader } = this.#parts;
    const { symbol, source, interval, priceType = 'trade' } = series;
    const query = { symbol, source, limit: 1, newest: true };
    if (series.kind === 'trades') {
      for await (const { trades } of reader.trades(query)) {
        remember(entry, source, trades.timeNs[0], {
          kind: 'trades',
          group: 'trades',
          event: tradeEvent(unpackTrades(trades), 0),
        });
      }
    } else if (series.kind === 'quotes') {
      for await (const { quotes } of reader.quotes(query)) {
        remember(entry, source, quotes.timeNs[0], {
          kind: 'quotes',
          group: 'quotes',
          event: quoteEvent(unpackQuotes(quotes), 0),
        });
      }
    } else if (series.kind === 'bars') {
      for await (const { bars } of reader.bars({ ...query, interval, priceType })) {
        const group = `bars|${interval}|${priceType}`;
        remember(entry, source, bars.startNs[0], { kind: 'bars', group, event: barEvent(interval, bars, 0) });
      }
    }
  }
}

interface Candidate extends Pick<Newest, 'kind' | 'event'> {
  readonly group: string;
}

/** Equal times: the later arrival is a correction or a later event of the same instant. */
function remember(
  entry: SymbolEntry,
  source: string,
  timeNs: bigint | undefined,
  candidate: Candidate | undefined,
): void {
  if (timeNs === undefined || candidate === undefined) return;
  const key = `${candidate.group}|${source.replaceAll('|', ' ')}`;
  const known = entry.series.get(key);
  if (known !== undefined && known.timeNs > timeNs) return;
  entry.series.set(key, { kind: candidate.kind, event: candidate.event, source, timeNs });
}

function newestOf(of: MarketEvents, index: number): Candidate | undefined {
  if (of.kind === 'indicators' || of.kind === 'forming-bars') return undefined;
  if (of.kind === 'bars') {
    const { interval, priceType, bars } = of.batch;
    return { kind: 'bars', group: `bars|${interval}|${priceType}`, event: barEvent(interval, bars, index) };
  }
  return of.batch.kind === 'trades'
    ? { kind: 'trades', group: 'trades', event: tradeEvent(of.batch.trades, index) }
    : { kind: 'quotes', group: 'quotes', event: quoteEvent(of.batch.quotes, index) };
}

function tradeEvent(trades: Parameters<typeof pickTrades>[0], index: number): queryV1.LatestEntry['event'] {
  return { case: 'trade', value: create(events.TradeColumnsSchema, pickTrades(trades, [index])) };
}

function quoteEvent(quotes: Parameters<typeof pickQuotes>[0], index: number): queryV1.LatestEntry['event'] {
  return { case: 'quote', value: create(events.QuoteColumnsSchema, pickQuotes(quotes, [index])) };
}

function barEvent(
  interval: string,
  bars: Parameters<typeof pickBars>[0],
  index: number,
): queryV1.LatestEntry['event'] {
  const bar = create(events.BarColumnsSchema, pickBars(bars, [index]));
  return { case: 'bar', value: create(queryV1.LatestBarSchema, { interval, bar }) };
}
