const POLL_MS = 100;

/** Waits for a condition, with a deadline that only a broken system meets; the error says what was seen last. */
export async function until<T>(
  what: string,
  look: () => Promise<T> | T,
  isDone: (seen: T) => boolean,
  deadlineMs = 90_000,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const seen = await look();
    if (isDone(seen)) return seen;
    if (performance.now() > deadline)
      throw new Error(`${what}: still ${String(seen)} after ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
