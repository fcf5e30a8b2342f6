import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  decodeQuotesResponse,
  decodeTicksResponse,
  encodeQuotesResponse,
  encodeTicksResponse,
  type PackedQuoteRows,
  type PackedTicks,
  queryV1,
} from '@tickwell/contracts';
import type { Cache } from '@tickwell/ports';
import type { SeriesCalls } from '../align/joined-series.ts';
import { manyBarsAs, type BarMessages } from '../align/many-bars.ts';
import type { CallSignal, HistoryCalls } from '../history.ts';
import { encoded } from '../response.ts';
import { BlockGrid } from './block-grid.ts';
import { newCounts, type CacheCounts } from './cache-counts.ts';
import { CachedReads, type CachedCall, type CacheParts } from './cached-reads.ts';
import { Fills } from './fills.ts';
import { Levels } from './levels.ts';
import type { CallEnds } from './log-fence.ts';
import { barMethod, quoteMethod, tickMethod } from './methods.ts';
import { barPlan, quotePlan, tickPlan } from './plans.ts';

export interface CachedHistoryParts extends Omit<CacheParts, 'levels' | 'fills' | 'grid' | 'counts'> {
  readonly history: Pick<HistoryCalls, 'getBars' | 'getTicks' | 'getQuotes'>;
  readonly memory: Cache;
  readonly shared: Cache | undefined;
  /** A continuous future is made of others' bars. */
  readonly isContinuous: (symbol: string) => boolean;
  readonly nowNs: () => bigint;
}

/** The history calls, answered from the cache where that is certain to be right. */
export class CachedHistory {
  readonly counts: CacheCounts = newCounts();
  readonly levels: Levels;
  readonly #parts: CachedHistoryParts;
  readonly #bars: CachedReads<queryV1.GetBarsRequest, queryV1.GetBarsResponse>;
  readonly #ticks: CachedReads<queryV1.GetTicksRequest, PackedTicks>;
  readonly #quotes: CachedReads<queryV1.GetQuotesRequest, PackedQuoteRows>;

  constructor(parts: CachedHistoryParts) {
    const { history, memory, shared } = parts;
    this.#parts = parts;
    this.levels = new Levels(memory, shared, this.counts);
    const own = {
      ...parts,
      levels: this.levels,
      fills: new Fills(),
      grid: new BlockGrid(),
      counts: this.counts,
    };
    this.#bars = new CachedReads(
      barMethod((request, call) => history.getBars(request, call)),
      own,
    );
    this.#ticks = new CachedReads(
      tickMethod((request, call) => history.getTicks(request, call)),
      own,
    );
    this.#quotes = new CachedReads(
      quoteMethod((request, call) => history.getQuotes(request, call)),
      own,
    );
  }

  getBars(request: queryV1.GetBarsRequest, call: CachedCall): AsyncIterable<BarsAnswer> {
    const { isContinuous, nowNs } = this.#parts;
    const plan = isContinuous(request.symbol) ? undefined : barPlan(request, nowNs());
    return this.#bars.answer(request, plan, call);
  }

  getTicks(request: queryV1.GetTicksRequest, call: CachedCall): AsyncIterable<Uint8Array> {
    return encoded(this.#ticks.answer(request, tickPlan(request), call), encodeTicksResponse);
  }

  getQuotes(request: queryV1.GetQuotesRequest, call: CachedCall): AsyncIterable<Uint8Array> {
    return encoded(this.#quotes.answer(request, quotePlan(request), call), encodeQuotesResponse);
  }

  /** {@link getBars} of several symbols, with one question for where the log ends. */
  manyBars(request: queryV1.GetBarsRequest, call: CallSignal): AsyncIterable<BarsAnswer> {
    const ends: CallEnds = new Map();
    return manyBarsAs(request, call, (one, each) => this.getBars(one, { ...each, ends }), ANSWERS);
  }

  /** For one call that is made of rows of more than one read: as messages, with one question for where the log ends. */
  forOneCall(): Omit<SeriesCalls, 'getIndicators'> {
    const ends: CallEnds = new Map();
    const bars = (bytes: Uint8Array): queryV1.GetBarsResponse =>
      fromBinary(queryV1.GetBarsResponseSchema, bytes);
    return {
      getBars: (request, call) => decoded(this.getBars(request, { ...call, ends }), bars),
      getTicks: (request, call) => decoded(this.getTicks(request, { ...call, ends }), decodeTicksResponse),
      getQuotes: (request, call) => decoded(this.getQuotes(request, { ...call, ends }), decodeQuotesResponse),
    };
  }

  async close(): Promise<void> {
    await this.levels.memory.close();
    await this.levels.shared?.close();
  }
}

async function* decoded<A extends object>(
  answers: AsyncIterable<A | Uint8Array>,
  decode: (bytes: Uint8Array) => A,
): AsyncGenerator<A> {
  for await (const answer of answers) yield answer instanceof Uint8Array ? decode(answer) : answer;
}

type BarsAnswer = queryV1.GetBarsResponse | Uint8Array;

const ANSWERS: BarMessages<BarsAnswer> = {
  // What is cached as bytes has rows.
  rows: (answer) => (answer instanceof Uint8Array ? 1 : (answer.bars?.startNs.length ?? 0)),
  named: (answer, symbol) => {
    if (!(answer instanceof Uint8Array)) return { ...answer, symbol };
    const named = create(queryV1.GetBarsResponseSchema, { symbol });
    // Messages that follow each other are one: the field may stand at the end.
    return Buffer.concat([answer, toBinary(queryV1.GetBarsResponseSchema, named)]);
  },
};
