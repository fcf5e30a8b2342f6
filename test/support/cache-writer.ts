import { contentType, encodeActionBatch, encodeBarBatch, encodeTickBatch, TOPICS } from '@tickwell/contracts';
import { emptyBars, emptyTrades, NS_PER_DAY, type Header } from '@tickwell/domain';
import { createKafkaLog, type KafkaLog } from '@tickwell/kafka';
import { SILENT, type EventSink } from '@tickwell/ports';

const FIRST_DAY_NS = 16_000n * NS_PER_DAY;
const MINUTE_NS = 60_000_000_000n;
export const SYMBOLS = ['CACHEA', 'CACHEB', 'CACHEC'] as const;
export const SOURCES = ['one', 'two'] as const;
export const DAYS = 1_200;
export const MINUTES = 12_000;

/** Of a day or minute that is counted from the first one. */
export function startOf(interval: '1d' | '1m', index: number): bigint {
  return FIRST_DAY_NS + BigInt(index) * (interval === '1d' ? NS_PER_DAY : MINUTE_NS);
}

/** Writes validated bars, trades and splits as validator does. The close of a bar counts its versions, so a reader can tell which of two is the newer. */
export class CacheWriter {
  readonly #log: KafkaLog;
  readonly #sink: EventSink;
  readonly #versions = new Map<string, number>();
  #n = 0n;

  private constructor(log: KafkaLog, sink: EventSink) {
    this.#log = log;
    this.#sink = sink;
  }

  static async open(brokers: readonly string[]): Promise<CacheWriter> {
    const log = createKafkaLog({ brokers, clientId: 'cache-test', logger: SILENT });
    return new CacheWriter(log, await log.createSink({ name: 'cache-test' }));
  }

  /** Bars from one index on, each a version more than before. */
  async bars(
    symbol: string,
    source: string,
    interval: '1d' | '1m',
    first: number,
    count: number,
  ): Promise<void> {
    const indexes = Array.from({ length: count }, (_, at) => first + at);
    const versions = indexes.map((index) => {
      const key = [symbol, source, interval, index].join('|');
      const version = (this.#versions.get(key) ?? 0) + 1;
      this.#versions.set(key, version);
      return version;
    });
    const bars = {
      ...emptyBars(),
      startNs: indexes.map((index) => startOf(interval, index)),
      open: indexes.map((index) => index),
      high: indexes.map((index) => index + 1_000),
      low: indexes.map(() => 1),
      close: versions,
      volume: indexes.map((index) => index * 10),
    };
    const header = this.#header(symbol, source);
    const value = encodeBarBatch({ header, interval, priceType: 'trade', bars, positions: [] });
    await this.#send(TOPICS.bars.name, symbol, 'BarBatch', value);
  }

  /** Trades of some minutes, in order. */
  async trades(symbol: string, source: string, minutes: readonly number[]): Promise<void> {
    const timeNs = minutes.map((minute) => startOf('1m', minute)).sort((a, b) => (a < b ? -1 : 1));
    const trades = {
      ...emptyTrades(),
      timeNs,
      seq: timeNs.map((_, at) => this.#n * 1_000n + BigInt(at)),
      price: timeNs.map((_, at) => 100 + at),
      size: timeNs.map(() => 1),
    };
    const header = this.#header(symbol, source);
    const value = encodeTickBatch({ kind: 'trades', header, trades, positions: [] });
    await this.#send(TOPICS.ticks.name, symbol, 'TickBatch', value);
  }

  async split(symbol: string, source: string, day: number): Promise<void> {
    const split = {
      kind: 'split',
      amount: 0,
      currency: '',
      splitNumerator: 2,
      splitDenominator: 1,
      position: 1n,
    } as const;
    const actions = [{ ...split, exDateNs: startOf('1d', day) }];
    const value = encodeActionBatch({ header: this.#header(symbol, source), actions });
    await this.#send(TOPICS.actions.name, symbol, 'CorporateActionBatch', value);
  }

  async close(): Promise<void> {
    await this.#sink.close();
    await this.#log.close();
  }

  async #send(topic: string, key: string, type: string, value: Uint8Array): Promise<void> {
    const headers = { 'content-type': contentType(`tickwell.events.v1.${type}`) };
    await this.#sink.send([{ topic, key, value, headers }]);
  }

  #header(symbol: string, source: string): Header {
    this.#n += 1n;
    return {
      source,
      symbol,
      cause: { origin: 'cache-test', n: this.#n, k: 0 },
      knownAtNs: startOf('1d', 2 * DAYS) + this.#n,
      watermarkNs: 0n,
      replayOf: '',
      priceBasis: 'raw',
    };
  }
}
