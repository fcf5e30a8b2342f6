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

/** Runs selects through `/exp` as Parquet. Every request has its own connection: an idle kept one holds one of QuestDB's slots. */
export class ParquetExport {
  readonly #options: ExportOptions;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: ExportOptions) {
    this.#options = options;
  }

  async run(sql: string, rowsPerGroup: number, signal: AbortSignal): Promise<Uint8Array> {
    await this.#enter();
    try {
      for (let attempt = 1; ; attempt += 1) {
        signal.throwIfAborted();
        const bytes = await this.#request(sql, rowsPerGroup, signal);
        if (bytes !== 'busy') return bytes;
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

  async #request(sql: string, rowsPerGroup: number, signal: AbortSignal): Promise<Uint8Array | 'busy'> {
    const url = new URL('/exp', this.#options.httpUrl);
    url.search = new URLSearchParams({
      query: sql,
      fmt: 'parquet',
      compression_codec: 'uncompressed',
      row_group_size: String(rowsPerGroup),
    }).toString();
    const answer = await this.#get(url, signal);
    const status = answer.statusCode ?? 0;
    if (status === 200) return collect(answer, this.#options.maxBytes);
    const text = Buffer.from(
      await collect(answer, ERROR_TEXT_BYTES).catch(() => new Uint8Array()),
    ).toString();
    if (status === 429) return 'busy';
    if (status === 400) throw queryRefused(`QuestDB refused a query: ${text.replaceAll(/\s+/g, ' ')}`);
    throw storeUnavailable(`an export was answered ${status}: ${text.replaceAll(/\s+/g, ' ')}`);
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

async function collect(answer: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of answer) {
      const bytes = Buffer.from(part as Uint8Array);
      size += bytes.length;
      if (size > maxBytes) throw new Error(`it is longer than ${maxBytes} bytes`);
      parts.push(bytes);
    }
  } catch (error) {
    throw storeUnavailable('an export broke off', error);
  } finally {
    answer.destroy();
  }
  return Buffer.concat(parts);
}
