import { TOPICS } from '@tickwell/contracts';
import type { BarColumns, PriceType } from '@tickwell/domain';
import type { InputPlace } from '@tickwell/flow';
import type { BarSeriesName, IndicatorSpec, IndicatorValue } from '@tickwell/indicators';
import type { EventLog } from '@tickwell/ports';
import type { History, HistoryBars, HistorySpan } from './history.ts';
import { ReadSlots } from './read-slots.ts';
import type { StoreProgress } from './store-progress.ts';

/** As of then everything is known: such a read says of each bar since when it is. 2100-01-01. */
const LATER_NS = 4_102_444_800_000_000_000n;
/** Reads of query that are open at once. */
const MAX_READS = 8;
/** Longest time without an answer that a read takes; a long one goes on as long as it is read. */
const TIMEOUT_MS = 600_000;

interface SpanOptions {
  readonly symbol: string;
  readonly source: string;
  readonly interval: string;
  readonly priceType: PriceType;
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  readonly limit?: number;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** What is asked of query: of its client only this. */
export interface HistoryClient {
  bars(
    options: SpanOptions & { readonly asOfNs: bigint },
  ): AsyncIterable<{ readonly bars: BarColumns; readonly knownAtNs: readonly bigint[] }>;
  indicators(options: SpanOptions & { readonly specId: string; readonly mode: 'stored' }): AsyncIterable<{
    readonly startNs: readonly bigint[];
    readonly warm: readonly boolean[];
    readonly outputs: readonly { readonly name: string; readonly value: readonly number[] }[];
  }>;
}

/** The stored history, as query serves it to anybody. */
export class QueryHistory implements History {
  readonly #client: HistoryClient;
  readonly #log: Pick<EventLog, 'describeTopic'>;
  readonly #progress: StoreProgress;
  readonly #slots = new ReadSlots(MAX_READS);

  constructor(client: HistoryClient, log: Pick<EventLog, 'describeTopic'>, progress: StoreProgress) {
    this.#client = client;
    this.#log = log;
    this.#progress = progress;
  }

  async reached(place: InputPlace, signal: AbortSignal): Promise<void> {
    const topic = TOPICS.indicators.name;
    const { epoch, partitions } = await this.#log.describeTopic(topic);
    const { partition } = place;
    const found = partitions.find((one) => one.partition === partition);
    // What the log no longer has was stored long ago, and nothing may be left that says so.
    const nextOffset = found === undefined || found.endOffset === found.beginOffset ? 0n : found.endOffset;
    await Promise.all([
      this.#progress.reached(place, signal),
      this.#progress.reached({ topic, partition, epoch, nextOffset }, signal),
    ]);
  }

  async *bars(series: BarSeriesName, span: HistorySpan): AsyncGenerator<HistoryBars> {
    const free = await this.#slots.take(span.signal);
    try {
      yield* this.#client.bars({ ...spanOptions(series, span), asOfNs: LATER_NS });
    } finally {
      free();
    }
  }

  async hasValues(series: BarSeriesName, spec: IndicatorSpec, signal: AbortSignal): Promise<boolean> {
    const options = {
      ...series,
      signal,
      timeoutMs: TIMEOUT_MS,
      specId: spec.id,
      limit: 1,
      mode: 'stored' as const,
    };
    for await (const { startNs } of this.#client.indicators(options)) if (startNs.length > 0) return true;
    return false;
  }

  async values(
    series: BarSeriesName,
    spec: IndicatorSpec,
    span: HistorySpan,
  ): Promise<ReadonlyMap<bigint, IndicatorValue>> {
    const values = new Map<bigint, IndicatorValue>();
    const options = { ...spanOptions(series, span), specId: spec.id, mode: 'stored' as const };
    for await (const { startNs, warm, outputs } of this.#client.indicators(options)) {
      const columns = spec.outputs.map((name) => outputs.find((output) => output.name === name)?.value ?? []);
      for (const [at, start] of startNs.entries()) {
        const own = columns.map((column) => column[at] ?? NaN);
        values.set(start, { warm: warm[at] ?? false, values: own });
      }
    }
    return values;
  }
}

function spanOptions(
  { symbol, source, interval, priceType }: BarSeriesName,
  { afterNs, throughNs, signal }: HistorySpan,
): SpanOptions {
  const start = afterNs === null ? {} : { startNs: afterNs + 1n };
  const series = { symbol, source, interval, priceType };
  return { ...series, ...start, endNs: throughNs + 1n, signal, timeoutMs: TIMEOUT_MS };
}
