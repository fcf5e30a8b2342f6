import { TickwellError, errorMessage } from '@tickwell/domain';

/** The store does not answer, or not in time; the same call may succeed later. */
export function storeUnavailable(what: string, cause?: unknown): TickwellError {
  const why = cause === undefined ? '' : `: ${describe(cause)}`;
  return new TickwellError('store-unavailable', `QuestDB: ${what}${why}`, { cause, retryable: true });
}

export function storeSuspended(table: string, message: string): TickwellError {
  return new TickwellError(
    'store-suspended',
    `QuestDB suspended table ${table} and resuming it did not help (${message || 'no reason given'}): ` +
      'free disk space or memory on its host; rows are kept and written again',
    { retryable: true },
  );
}

export function rowsRefused(table: string, reason: string): TickwellError {
  return new TickwellError('rows-refused', `table ${table}: ${reason}`);
}

export function queryRefused(reason: string, cause?: unknown): TickwellError {
  return new TickwellError('query-refused', reason, { cause });
}

/** An AggregateError of Node's dialler has an empty message; its first part says why. */
function describe(cause: unknown): string {
  const inner: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  return errorMessage(inner);
}
