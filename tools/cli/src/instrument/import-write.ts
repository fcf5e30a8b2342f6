import { TickwellError } from '@tickwell/domain';
import type { PlannedWrite } from './import-plan.ts';

/** What became of the writes of an import. */
export interface ImportOutcome {
  readonly written: number;
  /** One line each: somebody else changed it, or what it must agree with, since the file was checked. */
  readonly refused: readonly string[];
}

/** Refusals of one document; anything else (nobody answers) ends the import. */
const OF_ONE = ['version-conflict', 'failed-precondition', 'invalid-argument'];

/**
 * Writes in order, each on condition that the document is still as it was when the file was checked, so that of two who import at once nobody
 * overwrites the other. One that is refused is told, and the others are written all the same.
 * @throws TickwellError with how many are written where the service does not answer any more.
 */
export async function writeImport(
  writes: readonly PlannedWrite[],
  put: (write: PlannedWrite) => Promise<void>,
  onWritten: (written: number) => void,
): Promise<ImportOutcome> {
  let written = 0;
  const refused: string[] = [];
  for (const write of writes) {
    try {
      await put(write);
      onWritten(++written);
    } catch (error) {
      if (!(error instanceof TickwellError)) throw error;
      if (!OF_ONE.includes(error.code))
        throw new TickwellError(
          error.code,
          `${error.message}; ${written} of ${writes.length} are written: the same command again writes the rest`,
          { cause: error, retryable: error.retryable },
        );
      refused.push(`${write.where}: ${error.message}`);
    }
  }
  return { written, refused };
}
