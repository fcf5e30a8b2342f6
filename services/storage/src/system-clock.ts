import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@tickwell/ports';

/** Wall time to a millisecond, in ns. */
export const systemClock: Clock = {
  nowNs: () => BigInt(Date.now()) * 1_000_000n,
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
};
