import { isConnectionFault, isTransient } from './errors.ts';
import { pause } from './pause.ts';

/** A busy machine may take this long to give two dozen new topics their leaders. */
const TRANSIENT_FOR_MS = 60_000;
const FIRST_BACKOFF_MS = 20;
const MAX_BACKOFF_MS = 500;

/**
 * Repeats a question while Kafka says that it cannot answer yet, as for a topic that was just made or a broker that is starting. A
 * connection that broke is tried once more, with a new one, and no longer: whoever asks at its start wants to know at once that nobody answers.
 */
export async function whileTransient<T>(ask: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  let reconnected = false;
  for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(2 * backoffMs, MAX_BACKOFF_MS)) {
    try {
      return await ask();
    } catch (error) {
      const connection = isConnectionFault(error);
      if (!isTransient(error) || performance.now() - startedMs > TRANSIENT_FOR_MS) throw error;
      if (connection && reconnected) throw error;
      reconnected ||= connection;
      await pause(backoffMs);
    }
  }
}
