import { readState, StateWriter, type Result, type StateReader } from '@tickwell/domain';
import type { IndicatorSpec } from '../definition.ts';
import { createIndicator, restore, type Indicator, type IndicatorValue } from '../engine.ts';
import { takeInput } from '../errors.ts';
import type { IndicatorInput } from '../input.ts';
import { parseSpec } from '../spec.ts';
import { BarWindow, type SeriesBar } from './bar-window.ts';
import { isChanged, readRows, writeRows, type IndicatorRow, type SpecRows } from './indicator-row.ts';

/** Which session each bar of a series belongs to, by one calendar. */
export interface Sessions {
  readonly calendar: string;
  /** yyyymmdd; undefined: none that the calendar knows. */
  dateOf(startNs: bigint): number | undefined;
}

export interface SeriesOutcome {
  /** In the order of the specifications. */
  readonly rows: readonly SpecRows[];
  /** Starts of bars behind the anchor: they are not counted before the series is {@link IndicatorSeries.resume | resumed}. */
  readonly tooOld: readonly bigint[];
  /** What specifications could not compute, the last message of each; they have no values there and go on after it. */
  readonly failed: readonly { readonly spec: IndicatorSpec; readonly message: string }[];
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
  /** Calendar by which it is computed; "": it does not go by sessions. */
  readonly calendar: string;
  /** At the anchor; null: it had seen no bar. */
  anchor: Uint8Array | null;
  /** At what is the next anchor, once the window is that long. */
  next: Uint8Array | null;
  /** After the whole window. */
  live: Indicator;
  /** Whether its values of the bars that were kept when it began were told. */
  isTold: boolean;
}

/** What a series cannot compute by what it remembers. */
export interface Lack {
  /** Specifications that have no state at the anchor, and the start from which on their values are owed. */
  readonly pending: ReadonlyMap<string, { readonly spec: IndicatorSpec; readonly fromNs: bigint }>;
  /** Starts of the oldest and the newest bar that was corrected, or came, behind the anchor; null: there is none. */
  readonly redo: { readonly fromNs: bigint; readonly throughNs: bigint } | null;
  /** Grows with every such bar. */
  readonly lateBars: number;
}

/** States at the anchor, computed over the whole history before it. */
export interface RebuiltStates {
  readonly anchorNs: bigint;
  readonly knownAtNs: bigint;
  readonly snapshots: ReadonlyMap<string, Uint8Array>;
}

/**
 * The indicators of one series of bars. A bar after the last one updates them, the last one again replaces it, and an earlier
 * one (corrected, or missing until now) is put in its place and everything after it computed again; of that only values whose bits
 * changed go out. For this it keeps between `keptBars` and twice as many bars and the indicators' state before them, at the anchor. What
 * is behind the anchor is history: a specification that begins later, and bars that are corrected there, wait until the states at the anchor were
 * computed anew over all of it ({@link lack}, {@link resume}).
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
  #sessions: Sessions | undefined;
  #slots: Slot[] = [];
  #pending = new Map<string, { readonly spec: IndicatorSpec; readonly fromNs: bigint }>();
  #redo: Lack['redo'] = null;
  #lateBars = 0;
  /** What was computed beside any bar, to be written. */
  #unwritten: readonly SpecRows[] = [];
  /** Of the whole window. */
  #knownAtNs = 0n;
  /** Since the bars that are being applied. */
  readonly #failures = new Map<IndicatorSpec, string>();
  /** Whether it was said that specifications are left out because there is no calendar. */
  #isLackOfCalendarTold = false;
  /** Of what was restored nothing is computed before it is known by which sessions. */
  #isRestored = false;
  /** The state does not say which specifications began with the first bar, and have been told. */
  #isOfOldBuild = false;

  constructor(keptBars: number) {
    this.#keptBars = keptBars;
  }

  /**
   * Computes these specifications, one that goes by sessions only where there are some. One that is gone is forgotten. One that is new begins with
   * the first bar while all bars are kept, and is {@link lack | lacking} else; of the kept bars its values are told with the next one.
   */
  configure(wanted: readonly IndicatorSpec[], sessions?: Sessions): void {
    if (wanted === this.#wanted && sessions === this.#sessions) return;
    this.#wanted = wanted;
    this.#sessions = sessions;
    const running = new Map(this.#slots.map((slot) => [slot.spec.id, slot]));
    const pending = new Map<string, { readonly spec: IndicatorSpec; readonly fromNs: bigint }>();
    const inputs = this.#inputs();
    this.#slots = this.#computable().flatMap((spec) => {
      const calendar = this.#calendarOf(spec);
      const known = running.get(spec.id);
      if (known?.calendar === calendar) return [known];
      if (this.#anchor.lastNs === null) {
        const live = createIndicator(spec);
        const slot: Slot = { spec, calendar, anchor: null, next: null, live, isTold: this.#isOfOldBuild };
        this.#run(slot, inputs);
        return [slot];
      }
      const owed = { spec, fromNs: this.#window.startNs(this.#window.size - 1) + 1n };
      pending.set(spec.id, this.#pending.get(spec.id) ?? owed);
      return [];
    });
    this.#isOfOldBuild = false;
    if (this.#isRestored) this.#replay(Infinity);
    this.#isRestored = false;
    this.#pending = pending;
    if (this.#slots.length === 0) this.#redo = null;
    if (this.#computable().length === wanted.length) this.#isLackOfCalendarTold = false;
    this.#moveAnchor();
  }

  /** Specifications that are left out for want of a calendar; empty where that was told before. */
  tellLackOfCalendar(): readonly string[] {
    const missing = this.#wanted.filter((spec) => spec.needsSession && this.#sessions === undefined);
    if (missing.length === 0 || this.#isLackOfCalendarTold) return [];
    this.#isLackOfCalendarTold = true;
    return missing.map(({ id }) => id);
  }

  /** Bars in log order, each with finite numbers up to 1e99 and no negative volume. */
  apply(bars: readonly SeriesBar[]): SeriesOutcome {
    this.#failures.clear();
    const rows = this.#slots.map((slot) => this.#startOf(slot));
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
    for (const startNs of tooOld) this.#noteLate(startNs);
    const failed = [...this.#failures].map(([spec, message]) => ({ spec, message }));
    return { rows: this.#slots.map(({ spec }, at) => ({ spec, rows: rows[at] ?? [] })), tooOld, failed };
  }

  #startOf(slot: Slot): IndicatorRow[] {
    if (slot.isTold) return [];
    slot.isTold = true;
    return this.#run(slot, this.#inputs(), 0);
  }

  get isLacking(): boolean {
    return this.#pending.size > 0 || this.#redo !== null;
  }

  get lack(): Lack {
    return { pending: this.#pending, redo: this.#redo, lateBars: this.#lateBars };
  }

  /** Start of the last bar before those that are kept; null: all are. */
  get anchorNs(): bigint | null {
    return this.#anchor.lastNs;
  }

  /** What is computed, and what is to be once its state is there. */
  get specs(): readonly IndicatorSpec[] {
    return this.#computable();
  }

  /** A bar with the date of its session, where one is needed and known. */
  input(bar: SeriesBar): SeriesBar {
    if (this.#sessions === undefined) return bar;
    const sessionDate = this.#sessions.dateOf(bar.startNs);
    return sessionDate === undefined ? bar : { ...bar, sessionDate };
  }

  /** What was computed beside any bar, to be written; the same until {@link written}. */
  get unwritten(): readonly SpecRows[] {
    return this.#unwritten;
  }

  written(): void {
    this.#unwritten = [];
  }

  /** Values up to and with this start are settled: neither owed any more nor to be computed anew. They are to be written. */
  settle(throughNs: bigint, rows: readonly SpecRows[]): void {
    this.#unwritten = [...this.#unwritten, ...rows];
    for (const [id, { spec, fromNs }] of this.#pending)
      if (fromNs <= throughNs) this.#pending.set(id, { spec, fromNs: throughNs + 1n });
    if (this.#redo !== null && this.#redo.fromNs <= throughNs)
      this.#redo = { ...this.#redo, fromNs: throughNs + 1n };
  }

  /**
   * Goes on by states that were computed over all history up to the anchor. Of the kept bars all values of those that begin are to be written, and of the
   * others those that come out differently.
   */
  resume({ anchorNs, knownAtNs, snapshots }: RebuiltStates): void {
    const owed = this.#pending;
    const before = new Map(this.#replay(0).map((rows, at) => [this.#slots[at]?.spec.id, rows]));
    this.#anchor = {
      lastNs: anchorNs,
      knownAtNs: this.#redo === null ? this.#anchor.knownAtNs : knownAtNs,
    };
    const running = new Map(this.#slots.map((slot) => [slot.spec.id, slot]));
    this.#slots = this.#computable().flatMap((spec) => {
      const snapshot = snapshots.get(spec.id);
      const known = running.get(spec.id);
      if (snapshot === undefined) return known === undefined ? [] : [known];
      const calendar = this.#calendarOf(spec);
      const live = createIndicator(spec);
      return [{ spec, calendar, anchor: snapshot, next: null, live, isTold: true }];
    });
    this.#pending = new Map([...owed].filter(([id]) => !snapshots.has(id)));
    this.#redo = null;
    const rows = this.#replay(0).map((after, at) => {
      const spec = this.#slots[at]?.spec;
      const known = new Map(before.get(spec?.id)?.map((row) => [row.startNs, row]));
      const begins = spec !== undefined && owed.has(spec.id);
      return begins ? after : after.filter((row) => isChanged(known.get(row.startNs), row));
    });
    const told = this.#slots.flatMap(({ spec }, at) => {
      const own = rows[at] ?? [];
      return own.length === 0 ? [] : [{ spec, rows: own }];
    });
    this.#unwritten = [...this.#unwritten, ...told];
  }

  encode(): Uint8Array<ArrayBuffer> {
    const { knownAtNs, lastNs } = this.#anchor;
    const writer = new StateWriter().flag(lastNs !== null);
    if (lastNs !== null) writer.int64(lastNs);
    writer.int64(knownAtNs);
    const known = this.#slots.flatMap((slot) =>
      slot.anchor === null ? [] : [{ ...slot, anchor: slot.anchor }],
    );
    writer.uint(known.length);
    for (const { spec, anchor } of known) writer.text(spec.id).block(anchor);
    this.#window.write(writer);
    for (const { calendar } of known) writer.text(calendar);
    const begun = this.#slots.filter(({ anchor }) => anchor === null);
    writer.uint(begun.length);
    for (const { spec, calendar, isTold } of begun) writer.text(spec.id).text(calendar).flag(isTold);
    writer.uint(this.#pending.size);
    for (const [id, { fromNs }] of this.#pending) writer.text(id).int64(fromNs);
    writer.flag(this.#redo !== null);
    if (this.#redo !== null) writer.int64(this.#redo.fromNs).int64(this.#redo.throughNs);
    writer.uint(this.#unwritten.length);
    for (const rows of this.#unwritten) writeRows(writer, rows);
    return writer.flag(this.#isLackOfCalendarTold).finish();
  }

  /**
   * Goes on where {@link encode} was called, bit for bit, once it is configured again. A specification whose snapshot another build made (of another
   * revision of its formula, or one that is not known here) is left out: where it is wanted it is lacking. The error is one line: damaged bytes.
   *
   * @param version 1: without what came after the window.
   */
  static decode(bytes: Uint8Array, version: number, keptBars: number): Result<IndicatorSeries, string> {
    const series = new IndicatorSeries(keptBars);
    const read = readState(bytes, (reader) => {
      series.#read(reader, version);
    });
    return read.ok ? { ok: true, value: series } : read;
  }

  #read(reader: StateReader, version: number): void {
    const lastNs = reader.flag() ? reader.int64() : null;
    this.#anchor = { lastNs, knownAtNs: reader.int64() };
    const saved = Array.from({ length: reader.count(2) }, () => ({
      id: reader.text(),
      anchor: reader.block(),
    }));
    this.#window.read(reader);
    if (lastNs !== null && this.#window.size === 0) reader.fail('an anchor without bars after it');
    this.#slots = saved.flatMap(({ id, anchor }) => {
      const calendar = version === 1 ? '' : reader.text();
      const parsed = parseSpec(id);
      const restored = parsed.ok ? restore(parsed.spec, anchor) : undefined;
      if (!parsed.ok || restored?.ok !== true) return [];
      const { spec } = parsed;
      return [{ spec, calendar, anchor, next: null, live: restored.indicator, isTold: true }];
    });
    this.#isRestored = true;
    this.#isOfOldBuild = version === 1;
    if (version === 1) return;
    for (let left = reader.count(3); left > 0; left -= 1) {
      const parsed = parseSpec(reader.text());
      const [calendar, isTold] = [reader.text(), reader.flag()];
      if (!parsed.ok || lastNs !== null) continue;
      const { spec } = parsed;
      this.#slots.push({ spec, calendar, anchor: null, next: null, live: createIndicator(spec), isTold });
    }
    for (let left = reader.count(2); left > 0; left -= 1) {
      const parsed = parseSpec(reader.text());
      const fromNs = reader.int64();
      if (parsed.ok) this.#pending.set(parsed.spec.id, { spec: parsed.spec, fromNs });
    }
    this.#redo = reader.flag() ? { fromNs: reader.int64(), throughNs: reader.int64() } : null;
    this.#unwritten = Array.from({ length: reader.count(3) }, () => readRows(reader)).flatMap(
      (rows) => rows ?? [],
    );
    this.#isLackOfCalendarTold = reader.flag();
  }

  #computable(): readonly IndicatorSpec[] {
    return this.#sessions === undefined ? this.#wanted.filter((spec) => !spec.needsSession) : this.#wanted;
  }

  #calendarOf(spec: IndicatorSpec): string {
    return spec.needsSession ? (this.#sessions?.calendar ?? '') : '';
  }

  #isEarlier(bar: SeriesBar): boolean {
    const last = this.#window.size - 1;
    return last >= 0 && bar.startNs < this.#window.startNs(last);
  }

  #noteLate(startNs: bigint): void {
    // What begins later is computed over all of history anyway.
    if (this.#slots.length === 0 && this.#pending.size === 0) return;
    this.#lateBars += 1;
    const { fromNs, throughNs } = this.#redo ?? { fromNs: startNs, throughNs: startNs };
    this.#redo = {
      fromNs: startNs < fromNs ? startNs : fromNs,
      throughNs: startNs > throughNs ? startNs : throughNs,
    };
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
    const input = this.input(bar);
    for (const [index, { spec, live }] of this.#slots.entries()) {
      if (!takes(spec, input)) continue;
      const { warm, values } = this.#take(spec, live, () => live.advance(input));
      rows[index]?.push({ startNs, knownAtNs: this.#knownAtNs, warm, values });
    }
    this.#noteMiddle();
    this.#moveAnchor();
  }

  #replaceLast(bar: SeriesBar, rows: readonly IndicatorRow[][]): void {
    if (!this.#put(bar)) return;
    this.#knownAtNs = later(this.#knownAtNs, bar.knownAtNs);
    const { startNs } = bar;
    const input = this.input(bar);
    for (const [index, { spec, live }] of this.#slots.entries()) {
      if (!takes(spec, input)) continue;
      const before = live.value;
      const { warm, values } = this.#take(spec, live, () => live.revise(input));
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
    const inputs = this.#inputs();
    this.#knownAtNs = latestKnown(inputs, this.#anchor.knownAtNs);
    const middle = inputs[this.#keptBars - 1];
    if (middle !== undefined) {
      const knownAtNs = latestKnown(inputs.slice(0, this.#keptBars), this.#anchor.knownAtNs);
      this.#next = { knownAtNs, lastNs: middle.startNs };
    }
    return this.#slots.map((slot) => this.#run(slot, inputs, first));
  }

  /** Computes the bars of the window for one slot, from the anchor. */
  #run(slot: Slot, inputs: readonly SeriesBar[], first = Infinity): IndicatorRow[] {
    const rows: IndicatorRow[] = [];
    slot.live = revive(slot);
    let { knownAtNs } = this.#anchor;
    for (const [at, input] of inputs.entries()) {
      knownAtNs = later(knownAtNs, input.knownAtNs);
      if (takes(slot.spec, input)) {
        const { warm, values } = this.#take(slot.spec, slot.live, () => slot.live.advance(input));
        if (at >= first) rows.push({ startNs: input.startNs, knownAtNs, warm, values });
      }
      if (at + 1 === this.#keptBars) slot.next = slot.live.snapshot();
    }
    return rows;
  }

  #inputs(): SeriesBar[] {
    return this.#window.bars().map((bar) => this.input(bar));
  }

  /** The value that an action (an update or a replacement) leaves; a kernel that throws has none of that bar and stops nothing else. */
  #take(spec: IndicatorSpec, live: Indicator, action: () => unknown): IndicatorValue {
    const failure = takeInput(action);
    if (failure !== undefined) this.#failures.set(spec, failure);
    return live.value;
  }

  #noteMiddle(): void {
    if (this.#window.size !== this.#keptBars) return;
    this.#next = { knownAtNs: this.#knownAtNs, lastNs: this.#window.startNs(this.#keptBars - 1) };
    const snapshots = inOneBuffer(this.#slots.map((slot) => slot.live.snapshot()));
    for (const [index, slot] of this.#slots.entries()) slot.next = snapshots[index] ?? null;
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

/** The same bytes in memory that is allocated once: of ten thousand series the buffers themselves would take more than what is in them. */
function inOneBuffer(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  return parts.map((part) => {
    all.set(part, at);
    at += part.length;
    return all.subarray(at - part.length, at);
  });
}

/** Whether a specification counts a bar: one that goes by sessions leaves out bars that are in none. */
export function takes(spec: IndicatorSpec, input: IndicatorInput): boolean {
  return !spec.needsSession || input.sessionDate !== undefined;
}

function revive({ spec, anchor }: Slot): Indicator {
  if (anchor === null) return createIndicator(spec);
  const restored = restore(spec, anchor);
  if (!restored.ok) throw new RangeError(restored.error.message);
  return restored.indicator;
}

function latestKnown(bars: readonly SeriesBar[], fromNs: bigint): bigint {
  return bars.reduce((known, bar) => later(known, bar.knownAtNs), fromNs);
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
