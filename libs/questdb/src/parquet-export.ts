import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { queryRefused, storeUnavailable } from './errors.ts';

export interface ExportOptions {
  readonly httpUrl: string;
  /** Exports that run at once; QuestDB answers 429 beyond its own limit. */
  readonly maxConcurrent: number;
  readonly statementTimeoutMs: number;
  /** Largest file taken into memory. */
  readonly maxBytes: number;
}

const BUSY_ATTEMPTS = 6;
const BUSY_WAIT_MS = 50;
const ERROR_TEXT_BYTES = 4_096;
const FIRST_BYTES = 1024 * 1024;
/** Of each of as many buffers as exports run at once; larger ones are given back. */
const KEPT_BYTES = 32 * 1024 * 1024;

/** Runs selects through `/exp` as Parquet. Every request has its own connection: an idle kept one holds one of QuestDB's slots. */
export class ParquetExport {
  readonly #options: ExportOptions;
  /** Memory of finished exports, for the next ones: a buffer of many megabytes for each page keeps the garbage collector busy. */
  readonly #buffers: Buffer[] = [];
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: ExportOptions) {
    this.#options = options;
  }

  /** What `read` makes of the whole file, whose memory is used again afterwards. */
  async run<T>(
    sql: string,
    rowsPerGroup: number,
    read: (bytes: Uint8Array) => T,
    signal: AbortSignal,
  ): Promise<T> {
    await this.#enter();
    try {
      for (let attempt = 1; ; attempt += 1) {
        signal.throwIfAborted();
        const outcome = await this.#request(sql, rowsPerGroup, read, signal);
        if (outcome !== 'busy') return outcome.read;
        if (attempt >= BUSY_ATTEMPTS) throw storeUnavailable('all its export connections are busy');
        await sleep(BUSY_WAIT_MS * attempt, undefined, { signal });
      }
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #enter(): Promise<void> {
    while (this.#running >= this.#options.maxConcurrent) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    this.#running += 1;
  }

  async #request<T>(
    sql: string,
    rowsPerGroup: number,
    read: (bytes: Uint8Array) => T,
    signal: AbortSignal,
  ): Promise<{ readonly read: T } | 'busy'> {
    const url = new URL('/exp', this.#options.httpUrl);
    url.search = new URLSearchParams({
      query: sql,
      fmt: 'parquet',
      compression_codec: 'uncompressed',
      row_group_size: String(rowsPerGroup),
    }).toString();
    const answer = await this.#get(url, signal);
    const status = answer.statusCode ?? 0;
    if (status === 200) return { read: await this.#take(answer, read) };
    const error = new Collected(Buffer.alloc(ERROR_TEXT_BYTES), ERROR_TEXT_BYTES);
    const text = Buffer.from(await error.collect(answer).catch(() => new Uint8Array())).toString();
    if (status === 429) return 'busy';
    if (status === 400) throw queryRefused(`QuestDB refused a query: ${text.replaceAll(/\s+/g, ' ')}`);
    throw storeUnavailable(`an export was answered ${status}: ${text.replaceAll(/\s+/g, ' ')}`);
  }

  async #take<T>(answer: IncomingMessage, read: (bytes: Uint8Array) => T): Promise<T> {
    const collected = new Collected(this.#buffers.pop() ?? Buffer.alloc(0), this.#options.maxBytes);
    try {
      return read(await collected.collect(answer));
    } finally {
      if (collected.buffer.length <= KEPT_BYTES) this.#buffers.push(collected.buffer);
    }
  }

  #get(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
    const { username, password } = new URL(this.#options.httpUrl);
    const auth =
      username === '' ? {} : { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` };
    const { statementTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const request = start(
        url,
        {
          ...auth,
          agent: false,
          headers: { 'Statement-Timeout': String(statementTimeoutMs) },
          signal,
          // Of silence, beyond what the statement itself may take.
          timeout: statementTimeoutMs + 5_000,
        },
        resolve,
      );
      request.on('timeout', () => request.destroy(new Error('no answer in time')));
      request.on('error', (error) => {
        reject(signal.aborted ? error : storeUnavailable('an export failed', error));
      });
      request.end();
    });
  }
}

/** The body of an answer in one buffer, which grows as is needed. */
class Collected {
  readonly #maxBytes: number;
  buffer: Buffer;
  #size = 0;

  constructor(buffer: Buffer, maxBytes: number) {
    this.buffer = buffer;
    this.#maxBytes = maxBytes;
  }

  async collect(answer: IncomingMessage): Promise<Uint8Array> {
    const parts: AsyncIterable<Buffer> = answer;
    try {
      for await (const part of parts) this.#add(part);
    } catch (error) {
      throw storeUnavailable('an export broke off', error);
    } finally {
      answer.destroy();
    }
    return this.buffer.subarray(0, this.#size);
  }

  #add(part: Buffer): void {
    const size = this.#size + part.length;
    if (size > this.#maxBytes) throw new Error(`it is longer than ${this.#maxBytes} bytes`);
    if (size > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(size, this.buffer.length * 2, FIRST_BYTES));
      larger.set(this.buffer.subarray(0, this.#size));
      this.buffer = larger;
    }
    this.buffer.set(part, this.#size);
    this.#size = size;
  }
}
