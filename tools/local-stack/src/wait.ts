import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks until the answer is defined or the deadline passes (undefined then). The pause between two questions is short
 * and fixed: what is waited for is the answer, never the pause.
 */
export async function waitFor<T>(
  ask: () => Promise<T | undefined>,
  options: { readonly deadlineMs: number; readonly everyMs: number },
): Promise<T | undefined> {
  const end = performance.now() + options.deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() >= end) return undefined;
    await sleep(options.everyMs);
  }
}
