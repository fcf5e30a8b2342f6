import { TickwellError } from '@tickwell/domain';

const OF_A_SYMBOL: ReadonlySet<string> = new Set(['failed-precondition', 'not-found']);

/** What concerns one symbol of a call of several, in a line; undefined: the whole call fails. */
export function ownProblem(error: unknown): string | undefined {
  return error instanceof TickwellError && OF_A_SYMBOL.has(error.code) ? error.message : undefined;
}
