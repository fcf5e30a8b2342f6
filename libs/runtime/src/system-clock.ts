import { setTimeout as delay } from 'node:timers/promises';

/** The machine's clocks, in the shape of the port `Clock`. Wall time is exact to a millisecond. */
export const systemClock = {
  nowNs: (): bigint => BigInt(Date.now()) * 1_000_000n,
  monotonicMs: (): number => performance.now(),
  sleep: (ms: number, signal?: AbortSignal): Promise<void> =>
    delay(ms, undefined, signal === undefined ? {} : { signal }),
};
