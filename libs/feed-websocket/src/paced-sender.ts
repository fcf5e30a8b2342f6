import type { Clock } from '@tickwell/ports';

/** Sends messages in order, and no faster than a feed allows. */
export class PacedSender {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #send: (text: string) => void;
  readonly #signal: AbortSignal;
  #last: Promise<void> = Promise.resolve();
  #lastSentMs = Number.NEGATIVE_INFINITY;
  #waiting = 0;

  /** Nothing is sent any more once the signal has fired. */
  constructor(of: {
    readonly clock: Clock;
    readonly perSecond: number;
    readonly send: (text: string) => void;
    readonly signal: AbortSignal;
  }) {
    this.#clock = of.clock;
    this.#everyMs = 1000 / of.perSecond;
    this.#send = of.send;
    this.#signal = of.signal;
  }

  get isIdle(): boolean {
    return this.#waiting === 0;
  }

  send(text: string, onSent?: () => void): void {
    this.#waiting++;
    const next = async (): Promise<void> => {
      const waitMs = this.#lastSentMs + this.#everyMs - this.#clock.monotonicMs();
      if (waitMs > 0) await this.#clock.sleep(waitMs, this.#signal);
      if (this.#signal.aborted) return;
      this.#lastSentMs = this.#clock.monotonicMs();
      this.#waiting--;
      this.#send(text);
      onSent?.();
    };
    // The sleep rejects when the signal fires, and then nothing is to be sent.
    this.#last = this.#last.then(next).catch(() => undefined);
  }
}
