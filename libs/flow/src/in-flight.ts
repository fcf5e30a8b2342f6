const MAX_IN_FLIGHT_BYTES = 8 * 1024 * 1024;
const MAX_IN_FLIGHT_SENDS = 64;

/**
 * Sends that were handed over and are not durable yet, bounded. The first failure is kept: everything after it rejects, because
 * what follows a lost output must not be written.
 */
export class InFlight {
  readonly #onFailure: (error: unknown) => void;
  readonly #sends: { readonly done: Promise<void>; readonly bytes: number }[] = [];
  #bytes = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  add(send: Promise<void>, bytes: number): void {
    const done = send.catch((error: unknown) => {
      if (this.#failure !== undefined) return;
      this.#failure = { error };
      this.#onFailure(error);
    });
    this.#sends.push({ done, bytes });
    this.#bytes += bytes;
    // A sink resolves in call order, so the oldest is the first to go.
    void done.then(() => {
      this.#sends.shift();
      this.#bytes -= bytes;
    });
  }

  /** Resolves when another send may be added. */
  async room(): Promise<void> {
    for (;;) {
      this.#throwIfFailed();
      const oldest = this.#sends[0];
      if (oldest === undefined) return;
      if (this.#bytes < MAX_IN_FLIGHT_BYTES && this.#sends.length < MAX_IN_FLIGHT_SENDS) return;
      await oldest.done;
    }
  }

  /** Resolves when everything added so far is durable. */
  async settled(): Promise<void> {
    await Promise.all(this.#sends.map((send) => send.done));
    this.#throwIfFailed();
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
