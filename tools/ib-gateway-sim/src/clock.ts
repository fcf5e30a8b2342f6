/**
 * The simulated clock: starts at a chosen instant and runs `speed` times as fast as the real one. What is scheduled happens in order
 * of its simulated time, and the clock never shows a later time than that of something still to be done: a process that cannot keep
 * up gets a slower clock, not a different order.
 */
import { Heap } from './heap.ts';

/** The real time that drives it. */
export interface TimeSource {
  nowMs(): number;
  /** Calls back once; the answer cancels it. */
  wait(ms: number, callback: () => void): () => void;
  /** Calls back after sockets have had their turn; the answer cancels it. */
  soon(callback: () => void): () => void;
}

const realTime: TimeSource = {
  nowMs: () => performance.now(),
  wait: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => {
      clearTimeout(timer);
    };
  },
  soon: (callback) => {
    const immediate = setImmediate(callback);
    return () => {
      clearImmediate(immediate);
    };
  },
};

export interface Scheduled {
  cancel(): void;
}

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** Work in one turn, in real ms; then sockets are served. */
const TURN_MS = 8;
/** A real timer is never longer, so that a change of plans costs at most this. */
const MAX_WAIT_MS = 60_000;
/** Real ms that the clock may be behind what is due before it slows down instead. */
const MAX_LAG_MS = 1000;

export interface ClockOptions {
  readonly startMs: number;
  /** 1: real time; 0: only `advance` moves it. */
  readonly speed: number;
  readonly time?: TimeSource;
  /** Stands still until `release` is called once. */
  readonly held?: boolean;
}

export class SimClock {
  readonly speed: number;
  readonly #time: TimeSource;
  readonly #due = new Heap<Entry>((a, b) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order));
  #anchorSimMs: number;
  #anchorRealMs: number;
  #shownMs: number;
  #order = 0;
  #holds = 0;
  #cancelWait: () => void = () => undefined;
  #running = false;
  #stopped = false;

  constructor({ startMs, speed, time = realTime, held = false }: ClockOptions) {
    if (!(speed >= 0 && Number.isFinite(speed))) throw new RangeError(`the clock's speed cannot be ${speed}`);
    this.speed = speed;
    this.#time = time;
    this.#anchorSimMs = startMs;
    this.#anchorRealMs = time.nowMs();
    this.#shownMs = startMs;
    if (held) this.#holds = 1;
  }

  /** Simulated ms since the epoch. Never goes back. To what is running it is the time that it was scheduled for. */
  nowMs(): number {
    if (this.#running) return this.#shownMs;
    const limit = this.#nextDue()?.atMs ?? Infinity;
    this.#shownMs = Math.max(this.#shownMs, Math.floor(Math.min(this.#targetMs(), limit)));
    return this.#shownMs;
  }

  at(atMs: number, run: () => void): Scheduled {
    const entry: Entry = { atMs, order: this.#order++, run, cancelled: false };
    if (!this.#stopped) {
      this.#due.push(entry);
      if (this.#nextDue() === entry) this.#plan();
    }
    return {
      cancel: () => {
        entry.cancelled = true;
      },
    };
  }

  after(ms: number, run: () => void): Scheduled {
    return this.at(this.nowMs() + ms, run);
  }

  /** Every `ms` from now on until cancelled. */
  every(ms: number, run: () => void): Scheduled {
    let cancelled = false;
    let next = this.nowMs();
    let entry: Scheduled;
    const plan = (): void => {
      next += ms;
      entry = this.at(next, () => {
        run();
        if (!cancelled) plan();
      });
    };
    plan();
    return {
      cancel: () => {
        cancelled = true;
        entry.cancel();
      },
    };
  }

  /** Stands still until the answer is called: for a client that cannot read as fast as the clock runs. */
  hold(): () => void {
    if (this.#holds === 0) this.#anchor(this.#targetMs());
    this.#holds += 1;
    let held = true;
    return () => {
      if (held) this.release();
      held = false;
    };
  }

  /** Ends one hold, if there is any. */
  release(): void {
    if (this.#holds === 0) return;
    this.#holds -= 1;
    if (this.#holds === 0) this.#anchorRealMs = this.#time.nowMs();
    this.#plan();
  }

  /** Moves the clock by hand and does at once what falls due on the way. */
  advance(ms: number): void {
    this.#anchorSimMs += ms;
    while (this.#runNext(this.#targetMs()));
    this.#plan();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelWait();
    while (this.#due.pop() !== undefined);
  }

  #targetMs(): number {
    if (this.#holds > 0) return this.#anchorSimMs;
    return this.#anchorSimMs + (this.#time.nowMs() - this.#anchorRealMs) * this.speed;
  }

  #anchor(simMs: number): void {
    this.#anchorSimMs = simMs;
    this.#anchorRealMs = this.#time.nowMs();
  }

  #nextDue(): Entry | undefined {
    let entry = this.#due.peek();
    while (entry?.cancelled === true) {
      this.#due.pop();
      entry = this.#due.peek();
    }
    return entry;
  }

  #runNext(targetMs: number): boolean {
    const entry = this.#nextDue();
    if (entry === undefined || entry.atMs > targetMs) return false;
    this.#due.pop();
    this.#shownMs = Math.max(this.#shownMs, entry.atMs);
    this.#running = true;
    try {
      entry.run();
    } finally {
      this.#running = false;
    }
    return true;
  }

  #turn(): void {
    const startedMs = this.#time.nowMs();
    while (this.#holds === 0 && this.#runNext(this.#targetMs()))
      if (this.#time.nowMs() - startedMs > TURN_MS) break;
    const behindMs = this.#targetMs() - (this.#nextDue()?.atMs ?? Infinity);
    if (behindMs > MAX_LAG_MS * this.speed) this.#anchor(this.#targetMs() - behindMs);
    this.#plan();
  }

  #plan(): void {
    this.#cancelWait();
    this.#cancelWait = () => undefined;
    const next = this.#nextDue();
    if (next === undefined || this.#stopped || this.#holds > 0 || this.speed === 0) return;
    const waitMs = (next.atMs - this.#targetMs()) / this.speed;
    const turn = (): void => {
      this.#turn();
    };
    this.#cancelWait =
      waitMs <= 0 ? this.#time.soon(turn) : this.#time.wait(Math.min(Math.ceil(waitMs), MAX_WAIT_MS), turn);
  }
}

/**
 * Time for rates of messages: simulated time, but never slower than real time, so that a client is not blamed for a clock that stands
 * still while it waits for another client.
 */
export class ElapsedClock {
  readonly #clock: SimClock;
  readonly #time: TimeSource;
  #simMs: number;
  #realMs: number;
  #elapsedMs = 0;

  constructor(clock: SimClock, time: TimeSource = realTime) {
    this.#clock = clock;
    this.#time = time;
    this.#simMs = clock.nowMs();
    this.#realMs = time.nowMs();
  }

  nowMs(): number {
    const simMs = this.#clock.nowMs();
    const realMs = this.#time.nowMs();
    this.#elapsedMs += Math.max(simMs - this.#simMs, realMs - this.#realMs);
    this.#simMs = simMs;
    this.#realMs = realMs;
    return this.#elapsedMs;
  }
}
