import { describe, expect, it } from 'vitest';
import { ClockState } from './clock-state.ts';

/** Records of so many log seconds, with the event time of each. */
function follow(seconds: number, eventS: (second: number) => number): ClockState {
  const clock = new ClockState();
  for (let second = 0; second < seconds; second += 1) clock.take(eventS(second), 1_000_000 + second);
  return clock;
}

describe('ClockState', () => {
  it('finds how far events are behind or ahead, over jitter and strays', () => {
    const late = follow(
      100,
      (second) => 1_000_000 + second - 3600 - (second % 3) / 10 - (second % 10 === 9 ? 900 : 0),
    );
    expect([late.isSteady, Math.round(late.lagS)]).toEqual([true, 3600]);
    const early = follow(100, (second) => 1_000_000 + second + 5);
    expect([early.isSteady, Math.round(early.lagS)]).toEqual([true, -5]);
  });

  it('says nothing of a file that is read faster than it happened, or of the past', () => {
    for (const speed of [2, 10, 100, 700]) {
      expect(follow(100, (second) => 1_000_000 - 100 * speed + second * speed).isSteady).toBe(false);
    }
    expect(follow(100, (second) => second).isSteady).toBe(false);
  });

  it('needs half a minute, and some records', () => {
    expect(follow(29, (second) => 1_000_000 + second - 60).isSteady).toBe(false);
    expect(follow(32, (second) => 1_000_000 + second - 60).isSteady).toBe(true);
  });

  it('finds the new lag where it changes for good', () => {
    const summer = follow(400, (second) => 1_000_000 + second - (second < 100 ? 1 : 3600));
    expect([summer.isSteady, Math.round(summer.lagS)]).toEqual([true, 3600]);
  });
});
