import type { ProviderErrorCode } from './errors.ts';
import type { Time } from './rows.ts';

/** What Tickwell gives a provider for one request. */
export interface ProviderContext {
  /** Fires when nobody wants more rows. `fetch` and `sleep` follow it by themselves. */
  readonly signal: AbortSignal;
  readonly logger: ProviderLogger;

  /**
   * A key or password by its reference: `"NAME"` is the environment variable NAME, or the content of the file that NAME_FILE names;
   * `"file:/path"` is a file. Wherever its value would be shown or logged it is replaced by `***`. Throws `unauthorized` where there
   * is none.
   */
  secret(reference: string): string;

  /**
   * The platform's `fetch` with the provider's limits: it waits its turn, gives up slow answers, and repeats what may succeed later (no
   * connection, 5xx, 429 with its Retry-After). Answers come with their body read, whatever their status. Use no other, or the limits
   * are not kept. Throws `unavailable`, `rate-limited`.
   */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;

  /** As `fetch`, and the body as parsed JSON. 401 and 403 are `unauthorized`, 404 is `unknown-symbol`, anything but JSON `bad-answer`. */
  fetchJson(url: string | URL, init?: RequestInit): Promise<unknown>;

  /** As `fetchJson`, with the body as text. */
  fetchText(url: string | URL, init?: RequestInit): Promise<string>;

  /** Ends the request with an error whose meaning is known. `message` is one line for a person: what is wrong and what to do. */
  fail(code: ProviderErrorCode, message: string): never;

  /** Resolves after the time, or rejects when the signal fires. */
  sleep(ms: number): Promise<void>;

  /** Live: rows were missed, say while a connection was down. It is filed and shown as a hole. */
  missed(hole: ProviderHole): void;

  /** Live: the connection is well again, or not as it should be; filed in `source.status`. */
  status(state: 'up' | 'degraded', reason: string): void;
}

export interface ProviderLogger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
}

export interface ProviderHole {
  /** Left out: of all symbols. */
  readonly symbol?: string;
  readonly from: Time;
  readonly to: Time;
  readonly reason: string;
}
