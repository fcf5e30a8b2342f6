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
