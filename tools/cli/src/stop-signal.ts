/**
 * An AbortSignal that SIGINT or SIGTERM fires; a second one ends the process at once. What this process started ends with it even
 * then: services and Kafka watch for that.
 */
export function stopSignal(onFirst: (signal: NodeJS.Signals) => void): AbortSignal {
  const controller = new AbortController();
  const handle = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    onFirst(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, handle);
  return controller.signal;
}

/** Resolves when the signal fires, and keeps the process alive until then. */
export function fired(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const keepAlive = setInterval(() => undefined, 60_000);
    signal.addEventListener(
      'abort',
      () => {
        clearInterval(keepAlive);
        resolve();
      },
      { once: true },
    );
  });
}

/** `signal.aborted`, asked anew: after one look the compiler takes a property for settled, however long the work since. */
export function hasFired(signal: AbortSignal): boolean {
  return signal.aborted;
}
