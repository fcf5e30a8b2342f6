import type { ProcessExit } from './types.ts';
import { messageOf } from './errors.ts';

const MAX_RESTARTS = 6;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 8_000;
/** A process that ran this long was well: the count begins anew. */
const STABLE_MS = 60_000;

interface Supervised {
  start(): Promise<void>;
  onExit(listener: (exit: ProcessExit) => void): () => void;
}

/** How long to wait before restart number `attempt` (from 1); undefined: give up. */
export function restartDelayMs(attempt: number): number | undefined {
  if (attempt > MAX_RESTARTS) return undefined;
  return Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), MAX_DELAY_MS);
}

/** Starts a process again when it dies unasked. Returns what ends the supervision. */
export function supervise(child: Supervised, onLog: ((line: string) => void) | undefined): () => void {
  let attempt = 0;
  let lastStart = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const again = (why: string): void => {
    if (performance.now() - lastStart > STABLE_MS) attempt = 0;
    attempt += 1;
    const delayMs = restartDelayMs(attempt);
    if (delayMs === undefined) {
      onLog?.(`${why}; it is not started again after ${MAX_RESTARTS} attempts`);
      return;
    }
    onLog?.(`${why}; starting it again (attempt ${attempt} of ${MAX_RESTARTS})`);
    timer = setTimeout(() => {
      lastStart = performance.now();
      // A start that fails because the child died again also comes in as an exit.
      child.start().catch((error: unknown) => onLog?.(messageOf(error)));
    }, delayMs);
  };
  const unsubscribe = child.onExit((exit) => {
    if (!exit.expected) again(exit.message);
  });
  return () => {
    clearTimeout(timer);
    unsubscribe();
  };
}
