/** Time as a service sees it: real, or driven by a test. */
export interface Clock {
  /** Wall time, ns since the epoch. */
  nowNs(): bigint;
  /** Monotonic milliseconds, for durations. */
  monotonicMs(): number;
  /** Resolves after the time passed; rejects with the signal's reason when it fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
