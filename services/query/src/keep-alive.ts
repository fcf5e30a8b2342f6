/**
 * What a source yields, and where it takes longer than `everyMs` for its next, a sign of life: a reader who hears nothing for long takes the connection
 * for dead.
 */
export async function* keepAlive<T>(
  source: AsyncGenerator<T>,
  everyMs: number,
  sign: () => T,
): AsyncGenerator<T> {
  try {
    for (;;) {
      const next = source.next();
      // Whoever awaits it gets the error.
      next.catch(() => undefined);
      let result = await soon(next, everyMs);
      while (result === undefined) {
        yield sign();
        result = await soon(next, everyMs);
      }
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    await source.return(undefined);
  }
}

/** Undefined: not within the time. */
async function soon<T>(next: Promise<T>, withinMs: number): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    late.resolve(undefined);
  }, withinMs);
  try {
    return await Promise.race([next, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
