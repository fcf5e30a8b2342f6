import { TickwellError } from '@tickwell/domain';

/** Fails whoever waits for a stream's next message for too long: one timer for the whole stream, not one for each message. */
export class SilenceWatch {
  readonly #timeoutMs: number;
  readonly #ending: AbortController;
  readonly #timer: NodeJS.Timeout;
  #waiting = false;
  #silence: TickwellError | undefined;

  /** `ending` is aborted, with the error as its reason, when the stream was silent for `timeoutMs`. */
  constructor(timeoutMs: number, ending: AbortController) {
    this.#timeoutMs = timeoutMs;
    this.#ending = ending;
    this.#timer = setTimeout(() => {
      this.#elapsed();
    }, timeoutMs);
  }

  /** Waits for a message. Only such waits count: a reader may take its time between two. */
  async during<T>(next: () => Promise<T>): Promise<T> {
    this.#timer.refresh();
    this.#waiting = true;
    try {
      return await next();
    } catch (error) {
      throw this.#silence ?? error;
    } finally {
      this.#waiting = false;
    }
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #elapsed(): void {
    if (!this.#waiting) return;
    this.#silence = new TickwellError('unavailable', `subscribe: not a word for ${this.#timeoutMs} ms`, {
      retryable: true,
    });
    this.#ending.abort(this.#silence);
  }
}
