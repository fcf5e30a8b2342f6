import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { HttpTransport, SenderOptions } from '@questdb/nodejs-client';
import { errorMessage, type TickwellError } from '@tickwell/domain';
import { rowsRefused, storeUnavailable } from './errors.ts';

/** A refusal is only believed from a fresh connection: a kept one answers 400 from the metadata it remembers. */
const EXPLAIN_TIMEOUT_MS = 30_000;
const ERROR_TEXT_LIMIT = 2_000;

/**
 * Sends requests of one table, one at a time, over one kept connection of QuestDB's client. After any error the connection is
 * thrown away: the next write on a kept connection after a failed one has crashed QuestDB and has lost rows
 * (questdb-semantics.md). The client's own retries are off, because they reuse the connection.
 */
export class IlpTransport {
  readonly #url: URL;
  readonly #requestTimeoutMs: number;
  #agent: Agent | undefined;
  #client: HttpTransport | undefined;

  constructor(httpUrl: string, requestTimeoutMs: number) {
    this.#url = new URL(httpUrl);
    this.#requestTimeoutMs = requestTimeoutMs;
  }

  /** Resolves on 204. Rejects with `rows-refused` (terminal) or `store-unavailable` (retryable); the whole request was then refused. */
  async send(table: string, lines: Buffer): Promise<void> {
    this.#client ??= await this.#connect();
    try {
      await this.#client.send(lines);
    } catch (error) {
      this.close();
      if (!errorMessage(error).includes('statusCode=400')) {
        throw storeUnavailable(`writing rows of table ${table} failed`, error);
      }
      const refusal = await this.#explain(table, lines);
      if (refusal !== undefined) throw refusal;
    }
  }

  close(): void {
    this.#agent?.destroy();
    this.#agent = undefined;
    this.#client = undefined;
  }

  async #connect(): Promise<HttpTransport> {
    const secure = this.#url.protocol === 'https:';
    const options = { keepAlive: true, maxSockets: 1, noDelay: true };
    this.#agent = secure ? new SecureAgent(options) : new Agent(options);
    const port = this.#url.port === '' ? (secure ? 443 : 9000) : this.#url.port;
    const settings = [
      `${secure ? 'https' : 'http'}::addr=${this.#url.hostname}:${port}`,
      'auto_flush=off',
      'stdlib_http=on',
      'protocol_version=2',
      'retry_timeout=0',
      `request_timeout=${this.#requestTimeoutMs}`,
    ];
    const sender = await SenderOptions.fromConfig(`${settings.join(';')};`, {
      agent: this.#agent,
      log: noLog,
    });
    if (this.#url.username !== '') {
      sender.username = decodeURIComponent(this.#url.username);
      sender.password = decodeURIComponent(this.#url.password);
    }
    return new HttpTransport(sender);
  }

  /**
   * Sends the refused request once more over a fresh connection: the client drops the server's text, and a kept connection may
   * have refused by outdated metadata. Undefined when the rows were taken this time.
   */
  async #explain(table: string, lines: Buffer): Promise<TickwellError | undefined> {
    const url = new URL('/write?precision=n', this.#url);
    const headers: Record<string, string> = { connection: 'close' };
    if (this.#url.username !== '') {
      const pair = `${decodeURIComponent(this.#url.username)}:${decodeURIComponent(this.#url.password)}`;
      headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
    }
    let status: number;
    let text: string;
    try {
      const signal = AbortSignal.timeout(EXPLAIN_TIMEOUT_MS);
      const answer = await fetch(url, { method: 'POST', body: new Uint8Array(lines), headers, signal });
      status = answer.status;
      text = (await answer.text()).slice(0, ERROR_TEXT_LIMIT);
    } catch (error) {
      throw storeUnavailable(`writing rows of table ${table} failed`, error);
    }
    if (status === 204) return undefined;
    const reason = serverMessage(text);
    if (status !== 400)
      return storeUnavailable(`writing rows of table ${table} was answered ${status}: ${reason}`);
    // Another process is swapping the table by rename; it will be back.
    if (reason.includes('table does not exist'))
      return storeUnavailable(`table ${table} does not exist (now): ${reason}`);
    return rowsRefused(table, `QuestDB refused the rows: ${reason}`);
  }
}

function noLog(): void {
  // The client logs to the console by default; what matters is in the errors.
}

function serverMessage(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text);
    if (
      typeof parsed === 'object' &&
      parsed !== null &&
      'message' in parsed &&
      typeof parsed.message === 'string'
    ) {
      return parsed.message.replaceAll(/\s*\n\s*/g, ' ');
    }
  } catch {
    // Not JSON: the text itself is the message.
  }
  return text.replaceAll(/\s*\n\s*/g, ' ');
}
