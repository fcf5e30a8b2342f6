import {
  readState,
  type Interval,
  type StateReader,
  type StateWriter,
  type TradeColumns,
} from '@tickwell/domain';
import type { Bar, FormingBar } from './bar.ts';
import {
  firstFrom,
  FormingSteps,
  LeftOutCount,
  readOptional,
  writeOptional,
  type BarBuilder,
  type BarLimits,
  type BarPlan,
  type EmptyIntervals,
  type Settled,
} from './builder.ts';
import { nextSlot, type BarGrid, type BarSlot, type Slot } from './grid.ts';
import { RetainedBars } from './retained-bars.ts';
import { TradeBar } from './trade-bar.ts';

/** So many empty intervals in a row have bars: a market that is never heard of again must not make them for ever. */
export const MAX_EMPTY_RUN = 1_500;

/** Bars of one interval, built of trades. */
export class IntervalBars implements BarBuilder {
  readonly id: string;
  readonly interval: Interval;
  readonly #grid: BarGrid;
  readonly #empty: EmptyIntervals;
  readonly #limits: BarLimits;
  /** Bars that have trades no version put out holds yet, ascending; between two records these are the forming ones. */
  readonly #open: TradeBar[] = [];
  readonly #closed = new RetainedBars();
  readonly #forming: FormingSteps;
  readonly #late = new LeftOutCount();
  readonly #outside = new LeftOutCount();
  #current: TradeBar | undefined;
  /** The next trade mostly is where the last one was. */
  #lastSlot: BarSlot | undefined;
  /** Bars that end at or before are closed. */
  #lineNs: bigint | null = null;
  /** Start of the last bar that left the retained ones: up to here everything is final. */
  #floorNs: bigint | null = null;
  #beganNs: bigint | null = null;
  /** Start of the newest bar that was put out, and how many empty ones are the last. */
  #newestNs: bigint | null = null;
  #emptyRun = 0;
  /** Latest event time of this input. */
  #eventNs = 0n;

  constructor(plan: Extract<BarPlan, { kind: 'time' }>, limits: BarLimits) {
    const { grid, empty, formingStepNs } = plan;
    this.interval = grid.interval;
    this.id = grid.id === '' ? grid.interval.text : `${grid.interval.text}@${grid.id}`;
    this.#grid = grid;
    this.#empty = empty;
    this.#forming = new FormingSteps(formingStepNs);
    this.#limits = limits;
  }

  begin(timeNs: bigint): void {
    this.#beganNs ??= timeNs;
  }

  addRun(trades: TradeColumns, from: number, to: number, knownAtNs: bigint): void {
    let index = from;
    while (index < to) {
      const timeNs = trades.timeNs[index] ?? 0n;
      const slot = this.#slotAt(timeNs);
      const next = firstFrom(trades.timeNs, slot.untilNs, index + 1, to);
      if (slot.kind === 'none') this.#outside.add(trades, index, next);
      else {
        const bar = this.#barOf(slot);
        if (bar === undefined) this.#late.add(trades, index, next);
        else bar.addRun(trades, index, next, knownAtNs);
      }
      index = next;
    }
    this.#sawEvent(trades.timeNs[to - 1] ?? 0n);
  }

  /**
   * Moves the watermark and puts out, by start, the bars that close by it and those of earlier that trades were added to. More
   * forming bars than the limit are closed without the watermark, oldest first; `forced` counts them.
   */
  settle(watermarkNs: bigint, knownAtNs: bigint): Settled | null {
    if (watermarkNs > 0n) this.#raiseLine(watermarkNs);
    this.#sawEvent(watermarkNs);
    if (this.#isQuiet()) return null;
    let ready = this.#readyCount();
    let forced = 0;
    while (this.#open.length - ready > this.#limits.formingBars) {
      this.#raiseLine(this.#endOf(this.#open[ready]));
      ready += 1;
      forced += 1;
    }
    const bars: Bar[] = [];
    const leaving = this.#open.splice(0, ready);
    let unfilledNs: bigint | null = null;
    for (const [index, bar] of leaving.entries()) {
      unfilledNs ??= this.#fill(bar.startNs, knownAtNs, bars);
      bars.push(this.#publish(bar));
      this.#carryOn(bar, leaving[index + 1]?.startNs, knownAtNs, bars);
    }
    unfilledNs ??= this.#fill(null, knownAtNs, bars);
    return this.#settled(bars, forced, unfilledNs);
  }

  write(writer: StateWriter): void {
    writeOptional(writer, this.#lineNs);
    writeOptional(writer, this.#floorNs);
    this.#closed.write(writer);
    writer.uint(this.#open.length);
    for (const bar of this.#open) bar.write(writer);
    writeOptional(writer, this.#beganNs);
    writeOptional(writer, this.#newestNs);
    writer.uint(this.#emptyRun);
    this.#forming.write(writer);
  }

  /** Reads what {@link write} wrote into a new instance; more bars than this one's limit are let go, oldest first. */
  read(reader: StateReader, version: number): void {
    this.#lineNs = readOptional(reader);
    this.#floorNs = readOptional(reader);
    const closed = reader.count(TradeBar.MIN_BYTES);
    const packed = readState(reader.block(), (inner) => {
      for (let left = closed; left > 0; left -= 1) this.#closed.insert(this.#readBar(inner));
    });
    if (!packed.ok) reader.fail(`closed bars: ${packed.error}`);
    for (let left = reader.count(TradeBar.MIN_BYTES); left > 0; left -= 1) {
      this.#open.push(this.#readBar(reader));
    }
    if (version === 1) {
      // Nothing was said of where the stream began: what goes on counts as whole.
      this.#beganNs = 0n;
      this.#newestNs = this.#closed.size > 0 ? this.#closed.startNs(this.#closed.size - 1) : null;
    } else {
      this.#beganNs = readOptional(reader);
      this.#newestNs = readOptional(reader);
      this.#emptyRun = reader.uint();
      this.#forming.read(reader, version);
    }
    this.#evict();
  }

  #readBar(reader: StateReader): TradeBar {
    const bar = new TradeBar();
    bar.read(reader);
    bar.endNs = this.#endOf(bar);
    return bar;
  }

  #endOf(bar: TradeBar | undefined): bigint {
    if (bar === undefined) return 0n;
    // A bar whose calendar does not know it any more ends when it began: it goes out, and is not kept for ever.
    return this.#grid.slotOf(bar.startNs)?.endNs ?? bar.startNs;
  }

  #slotAt(timeNs: bigint): Slot {
    const last = this.#lastSlot;
    if (last !== undefined && timeNs >= last.sinceNs && timeNs < last.untilNs) return last;
    const slot = this.#grid.slotAt(timeNs);
    if (slot.kind === 'bar') this.#lastSlot = slot;
    return slot;
  }

  /** The bar of a slot; undefined when it is too late for it. */
  #barOf(slot: BarSlot): TradeBar | undefined {
    const { startNs } = slot;
    if (this.#current?.startNs === startNs) return this.#current;
    let at = this.#open.length;
    while (at > 0 && (this.#open[at - 1]?.startNs ?? 0n) > startNs) at -= 1;
    const known = this.#open[at - 1];
    const bar = known?.startNs === startNs ? known : this.#openBar(slot, at);
    if (bar !== undefined) this.#current = bar;
    return bar;
  }

  /** Opens a new bar, or again a closed one. */
  #openBar({ startNs, fromNs, endNs }: BarSlot, at: number): TradeBar | undefined {
    const index = this.#closed.indexOf(startNs);
    const isRetained = index < this.#closed.size && this.#closed.startNs(index) === startNs;
    if (!isRetained && this.#lineNs !== null && endNs <= this.#lineNs && this.#isTooOld(startNs))
      return undefined;
    const bar = isRetained ? this.#closed.load(index) : new TradeBar();
    if (isRetained) this.#closed.remove(index);
    else bar.partial = this.#beganNs !== null && fromNs < this.#beganNs;
    bar.startNs = startNs;
    bar.endNs = endNs;
    this.#open.splice(at, 0, bar);
    return bar;
  }

  /** A bar that could not be kept until its other late trades arrive would go out in part: then rather not at all. */
  #isTooOld(startNs: bigint): boolean {
    if (this.#floorNs !== null && startNs <= this.#floorNs) return true;
    const retained = this.#closed.size + this.#readyCount();
    if (retained < this.#limits.retainedBars) return false;
    const open = this.#open[0]?.startNs;
    const oldest = this.#closed.size > 0 ? this.#closed.startNs(0) : open;
    return oldest !== undefined && startNs < (open !== undefined && open < oldest ? open : oldest);
  }

  #settled(bars: readonly Bar[], forced: number, unfilledNs: bigint | null): Settled | null {
    const { id, interval } = this;
    const forming = this.#takeForming();
    const tooLate = this.#late.take(interval.text);
    const outside = this.#outside.take(interval.text);
    const closed = bars.length === 0 ? null : { interval, id, bars, watermarkNs: this.#claimNs() };
    const said = closed ?? tooLate ?? outside ?? forming ?? unfilledNs;
    return said === null ? null : { closed, forced, tooLate, outside, forming, unfilledNs };
  }

  /** Most inputs close nothing. */
  #isQuiet(): boolean {
    const [first] = this.#open;
    return (
      this.#open.length <= this.#limits.formingBars &&
      this.#late.isEmpty &&
      this.#outside.isEmpty &&
      !this.#forming.isOn &&
      (this.#empty === 'absent' || this.#newestNs === null) &&
      (first === undefined || !this.#isClosed(first))
    );
  }

  #isClosed(bar: TradeBar): boolean {
    return this.#lineNs !== null && bar.endNs <= this.#lineNs;
  }

  #readyCount(): number {
    const forming = this.#open.findIndex((bar) => !this.#isClosed(bar));
    return forming === -1 ? this.#open.length : forming;
  }

  #raiseLine(toNs: bigint): void {
    if (this.#lineNs === null || toNs > this.#lineNs) this.#lineNs = toNs;
  }

  #sawEvent(timeNs: bigint): void {
    if (timeNs > this.#eventNs) this.#eventNs = timeNs;
  }

  #claimNs(): bigint {
    if (this.#lineNs === null) return 0n;
    return nextSlot(this.#grid, this.#lineNs)?.startNs ?? this.#lineNs;
  }

  #publish(bar: TradeBar): Bar {
    const published = bar.toBar(bar.published);
    bar.published = true;
    this.#keep(bar);
    if (this.#newestNs === null || bar.startNs >= this.#newestNs) {
      this.#newestNs = bar.startNs;
      this.#emptyRun = bar.tradeCount === 0 ? this.#emptyRun + 1 : 0;
    }
    if (this.#current === bar) this.#current = undefined;
    return published;
  }

  #keep(bar: TradeBar): void {
    this.#closed.insert(bar);
    this.#evict();
  }

  #evict(): void {
    while (this.#closed.size > this.#limits.retainedBars) {
      const leaving = this.#closed.startNs(0);
      if (this.#floorNs === null || leaving > this.#floorNs) this.#floorNs = leaving;
      this.#closed.remove(0);
    }
  }

  /**
   * Bars for the empty intervals between the newest bar and the one that starts at `beforeNs`, or all that are over. The start of the first one that
   * has none, where too many are empty, once.
   */
  #fill(beforeNs: bigint | null, knownAtNs: bigint, bars: Bar[]): bigint | null {
    if (this.#empty === 'absent') return null;
    for (;;) {
      const newest = this.#newestNs === null ? undefined : this.#grid.slotOf(this.#newestNs);
      if (newest === undefined || this.#emptyRun > MAX_EMPTY_RUN) return null;
      const slot = nextSlot(this.#grid, newest.endNs);
      if (slot === undefined || this.#lineNs === null || slot.endNs > this.#lineNs) return null;
      if (beforeNs !== null && slot.startNs >= beforeNs) return null;
      if (this.#emptyRun === MAX_EMPTY_RUN) {
        this.#emptyRun += 1;
        return slot.startNs;
      }
      const last = this.#closed.load(this.#closed.size - 1);
      bars.push(this.#publish(this.#emptyAfter(last, slot.startNs, knownAtNs)));
    }
  }

  #emptyAfter(last: TradeBar, startNs: bigint, knownAtNs: bigint): TradeBar {
    const price = this.#empty === 'carried' ? last.close : NaN;
    return TradeBar.empty(startNs, price, last.knownAtNs > knownAtNs ? last.knownAtNs : knownAtNs);
  }

  /**
   * The empty intervals that follow a bar which was corrected, or came late, up to the next one with trades: those that have bars take its close over,
   * the others get theirs.
   */
  #carryOn(bar: TradeBar, beforeNs: bigint | undefined, knownAtNs: bigint, bars: Bar[]): void {
    if (this.#empty === 'absent') return;
    let slot = this.#grid.slotOf(bar.startNs);
    for (let left = MAX_EMPTY_RUN; left > 0; left -= 1) {
      slot = slot === undefined ? undefined : nextSlot(this.#grid, slot.endNs);
      if (slot === undefined || slot.startNs > (this.#newestNs ?? 0n)) return;
      if (beforeNs !== undefined && slot.startNs >= beforeNs) return;
      const at = this.#closed.indexOf(slot.startNs);
      if (at === this.#closed.size || this.#closed.startNs(at) !== slot.startNs) {
        bars.push(this.#publish(this.#emptyAfter(bar, slot.startNs, knownAtNs)));
        continue;
      }
      const next = this.#closed.load(at);
      if (next.tradeCount > 0 || this.#empty === 'none' || Object.is(next.close, bar.close)) return;
      next.carry(bar.close, next.knownAtNs > bar.knownAtNs ? next.knownAtNs : bar.knownAtNs);
      this.#closed.remove(at);
      this.#closed.insert(next);
      bars.push(next.toBar(true));
    }
  }

  #takeForming(): FormingBar | null {
    const newest = this.#open.at(-1);
    const eventNs = this.#eventNs;
    this.#eventNs = 0n;
    if (!this.#forming.take(newest, eventNs) || newest === undefined) return null;
    return { interval: this.interval, id: this.id, bar: newest.toBar(newest.published) };
  }
}
