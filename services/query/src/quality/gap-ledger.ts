import type { PriceType } from '@tickwell/domain';
import type { HoleReader, StoredHole } from '@tickwell/ports';
import { BEST_SOURCE } from '@tickwell/source-policy';
import type { Gap } from './coverage-count.ts';

/** Of one question; the oldest of more are left out. */
const MAX_HOLES = 10_000;
const MAX_REPAIRED = 100;

interface Series {
  readonly symbol: string;
  readonly source: string;
  readonly priceType: PriceType;
}

/** What the ledger knows of bars of some instruments in a range. */
export class GapLedger {
  readonly #holes: ReadonlyMap<string, readonly StoredHole[]>;

  private constructor(holes: ReadonlyMap<string, readonly StoredHole[]>) {
    this.#holes = holes;
  }

  /** `source` "": of every source. */
  static async read(
    reader: HoleReader,
    of: {
      readonly symbols: readonly string[];
      readonly source: string;
      readonly interval: string;
      readonly startNs: bigint;
      readonly endNs: bigint | undefined;
    },
  ): Promise<GapLedger> {
    const { symbols, source, interval, startNs, endNs } = of;
    const filter = {
      symbols,
      kind: 'bars',
      interval,
      startNs,
      ...(source === '' ? {} : { source }),
      ...(endNs === undefined ? {} : { endNs }),
    };
    const holes = await reader.holes(filter, MAX_HOLES);
    return new GapLedger(Map.groupBy(holes, (hole) => seriesKey({ priceType: 'trade', ...definedIn(hole) })));
  }

  /** The hole that covers most of a gap, one that is still there before one that was repaired. */
  of(series: Series, gap: Pick<Gap, 'startNs' | 'endNs'>): StoredHole | undefined {
    let best: StoredHole | undefined;
    for (const hole of this.#of(series)) {
      if (overlapNs(hole, gap) <= 0n) continue;
      if (best === undefined || rank(hole, gap) > rank(best, gap)) best = hole;
    }
    return best;
  }

  /** The newest first. */
  repaired(series: Series): readonly StoredHole[] {
    return this.#of(series)
      .filter(({ state }) => state === 'repaired')
      .slice(0, MAX_REPAIRED);
  }

  /** Where no source has any bar, all is missing of what they have together. */
  #of({ source, ...series }: Series): readonly StoredHole[] {
    return this.#holes.get(seriesKey({ ...series, source: source === '' ? BEST_SOURCE : source })) ?? [];
  }
}

function definedIn({ symbol, source, priceType }: StoredHole): Omit<Series, 'priceType'> & Partial<Series> {
  return { symbol, source, ...(priceType === undefined ? {} : { priceType }) };
}

function seriesKey({ symbol, source, priceType }: Series): string {
  return `${priceType} ${symbol} ${source}`;
}

const REPAIRED_WEIGHT = 2n ** 64n;

function rank(hole: StoredHole, gap: Pick<Gap, 'startNs' | 'endNs'>): bigint {
  return overlapNs(hole, gap) + (hole.state === 'repaired' ? 0n : REPAIRED_WEIGHT);
}

function overlapNs(hole: Pick<Gap, 'startNs' | 'endNs'>, gap: Pick<Gap, 'startNs' | 'endNs'>): bigint {
  const startNs = hole.startNs > gap.startNs ? hole.startNs : gap.startNs;
  const endNs = hole.endNs < gap.endNs ? hole.endNs : gap.endNs;
  return endNs - startNs;
}
