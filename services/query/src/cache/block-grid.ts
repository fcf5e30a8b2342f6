import { grainNsOf } from './seen-log.ts';

/** An undefined side is open. */
export interface Block {
  readonly startNs: bigint | undefined;
  readonly endNs: bigint | undefined;
}

export const EVERYTHING: Block = { startNs: undefined, endNs: undefined };

/** Times of the first and the last row of a series, as of some moment. */
export interface Bounds {
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/** Grains of a unit: of bars 4,096 of them, of ticks 23 days. Powers of 8. */
const BAR_UNIT_GRAINS = 64n;
const TICK_UNIT_GRAINS = 32_768n;
/** A unit whose rows are too many is divided by this, perhaps again and again, but not below a grain. */
const PARTS = 8n;
const MAX_UNITS = 50_000;
/** Between two named times so many units are looked at; of a longer range it is asked where its rows begin and end. */
const FEW_UNITS = 64n;
/** A range of more is not cached by blocks. */
const MAX_BLOCKS = 4_096;

/** The blocks that a series is cached in: aligned, so that all ranges and all processes have the same, and smaller where rows are many. */
export class BlockGrid {
  /** Length of the blocks of a unit where it is divided, by series and unit; those that were learnt first are forgotten first. */
  readonly #lengths = new Map<string, bigint>();

  /** Whether {@link blocks} needs to know the bounds. */
  needsBounds(series: string, { startNs, endNs }: Block): boolean {
    return startNs === undefined || endNs === undefined || endNs - startNs > FEW_UNITS * unitNsOf(series);
  }

  /**
   * The blocks that a range touches, in order, without a gap. `bounds`: before and after them one block each, whatever its length; undefined: the series
   * has no rows, and everything is one block. Undefined: there are too many.
   */
  blocks(
    name: string,
    series: string,
    range: Block,
    bounds: Bounds | undefined,
  ): readonly Block[] | undefined {
    if (bounds === undefined && this.needsBounds(series, range)) return [EVERYTHING];
    const unitNs = unitNsOf(series);
    const first = (bounds?.firstNs ?? range.startNs ?? 0n) / unitNs;
    const end = (bounds?.lastNs ?? (range.endNs ?? 0n) - 1n) / unitNs + 1n;
    // Before 1970 there is nothing, and an end of 0 would be none.
    const hasHead = bounds !== undefined && first > 0n;
    const all: Block[] = hasHead ? [{ startNs: undefined, endNs: first * unitNs }] : [];
    for (let unit = first; unit < end; unit += 1n) {
      const unitBlock = { startNs: unit * unitNs, endNs: (unit + 1n) * unitNs };
      if (!touches(unitBlock, range)) continue;
      const lengthNs = this.#lengths.get(`${name}|${unit}`) ?? unitNs;
      for (let startNs = unitBlock.startNs; startNs < unitBlock.endNs; startNs += lengthNs)
        all.push({ startNs, endNs: startNs + lengthNs });
      if (all.length > 2 * MAX_BLOCKS) return undefined;
    }
    if (bounds !== undefined) all.push({ startNs: end * unitNs, endNs: undefined });
    const touched = all.filter((block) => touches(block, range));
    return touched.length > MAX_BLOCKS ? undefined : touched;
  }

  /** A block holds too much: what fits reaches from its start to a time. False: it cannot be divided. */
  divide(name: string, series: string, { startNs, endNs }: Block, fitsToNs: bigint): boolean {
    if (startNs === undefined || endNs === undefined) return false;
    const [unitNs, grainNs] = [unitNsOf(series), grainNsOf(series)];
    let lengthNs = endNs - startNs;
    if (lengthNs <= grainNs) return false;
    do lengthNs /= PARTS;
    while (lengthNs > fitsToNs - startNs && lengthNs > grainNs);
    const key = `${name}|${startNs / unitNs}`;
    this.#lengths.delete(key);
    this.#lengths.set(key, lengthNs);
    const [oldest] = this.#lengths.keys();
    if (this.#lengths.size > MAX_UNITS && oldest !== undefined) this.#lengths.delete(oldest);
    return true;
  }
}

function unitNsOf(series: string): bigint {
  return grainNsOf(series) * (series.startsWith('bars|') ? BAR_UNIT_GRAINS : TICK_UNIT_GRAINS);
}

function touches(block: Block, { startNs, endNs }: Block): boolean {
  const isBefore = startNs !== undefined && block.endNs !== undefined && block.endNs <= startNs;
  const isAfter = endNs !== undefined && block.startNs !== undefined && block.startNs >= endNs;
  return !isBefore && !isAfter;
}
