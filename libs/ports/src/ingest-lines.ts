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
