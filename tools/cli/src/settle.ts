import type { StackEndpoints } from '@tickwell/local-stack';
import { openLog } from './connection.ts';
import type { CliContext } from './context.ts';
import { lagsText, waitUntilSettled } from './pipeline.ts';

/** Waits until everything in the log is validated and stored, and shows who is behind meanwhile. Rejects with `not-settled`. */
export async function settle(
  { terminal, env }: CliContext,
  options: {
    readonly endpoints: StackEndpoints;
    readonly deadlineMs: number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { endpoints, deadlineMs, signal } = options;
  const log = openLog(endpoints);
  try {
    await waitUntilSettled({
      log,
      env,
      deadlineMs,
      signal,
      onLags: (lags) => {
        terminal.transient(`storing: ${lagsText(lags)}`);
      },
    });
  } finally {
    terminal.transient(null);
    await log.close();
  }
}
