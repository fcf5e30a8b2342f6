import { deferred, TickwellError } from '@tickwell/domain';

/** How often, and how patiently, a call that failed for a passing reason is made again. */
export interface RetryOptions {
  /** Attempts in a row without any progress; 1 never tries again. */
  readonly maxAttempts: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
}

export const DEFAULT_RETRY: RetryOptions = { maxAttempts: 10, initialBackoffMs: 100, maxBackoffMs: 5_000 };

/** Passes after a random share of a time that doubles with every attempt, so that clients do not come back all at once. */
export async function backOff(
  options: RetryOptions,
  attempt: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const ceilingMs = Math.min(options.maxBackoffMs, options.initialBackoffMs * 2 ** attempt);
  const { promise, resolve } = deferred<undefined>();
  const done = (): void => {
    resolve(undefined);
  };
  const timer = setTimeout(done, ceilingMs * (0.5 + Math.random() / 2));
  signal?.addEventListener('abort', done, { once: true });
  if (signal?.aborted === true) done();
  await promise;
  clearTimeout(timer);
  signal?.removeEventListener('abort', done);
}

export function mayRetry(error: unknown, signal: AbortSignal | undefined): boolean {
  return error instanceof TickwellError && error.retryable && signal?.aborted !== true;
}

/** Makes an idempotent call again while it fails for a passing reason. */
export async function withRetry<T>(
  options: RetryOptions,
  signal: AbortSignal | undefined,
  call: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (!mayRetry(error, signal) || attempt + 1 >= options.maxAttempts) throw error;
      await backOff(options, attempt, signal);
    }
  }
}
