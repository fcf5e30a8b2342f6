import { readFileSync } from 'node:fs';
import { TickwellError, errorMessage } from '@tickwell/domain';

/** The text of a file that the command line names. */
export function readTextFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new TickwellError('invalid-argument', `${file} cannot be read: ${errorMessage(cause)}`, { cause });
  }
}
