import { TickwellError } from '@tickwell/domain';

export interface WriterLimits {
  readonly streamBufferBytes: number;
  readonly stallMs: number;
}

/** What of a call the writer uses. */
export interface WritableCall {
  write(message: Uint8Array, taken: () => void): boolean;
  on(event: 'drain', listener: () => void): unknown;
}

/**
 * Writes to one stream at the pace of its reader: a message is handed to the transport only while less than
 * `streamBufferBytes` of earlier ones wait there and the transport itself wants more. A wait that outlasts `stallMs` fails with
 * `reader-too-slow`, so that a reader who stopped costs a bounded amount of memory for a bounded time.
 */
export class StreamWriter {
  readonly #call: WritableCall;
  readonly #limits: WriterLimits;
  readonly #signal: AbortSignal;
  #pendingBytes = 0;
  #needsDrain = false;
  #stalled = false;
  #wake: (() => void) | undefined;

  constructor(call: WritableCall, limits: WriterLimits, signal: AbortSignal) {
    this.#call = call;
    this.#limits = limits;
    this.#signal = signal;
    call.on('drain', () => {
      this.#needsDrain = false;
      this.#wakeIfReady();
    });
  }

  /** Bytes handed over and not taken by the transport. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** The reader took nothing for too long. */
  get stalled(): boolean {
    return this.#stalled;
  }

  /** Hands a message over; the promise, if any, resolves when the next one may follow. */
  write(message: Uint8Array): Promise<void> | undefined {
    const size = message.byteLength;
    this.#pendingBytes += size;
    const more = this.#call.write(message, () => {
      this.#pendingBytes -= size;
      this.#wakeIfReady();
    });
    if (!more) this.#needsDrain = true;
    return this.#ready() ? undefined : this.#untilReady();
  }

  #ready(): boolean {
    return !this.#needsDrain && this.#pendingBytes < this.#limits.streamBufferBytes;
  }

  #wakeIfReady(): void {
    if (this.#ready()) this.#wake?.();
  }

  async #untilReady(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const fail = (): void => {
      reject(abortError(this.#signal));
    };
    const timer = setTimeout(() => {
      this.#stalled = true;
      reject(tooSlow(this.#pendingBytes, this.#limits.stallMs));
    }, this.#limits.stallMs);
    this.#wake = () => {
      resolve(undefined);
    };
    this.#signal.addEventListener('abort', fail, { once: true });
    try {
      if (this.#signal.aborted) fail();
      await promise;
    } finally {
      clearTimeout(timer);
      this.#wake = undefined;
      this.#signal.removeEventListener('abort', fail);
    }
  }
}

/** The reason of an aborted signal as an error. */
export function abortError(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new TickwellError('cancelled', 'the call was cancelled');
}

function tooSlow(pendingBytes: number, stallMs: number): TickwellError {
  return new TickwellError(
    'reader-too-slow',
    `reader too slow: ${pendingBytes} bytes waited ${stallMs} ms without being read; read faster, or ask for less, and continue after the last position`,
  );
}
