import type { Logger } from '@tickwell/ports';
import type { Env } from './reference.ts';

export interface NotifyOptions {
  /** Where references are looked up. */
  readonly env: Env;
  /** Of the log channel. */
  readonly logger: Logger;
  /** One attempt, from the connection to the answer, takes at most so long; 20,000 unless given. */
  readonly timeoutMs?: number;
}

export const TIMEOUT_MS = 20_000;
