import { readState, StateWriter, type Result } from '@tickwell/domain';
import { createIndicator, restore, type Indicator, type IndicatorSpec } from '@tickwell/indicators';
import { BarWindow, type SeriesBar } from './bar-window.ts';

/** One value of one specification; `values` in the order of its outputs, NaN while not warm. */
export interface IndicatorRow {
  readonly startNs: bigint;
  /** The greatest known-at of the bars of the series up to this one. */
  readonly knownAtNs: bigint;
  readonly warm: boolean;
  readonly values: readonly number[];
}

export interface SeriesOutcome {
  /** Per specification, in its order: what is new or has changed. */
  readonly rows: readonly (readonly IndicatorRow[])[];
  /** Starts of bars that are older than what can still be corrected. */
  readonly tooOld: readonly bigint[];
}

/** What the indicators were before the oldest kept bar. */
interface Anchor {
  /** Per specification; null: it had seen no bar. */
  readonly snapshots: readonly (Uint8Array | null)[];
  /** The greatest known-at of the bars before. */
  readonly knownAtNs: bigint;
  /** Start of the last bar before; null: there was none. */
  readonly lastNs: bigint | null;
}

/**
 * The indicators of one series of bars. A bar after the last one updates them, the last one again replaces it, and an earlier
 * one (corrected, or missing until now) is put in its place and everything after it computed again; of that only values whose bits
 * changed go out. For this it keeps between `keptBars` and twice as many bars and the indicators' state before them.
 *
 * A version of a bar that is known earlier than the one kept is not the current one and changes nothing, as everywhere in the platform;
 * the same numbers again make no version either.
 */
export class IndicatorSeries {
  readonly #specs: readonly IndicatorSpec[];
  readonly #keptBars: number;
  readonly #window = new BarWindow();
  #anchor: Anchor;
  /** The state after the first `keptBars` bars of the window: the next anchor. */
  #next: Anchor | null = null;
  /** After the whole window. */
  #live: Indicator[];
  #knownAtNs = 0n;

  constructor(specs: readonly IndicatorSpec[], keptBars: number) {
    this.#specs = specs;
    this.#keptBars = keptBars;
    this.#anchor = { snapshots: specs.map(() => null), knownAtNs: 0n, lastNs: null };
    this.#live = specs.map((spec) => createIndicator(spec));
  }

  /** Bars in log order, each with finite numbers up to 1e99 and no negative volume. */
  apply(bars: readonly SeriesBar[]): SeriesOutcome {
    const rows = this.#specs.map((): IndicatorRow[] => []);
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
    return { rows, tooOld };
  }

  encode(): Uint8Array<ArrayBuffer> {
    const { snapshots, knownAtNs, lastNs } = this.#anchor;
    const writer = new StateWriter().flag(lastNs !== null);
    if (lastNs !== null) writer.int64(lastNs);
    writer.int64(knownAtNs);
    const known = this.#specs.flatMap(({ id }, index) => {
      const snapshot = snapshots[index];
      return snapshot === null || snapshot === undefined ? [] : [{ id, snapshot }];
    });
    writer.uint(known.length);
    for (const { id, snapshot } of known) writer.text(id).block(snapshot);
    this.#window.write(writer);
    return writer.finish();
  }

  /**
   * Goes on where {@link encode} was called, bit for bit. A specification that is new since then starts at the oldest kept bar; one that
   * is gone is left out. The error is one line: damaged bytes, or a snapshot of another revision of a formula.
   */
  static decode(
    bytes: Uint8Array,
    specs: readonly IndicatorSpec[],
    keptBars: number,
  ): Result<IndicatorSeries, string> {
    const series = new IndicatorSeries(specs, keptBars);
    const read = readState(bytes, (reader) => {
      const lastNs = reader.flag() ? reader.int64() : null;
      const knownAtNs = reader.int64();
      const saved = new Map<string, Uint8Array>();
      for (let left = reader.count(2); left > 0; left -= 1) saved.set(reader.text(), reader.block());
      series.#window.read(reader);
      if (lastNs !== null && series.#window.size === 0) reader.fail('an anchor without bars after it');
      const snapshots = specs.map((spec) => {
        const snapshot = saved.get(spec.id);
        if (snapshot === undefined) return null;
        const restored = restore(spec, snapshot);
        return restored.ok ? snapshot : reader.fail(restored.error.message);
      });
      series.#anchor = { snapshots, knownAtNs, lastNs };
      series.#replay(Infinity);
      series.#moveAnchor();
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
    for (const [index, indicator] of this.#live.entries()) {
      const { warm, values } = indicator.update(bar);
      rows[index]?.push({ startNs, knownAtNs: this.#knownAtNs, warm, values });
    }
    this.#noteMiddle();
    this.#moveAnchor();
  }

  #replaceLast(bar: SeriesBar, rows: readonly IndicatorRow[][]): void {
    if (!this.#put(bar)) return;
    this.#knownAtNs = later(this.#knownAtNs, bar.knownAtNs);
    const { startNs } = bar;
    for (const [index, indicator] of this.#live.entries()) {
      const before = indicator.value;
      const { warm, values } = indicator.replace(bar);
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

  /** Computes the whole window from the anchor and returns the values from the bar at `first` on, one list per specification. */
  #replay(first: number): IndicatorRow[][] {
    const rows = this.#specs.map((): IndicatorRow[] => []);
    this.#live = this.#specs.map((spec, index) => revive(spec, this.#anchor.snapshots[index] ?? null));
    this.#knownAtNs = this.#anchor.knownAtNs;
    for (let at = 0; at < this.#window.size; at += 1) {
      const bar = this.#window.at(at);
      this.#knownAtNs = later(this.#knownAtNs, bar.knownAtNs);
      for (const [index, indicator] of this.#live.entries()) {
        const { warm, values } = indicator.update(bar);
        if (at < first) continue;
        rows[index]?.push({ startNs: bar.startNs, knownAtNs: this.#knownAtNs, warm, values });
      }
      if (at + 1 === this.#keptBars) this.#next = this.#here(bar.startNs);
    }
    return rows;
  }

  #noteMiddle(): void {
    if (this.#window.size === this.#keptBars)
      this.#next = this.#here(this.#window.startNs(this.#keptBars - 1));
  }

  #here(lastNs: bigint): Anchor {
    const snapshots = this.#live.map((indicator) => indicator.snapshot());
    return { snapshots, knownAtNs: this.#knownAtNs, lastNs };
  }

  /** Lets old bars go, half a window at a time, so that a snapshot is taken once in `keptBars` bars and not with each. */
  #moveAnchor(): void {
    while (this.#window.size >= this.#keptBars * 2 && this.#next !== null) {
      this.#anchor = this.#next;
      this.#window.drop(this.#keptBars);
      if (this.#window.size === this.#keptBars) this.#noteMiddle();
      // Corrections that add many bars at once leave more than one half to let go.
      else this.#replay(Infinity);
    }
  }
}

function revive(spec: IndicatorSpec, snapshot: Uint8Array | null): Indicator {
  if (snapshot === null) return createIndicator(spec);
  const restored = restore(spec, snapshot);
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
