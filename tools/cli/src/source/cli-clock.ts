import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@tickwell/ports';

/** The machine's clocks. */
export const cliClock: Clock = {
  nowNs: () => BigInt(Date.now()) * 1_000_000n,
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
};
