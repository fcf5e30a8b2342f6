import type { Clock } from '@tickwell/ports';
import { DEFAULT_TIMING, type ConnectionTiming } from './connection-options.ts';
import { LIVE_SETTINGS, type LiveSettings } from './live-group.ts';
import { IB_LIMITS } from './pacing-limits.ts';

/** A clock that runs `speed` times as fast as another from now on. */
export function fastClock(clock: Clock, speed: number): Clock {
  const startNs = clock.nowNs();
  const startMs = clock.monotonicMs();
  const nowMs = (): number => startMs + (clock.monotonicMs() - startMs) * speed;
  return {
    nowNs: () => startNs + BigInt(Math.round((nowMs() - startMs) * 1e6)),
    monotonicMs: nowMs,
    sleep: (ms, signal) => clock.sleep(ms / speed, signal),
  };
}

/**
 * What lets a client keep up with a simulated Gateway whose clock is so fast: the moments that processes and sockets lose are long
 * times of its clock. The margin is on every pacing window, so that no stall shorter than it breaks a limit.
 */
export function allowancesAt(speed: number): {
  readonly timing: Partial<ConnectionTiming>;
  readonly settings: Partial<LiveSettings>;
  readonly marginMs: number;
} {
  const lost = (realMs: number): number => realMs * speed;
  return {
    timing: {
      connectMs: DEFAULT_TIMING.connectMs + lost(5000),
      heartbeatMs: DEFAULT_TIMING.heartbeatMs + lost(100),
      heartbeatDeadlineMs: DEFAULT_TIMING.heartbeatDeadlineMs + lost(2000),
      requestMs: DEFAULT_TIMING.requestMs + lost(10_000),
      // Such a clock stands still whenever its process does: only what it says counts.
      maxAheadMs: 0,
      unavailableMs: DEFAULT_TIMING.unavailableMs + lost(30_000),
    },
    settings: {
      quietMs: LIVE_SETTINGS.quietMs + lost(500),
      settleMs: LIVE_SETTINGS.settleMs + lost(500),
    },
    marginMs: IB_LIMITS.marginMs + lost(1500),
  };
}
