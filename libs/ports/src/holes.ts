import type { PriceType } from '@tickwell/domain';

/** `repaired`: everything is there by now; `given-up`: it is missing, and nobody is asked any more. */
export type StoredHoleState = 'missing' | 'repaired' | 'given-up';

/** A hole as the ledger of coverage knows it: its newest step. Times are ns since the epoch, 0n where there is none. */
export interface StoredHole {
  readonly symbol: string;
  /** "best": what all sources of a policy have together. */
  readonly source: string;
  readonly kind: string;
  /** Of bars; else "". */
  readonly interval: string;
  /** Of bars. */
  readonly priceType: PriceType | undefined;
  /** Half-open span of event time. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly state: StoredHoleState;
  /** Why it is missing; where it was given up why it stays so. */
  readonly reason: string;
  /** When it was first known to be missing. */
  readonly sinceNs: bigint;
  /** Bars that were missing when this was written; 0n where it is not known. */
  readonly missing: bigint;
  /** Events that were brought after all. */
  readonly events: bigint;
  /** Counts the versions of a hole up. */
  readonly step: number;
  /** Requests so far; 0: nobody was asked, and what follows is empty. */
  readonly attempts: number;
  readonly askedSource: string;
  /** Requests to that source. */
  readonly sourceAttempts: number;
  readonly requestId: string;
  readonly askedAtNs: bigint;
  readonly answeredAtNs: bigint;
  readonly answer: string;
  /** The source will say the same again. */
  readonly isAnswerFinal: boolean;
  readonly answerStream: string;
  /** Of repaired ones. */
  readonly repairedAtNs: bigint;
  /** "": it is not known who brought it. */
  readonly repairedSource: string;
  readonly repairedStream: string;
  /** "": nobody was asked for it. */
  readonly repairRequestId: string;
}

/** What is left out matches everything. */
export interface HoleFilter {
  /** Not empty. */
  readonly symbols?: readonly string[];
  readonly source?: string;
  readonly kind?: string;
  readonly interval?: string;
  /** Holes that touch the half-open span. */
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  /** Not empty. */
  readonly states?: readonly StoredHoleState[];
}

/** Reads the ledger of holes. Failures reject as those of HistoryReader do. */
export interface HoleReader {
  /** The newest by start first, those of one start by symbol, source, kind, interval and end. */
  holes(filter: HoleFilter, limit: number): Promise<readonly StoredHole[]>;
}
