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
/** A block whose rows are too many is divided by this, and its parts perhaps again, but not below a grain. */
const PARTS = 8n;
const MAX_DIVIDED = 50_000;
/** Between two named times so many units are looked at; of a longer range it is asked where its rows begin and end. */
const FEW_UNITS = 64n;
/** A range of more is not cached by blocks. */
const MAX_BLOCKS = 4_096;

/** The blocks that a series is cached in: aligned, so that all ranges and all processes have the same, and smaller where rows are many. */
export class BlockGrid {
  /** Blocks that hold too much for one; those that were learnt first are forgotten first. */
  readonly #divided = new Set<string>();

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
    const touched: Block[] = [];
    // Before 1970 there is nothing, and an end of 0 would be none.
    const head = { startNs: undefined, endNs: first * unitNs };
    if (bounds !== undefined && first > 0n && touches(head, range)) touched.push(head);
    for (let unit = first; unit < end; unit += 1n) {
      touched.push(...this.partsOf(name, { startNs: unit * unitNs, endNs: (unit + 1n) * unitNs }, range));
      if (touched.length > MAX_BLOCKS) return undefined;
    }
    const tail = { startNs: end * unitNs, endNs: undefined };
    if (bounds !== undefined && touches(tail, range)) touched.push(tail);
    return touched;
  }

  /** What a block consists of, as far as a range touches it: itself, where it is not divided. */
  partsOf(name: string, block: Block, range: Block): readonly Block[] {
    if (!touches(block, range)) return [];
    const { startNs, endNs } = block;
    if (startNs === undefined || endNs === undefined || !this.#divided.has(keyOf(name, startNs, endNs)))
      return [block];
    return eighths(startNs, endNs).flatMap((part) => this.partsOf(name, part, range));
  }

  /** A block holds too much: what fits reaches from its start to a time. Its parts from now on; undefined: it cannot be divided. */
  divide(
    name: string,
    series: string,
    { startNs, endNs }: Block,
    fitsToNs: bigint,
  ): readonly Block[] | undefined {
    const grainNs = grainNsOf(series);
    if (startNs === undefined || endNs === undefined || endNs - startNs <= grainNs) return undefined;
    let lengthNs = endNs - startNs;
    do {
      this.#divided.add(keyOf(name, startNs, startNs + lengthNs));
      lengthNs /= PARTS;
    } while (lengthNs > fitsToNs - startNs && lengthNs > grainNs);
    for (const oldest of this.#divided) {
      if (this.#divided.size <= MAX_DIVIDED) break;
      this.#divided.delete(oldest);
    }
    return this.partsOf(name, { startNs, endNs }, EVERYTHING);
  }
}

function keyOf(name: string, startNs: bigint, endNs: bigint): string {
  return `${name}|${startNs}|${endNs}`;
}

function eighths(startNs: bigint, endNs: bigint): readonly { startNs: bigint; endNs: bigint }[] {
  const lengthNs = (endNs - startNs) / PARTS;
  return Array.from({ length: Number(PARTS) }, (_, at) => {
    const from = startNs + BigInt(at) * lengthNs;
    return { startNs: from, endNs: from + lengthNs };
  });
}

function unitNsOf(series: string): bigint {
  return grainNsOf(series) * (series.startsWith('bars|') ? BAR_UNIT_GRAINS : TICK_UNIT_GRAINS);
}

function touches(block: Block, { startNs, endNs }: Block): boolean {
  const isBefore = startNs !== undefined && block.endNs !== undefined && block.endNs <= startNs;
  const isAfter = endNs !== undefined && block.startNs !== undefined && block.startNs >= endNs;
  return !isBefore && !isAfter;
}
