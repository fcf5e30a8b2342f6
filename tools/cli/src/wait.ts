/** Asks until there is an answer, or undefined once the deadline has passed. */
export async function waitFor<T>(
  ask: () => Promise<T | undefined>,
  options: {
    readonly deadlineMs: number;
    readonly everyMs?: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<T | undefined> {
  const endMs = performance.now() + options.deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() >= endMs || options.signal?.aborted === true) return undefined;
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 100));
  }
}
