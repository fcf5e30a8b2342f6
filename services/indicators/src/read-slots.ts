/** A number of reads that may be open at once; others wait for their turn. */
export class ReadSlots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(slots: number) {
    this.#free = slots;
  }

  /** Resolves when one is free, with what gives it back; rejects with the signal's reason where that fires first. */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    while (this.#free === 0) await this.#freed(signal);
    this.#free -= 1;
    return () => {
      this.#free += 1;
      const [next] = this.#waiting;
      next?.();
    };
  }

  async #freed(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const wake = (): void => {
      this.#waiting.delete(wake);
      resolve(undefined);
    };
    this.#waiting.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    await promise;
    signal.removeEventListener('abort', wake);
    signal.throwIfAborted();
  }
}
