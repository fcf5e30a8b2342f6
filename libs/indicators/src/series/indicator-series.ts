import { readState, StateWriter, type Result } from '@tickwell/domain';
import type { IndicatorSpec } from '../definition.ts';
import { createIndicator, restore, type Indicator } from '../engine.ts';
import { parseSpec } from '../spec.ts';
import { BarWindow, type SeriesBar } from './bar-window.ts';

/** One value of one specification; `values` in the order of its outputs, NaN while not warm. */
export interface IndicatorRow {
  readonly startNs: bigint;
  /** The greatest known-at of the bars of the series up to this one. */
  readonly knownAtNs: bigint;
  readonly warm: boolean;
  readonly values: readonly number[];
}

/** What is new or has changed of one specification. */
export interface SpecRows {
  readonly spec: IndicatorSpec;
  readonly rows: readonly IndicatorRow[];
}

export interface SeriesOutcome {
  /** In the order of the specifications. */
  readonly rows: readonly SpecRows[];
  /** Starts of bars that are older than what can still be corrected. */
  readonly tooOld: readonly bigint[];
}

/** A place between two bars of the series. */
interface Place {
  /** The greatest known-at of the bars before. */
  readonly knownAtNs: bigint;
  /** Start of the last bar before; null: there was none. */
  readonly lastNs: bigint | null;
}

/** One specification that is computed. */
interface Slot {
  readonly spec: IndicatorSpec;
  /** At the anchor; null: it had seen no bar. */
  anchor: Uint8Array | null;
  /** At what is the next anchor, once the window is that long. */
  next: Uint8Array | null;
  /** After the whole window. */
  live: Indicator;
}

/**
 * The indicators of one series of bars. A bar after the last one updates them, the last one again replaces it, and an earlier
 * one (corrected, or missing until now) is put in its place and everything after it computed again; of that only values whose bits
 * changed go out. For this it keeps between `keptBars` and twice as many bars and the indicators' state before them, at the anchor.
 *
 * A version of a bar that is known earlier than the one kept is not the current one and changes nothing, as everywhere in the platform;
 * the same numbers again make no version either.
 */
export class IndicatorSeries {
  readonly #keptBars: number;
  readonly #window = new BarWindow();
  #anchor: Place = { knownAtNs: 0n, lastNs: null };
  /** After the first `keptBars` bars of the window. */
  #next: Place | null = null;
  #wanted: readonly IndicatorSpec[] = [];
  #slots: Slot[] = [];
  /** Of the whole window. */
  #knownAtNs = 0n;

  constructor(keptBars: number) {
    this.#keptBars = keptBars;
  }

  /** Computes these specifications from the next bar on. One that is new starts at the oldest kept bar, one that is gone is forgotten. */
  configure(wanted: readonly IndicatorSpec[]): void {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    const running = new Map(this.#slots.map((slot) => [slot.spec.id, slot]));
    const bars = this.#window.bars();
    this.#slots = wanted.map((spec) => {
      const known = running.get(spec.id);
      if (known !== undefined) return known;
      const slot: Slot = { spec, anchor: null, next: null, live: createIndicator(spec) };
      this.#run(slot, bars);
      return slot;
    });
    this.#moveAnchor();
  }

  /** Bars in log order, each with finite numbers up to 1e99 and no negative volume. */
  apply(bars: readonly SeriesBar[]): SeriesOutcome {
    const rows = this.#slots.map((): IndicatorRow[] => []);
    const tooOld: bigint[] = [];
    let index = 0;
    while (index < bars.length) {
      // Earlier bars that follow each other are put in place together and computed once.
      const earlier: SeriesBar[] = [];
      for (let bar = bars[index]; bar !== undefined && this.#isEarlier(bar); bar = bars[(index += 1)]) {
        if (this.#anchor.lastNs !== null && bar.startNs <= this.#anchor.lastNs) tooOld.push(bar.startNs);
        else earlier.push(bar);
      }
      if (earlier.length > 0) this.#correct(earlier, rows);
      const bar = bars[index];
      if (bar === undefined) break;
      this.#advance(bar, rows);
      index += 1;
    }
    return { rows: this.#slots.map(({ spec }, at) => ({ spec, rows: rows[at] ?? [] })), tooOld };
  }

  encode(): Uint8Array<ArrayBuffer> {
    const { knownAtNs, lastNs } = this.#anchor;
    const writer = new StateWriter().flag(lastNs !== null);
    if (lastNs !== null) writer.int64(lastNs);
    writer.int64(knownAtNs);
    const known = this.#slots.flatMap(({ spec, anchor }) => (anchor === null ? [] : [{ spec, anchor }]));
    writer.uint(known.length);
    for (const { spec, anchor } of known) writer.text(spec.id).block(anchor);
    this.#window.write(writer);
    return writer.finish();
  }

  /**
   * Goes on where {@link encode} was called, bit for bit, once it is configured again. A specification that this build does not know is left
   * out. The error is one line: damaged bytes, or a snapshot of another revision of a formula.
   */
  static decode(bytes: Uint8Array, keptBars: number): Result<IndicatorSeries, string> {
    const series = new IndicatorSeries(keptBars);
    const read = readState(bytes, (reader) => {
      const lastNs = reader.flag() ? reader.int64() : null;
      series.#anchor = { lastNs, knownAtNs: reader.int64() };
      const saved = new Map<string, Uint8Array>();
      for (let left = reader.count(2); left > 0; left -= 1) saved.set(reader.text(), reader.block());
      series.#window.read(reader);
      if (lastNs !== null && series.#window.size === 0) reader.fail('an anchor without bars after it');
      series.#slots = [...saved].flatMap(([id, anchor]) => {
        const parsed = parseSpec(id);
        if (!parsed.ok) return [];
        const restored = restore(parsed.spec, anchor);
        if (!restored.ok) return reader.fail(restored.error.message);
        return [{ spec: parsed.spec, anchor, next: null, live: restored.indicator }];
      });
      series.#wanted = series.#slots.map(({ spec }) => spec);
      series.#replay(Infinity);
    });
    return read.ok ? { ok: true, value: series } : read;
  }

  #isEarlier(bar: SeriesBar): boolean {
    const last = this.#window.size - 1;
    return last >= 0 && bar.startNs < this.#window.startNs(last);
  }

  /** A bar after the last one, or the last one again. */
  #advance(bar: SeriesBar, rows: readonly IndicatorRow[][]): void {
    const last = this.#window.size - 1;
    if (last >= 0 && this.#window.startNs(last) === bar.startNs) {
      this.#replaceLast(bar, rows);
      return;
    }
    this.#window.insert(last + 1, bar);
    this.#knownAtNs = later(this.#knownAtNs, bar.knownAtNs);
    const { startNs } = bar;
    for (const [index, { live }] of this.#slots.entries()) {
      const { warm, values } = live.update(bar);
      rows[index]?.push({ startNs, knownAtNs: this.#knownAtNs, warm, values });
    }
    this.#noteMiddle();
    this.#moveAnchor();
  }

  #replaceLast(bar: SeriesBar, rows: readonly IndicatorRow[][]): void {
    if (!this.#put(bar)) return;
    this.#knownAtNs = later(this.#knownAtNs, bar.knownAtNs);
    const { startNs } = bar;
    for (const [index, { live }] of this.#slots.entries()) {
      const before = live.value;
      const { warm, values } = live.replace(bar);
      const row = { startNs, knownAtNs: this.#knownAtNs, warm, values };
      if (isChanged(before, row)) rows[index]?.push(row);
    }
    this.#noteMiddle();
  }

  /** Puts bars before the last one in their places and computes everything again. */
  #correct(bars: readonly SeriesBar[], rows: readonly IndicatorRow[][]): void {
    const first = Math.min(...bars.map((bar) => this.#window.indexOf(bar.startNs)));
    const before = this.#replay(first);
    let changed = false;
    for (const bar of bars) changed = this.#put(bar) || changed;
    if (!changed) return;
    for (const [index, fresh] of this.#replay(first).entries()) {
      const known = new Map(before[index]?.map((row) => [row.startNs, row]));
      for (const row of fresh) if (isChanged(known.get(row.startNs), row)) rows[index]?.push(row);
    }
    this.#moveAnchor();
  }

  /** False when the bar is no newer version than the one kept. */
  #put(bar: SeriesBar): boolean {
    const index = this.#window.indexOf(bar.startNs);
    if (index === this.#window.size || this.#window.startNs(index) !== bar.startNs) {
      this.#window.insert(index, bar);
      return true;
    }
    if (bar.knownAtNs < this.#window.knownAtNs(index) || this.#window.holds(index, bar)) return false;
    this.#window.set(index, bar);
    return true;
  }

  /** Computes the whole window from the anchor and returns the values from the bar at `first` on, one list per slot. */
  #replay(first: number): IndicatorRow[][] {
    const bars = this.#window.bars();
    this.#knownAtNs = bars.reduce((known, bar) => later(known, bar.knownAtNs), this.#anchor.knownAtNs);
    const middle = bars[this.#keptBars - 1];
    if (middle !== undefined) {
      const kept = bars.slice(0, this.#keptBars);
      const knownAtNs = kept.reduce((known, bar) => later(known, bar.knownAtNs), this.#anchor.knownAtNs);
      this.#next = { knownAtNs, lastNs: middle.startNs };
    }
    return this.#slots.map((slot) => this.#run(slot, bars, first));
  }

  /** Computes the bars of the window for one slot, from the anchor. */
  #run(slot: Slot, bars: readonly SeriesBar[], first = Infinity): IndicatorRow[] {
    const rows: IndicatorRow[] = [];
    slot.live = revive(slot);
    let { knownAtNs } = this.#anchor;
    for (const [at, bar] of bars.entries()) {
      knownAtNs = later(knownAtNs, bar.knownAtNs);
      const { warm, values } = slot.live.update(bar);
      if (at >= first) rows.push({ startNs: bar.startNs, knownAtNs, warm, values });
      if (at + 1 === this.#keptBars) slot.next = slot.live.snapshot();
    }
    return rows;
  }

  #noteMiddle(): void {
    if (this.#window.size !== this.#keptBars) return;
    this.#next = { knownAtNs: this.#knownAtNs, lastNs: this.#window.startNs(this.#keptBars - 1) };
    for (const slot of this.#slots) slot.next = slot.live.snapshot();
  }

  /** Lets old bars go, half a window at a time, so that a snapshot is taken once in `keptBars` bars and not with each. */
  #moveAnchor(): void {
    while (this.#window.size >= this.#keptBars * 2 && this.#next !== null) {
      this.#anchor = this.#next;
      for (const slot of this.#slots) slot.anchor = slot.next;
      this.#window.drop(this.#keptBars);
      if (this.#window.size === this.#keptBars) this.#noteMiddle();
      // Corrections that add many bars at once leave more than one half to let go.
      else this.#replay(Infinity);
    }
  }
}

function revive({ spec, anchor }: Slot): Indicator {
  if (anchor === null) return createIndicator(spec);
  const restored = restore(spec, anchor);
  if (!restored.ok) throw new RangeError(restored.error.message);
  return restored.indicator;
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function isChanged(
  before: { readonly warm: boolean; readonly values: readonly number[] } | undefined,
  now: IndicatorRow,
): boolean {
  if (before?.warm !== now.warm) return true;
  return now.values.some((value, index) => !Object.is(value, before.values[index]));
}
