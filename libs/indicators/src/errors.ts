import { TickwellError } from '@tickwell/domain';

export type IndicatorErrorCode =
  | 'indicator-input-not-finite'
  | 'indicator-negative-volume'
  | 'indicator-no-session'
  | 'indicator-replace-before-update'
  | 'indicator-kernel-failed'
  | 'indicator-definition';

/**
 * A programming error at the caller: inputs are validated upstream, so one that reaches an indicator broken is a bug
 * there, not a condition to be handled. Terminal. When it is thrown the indicator's state has not changed.
 */
export class IndicatorError extends TickwellError {
  constructor(code: IndicatorErrorCode, message: string, cause?: unknown) {
    super(code, message, { cause });
    this.name = 'IndicatorError';
  }
}

/**
 * Takes an input of an indicator (`() => indicator.advance(input)`). Of a kernel that throws, a mistake in a user's definition, it returns the message: the
 * input then counts, has no value (not warm, NaN) and has changed nothing else. Undefined: all is well. Other errors go on.
 */
export function takeInput(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof IndicatorError && error.code === 'indicator-kernel-failed') return error.message;
    throw error;
  }
}
