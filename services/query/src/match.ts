import type { EventLedger } from '@tickwell/domain';

/** What of a record, or of the store, one subscriber gets. */
export interface Match {
  readonly bytes: Uint8Array;
  readonly events: number;
  /** Adds the events to the sums of a stream; not there where values are computed, of which there are none. */
  readonly addTo?: (ledger: EventLedger) => void;
}
