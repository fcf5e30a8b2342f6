import { errorMessage } from '@tickwell/domain';
import type { Clock, Logger } from '@tickwell/ports';
import { ProviderError } from '@tickwell/provider';
import type { RequestGate } from './request-gate.ts';

export interface HttpOptions {
  readonly gate: RequestGate;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What talks to the network. */
  readonly network: typeof fetch;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
  /** One attempt, body included. */
  readonly timeoutMs: number;
  /** Takes keys out of a text. */
  readonly hide: (text: string) => string;
}

const MAX_ATTEMPTS = 4;
const BASE_DELAY_MS = 1000;
const MAX_DELAY_MS = 60_000;
/** A vendor that asks for a longer pause than this is asked again by the next run. */
const MAX_RETRY_AFTER_MS = 10 * 60_000;
/** An answer is kept as text; more is no answer of one request. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/**
 * A fetch that waits its turn, gives up slow answers and repeats what may succeed later: no connection, a body cut off, 5xx, 429.
 * Answers come with their body read, whatever their status but 429 and 5xx. Throws ProviderError `unavailable`, `rate-limited`,
 * `quota`, `bad-answer`, or the signal's reason.
 */
export async function politeFetch(
  options: HttpOptions,
  url: string | URL,
  init: RequestInit | undefined,
  signal: AbortSignal,
): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const answer = await options.gate.run(signal, () => attemptOnce(options, url, init, signal));
    if (answer instanceof Response) return answer;
    const askedMs = answer.retryAfterSeconds === undefined ? undefined : answer.retryAfterSeconds * 1000;
    if (attempt >= MAX_ATTEMPTS || (askedMs ?? 0) > MAX_RETRY_AFTER_MS) throw answer;
    const waitMs = askedMs ?? backoffMs(options, attempt);
    if (answer.code === 'rate-limited') options.gate.pause(waitMs);
    options.logger.warn({ attempt, waitMs }, `${answer.message}; again in ${Math.round(waitMs)} ms`);
    await options.clock.sleep(waitMs, signal);
  }
}

function backoffMs({ random }: HttpOptions, attempt: number): number {
  const fullMs = Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** (attempt - 1));
  return fullMs * (0.5 + random() / 2);
}

async function attemptOnce(
  options: HttpOptions,
  url: string | URL,
  init: RequestInit | undefined,
  signal: AbortSignal,
): Promise<Response | ProviderError> {
  const { timeoutMs, hide } = options;
  const host = hostOf(url);
  const timeout = AbortSignal.timeout(timeoutMs);
  const given = init?.signal;
  const signals = given === undefined || given === null ? [signal, timeout] : [signal, timeout, given];
  try {
    const response = await options.network(url, { ...init, signal: AbortSignal.any(signals) });
    const body = await readBody(response, host);
    const { status } = response;
    if (status === 429) {
      const retryAfterSeconds = retryAfter(response.headers.get('retry-after'), options.clock);
      const says = Buffer.from(body.subarray(0, 1000)).toString('utf8');
      return new ProviderError(
        'rate-limited',
        `${host} answers 429, too many requests: ${beginning(hide(says))}`,
        {
          retryAfterSeconds,
        },
      );
    }
    if (status >= 500) return new ProviderError('unavailable', `${host} answers ${status}`);
    return withBody(response, body);
  } catch (cause) {
    if (signal.aborted || given?.aborted === true) throw cause;
    if (cause instanceof ProviderError) throw cause;
    const what = timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : hide(rootMessage(cause));
    return new ProviderError('unavailable', `${host} cannot be reached: ${what}`, { cause });
  }
}

/** The runtime's "fetch failed" hides what failed in its cause. */
function rootMessage(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.message !== '' ? errorMessage(cause) : errorMessage(error);
}

export function hostOf(url: string | URL): string {
  try {
    return new URL(url).host;
  } catch {
    throw new ProviderError('bad-answer', `"${String(url).slice(0, 80)}" is no URL: it begins with https://`);
  }
}

async function readBody(response: Response, host: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  if (body === null) return new Uint8Array();
  for await (const part of body) {
    size += part.length;
    if (size > MAX_BODY_BYTES) {
      throw new ProviderError(
        'bad-answer',
        `${host} answers more than ${MAX_BODY_BYTES / 1024 / 1024} MiB: ask for shorter spans (daysPerRequest)`,
      );
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Seconds, or a date. */
function retryAfter(header: string | null, clock: Clock): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  if (seconds >= 0) return seconds;
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - Number(clock.nowNs() / 1_000_000n)) / 1000;
}

function withBody(response: Response, body: Uint8Array): Response {
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  // The body is decoded already.
  headers.delete('content-encoding');
  headers.delete('content-length');
  const isBodyless = status === 204 || status === 205 || status === 304;
  return new Response(isBodyless ? null : new Uint8Array(body), { status, statusText, headers });
}

const SHOWN = 120;

/** The body as text, where the status is good. Throws ProviderError by the status. */
export async function bodyText(response: Response, url: string | URL): Promise<string> {
  const text = await response.text();
  const { status } = response;
  if (status >= 200 && status < 300) return text;
  const host = hostOf(url);
  const says = text.trim() === '' ? '' : `: ${beginning(text)}`;
  if (status === 401 || status === 403)
    throw new ProviderError('unauthorized', `${host} answers ${status}${says}`);
  if (status === 404) throw new ProviderError('unknown-symbol', `${host} answers 404${says}`);
  throw new ProviderError('bad-answer', `${host} answers ${status}${says}`);
}

/** @throws ProviderError `bad-answer` that says what came instead. */
export function parseJsonAnswer(text: string, host: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const start = text.trimStart();
    const what =
      start === '' ? 'nothing' : start.startsWith('<') ? `HTML (${beginning(titleOf(start))})` : undefined;
    throw new ProviderError(
      'bad-answer',
      what === undefined
        ? `${host} answers no JSON, or JSON that is cut off (${errorMessage(cause)}): ${beginning(text)}`
        : `${host} answers ${what} instead of JSON`,
      { cause },
    );
  }
}

export function titleOf(html: string): string {
  return /<title[^>]*>([^<]*)/i.exec(html)?.[1]?.trim() ?? html;
}

/** For messages: the first of a text, on one line. */
export function beginning(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}
