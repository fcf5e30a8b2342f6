import { errorMessage, TickwellError } from '@tickwell/domain';

const TIMEOUT_MS = 60_000;

/** A value as QuestDB's JSON has it. Longs beyond 2^53 lose precision there: only counts are read this way. */
export type Cell = string | number | boolean | null;

/** Rows a statement answers, over QuestDB's HTTP endpoint. Statements are constants of this program. */
export async function queryStore(httpUrl: string, sql: string): Promise<readonly (readonly Cell[])[]> {
  const url = `${httpUrl}/exec?query=${encodeURIComponent(sql)}`;
  let body: unknown;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    body = await response.json();
  } catch (cause) {
    throw new TickwellError(
      'store-unavailable',
      `QuestDB at ${httpUrl} does not answer: ${errorMessage(cause)}`,
      { cause, retryable: true },
    );
  }
  if (typeof body === 'object' && body !== null) {
    if ('dataset' in body && Array.isArray(body.dataset)) return body.dataset as (readonly Cell[])[];
    if ('error' in body)
      throw new TickwellError('store-refused', `QuestDB refused "${sql}": ${String(body.error)}`);
  }
  throw new TickwellError('store-refused', `QuestDB answered "${sql}" with something that is no table`);
}
