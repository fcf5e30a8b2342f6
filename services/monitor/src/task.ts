/** Whether this process still holds the place that lets its tasks act. */
export interface Lease {
  /**
   * Asks Kafka. False: another copy has taken over, and the signal fires soon; do nothing any more. A process that was paused is told the truth
   * here where its signal cannot have fired yet: ask before whatever must not be done twice. Rejects where Kafka does not answer.
   */
  isHeld(): Promise<boolean>;
}

/** Work that exactly one copy of the service does at a time. */
export interface MonitorTask {
  /** In logs and metrics. */
  readonly name: string;
  /**
   * Works until the signal fires, then returns within seconds: the next owner waits for it. One that rejects, or returns before, is run again
   * after a pause; everything it has to remember is in the log.
   */
  run(signal: AbortSignal, lease: Lease): Promise<void>;
}
