import type { StoreReader } from '../dead-letters.ts';
import type { TableWriter } from '../store.ts';

/** A writer and a reader of one store whose tables exist and are empty, or hold only symbols of other suites. */
export interface StoreUnderTest {
  readonly writer: TableWriter;
  readonly reader: StoreReader;
  close(): Promise<void>;
}

/** What the cases of the contract run on. */
export interface Cases {
  readonly store: () => StoreUnderTest;
  /** A symbol no other case uses. */
  readonly fresh: () => string;
}
