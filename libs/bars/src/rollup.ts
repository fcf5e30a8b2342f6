import {
  err,
  NS_PER_DAY,
  ok,
  readState,
  StateWriter,
  type BarColumns,
  type Interval,
  type Result,
  type StateReader,
} from '@tickwell/domain';
import { averagePrice, isDaily, type Bar, type ClosedBars, type ExactSums, type LeftOut } from './bar.ts';
import type { BarLimits } from './builder.ts';
import { ExactSum } from './exact-sum.ts';
import { nextSlot, utcGrid, type BarGrid, type BarSlot } from './grid.ts';
import { DEFAULT_BAR_LIMITS } from './trade-bars.ts';

/** Most short bars one long bar may be made of: they are all kept, because any of them may still be corrected. */
const MAX_PARTS = 1_500;
const STATE_VERSION = 2;
const MIN_PART_BYTES = 59;
const PARTIAL = 1;
const EXACT = 2;

type Part = Omit<Bar, 'corrected'>;

interface LongBar {
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Ascending by start. */
  readonly parts: Part[];
  /** The version that went out last. */
  published: Part | null;
  changed: boolean;
}

export interface RollupInput {
  /** In log order; of bars that say their exact sums the sums of the longer ones are exact, too. */
  readonly bars: BarColumns | readonly Bar[];
  /** Of columns. */
  readonly knownAtNs: bigint;
  /** Every bar that starts before has come, with this input; 0n makes no claim. */
  readonly watermarkNs: bigint;
}

export interface RollupOutcome {
  /** Null where no bar closed or changed. */
  readonly closed: ClosedBars | null;
  /** Short bars whose long bar is not kept any more. */
  readonly tooLate: LeftOut | null;
  /** Short bars outside of the sessions that long bars are made of. */
  readonly outside: LeftOut | null;
  /** Short bars that are not aligned as their interval says, or lie across the ends of a long one. */
  readonly misfits: LeftOut | null;
  /** Long bars closed without the watermark, because more of them waited for it than the limit. */
  readonly forced: number;
}

type Place = BarSlot | 'outside' | 'misfit';

/**
 * Bars of one series to longer bars: open of the first, close of the last, the highest high, the lowest low, the exact sums of volume
 * and trade count, and the average of the vwaps weighted by volume. A long bar closes when the short bars' watermark reaches its end;
 * a short bar that comes again, corrected, corrects its long bar as long as that is retained. Where a part says no volume, vwap
 * or trade count, the long bar does not either. Empty parts (no trades, volume 0) count only where all are.
 *
 * Of bars that say their exact sums (those that {@link TradeBars} puts out) it makes what it would make of the trades, bit for bit. Of
 * stored bars open, high, low, close and trade count are equal, volume is where the short
 * bars' volumes are exact (whole lots are), and vwap agrees to about 1e-15 relative per part, as the parts' were rounded.
 */
export class BarRollup {
  readonly interval: Interval;
  readonly #from: BarGrid;
  readonly #to: BarGrid;
  readonly #limits: BarLimits;
  #bars: LongBar[] = [];
  #lineNs = 0n;
  #floorNs: bigint | null = null;

  private constructor(from: BarGrid, to: BarGrid, limits: BarLimits) {
    this.interval = to.interval;
    this.#from = from;
    this.#to = to;
    this.#limits = limits;
  }

  /** The error says why bars of one interval do not make bars of the other. */
  static create(
    from: BarGrid,
    to: BarGrid,
    limits: BarLimits = DEFAULT_BAR_LIMITS,
  ): Result<BarRollup, string> {
    const problem = mismatch(from.interval, to.interval);
    if (problem !== null) return err(`${from.interval.text} bars to ${to.interval.text} bars: ${problem}`);
    // Bars of a day start at a date, whatever their sessions, and weeks and months are of dates.
    const byDate = isDaily(from.interval);
    return ok(
      new BarRollup(byDate ? utcGrid(from.interval) : from, byDate ? utcGrid(to.interval) : to, limits),
    );
  }

  apply(input: RollupInput): RollupOutcome {
    const late: Part[] = [];
    const outside: Part[] = [];
    const misfits: Part[] = [];
    const parts = 'startNs' in input.bars ? toParts(input.bars, input.knownAtNs) : input.bars;
    for (const part of parts) {
      const place = this.#placeOf(part.startNs);
      if (place === 'outside') outside.push(part);
      else if (place === 'misfit') misfits.push(part);
      else if (!this.#put(part, place)) late.push(part);
    }
    if (input.watermarkNs > this.#lineNs) this.#lineNs = input.watermarkNs;
    const forced = this.#force();
    return {
      closed: this.#close(),
      tooLate: this.#leftOut(late),
      outside: this.#leftOut(outside),
      misfits: this.#leftOut(misfits),
      forced,
    };
  }

  snapshot(): Uint8Array<ArrayBuffer> {
    const writer = new StateWriter()
      .uint(STATE_VERSION)
      .int64(this.#lineNs)
      .flag(this.#floorNs !== null);
    if (this.#floorNs !== null) writer.int64(this.#floorNs);
    writer.uint(this.#bars.length);
    for (const bar of this.#bars) {
      writer
        .int64(bar.startNs)
        .flag(bar.published !== null)
        .uint(bar.parts.length);
      for (const part of bar.parts) writePart(writer, part, bar.startNs);
    }
    return writer.finish();
  }

  /** Goes on where a snapshot was taken. The error is one line. */
  static restore(
    bytes: Uint8Array,
    from: BarGrid,
    to: BarGrid,
    limits: BarLimits = DEFAULT_BAR_LIMITS,
  ): Result<BarRollup, string> {
    const created = BarRollup.create(from, to, limits);
    if (!created.ok) return created;
    const rollup = created.value;
    const read = readState(bytes, (reader) => {
      rollup.#read(reader);
    });
    return read.ok ? created : err(`state of ${to.interval.text} bars: ${read.error}`);
  }

  #read(reader: StateReader): void {
    const version = reader.uint();
    if (version !== STATE_VERSION) reader.fail(`version ${version}, this build reads ${STATE_VERSION}`);
    this.#lineNs = reader.int64();
    this.#floorNs = reader.flag() ? reader.int64() : null;
    for (let left = reader.count(MIN_PART_BYTES); left > 0; left -= 1) {
      const startNs = reader.int64();
      const published = reader.flag();
      const parts = Array.from({ length: reader.count(MIN_PART_BYTES) }, () => readPart(reader, startNs));
      const endNs = this.#to.slotOf(startNs)?.endNs ?? startNs;
      const bar: LongBar = { startNs, endNs, parts, published: null, changed: !published };
      // Between two inputs a bar that went out is what its parts make.
      if (published) bar.published = fold(bar);
      this.#bars.push(bar);
    }
    this.#evict();
  }

  /** The long bar that a short one lies in. */
  #placeOf(startNs: bigint): Place {
    const part = this.#from.slotOf(startNs);
    if (part?.startNs !== startNs) return 'misfit';
    const first = this.#to.slotAt(part.fromNs);
    if (first.kind === 'none') return part.endNs > first.untilNs ? 'misfit' : 'outside';
    return part.endNs <= first.endNs ? first : 'misfit';
  }

  #close(): ClosedBars | null {
    const bars: Bar[] = [];
    for (const bar of this.#bars) {
      if (bar.endNs > this.#lineNs) break;
      if (!bar.changed) continue;
      const now = fold(bar);
      if (bar.published === null || !isSame(now, bar.published))
        bars.push({ ...now, corrected: bar.published !== null });
      bar.published = now;
      bar.changed = false;
    }
    this.#evict();
    if (bars.length === 0) return null;
    const watermarkNs = nextSlot(this.#to, this.#lineNs)?.startNs ?? this.#lineNs;
    return { interval: this.interval, id: this.interval.text, bars, watermarkNs };
  }

  /** False when the part is too late. */
  #put(part: Part, { startNs, endNs }: BarSlot): boolean {
    let at = this.#bars.length;
    while (at > 0 && (this.#bars[at - 1]?.startNs ?? 0n) > startNs) at -= 1;
    const known = this.#bars[at - 1];
    if (known?.startNs === startNs) {
      if (putPart(known.parts, part)) known.changed = true;
      return true;
    }
    if (endNs <= this.#lineNs && this.#isTooOld(startNs, at)) return false;
    this.#bars.splice(at, 0, { startNs, endNs, parts: [part], published: null, changed: true });
    return true;
  }

  #isTooOld(startNs: bigint, at: number): boolean {
    if (this.#floorNs !== null && startNs <= this.#floorNs) return true;
    return at === 0 && this.#closedCount() >= this.#limits.retainedBars;
  }

  #closedCount(): number {
    const forming = this.#bars.findIndex((bar) => bar.endNs > this.#lineNs);
    return forming === -1 ? this.#bars.length : forming;
  }

  #force(): number {
    const forced = Math.max(0, this.#bars.length - this.#closedCount() - this.#limits.formingBars);
    const last = this.#bars[this.#closedCount() + forced - 1];
    if (forced > 0 && last !== undefined) this.#lineNs = last.endNs;
    return forced;
  }

  #evict(): void {
    const gone = this.#bars.splice(0, Math.max(0, this.#closedCount() - this.#limits.retainedBars));
    for (const { startNs } of gone) {
      if (this.#floorNs === null || startNs > this.#floorNs) this.#floorNs = startNs;
    }
  }

  #leftOut(parts: readonly Part[]): LeftOut | null {
    const [first] = parts;
    if (first === undefined) return null;
    let firstNs = first.startNs;
    let lastNs = first.startNs;
    const volume = new ExactSum();
    for (const part of parts) {
      if (part.startNs < firstNs) firstNs = part.startNs;
      if (part.startNs > lastNs) lastNs = part.startNs;
      if (!Number.isNaN(part.volume)) volume.add(part.volume);
    }
    return { interval: this.interval.text, count: parts.length, firstNs, lastNs, volume: volume.value };
  }
}

function mismatch(from: Interval, to: Interval): string | null {
  if (from.kind !== 'fixed') return 'weeks and months do not divide anything longer: start from days or less';
  const lengthNs = to.kind === 'fixed' ? to.lengthNs : (to.kind === 'week' ? 7n : 31n) * NS_PER_DAY;
  if (lengthNs <= from.lengthNs) return 'the second is not longer';
  if (to.kind === 'fixed' && lengthNs % from.lengthNs !== 0n) return 'the first does not divide the second';
  if (lengthNs / from.lengthNs > BigInt(MAX_PARTS))
    return `more than ${MAX_PARTS} to one: go by a length between`;
  return null;
}

function toParts(bars: BarColumns, knownAtNs: bigint): Part[] {
  return bars.startNs.map((startNs, index) => ({
    startNs,
    knownAtNs,
    open: bars.open[index] ?? NaN,
    high: bars.high[index] ?? NaN,
    low: bars.low[index] ?? NaN,
    close: bars.close[index] ?? NaN,
    volume: bars.volume[index] ?? NaN,
    vwap: bars.vwap[index] ?? NaN,
    tradeCount: bars.tradeCount[index] ?? NaN,
    partial: false,
  }));
}

/** Puts a part in its place, instead of an earlier version of itself; false if that one was the same. */
function putPart(parts: Part[], part: Part): boolean {
  let at = parts.length;
  while (at > 0 && (parts[at - 1]?.startNs ?? 0n) > part.startNs) at -= 1;
  const before = parts[at - 1];
  if (before?.startNs !== part.startNs) {
    parts.splice(at, 0, part);
    return true;
  }
  if (isSame(before, part)) return false;
  parts[at - 1] = part;
  return true;
}

const NUMBERS = ['open', 'high', 'low', 'close', 'volume', 'vwap', 'tradeCount'] as const;

function isSame(a: Part, b: Part): boolean {
  return (
    NUMBERS.every((name) => Object.is(a[name], b[name])) &&
    a.partial === b.partial &&
    a.sums?.volumeRest === b.sums?.volumeRest &&
    a.sums?.value === b.sums?.value &&
    a.sums?.valueRest === b.sums?.valueRest
  );
}

function fold({ startNs, parts }: LongBar): Part {
  const traded = parts.filter((part) => part.tradeCount !== 0 || part.volume !== 0);
  const { sums, ...totals } = foldSums(parts);
  let [high, low, open, close] = [NaN, NaN, NaN, NaN];
  for (const part of traded.length > 0 ? traded : parts) {
    if (Number.isNaN(open)) open = part.open;
    if (!Number.isNaN(part.close)) close = part.close;
    if (Number.isNaN(high) || part.high > high) high = part.high;
    if (Number.isNaN(low) || part.low < low) low = part.low;
  }
  const { value, volume } = totals;
  const vwap = Number.isNaN(value) ? NaN : averagePrice(value, volume, low, high);
  const knownAtNs = parts.reduce((latest, part) => (part.knownAtNs > latest ? part.knownAtNs : latest), 0n);
  const partial = parts.some((part) => part.partial);
  const tradeCount = parts.reduce((sum, part) => sum + part.tradeCount, 0);
  const bar = { startNs, knownAtNs, open, high, low, close, volume, vwap, tradeCount, partial };
  return sums === undefined ? bar : { ...bar, sums };
}

/** Volume and value of all parts; their sums are exact where all parts' are. */
function foldSums(parts: readonly Part[]): { volume: number; value: number; sums?: ExactSums } {
  const volume = new ExactSum();
  const value = new ExactSum();
  for (const part of parts) {
    volume.add(part.volume);
    if (part.sums === undefined) {
      // A part without volume has no average, and needs none.
      value.add(part.volume === 0 ? 0 : part.vwap * part.volume);
      continue;
    }
    volume.add(part.sums.volumeRest);
    value.add(part.sums.value);
    value.add(part.sums.valueRest);
  }
  const rounded = { volume: volume.value, value: value.value };
  if (parts.some((part) => part.sums === undefined)) return rounded;
  return {
    ...rounded,
    sums: { volumeRest: volume.rest, value: value.value, valueRest: value.rest },
  };
}

function writePart(writer: StateWriter, part: Part, baseNs: bigint): void {
  const { sums } = part;
  writer.int64(part.startNs - baseNs).int64(part.knownAtNs);
  for (const name of NUMBERS) writer.double(part[name]);
  writer.uint((part.partial ? PARTIAL : 0) + (sums === undefined ? 0 : EXACT));
  if (sums !== undefined) writer.double(sums.volumeRest).double(sums.value).double(sums.valueRest);
}

function readPart(reader: StateReader, baseNs: bigint): Part {
  const [startNs, knownAtNs] = [baseNs + reader.int64(), reader.int64()];
  const [open, high, low, close] = [reader.double(), reader.double(), reader.double(), reader.double()];
  const [volume, vwap, tradeCount] = [reader.double(), reader.double(), reader.double()];
  const flags = reader.uint();
  const partial = (flags & PARTIAL) !== 0;
  const part = { startNs, knownAtNs, open, high, low, close, volume, vwap, tradeCount, partial };
  if ((flags & EXACT) === 0) return part;
  const [volumeRest, value, valueRest] = [reader.double(), reader.double(), reader.double()];
  return { ...part, sums: { volumeRest, value, valueRest } };
}
