/** Stable codes; messages may be reworded, codes may not. */
export type LocalStackErrorCode =
  | 'stack.java_missing'
  | 'stack.java_too_old'
  | 'stack.maven_missing'
  | 'stack.jars_failed'
  | 'stack.port_busy'
  | 'stack.disk_full'
  | 'stack.child_died'
  | 'stack.not_ready'
  | 'stack.already_running'
  | 'stack.locked'
  | 'stack.bad_state'
  | 'stack.bad_config'
  | 'stack.docker_unavailable';

/** Worth trying again unchanged: somebody else may be done, or gone, by then. */
const RETRYABLE: ReadonlySet<LocalStackErrorCode> = new Set([
  'stack.locked',
  'stack.not_ready',
  'stack.jars_failed',
]);

/** One line for a person: what, where, and what to do about it. */
export class LocalStackError extends Error {
  override readonly name = 'LocalStackError';
  readonly code: LocalStackErrorCode;
  readonly retryable: boolean;

  constructor(code: LocalStackErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.retryable = RETRYABLE.has(code);
  }
}

/** The code of a Node.js system error (`ENOENT`, …), or undefined. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
