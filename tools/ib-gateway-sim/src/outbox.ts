/** What goes to one client: gathered into few writes, bounded, and never ending in a way that ibapi loses. */
import type { Writable } from 'node:stream';

/**
 * ibapi reads 4096 bytes at a time until a read returns fewer, and throws everything away if nothing follows a full one for a second
 * (reference §10.1). A burst whose length is a multiple is therefore sent in two parts.
 */
const IBAPI_READ_BYTES = 4096;
/** Long enough for a waiting client to have read the first part on its own. */
const SPLIT_DELAY_MS = 25;
/** One write is not made longer. */
const MAX_WRITE_BYTES = 256 * 1024;

export interface OutboxOptions {
  /** More waiting bytes than this: the client is too slow and is cut. */
  readonly maxBytes: number;
  /** `true`: waiting bytes have passed the high-water mark; `false`: they are gone. */
  readonly onPressure: (pressed: boolean) => void;
  readonly onOverflow: () => void;
}

/** Waiting bytes from which the clock waits for the client. */
export const PRESSURE_BYTES = 1024 * 1024;

export class Outbox {
  readonly #socket: Writable;
  readonly #options: OutboxOptions;
  #frames: Buffer[] = [];
  #bytes = 0;
  #planned: NodeJS.Immediate | undefined;
  #split: NodeJS.Timeout | undefined;
  #rest: Buffer | undefined;
  #pressed = false;
  #closed = false;

  constructor(socket: Writable, options: OutboxOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('drain', () => {
      this.#flush();
    });
  }

  get waitingBytes(): number {
    return this.#bytes + (this.#rest?.length ?? 0) + this.#socket.writableLength;
  }

  send(frame: Buffer): void {
    if (this.#closed) return;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    this.#checkPressure();
    if (this.waitingBytes > this.#options.maxBytes) {
      this.close();
      this.#options.onOverflow();
      return;
    }
    this.#planned ??= setImmediate(() => {
      this.#planned = undefined;
      this.#flush();
    });
  }

  /** Writes what waits now, before the socket is ended. */
  flushNow(): void {
    clearTimeout(this.#split);
    while (this.#bytes > 0 && !this.#closed) this.#write();
    this.#writeRest();
  }

  close(): void {
    this.#closed = true;
    clearImmediate(this.#planned);
    clearTimeout(this.#split);
    this.#frames = [];
    this.#bytes = 0;
    this.#checkPressure();
  }

  #flush(): void {
    while (this.#bytes > 0 && !this.#closed && !this.#socket.writableNeedDrain) this.#write();
    this.#checkPressure();
  }

  #write(): void {
    clearTimeout(this.#split);
    const chunk = this.#take();
    const quiet = this.#bytes === 0 && chunk.length % IBAPI_READ_BYTES === 0;
    if (!quiet) {
      this.#socket.write(chunk);
      return;
    }
    this.#socket.write(chunk.subarray(0, -1));
    this.#rest = chunk.subarray(-1);
    this.#split = setTimeout(() => {
      this.#writeRest();
    }, SPLIT_DELAY_MS);
  }

  #writeRest(): void {
    const rest = this.#rest;
    if (rest === undefined || this.#closed) return;
    this.#rest = undefined;
    this.#socket.write(rest);
  }

  /** At most one write's worth of whole frames, with the last byte of a split burst before them. */
  #take(): Buffer {
    const parts: Buffer[] = [];
    let bytes = 0;
    for (const frame of this.#frames) {
      if (bytes > 0 && bytes + frame.length > MAX_WRITE_BYTES) break;
      parts.push(frame);
      bytes += frame.length;
    }
    this.#frames = parts.length === this.#frames.length ? [] : this.#frames.slice(parts.length);
    this.#bytes -= bytes;
    if (this.#rest !== undefined) parts.unshift(this.#rest);
    this.#rest = undefined;
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  }

  #checkPressure(): void {
    const pressed = !this.#closed && this.waitingBytes > PRESSURE_BYTES;
    if (pressed === this.#pressed) return;
    this.#pressed = pressed;
    this.#options.onPressure(pressed);
  }
}
