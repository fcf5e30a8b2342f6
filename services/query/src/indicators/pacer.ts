import { setImmediate } from 'node:timers/promises';
import { TickwellError } from '@tickwell/domain';

/** Longest stretch of arithmetic while which nobody else is served. */
const STRETCH_MS = 8;

/** Long computations, a stretch at a time: between two the process serves others, and hears that nobody wants the answer any more. */
export class Pacer {
  readonly #signal: AbortSignal;
  #sinceMs = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get isDue(): boolean {
    return performance.now() - this.#sinceMs > STRETCH_MS;
  }

  /** Lets others go on; rejects with `cancelled` where the signal fired. */
  async rest(): Promise<void> {
    await setImmediate();
    if (this.#signal.aborted) throw new TickwellError('cancelled', 'nobody waits for the values any more');
    this.#sinceMs = performance.now();
  }
}
