import { errorMessage, TickwellError } from '@tickwell/domain';
import type { Clock } from '@tickwell/ports';
import { isProviderErrorCode, ProviderError, type ProviderErrorCode } from '@tickwell/provider';

/** Failures that are the vendor's as a whole, not one instrument's. */
const OF_ALL: ReadonlySet<ProviderErrorCode> = new Set(['unauthorized', 'rate-limited', 'unavailable']);
/** So many in a row, and nobody asks for a while: the next thousand instruments would be told the same. */
const MAX_IN_A_ROW = 3;
const CLOSED_MS = 5 * 60_000;
const CLOSED_BY_QUOTA_MS = 60 * 60_000;

/** Keeps a vendor that refuses everybody from being asked for every instrument (a storm of 401 or 429). */
export class Breaker {
  readonly #clock: Clock;
  #inARow = 0;
  #closed: { readonly untilMs: number; readonly error: ProviderError } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Why nobody is to ask now. */
  reason(): ProviderError | undefined {
    if (this.#closed === undefined) return undefined;
    if (this.#closed.untilMs > this.#clock.monotonicMs()) return this.#closed.error;
    // One may try.
    this.#closed = undefined;
    this.#inARow = MAX_IN_A_ROW - 1;
    return undefined;
  }

  succeeded(): void {
    this.#inARow = 0;
  }

  failed(error: ProviderError): void {
    const isQuota = error.code === 'quota';
    if (!isQuota && !OF_ALL.has(error.code)) return;
    this.#inARow += 1;
    if (!isQuota && this.#inARow < MAX_IN_A_ROW) return;
    const fallback = isQuota ? CLOSED_BY_QUOTA_MS : CLOSED_MS;
    const forMs = Math.max(
      error.retryAfterSeconds === undefined ? 0 : error.retryAfterSeconds * 1000,
      fallback,
    );
    this.#closed = { untilMs: this.#clock.monotonicMs() + forMs, error };
  }
}

/** The provider's own error, also one of another copy of the package; undefined: a mistake in its code. */
export function asProviderError(error: unknown): ProviderError | undefined {
  if (error instanceof ProviderError) return error;
  if (!(error instanceof Error) || !('code' in error) || !isProviderErrorCode(error.code)) return undefined;
  const seconds = 'retryAfterSeconds' in error ? error.retryAfterSeconds : undefined;
  return new ProviderError(error.code, errorMessage(error), {
    cause: error,
    retryAfterSeconds: typeof seconds === 'number' ? seconds : undefined,
  });
}

const REMEDY: Readonly<Record<ProviderErrorCode, string>> = {
  'unknown-symbol': 'check the symbol as the provider writes it',
  'no-data': 'check the symbol and the span',
  unauthorized: 'check the key and what it covers',
  'rate-limited': 'run it again later: it goes on where it stopped; lower limits keep it from happening',
  quota: 'run it again when the vendor allows: it goes on where it stopped',
  unavailable: 'run it again later: it goes on where it stopped',
  'bad-answer': "compare the answer with the vendor's documentation",
};

const RETRYABLE: ReadonlySet<ProviderErrorCode> = new Set(['rate-limited', 'quota', 'unavailable']);
const PACED: ReadonlySet<ProviderErrorCode> = new Set(['rate-limited', 'quota']);

/** One line that names provider, instrument and remedy; the code is `provider-<code>`, of a mistake in a module `provider-failed`. */
export function explain(
  error: unknown,
  about: { readonly what: string; readonly where: string; readonly file: string },
  hide: (text: string) => string,
): TickwellError {
  if (error instanceof TickwellError) return error;
  const known = asProviderError(error);
  if (known !== undefined) {
    const message = hide(`${about.what}: ${errorMessage(known)}; ${REMEDY[known.code]}`);
    return new TickwellError(`provider-${known.code}`, message, {
      cause: error,
      retryable: RETRYABLE.has(known.code),
      paced: PACED.has(known.code),
    });
  }
  const thrown = error instanceof Error ? `${error.name}: ${errorMessage(error)}` : errorMessage(error);
  const message = `${about.what}: ${about.where} threw ${thrown}; fix it in ${placeOf(error, about.file)}`;
  return new TickwellError('provider-failed', hide(message), { cause: error });
}

/** "my-provider.ts:12", the place of a throw in the provider's own file; the file where the stack does not say. */
function placeOf(error: unknown, file: string): string {
  if (!(error instanceof Error) || error.stack === undefined || file === '') return file || 'the provider';
  const line = error.stack.split('\n').find((text) => text.includes(file));
  const at = /:(\d+):\d+\)?$/.exec(line ?? '')?.[1];
  return at === undefined ? file : `${file}:${at}`;
}
