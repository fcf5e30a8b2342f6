import {
  err,
  intervalEndNs,
  intervalStartNs,
  NS_PER_DAY,
  ok,
  readState,
  StateWriter,
  type BarColumns,
  type Interval,
  type Result,
  type StateReader,
} from '@tickwell/domain';
import { averagePrice, type Bar, type ClosedBars, type TooLate } from './bar.ts';
import { ExactSum } from './exact-sum.ts';
import type { BarLimits } from './interval-bars.ts';
import { DEFAULT_BAR_LIMITS } from './trade-bars.ts';

/**
 * Most short bars one long bar may be made of: they are all kept, because any of them may still be corrected. Only starts that are not
 * aligned could make it more; those count as too late.
 */
const MAX_PARTS = 1_500;
const STATE_VERSION = 1;
const MIN_PART_BYTES = 58;

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

export interface RollupOutcome {
  /** Null where no bar closed or changed. */
  readonly closed: ClosedBars | null;
  /** Short bars whose long bar is not kept any more. */
  readonly tooLate: TooLate | null;
  /** Long bars closed without the watermark, because more of them waited for it than the limit. */
  readonly forced: number;
}

/**
 * Bars of one series to longer bars: open of the first, close of the last, the highest high, the lowest low, the exact sums of volume
 * and trade count, and the average of the vwaps weighted by volume. A long bar closes when the short bars' watermark reaches its end;
 * a short bar that comes again, corrected, corrects its long bar as long as that is retained. Where a part says no volume, vwap
 * or trade count, the long bar does not either.
 *
 * Against bars built of the trades themselves open, high, low, close and trade count are equal, volume is where the short
 * bars' volumes are exact (whole lots are), and vwap agrees to about 1e-15 relative per part, as the parts' were rounded.
 */
export class BarRollup {
  readonly interval: Interval;
  readonly #limits: BarLimits;
  #bars: LongBar[] = [];
  #lineNs = 0n;
  #floorNs: bigint | null = null;

  private constructor(interval: Interval, limits: BarLimits) {
    this.interval = interval;
    this.#limits = limits;
  }

  /** The error says why bars of one interval do not make bars of the other. */
  static create(
    from: Interval,
    to: Interval,
    limits: BarLimits = DEFAULT_BAR_LIMITS,
  ): Result<BarRollup, string> {
    const problem = mismatch(from, to);
    return problem === null
      ? ok(new BarRollup(to, limits))
      : err(`${from.text} bars to ${to.text} bars: ${problem}`);
  }

  /** Bars in log order. `watermarkNs`: every bar that starts before has come, with this input; 0n makes no claim. */
  apply(input: {
    readonly bars: BarColumns;
    readonly knownAtNs: bigint;
    readonly watermarkNs: bigint;
  }): RollupOutcome {
    const late: Part[] = [];
    for (const part of toParts(input.bars, input.knownAtNs)) if (!this.#put(part)) late.push(part);
    if (input.watermarkNs > this.#lineNs) this.#lineNs = input.watermarkNs;
    const forced = this.#force();
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
    const watermarkNs = this.#lineNs === 0n ? 0n : intervalStartNs(this.interval, this.#lineNs);
    const closed = bars.length === 0 ? null : { interval: this.interval, bars, watermarkNs };
    return { closed, tooLate: this.#tooLate(late), forced };
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
    from: Interval,
    to: Interval,
    limits: BarLimits = DEFAULT_BAR_LIMITS,
  ): Result<BarRollup, string> {
    const created = BarRollup.create(from, to, limits);
    if (!created.ok) return created;
    const rollup = created.value;
    const read = readState(bytes, (reader) => {
      rollup.#read(reader);
    });
    return read.ok ? created : err(`state of ${to.text} bars: ${read.error}`);
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
      const bar: LongBar = {
        startNs,
        endNs: intervalEndNs(this.interval, startNs),
        parts,
        published: null,
        changed: !published,
      };
      // Between two inputs a bar that went out is what its parts make.
      if (published) bar.published = fold(bar);
      this.#bars.push(bar);
    }
    this.#evict();
  }

  /** False when the part is too late. */
  #put(part: Part): boolean {
    const startNs = intervalStartNs(this.interval, part.startNs);
    let at = this.#bars.length;
    while (at > 0 && (this.#bars[at - 1]?.startNs ?? 0n) > startNs) at -= 1;
    const known = this.#bars[at - 1];
    if (known?.startNs === startNs) {
      if (known.parts.length > MAX_PARTS) return false;
      if (putPart(known.parts, part)) known.changed = true;
      return true;
    }
    const endNs = intervalEndNs(this.interval, startNs);
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

  #tooLate(late: readonly Part[]): TooLate | null {
    const [first] = late;
    if (first === undefined) return null;
    let firstNs = first.startNs;
    let lastNs = first.startNs;
    const volume = new ExactSum();
    for (const part of late) {
      if (part.startNs < firstNs) firstNs = part.startNs;
      if (part.startNs > lastNs) lastNs = part.startNs;
      if (!Number.isNaN(part.volume)) volume.add(part.volume);
    }
    return { interval: this.interval.text, count: late.length, firstNs, lastNs, volume: volume.value };
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
  return NUMBERS.every((name) => Object.is(a[name], b[name]));
}

function fold(bar: LongBar): Part {
  const volume = new ExactSum();
  const value = new ExactSum();
  let [high, low, open, close, tradeCount, knownAtNs] = [-Infinity, Infinity, NaN, NaN, 0, 0n];
  for (const part of bar.parts) {
    if (Number.isNaN(open)) open = part.open;
    close = part.close;
    if (part.high > high) high = part.high;
    if (part.low < low) low = part.low;
    volume.add(part.volume);
    // A part without volume has no average, and needs none.
    value.add(part.volume === 0 ? 0 : part.vwap * part.volume);
    tradeCount += part.tradeCount;
    if (part.knownAtNs > knownAtNs) knownAtNs = part.knownAtNs;
  }
  const vwap = Number.isNaN(value.value) ? NaN : averagePrice(value.value, volume.value, low, high);
  return { startNs: bar.startNs, knownAtNs, open, high, low, close, volume: volume.value, vwap, tradeCount };
}

function writePart(writer: StateWriter, part: Part, baseNs: bigint): void {
  writer.int64(part.startNs - baseNs).int64(part.knownAtNs);
  for (const name of NUMBERS) writer.double(part[name]);
}

function readPart(reader: StateReader, baseNs: bigint): Part {
  const [startNs, knownAtNs] = [baseNs + reader.int64(), reader.int64()];
  const [open, high, low, close] = [reader.double(), reader.double(), reader.double(), reader.double()];
  const [volume, vwap, tradeCount] = [reader.double(), reader.double(), reader.double()];
  return { startNs, knownAtNs, open, high, low, close, volume, vwap, tradeCount };
}
