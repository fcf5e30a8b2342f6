/**
 * What a failure means, and so what Tickwell does about it:
 * - `unknown-symbol`: the vendor does not have it; the instrument fails, others go on.
 * - `no-data`: it has nothing in the span; no failure.
 * - `unauthorized`: the key is missing, wrong or does not cover it; after a few in a row nobody asks any more.
 * - `rate-limited`: too fast; asked again after a pause (`retryAfterSeconds`, where the vendor says it).
 * - `quota`: all that is allowed for a day or month is used up; nobody asks any more.
 * - `unavailable`: no connection, a time limit, a server's fault; asked again a few times.
 * - `bad-answer`: what came is not what was documented.
 */
export const PROVIDER_ERROR_CODES = [
  'unknown-symbol',
  'no-data',
  'unauthorized',
  'rate-limited',
  'quota',
  'unavailable',
  'bad-answer',
] as const;

export type ProviderErrorCode = (typeof PROVIDER_ERROR_CODES)[number];

/** What `context.fail` throws. Any other error of a provider counts as a mistake in its code. */
export class ProviderError extends Error {
  readonly code: ProviderErrorCode;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ProviderErrorCode,
    message: string,
    options: { readonly retryAfterSeconds?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'ProviderError';
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export function isProviderErrorCode(value: unknown): value is ProviderErrorCode {
  return PROVIDER_ERROR_CODES.some((code) => code === value);
}
