/**
 * What the ingest process says on standard output, one JSON object per line (logs go to standard error). The command line reads it;
 * services/ingest/README.md describes it. Numbers are exact up to 2^53.
 */
export type IngestLine =
  | {
      readonly type: 'started';
      readonly stream: string;
      readonly source: string;
      readonly description: string;
      /** Positions of the whole stream, where known. */
      readonly total: number | null;
    }
  | {
      readonly type: 'progress';
      readonly stream: string;
      readonly position: number;
      readonly total: number | null;
      readonly events: number;
      readonly refused: number;
      /** Of this run. */
      readonly eventsPerSecond: number;
    }
  | {
      readonly type: 'done';
      readonly stream: string;
      readonly source: string;
      readonly outcome: 'finished' | 'already' | 'stopped';
      readonly position: number;
      readonly events: number;
      readonly refused: number;
      readonly seconds: number;
    }
  | {
      /** A live feed lost events for a while: what became of it. Times are ISO 8601. */
      readonly type: 'hole';
      readonly symbol: string;
      readonly series: string;
      readonly reason: string;
      readonly from: string;
      readonly to: string;
      readonly timeToRepairMs: number;
      /** Events that history brought instead. */
      readonly events: number;
      /** Why it stays; null: it is repaired. */
      readonly unrepaired: string | null;
    }
  | {
      /** An instrument or series that a feed cannot have; the others go on. */
      readonly type: 'not-served';
      readonly symbol: string;
      readonly series: string;
      readonly reason: string;
    }
  | {
      /** What a feed waits for, or how its connection does: it goes on by itself. */
      readonly type: 'notice';
      readonly text: string;
    }
  | {
      /** Of a policy: another source serves some instruments from now on. */
      readonly type: 'policy';
      readonly policy: string;
      /** At most 100 of them. */
      readonly instruments: readonly string[];
      readonly count: number;
      /** null: none. */
      readonly from: string | null;
      readonly to: string | null;
      readonly reason: string;
    }
  | {
      readonly type: 'error';
      readonly job: string;
      readonly code: string;
      readonly message: string;
      readonly retryable: boolean;
    }
  | {
      readonly type: 'end';
      readonly streams: number;
      readonly failed: number;
      readonly events: number;
      readonly refused: number;
    };
