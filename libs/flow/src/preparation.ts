import type { TopicPartition } from '@tickwell/ports';

/** Where a partition stands: everything below `nextOffset` is in its states. */
export interface InputPlace extends TopicPartition {
  readonly epoch: string;
  readonly nextOffset: bigint;
}

/**
 * Brings into a state what only the outside of the log knows: history from the store. Outputs still depend on the log and on checkpoints
 * alone, for what was brought is in a checkpoint before anything is processed by it
 * ([ADR 0021](../../../docs/adr/0021-warm-up.md)).
 */
export interface Preparation<S> {
  /**
   * Reads what the state lacks, up to where it is (`place`, which moves on), or as much of it as goes in at once. First while records go on, then once more while they
   * wait: what is left to be read then should be little. Must not change the state; rejects where the outside cannot be read.
   */
  catchUp(state: S, place: () => InputPlace, signal: AbortSignal): Promise<void>;
  /** False: the state lacks something else by now, and what was read is of no use. Left out: it always is. */
  readonly isOfUse?: boolean;
  /** Puts what was read into the state, which has not moved since. */
  install(state: S): void;
}
