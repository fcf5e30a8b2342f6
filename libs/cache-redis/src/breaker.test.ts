import { describe, expect, it } from 'vitest';
import { Breaker } from './breaker.ts';

function breakerAt() {
  const clock = { ms: 0 };
  const breaker = new Breaker({ failures: 3, minPauseMs: 100, maxPauseMs: 300 }, () => clock.ms);
  const fail = (times: number): boolean[] => Array.from({ length: times }, () => breaker.failed());
  return { breaker, clock, fail };
}

describe('the breaker', () => {
  it('pauses after so many failures in a row, and not before', () => {
    const { breaker, fail } = breakerAt();
    expect(fail(2)).toEqual([false, false]);
    breaker.succeeded();
    expect(fail(3)).toEqual([false, false, true]);
    expect(breaker.isOpen).toBe(true);
    expect(breaker.tries()).toBe(false);
  });

  it('lets one call try at the end of a pause, and works again when that one does', () => {
    const { breaker, clock, fail } = breakerAt();
    fail(3);
    clock.ms = 100;
    expect([breaker.tries(), breaker.tries()]).toEqual([true, false]);
    breaker.succeeded();
    expect([breaker.tries(), breaker.tries()]).toEqual([true, true]);
  });

  it('pauses twice as long each time that the try fails, up to a bound', () => {
    const { breaker, clock, fail } = breakerAt();
    fail(3);
    for (const pauseMs of [100, 200, 300, 300]) {
      expect(breaker.tries()).toBe(false);
      clock.ms += pauseMs - 1;
      expect(breaker.tries()).toBe(false);
      clock.ms += 1;
      expect(breaker.tries()).toBe(true);
      expect(breaker.failed()).toBe(true);
    }
  });

  it('does not count what was under way when the pause began', () => {
    const { breaker, clock, fail } = breakerAt();
    fail(3);
    clock.ms = 50;
    expect(fail(5)).toEqual([false, false, false, false, false]);
    clock.ms = 100;
    expect(breaker.tries()).toBe(true);
  });
});
