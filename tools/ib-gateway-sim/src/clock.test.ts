import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ElapsedClock, SimClock, type TimeSource } from './clock.ts';

/** Real time by hand. */
class HandTime implements TimeSource {
  #nowMs = 0;
  #timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  waits: number[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wait(ms: number, run: () => void): () => void {
    this.waits.push(ms);
    const timer = { atMs: this.#nowMs + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  soon(run: () => void): () => void {
    return this.wait(0, run);
  }

  /** Lets time pass, timer by timer. */
  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers]
        .filter(({ atMs }) => atMs <= endMs)
        .toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = endMs;
  }

  /** Time that passes while the process does something else. */
  stall(ms: number): void {
    this.#nowMs += ms;
  }
}

function clockAt(speed: number, startMs = 1_000_000): { clock: SimClock; time: HandTime } {
  const time = new HandTime();
  return { time, clock: new SimClock({ startMs, speed, time }) };
}

describe('simulated clock', () => {
  test('runs as many times as fast as the real one', () => {
    const { clock, time } = clockAt(60);
    time.pass(1000);
    expect(clock.nowMs()).toBe(1_060_000);
  });

  test('runs what is due in the order of simulated time, each at its own time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 5000 }), { maxLength: 30 }),
        fc.constantFrom(1, 7, 1000),
        (delays, speed) => {
          const { clock, time } = clockAt(speed, 0);
          const seen: number[] = [];
          for (const delay of delays) clock.after(delay, () => seen.push(clock.nowMs()));
          time.pass(6000);
          expect(seen).toEqual(delays.toSorted((a, b) => a - b));
        },
      ),
    );
  });

  test('what is scheduled for the same time keeps its order', () => {
    const { clock, time } = clockAt(1);
    const seen: string[] = [];
    for (const name of ['a', 'b', 'c']) clock.after(10, () => seen.push(name));
    time.pass(10);
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  test('never shows a later time than that of what is still to be done', () => {
    const { clock, time } = clockAt(100, 0);
    clock.after(50_000, () => undefined);
    time.stall(10_000);
    expect(clock.nowMs()).toBe(50_000);
  });

  test('slows down when the process cannot keep up, and then goes on at its speed', () => {
    const { clock, time } = clockAt(100, 0);
    let runs = 0;
    const timer = clock.every(1000, () => {
      runs += 1;
      if (runs <= 50) time.stall(100);
    });
    time.pass(5000);
    expect(clock.nowMs()).toBeLessThan(200_000);
    timer.cancel();
    const before = clock.nowMs();
    time.pass(1000);
    expect(clock.nowMs() - before).toBeGreaterThanOrEqual(99_000);
  });

  test('stands still while it is held, by however many', () => {
    const { clock, time } = clockAt(10, 0);
    time.pass(100);
    const first = clock.hold();
    const second = clock.hold();
    let ran = false;
    clock.after(100, () => (ran = true));
    time.pass(1000);
    expect(clock.nowMs()).toBe(1000);
    first();
    first();
    time.pass(1000);
    expect(ran).toBe(false);
    second();
    time.pass(10);
    expect([ran, clock.nowMs()]).toEqual([true, 1100]);
  });

  test('may begin held', () => {
    const time = new HandTime();
    const clock = new SimClock({ startMs: 0, speed: 10, time, held: true });
    time.pass(1000);
    expect(clock.nowMs()).toBe(0);
    clock.release();
    time.pass(100);
    expect(clock.nowMs()).toBe(1000);
  });

  test('by hand: advance does at once what falls due', () => {
    const { clock } = clockAt(0, 0);
    const seen: number[] = [];
    clock.every(1000, () => seen.push(clock.nowMs()));
    clock.advance(3500);
    expect(seen).toEqual([1000, 2000, 3000]);
    expect(clock.nowMs()).toBe(3500);
  });

  test('what is cancelled does not happen', () => {
    const { clock } = clockAt(0, 0);
    let runs = 0;
    const timer = clock.after(10, () => (runs += 1));
    const repeated = clock.every(10, () => (runs += 1));
    timer.cancel();
    clock.advance(10);
    repeated.cancel();
    clock.advance(100);
    expect(runs).toBe(1);
  });

  test('after stop nothing happens and nothing waits', () => {
    const { clock, time } = clockAt(1, 0);
    let runs = 0;
    clock.after(10, () => (runs += 1));
    clock.stop();
    clock.after(20, () => (runs += 1));
    time.pass(100);
    expect(runs).toBe(0);
  });

  test('no real timer is longer than a minute', () => {
    const { clock, time } = clockAt(1, 0);
    clock.after(86_400_000, () => undefined);
    expect(Math.max(...time.waits)).toBe(60_000);
  });

  test.each([-1, NaN, Infinity])('a speed of %d is refused', (speed) => {
    expect(() => clockAt(speed)).toThrow(RangeError);
  });
});

describe('elapsed time for message rates', () => {
  test('is simulated time, but goes on in real time while the clock is held', () => {
    const { clock, time } = clockAt(10, 0);
    const elapsed = new ElapsedClock(clock, time);
    time.pass(100);
    expect(elapsed.nowMs()).toBe(1000);
    clock.hold();
    time.pass(500);
    expect(elapsed.nowMs()).toBe(1500);
  });
});
