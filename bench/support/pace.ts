import { setTimeout as delay } from 'node:timers/promises';

const TICK_MS = 1;

/** Wall time with the resolution of the monotonic clock, ms since the epoch; every part of a benchmark in one process uses it. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

export interface Burst {
  /** Number of the first event, from 0. */
  readonly first: number;
  readonly count: number;
}

/**
 * Yields what is due, about once a millisecond, until `total` events are out. A consumer or an event loop that holds it up does not
 * slow the rate: what was missed comes with the next burst.
 */
export async function* paced(
  ratePerSecond: number,
  total: number,
  onLateMs: (ms: number) => void,
): AsyncGenerator<Burst> {
  const startMs = performance.now();
  for (let sent = 0; sent < total;) {
    const elapsedMs = performance.now() - startMs;
    const due = Math.min(total, Math.floor((elapsedMs * ratePerSecond) / 1000));
    if (due === sent) {
      await delay(TICK_MS);
      continue;
    }
    onLateMs(elapsedMs - (sent * 1000) / ratePerSecond);
    yield { first: sent, count: due - sent };
    sent = due;
  }
}
