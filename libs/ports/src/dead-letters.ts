import type { Header } from '@tickwell/domain';
import type { FrameCatalog } from './frames.ts';
import type { HoleReader } from './holes.ts';
import type { QualityReader } from './quality.ts';
import type { ReconciliationReader } from './reconciliations.ts';
import type { HistoryReader } from './store.ts';

/** Where an event was read that was refused; without `index` the whole record was. */
export interface LetterPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly index: number | undefined;
}

export type LetterState = 'open' | 'replayed' | 'purged';
/** `quarantine`: held until a person decides; `reject`: it cannot go through as it is. */
export type LetterSeverity = 'reject' | 'quarantine';

/** A dead letter as the store keeps it, without its bytes. */
export interface StoredLetter extends LetterPlace {
  readonly rule: string;
  readonly severity: LetterSeverity;
  readonly reason: string;
  readonly source: string;
  readonly symbol: string;
  readonly knownAtNs: bigint;
  /** Stream of the source and the place in it. */
  readonly stream: string;
  readonly position: bigint;
  /** Protobuf type of the original; "" where it is no message. */
  readonly contentType: string;
  readonly originalSize: bigint;
  readonly originalSha256: string;
  /** The bytes that are kept are not all. */
  readonly truncated: boolean;
  readonly replayOf: Header['replayOf'];
  /** Id of md.dead-letters, and the letter's offset in it. */
  readonly epoch: string;
  readonly recordOffset: bigint;
  readonly state: LetterState;
  /** Of who dealt with it last; empty and 0n while it is open. */
  readonly resolvedBy: string;
  readonly resolvedAtNs: bigint;
  readonly note: string;
}

/** What is left out matches everything. Spans are of `knownAtNs`, half-open. */
export interface LetterFilter {
  readonly source?: string;
  readonly symbol?: string;
  readonly rule?: string;
  readonly topic?: string;
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  /** Not empty. */
  readonly states?: readonly LetterState[];
  readonly severity?: LetterSeverity;
}

/** Order of lists: the newest first, those of one time by their name. */
export interface LetterCursor {
  readonly knownAtNs: bigint;
  /** {@link letterName} of the last one. */
  readonly name: string;
}

export interface LetterGroup {
  readonly source: string;
  readonly rule: string;
  readonly severity: LetterSeverity;
  readonly state: LetterState;
  readonly letters: number;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  /** Reason of one of them. */
  readonly example: string;
}

/** Reads dead letters from the store. Failures reject as those of {@link HistoryReader} do. */
export interface DeadLetterReader {
  letters(
    filter: LetterFilter,
    page: { readonly limit: number; readonly after?: LetterCursor },
  ): Promise<readonly StoredLetter[]>;
  /** The letters that are there of these places, with their bytes; of several generations of a topic the newest. At most 1,000. */
  find(
    places: readonly LetterPlace[],
  ): Promise<readonly { readonly letter: StoredLetter; readonly original: Uint8Array }[]>;
  /** Counts by source, rule, severity and state, most first; at most `limit`. */
  groups(filter: LetterFilter, limit: number): Promise<readonly LetterGroup[]>;
}

/** Everything query reads of the store. */
export interface StoreReader extends HistoryReader {
  readonly deadLetters: DeadLetterReader;
  readonly frames: FrameCatalog;
  readonly ledger: HoleReader;
  readonly quality: QualityReader;
  readonly reconciliations: ReconciliationReader;
}

/** "md.raw.ticks/2/1234/0", of a whole record "md.raw.ticks/2/1234": the id of a letter, and `replay_of` of its replay. */
export function letterName({ topic, partition, offset, index }: LetterPlace): string {
  const record = `${topic}/${partition}/${offset}`;
  return index === undefined ? record : `${record}/${index}`;
}
