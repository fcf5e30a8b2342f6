/**
 * An error of the platform: `code` is stable and for machines, `message` is one line for a person that names the thing, the
 * place and the fix. A retryable error may go away by itself; a terminal one never does. A paced one says that the other side was asked too
 * much; an error made of one is one, too.
 */
export class TickwellError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly paced: boolean;

  constructor(
    code: string,
    message: string,
    options: { cause?: unknown; retryable?: boolean; paced?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'TickwellError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.paced = options.paced ?? (options.cause instanceof TickwellError && options.cause.paced);
  }
}

/** The message of anything thrown, on one line. */
export function errorMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, ' ');
}
