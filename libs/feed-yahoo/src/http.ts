import { errorMessage, TickwellError } from '@tickwell/domain';
import type { Clock, Logger } from '@tickwell/ports';
import { RequestLimiter, type RequestLimits } from './request-limiter.ts';

export interface PoliteFetchOptions extends RequestLimits {
  /** What talks to the network. */
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
  /** One attempt, body included. */
  readonly timeoutMs: number;
  /** With the first. */
  readonly maxAttempts: number;
  /** Before the second attempt; doubles with each, between half and all of it at random. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
}

/** Yahoo publishes no limits; two requests a second is what it has long put up with. */
export const POLITE_DEFAULTS = {
  requestsPerSecond: 2,
  requestsPerHour: Number.POSITIVE_INFINITY,
  timeoutMs: 15_000,
  maxAttempts: 5,
  baseDelayMs: 1000,
  maxDelayMs: 60_000,
} as const;

/** An answer is kept as text; more is not market data. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Addresses that answer JSON; the others are pages that give cookies. */
const DATA_PATH = /^\/(?:v\d+|ws)\/(?:finance|fundamentals-timeseries)\//;
const SHOWN_CHARACTERS = 60;

interface Failure {
  readonly error: TickwellError;
  /** What the server asked to wait. */
  readonly retryAfterMs: number | undefined;
}

/**
 * A fetch that waits its turn, gives up slow answers, and repeats what may succeed later: no connection, a body that breaks off, 5xx, a
 * page instead of JSON, and "too many requests", which Yahoo says as status 429 or as a text with another status, and which makes all
 * requests wait. Answers come with their body read. Rejects with a retryable TickwellError (`yahoo-unreachable`, `yahoo-rate-limited`,
 * `yahoo-answer`) when every attempt failed.
 */
export function politeFetch(options: PoliteFetchOptions): typeof fetch {
  const limiter = new RequestLimiter(options.clock, options);
  return async (input, init) => {
    for (let attempt = 1; ; attempt++) {
      await limiter.turn();
      const answer = await attemptOnce(options, input, init);
      if (answer instanceof Response) return answer;
      const { error, retryAfterMs } = answer;
      const waitMs = retryAfterMs ?? backoffMs(options, attempt);
      if (error.code === 'yahoo-rate-limited') limiter.hold(waitMs);
      if (attempt >= options.maxAttempts) throw error;
      options.logger.warn(
        { attempt, waitMs, code: error.code },
        `${error.message}; again in ${Math.round(waitMs)} ms`,
      );
      await options.clock.sleep(waitMs);
    }
  };
}

function backoffMs(options: PoliteFetchOptions, attempt: number): number {
  const fullMs = Math.min(options.maxDelayMs, options.baseDelayMs * 2 ** (attempt - 1));
  return fullMs * (0.5 + options.random() / 2);
}

async function attemptOnce(
  options: PoliteFetchOptions,
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
): Promise<Response | Failure> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const given = init?.signal;
  const signal = given === undefined || given === null ? timeout : AbortSignal.any([given, timeout]);
  try {
    const response = await options.fetch(input, { ...init, signal });
    const body = await readBody(response);
    return failureOf(response, body, isDataRequest(input), options) ?? withBody(response, body);
  } catch (cause) {
    if (given?.aborted === true) throw cause;
    if (cause instanceof TickwellError) throw cause;
    const what = timeout.aborted ? `no answer within ${options.timeoutMs} ms` : reasonOf(cause);
    return failure(
      'yahoo-unreachable',
      `Yahoo cannot be reached: ${what}; check the network, the proxy, and baseUrl where one is set`,
      cause,
    );
  }
}

function failureOf(
  response: Response,
  body: string,
  isData: boolean,
  options: PoliteFetchOptions,
): Failure | undefined {
  const { status } = response;
  if (isTooMany(status, body)) {
    const retryAfterMs = retryAfter(response.headers.get('retry-after'), options);
    return failure(
      'yahoo-rate-limited',
      'Yahoo says: too many requests; ask later, or slower (requestsPerSecond, requestsPerHour)',
      undefined,
      retryAfterMs,
    );
  }
  if (status >= 500)
    return failure('yahoo-unreachable', `Yahoo answers ${status}; try again later`, undefined);
  if (!response.ok || !isData || isJson(body)) return undefined;
  const start = body.trim().replaceAll(/\s+/g, ' ').slice(0, SHOWN_CHARACTERS);
  const what = /^[[{]/.test(start) ? 'breaks off' : 'is a page, not data';
  return failure(
    'yahoo-answer',
    `Yahoo's answer ${what} ("${start}"); try again later, and check that no proxy answers instead`,
    undefined,
  );
}

function failure(code: string, message: string, cause: unknown, retryAfterMs?: number): Failure {
  const paced = code === 'yahoo-rate-limited';
  return { error: new TickwellError(code, message, { cause, retryable: true, paced }), retryAfterMs };
}

/** The runtime's fetch says only that it failed, and keeps why as the cause. */
function reasonOf(cause: unknown): string {
  const inner =
    cause instanceof Error && cause.cause instanceof Error ? `: ${errorMessage(cause.cause)}` : '';
  return `${errorMessage(cause)}${inner}`;
}

/** Whether the answer is data: everything else is a page that gives cookies, or the crumb. */
export function isDataRequest(input: Parameters<typeof fetch>[0]): boolean {
  return DATA_PATH.test(new URL(input instanceof Request ? input.url : input).pathname);
}

function isJson(body: string): boolean {
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}

async function readBody(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  if (body === null) return '';
  for await (const part of body) {
    size += part.length;
    if (size > MAX_BODY_BYTES) {
      throw new TickwellError(
        'yahoo-answer',
        `Yahoo's answer has more than ${MAX_BODY_BYTES} bytes; ask for a shorter span`,
      );
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Status 429; or, with any status, a text or an error object that says so. */
function isTooMany(status: number, body: string): boolean {
  return (
    status === 429 ||
    (body.length < 2000 && /^\s*(?:edge: )?too many requests|"code"\s*:\s*"too many requests"/i.test(body))
  );
}

/** Seconds; dates are not sent by Yahoo. Never longer than the longest delay. */
function retryAfter(header: string | null, options: PoliteFetchOptions): number | undefined {
  const seconds = header === null || header.trim() === '' ? NaN : Number(header);
  return seconds >= 0 ? Math.min(seconds * 1000, options.maxDelayMs) : undefined;
}

function withBody(response: Response, body: string): Response {
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  // The body is decoded already.
  headers.delete('content-encoding');
  headers.delete('content-length');
  const bodyless = status === 204 || status === 304 || body === '';
  return new Response(bodyless ? null : body, { status, statusText, headers });
}
