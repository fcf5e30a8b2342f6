import { fromBinary } from '@bufbuild/protobuf';
import { TickwellError, type Subscription, type TickwellClient } from '@tickwell/client';
import { TOPICS, queryV1 } from '@tickwell/contracts';
import { partitionForKey } from '@tickwell/kafka';
import { addEvent, SeamSums, type SeamKind, type SeamRow } from './seam-rows.ts';

export const TOPIC_OF_KIND: Readonly<Record<SeamKind, string>> = {
  trades: TOPICS.ticks.name,
  bars: TOPICS.bars.name,
  indicators: TOPICS.indicators.name,
};
const PARTITIONS = TOPICS.ticks.partitions;

export type SeamFrom =
  { readonly live: true } | { readonly sinceNs: bigint } | { readonly after: string; readonly of: number };

/** Next offsets by topic and partition. */
export type Offsets = ReadonlyMap<string, bigint>;

function offsetsOf(position: string): Offsets {
  const { partitions } = fromBinary(queryV1.StreamPositionSchema, Buffer.from(position, 'base64url'));
  return new Map(partitions.map(({ topic, partition, nextOffset }) => [`${topic}/${partition}`, nextOffset]));
}

/** A subscriber that keeps sums of all it is given, and goes on through whatever ends its stream as the errors say it should. */
export class SeamReader {
  readonly from: SeamFrom;
  readonly symbols: ReadonlySet<string>;
  readonly kinds: ReadonlySet<SeamKind>;
  readonly done: Promise<void>;
  sums = new SeamSums();
  /** What came over it that it had to answer, by code of the error. */
  readonly troubles: string[] = [];
  /** Where live began, of one who wants nothing else. */
  #liveFrom: Offsets | undefined;
  #subscription: Subscription | undefined;
  #failure: Error | undefined;
  readonly #client: TickwellClient;
  readonly #leaving = new AbortController();

  constructor(
    client: TickwellClient,
    asked: {
      readonly from: SeamFrom;
      readonly symbols: readonly string[];
      readonly kinds: readonly SeamKind[];
    },
  ) {
    this.#client = client;
    this.from = asked.from;
    this.symbols = new Set(asked.symbols);
    this.kinds = new Set(asked.kinds);
    this.done = this.#run();
    this.done.catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    });
  }

  get position(): string | undefined {
    return this.#subscription?.position;
  }

  get reconnects(): number {
    return this.#subscription?.reconnects ?? 0;
  }

  leave(): void {
    this.#leaving.abort();
  }

  /** Whether everything below these offsets has come. Throws what the reader failed with. */
  hasReached(ends: Offsets): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    const { position } = this;
    if (position === undefined) return false;
    const reached = offsetsOf(position);
    const topics = new Set([...this.kinds].map((kind) => TOPIC_OF_KIND[kind]));
    return [...ends].every(
      ([place, end]) =>
        !topics.has(place.slice(0, place.lastIndexOf('/'))) || (reached.get(place) ?? 0n) >= end,
    );
  }

  /** What of the store it should have got. */
  expected(rows: readonly SeamRow[]): SeamSums {
    const sums = new SeamSums();
    const begin = 'after' in this.from ? offsetsOf(this.from.after) : this.#liveFrom;
    const sinceNs = 'sinceNs' in this.from ? this.from.sinceNs : undefined;
    for (const { kind, symbol, timeNs, offset, hash } of rows) {
      if (!this.kinds.has(kind) || !this.symbols.has(symbol)) continue;
      const place = `${TOPIC_OF_KIND[kind]}/${partitionForKey(symbol, PARTITIONS)}`;
      const isWanted = sinceNs === undefined ? offset >= (begin?.get(place) ?? 0n) : timeNs >= sinceNs;
      if (isWanted) sums.of({ symbol, kind }).add(hash);
    }
    return sums;
  }

  async #run(): Promise<void> {
    let from: { sinceNs?: bigint; after?: string } =
      'live' in this.from ? {} : 'after' in this.from ? { after: this.from.after } : this.from;
    for (;;) {
      try {
        await this.#read(from);
        return;
      } catch (error) {
        if (!(error instanceof TickwellError)) throw error;
        if (this.#leaving.signal.aborted) return;
        const { position } = this;
        this.troubles.push(error.code);
        if (error.code === 'reader-too-slow' && position !== undefined) from = { after: position };
        else if (error.code === 'history-interrupted' || error.code === 'reader-too-slow')
          this.sums = new SeamSums();
        else throw error;
      }
    }
  }

  async #read(from: { readonly sinceNs?: bigint; readonly after?: string }): Promise<void> {
    const { signal } = this.#leaving;
    const [symbols, kinds] = [[...this.symbols], [...this.kinds]];
    const subscription = this.#client.subscribe({ symbols, kinds, signal, verify: true, ...from });
    this.#subscription = subscription;
    for await (const event of subscription) {
      if (event.kind === 'live') this.#liveFrom ??= offsetsOf(subscription.position ?? '');
      else if (event.kind !== 'snapshot-end') addEvent(this.sums.of(event), event);
    }
  }
}
