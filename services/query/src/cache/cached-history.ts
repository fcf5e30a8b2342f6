import {
  encodeQuotesResponse,
  encodeTicksResponse,
  type PackedQuoteRows,
  type PackedTicks,
  type queryV1,
} from '@tickwell/contracts';
import type { Cache } from '@tickwell/ports';
import type { CallSignal, HistoryCalls } from '../history.ts';
import { encoded } from '../response.ts';
import { BlockGrid } from './block-grid.ts';
import { newCounts, type CacheCounts } from './cache-counts.ts';
import { CachedReads, type CacheParts } from './cached-reads.ts';
import { Fills } from './fills.ts';
import { Levels } from './levels.ts';
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

  getBars(
    request: queryV1.GetBarsRequest,
    call: CallSignal,
  ): AsyncIterable<queryV1.GetBarsResponse | Uint8Array> {
    const { isContinuous, nowNs } = this.#parts;
    const plan = isContinuous(request.symbol) ? undefined : barPlan(request, nowNs());
    return this.#bars.answer(request, plan, call);
  }

  getTicks(request: queryV1.GetTicksRequest, call: CallSignal): AsyncIterable<Uint8Array> {
    return encoded(this.#ticks.answer(request, tickPlan(request), call), encodeTicksResponse);
  }

  getQuotes(request: queryV1.GetQuotesRequest, call: CallSignal): AsyncIterable<Uint8Array> {
    return encoded(this.#quotes.answer(request, quotePlan(request), call), encodeQuotesResponse);
  }

  async close(): Promise<void> {
    await this.levels.memory.close();
    await this.levels.shared?.close();
  }
}
