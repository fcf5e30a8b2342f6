import {
  emptyTrades,
  readState,
  type StateReader,
  type StateWriter,
  type ThresholdLength,
  type TradeColumns,
} from '@tickwell/domain';
import type { Bar, FormingBar } from './bar.ts';
import {
  FormingSteps,
  LeftOutCount,
  readOptional,
  writeOptional,
  type BarBuilder,
  type BarLimits,
  type BarPlan,
  type Settled,
} from './builder.ts';
import type { BarGrid } from './grid.ts';
import { RetainedBars } from './retained-bars.ts';
import { TradeBar } from './trade-bar.ts';

const DEFAULT_WAITING = 10_000;
const MIN_WAITING_BYTES = 19;

type Waiting = Pick<TradeColumns, 'timeNs' | 'seq' | 'price' | 'size'> & { knownAtNs: bigint[] };

/**
 * Bars that end by what is traded: with the tick that brings their count, volume or value to the size. That tick is in the bar whole, however
 * large it is, and nothing of it is carried to the next: volume is conserved, and every tick is in one bar.
 *
 * Where bars begin depends on the order of ticks, so these wait until the watermark has passed them and are then taken by (time, seq): the
 * same log gives the same bars whatever the batches. A tick that comes after that corrects the bar of its time, and moves no bar's ends.
 *
 * A bar's start is the time of its first tick, or 1 ns after the start of the bar before where that is not later: starts are unique and ascend.
 */
export class ThresholdBars implements BarBuilder {
  readonly id: string;
  readonly interval: ThresholdLength;
  readonly #sessions: BarGrid | undefined;
  readonly #limits: BarLimits;
  readonly #waiting: Waiting = { ...emptyTrades(), knownAtNs: [] };
  /** How many of the waiting ones have been taken. */
  #taken = 0;
  readonly #closed = new RetainedBars();
  readonly #forming: FormingSteps;
  readonly #late = new LeftOutCount();
  readonly #outside = new LeftOutCount();
  #current: TradeBar | undefined;
  /** Where the current bar's session ends. */
  #sessionEndNs: bigint | null = null;
  /** Ticks before have been taken. */
  #lineNs: bigint | null = null;
  #newestNs: bigint | null = null;
  #eventNs = 0n;
  /** Closed bars that late ticks were added to. */
  readonly #corrected = new Map<bigint, TradeBar>();

  constructor(plan: Extract<BarPlan, { kind: 'threshold' }>, limits: BarLimits) {
    const { length, sessions, formingStepNs } = plan;
    this.interval = length;
    this.id = sessions === undefined ? length.text : `${length.text}@${sessions.id}`;
    this.#sessions = sessions;
    this.#forming = new FormingSteps(formingStepNs);
    this.#limits = limits;
  }

  /** The first bar begins with the first tick that is known: it is whole. */
  begin(): void {}

  addRun(trades: TradeColumns, from: number, to: number, knownAtNs: bigint): void {
    for (let index = from; index < to; index += 1) {
      const timeNs = trades.timeNs[index] ?? 0n;
      if (this.#lineNs !== null && timeNs < this.#lineNs) this.#addLate(trades, index, knownAtNs);
      else this.#wait(trades, index, knownAtNs);
      if (timeNs > this.#eventNs) this.#eventNs = timeNs;
    }
  }

  settle(watermarkNs: bigint): Settled | null {
    if (watermarkNs > this.#eventNs) this.#eventNs = watermarkNs;
    const bars: Bar[] = [];
    for (const bar of [...this.#corrected.values()].sort((a, b) => (a.startNs < b.startNs ? -1 : 1))) {
      bars.push(bar.toBar(true));
      this.#keep(bar);
    }
    this.#corrected.clear();
    if (watermarkNs > 0n) this.#takeBefore(watermarkNs, bars);
    const most = this.#limits.waitingTrades ?? DEFAULT_WAITING;
    const over = this.#waiting.timeNs.length - most;
    // The ticks of one time are taken together, so that the order among them does not depend on the limit.
    if (over > 0) this.#takeBefore((this.#waiting.timeNs[over - 1] ?? 0n) + 1n, bars);
    return this.#settled(bars, Math.max(0, over));
  }

  write(writer: StateWriter): void {
    writeOptional(writer, this.#lineNs);
    writeOptional(writer, this.#newestNs);
    writeOptional(writer, this.#sessionEndNs);
    this.#closed.write(writer);
    writer.flag(this.#current !== undefined);
    this.#current?.write(writer);
    const { timeNs, seq, price, size, knownAtNs } = this.#waiting;
    writer.uint(timeNs.length);
    for (const [index, time] of timeNs.entries()) {
      writer
        .int64(time)
        .int64(seq[index] ?? 0n)
        .int64(knownAtNs[index] ?? 0n);
      writer.double(price[index] ?? NaN).double(size[index] ?? NaN);
    }
    this.#forming.write(writer);
  }

  read(reader: StateReader, version: number): void {
    this.#lineNs = readOptional(reader);
    this.#newestNs = readOptional(reader);
    this.#sessionEndNs = readOptional(reader);
    const closed = reader.count(TradeBar.MIN_BYTES);
    const packed = readState(reader.block(), (inner) => {
      for (let left = closed; left > 0; left -= 1) this.#closed.insert(readBar(inner));
    });
    if (!packed.ok) reader.fail(`closed bars: ${packed.error}`);
    if (reader.flag()) this.#current = readBar(reader);
    for (let left = reader.count(MIN_WAITING_BYTES); left > 0; left -= 1) {
      this.#waiting.timeNs.push(reader.int64());
      this.#waiting.seq.push(reader.int64());
      this.#waiting.knownAtNs.push(reader.int64());
      this.#waiting.price.push(reader.double());
      this.#waiting.size.push(reader.double());
    }
    this.#forming.read(reader, version);
    this.#evict();
  }

  #settled(bars: readonly Bar[], forced: number): Settled | null {
    const { id, interval } = this;
    const forming = this.#takeForming();
    const tooLate = this.#late.take(interval.text);
    const outside = this.#outside.take(interval.text);
    const watermarkNs = this.#current?.startNs ?? this.#lineNs ?? 0n;
    const closed = bars.length === 0 ? null : { interval, id, bars, watermarkNs };
    const said = closed ?? tooLate ?? outside ?? forming;
    return said === null ? null : { closed, forced, tooLate, outside, forming, unfilledNs: null };
  }

  /** Puts a tick among those that wait, by (time, seq). */
  #wait(trades: TradeColumns, index: number, knownAtNs: bigint): void {
    const waiting = this.#waiting;
    const timeNs = trades.timeNs[index] ?? 0n;
    const seq = trades.seq[index] ?? 0n;
    let at = waiting.timeNs.length;
    while (at > 0 && isAfter(waiting, at - 1, timeNs, seq)) at -= 1;
    waiting.timeNs.splice(at, 0, timeNs);
    waiting.seq.splice(at, 0, seq);
    waiting.price.splice(at, 0, trades.price[index] ?? NaN);
    waiting.size.splice(at, 0, trades.size[index] ?? NaN);
    waiting.knownAtNs.splice(at, 0, knownAtNs);
  }

  #takeBefore(lineNs: bigint, bars: Bar[]): void {
    const { timeNs, seq, price, size, knownAtNs } = this.#waiting;
    const trades = { ...emptyTrades(), timeNs, seq, price, size };
    for (this.#taken = 0; this.#taken < timeNs.length; this.#taken += 1) {
      if ((timeNs[this.#taken] ?? 0n) >= lineNs) break;
      this.#take(trades, this.#taken, knownAtNs[this.#taken] ?? 0n, bars);
    }
    for (const column of [timeNs, seq, price, size, knownAtNs]) column.splice(0, this.#taken);
    if (this.#lineNs === null || lineNs > this.#lineNs) this.#lineNs = lineNs;
    this.#endSession(this.#lineNs, bars);
  }

  #take(trades: TradeColumns, index: number, knownAtNs: bigint, bars: Bar[]): void {
    const timeNs = trades.timeNs[index] ?? 0n;
    this.#endSession(timeNs, bars);
    const slot = this.#sessions?.slotAt(timeNs);
    if (slot?.kind === 'none') {
      this.#outside.add(trades, index, index + 1);
      return;
    }
    let bar = this.#current;
    if (bar === undefined) {
      bar = new TradeBar();
      const after = this.#newestNs === null ? timeNs : this.#newestNs + 1n;
      bar.startNs = timeNs > after ? timeNs : after;
      this.#newestNs = bar.startNs;
      this.#current = bar;
      this.#sessionEndNs = slot?.endNs ?? null;
    }
    bar.addRun(trades, index, index + 1, knownAtNs);
    if (this.#isFull(bar)) this.#close(bars);
  }

  #isFull({ tradeCount, volume, value }: TradeBar): boolean {
    const { measure, size } = this.interval;
    return (measure === 'tick' ? tradeCount : measure === 'volume' ? volume : Math.abs(value)) >= size;
  }

  #endSession(timeNs: bigint, bars: Bar[]): void {
    if (this.#sessionEndNs !== null && timeNs >= this.#sessionEndNs) this.#close(bars);
  }

  #close(bars: Bar[]): void {
    const bar = this.#current;
    this.#current = undefined;
    this.#sessionEndNs = null;
    if (bar === undefined) return;
    bars.push(bar.toBar(false));
    bar.published = true;
    this.#keep(bar);
  }

  #keep(bar: TradeBar): void {
    this.#closed.insert(bar);
    this.#evict();
  }

  #evict(): void {
    while (this.#closed.size > this.#limits.retainedBars) this.#closed.remove(0);
  }

  /** A tick behind the watermark is of the bar that goes on at its time. */
  #addLate(trades: TradeColumns, index: number, knownAtNs: bigint): void {
    const timeNs = trades.timeNs[index] ?? 0n;
    const slot = this.#sessions?.slotAt(timeNs);
    if (slot?.kind === 'none') {
      this.#outside.add(trades, index, index + 1);
      return;
    }
    const bar = this.#barAt(timeNs, slot?.fromNs ?? 0n);
    if (bar === undefined) this.#late.add(trades, index, index + 1);
    else bar.addRun(trades, index, index + 1, knownAtNs);
  }

  /** The last bar that starts at a time or before, but not before `fromNs`. */
  #barAt(timeNs: bigint, fromNs: bigint): TradeBar | undefined {
    if (this.#current !== undefined && this.#current.startNs <= timeNs) return this.#current;
    let startNs = fromNs - 1n;
    for (const candidate of this.#corrected.keys())
      if (candidate <= timeNs && candidate > startNs) startNs = candidate;
    const at = this.#closed.indexOf(timeNs + 1n) - 1;
    if (at >= 0 && this.#closed.startNs(at) > startNs) {
      const bar = this.#closed.load(at);
      this.#closed.remove(at);
      this.#corrected.set(bar.startNs, bar);
      return bar;
    }
    return this.#corrected.get(startNs);
  }

  #takeForming(): FormingBar | null {
    const bar = this.#current;
    const eventNs = this.#eventNs;
    this.#eventNs = 0n;
    if (!this.#forming.take(bar, eventNs) || bar === undefined) return null;
    return { interval: this.interval, id: this.id, bar: bar.toBar(false) };
  }
}

function readBar(reader: StateReader): TradeBar {
  const bar = new TradeBar();
  bar.read(reader);
  return bar;
}

function isAfter({ timeNs, seq }: Waiting, index: number, thanNs: bigint, thanSeq: bigint): boolean {
  const time = timeNs[index] ?? 0n;
  return time > thanNs || (time === thanNs && (seq[index] ?? 0n) > thanSeq);
}
