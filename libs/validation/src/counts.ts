/** Counts of one source and kind under one key: received = accepted + deadLettered + duplicates, always. */
export interface Counts {
  received: number;
  accepted: number;
  deadLettered: number;
  duplicates: number;
  /** Records counted since the counts were last reported. */
  unreported: number;
}

export function createCounts(): Counts {
  return { received: 0, accepted: 0, deadLettered: 0, duplicates: 0, unreported: 0 };
}

/** What became of the events of one record. */
export interface Outcome {
  readonly accepted: number;
  readonly deadLettered: number;
  readonly duplicates: number;
}

/**
 * Counts one record and says whether to report: when something did not go through, and every `reportEvery` records. What is left
 * over is reported with the stream's last watermark. All this depends on the log alone.
 */
export function countRecord(counts: Counts, outcome: Outcome, reportEvery: number): boolean {
  const { accepted, deadLettered, duplicates } = outcome;
  counts.received += accepted + deadLettered + duplicates;
  counts.accepted += accepted;
  counts.deadLettered += deadLettered;
  counts.duplicates += duplicates;
  counts.unreported++;
  return deadLettered > 0 || duplicates > 0 || counts.unreported >= reportEvery;
}
