import type { Clock, Logger } from '@tickwell/ports';
import {
  ProviderError,
  type Provider,
  type ProviderContext,
  type ProviderErrorCode,
  type ProviderHole,
} from '@tickwell/provider';
import type { Activity } from './activity.ts';
import type { Declared } from './declared.ts';
import type { Breaker } from './failures.ts';
import { bodyText, hostOf, parseJsonAnswer, politeFetch, type HttpOptions } from './http.ts';
import type { RequestGate } from './request-gate.ts';
import type { Secrets } from './secrets.ts';

const DEFAULT_TIMEOUT_SECONDS = 30;

/** A provider with everything that all its streams of a process share. */
export interface ProviderRuntime {
  readonly provider: Provider;
  readonly declared: Declared;
  /** The file's path, for messages; "": none. */
  readonly file: string;
  /** Eight hex digits of what the provider is made of: another text may make other events. */
  readonly fingerprint: string;
  readonly gate: RequestGate;
  readonly breaker: Breaker;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly network: typeof fetch;
  readonly random: () => number;
}

export interface ContextOptions {
  readonly signal: AbortSignal;
  readonly activity: Activity;
  readonly logger: Logger;
  readonly onMissed?: (hole: ProviderHole) => void;
  readonly onStatus?: (state: 'up' | 'degraded', reason: string) => void;
}

export function timeoutMsOf({ limits }: Declared): number {
  return (limits.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
}

/** What a provider is given for one call. */
export function contextFor(runtime: ProviderRuntime, options: ContextOptions): ProviderContext {
  const { declared, secrets, clock, gate, network, random } = runtime;
  const { signal, activity, logger } = options;
  const hide = (text: string): string => secrets.hide(text);
  const http: HttpOptions = { gate, clock, logger, network, random, hide, timeoutMs: timeoutMsOf(declared) };
  const ask = (url: string | URL, init?: RequestInit): Promise<Response> =>
    activity.during(() => politeFetch(http, url, init, signal));
  const log =
    (level: 'debug' | 'info' | 'warn') =>
    (message: string): void => {
      logger[level]({ provider: declared.name }, hide(message));
    };
  return {
    signal,
    logger: { debug: log('debug'), info: log('info'), warn: log('warn') },
    secret: (reference) => secrets.get(reference),
    fetch: ask,
    fetchText: async (url, init) => bodyText(await ask(url, init), url),
    fetchJson: async (url, init) => parseJsonAnswer(await bodyText(await ask(url, init), url), hostOf(url)),
    fail: (code: ProviderErrorCode, message: string): never => {
      throw new ProviderError(code, message);
    },
    sleep: (ms) => clock.sleep(ms, signal),
    missed: (hole) => {
      options.onMissed?.(hole);
    },
    status: (state, reason) => {
      options.onStatus?.(state, hide(reason));
    },
  };
}
