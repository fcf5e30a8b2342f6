import { errorMessage } from '@tickwell/domain';

export type Level = 'ok' | 'warn' | 'fail';

/** What one check found; `message` is one line that also says what to do. */
export interface Finding {
  readonly check: string;
  readonly level: Level;
  readonly message: string;
}

/** Runs a check; what it throws is a failed check, not a failed doctor. */
export async function examine(
  check: string,
  look: () => Promise<{ readonly level: Level; readonly message: string }>,
): Promise<Finding> {
  try {
    return { check, ...(await look()) };
  } catch (error) {
    return { check, level: 'fail', message: errorMessage(error) };
  }
}

export function ok(message: string): { readonly level: 'ok'; readonly message: string } {
  return { level: 'ok', message };
}

export function warn(message: string): { readonly level: 'warn'; readonly message: string } {
  return { level: 'warn', message };
}

export function fail(message: string): { readonly level: 'fail'; readonly message: string } {
  return { level: 'fail', message };
}
