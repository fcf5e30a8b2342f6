import { Metadata, status as Status, type ServiceError } from '@grpc/grpc-js';
import { TickwellError, errorMessage } from '@tickwell/domain';

/** Trailers that carry what a status code cannot: the stable code of the error and whether trying again may help. */
const CODE_TRAILER = 'tickwell-code';
const RETRYABLE_TRAILER = 'tickwell-retryable';
const MAX_DETAILS_CHARS = 1_000;

/** gRPC status of every code that has one of its own; any other is UNAVAILABLE when retryable, else INTERNAL. */
const STATUS_OF_CODE: ReadonlyMap<string, Status> = new Map([
  ['invalid-argument', Status.INVALID_ARGUMENT],
  ['not-found', Status.NOT_FOUND],
  ['failed-precondition', Status.FAILED_PRECONDITION],
  ['version-conflict', Status.ABORTED],
  ['position-of-deleted-topic', Status.FAILED_PRECONDITION],
  ['position-expired', Status.OUT_OF_RANGE],
  ['out-of-range', Status.OUT_OF_RANGE],
  ['reader-too-slow', Status.RESOURCE_EXHAUSTED],
  ['limit-exceeded', Status.RESOURCE_EXHAUSTED],
  ['unauthenticated', Status.UNAUTHENTICATED],
  ['unimplemented', Status.UNIMPLEMENTED],
  ['cancelled', Status.CANCELLED],
  ['deadline-exceeded', Status.DEADLINE_EXCEEDED],
  ['unavailable', Status.UNAVAILABLE],
  ['stopping', Status.UNAVAILABLE],
]);

const CODE_OF_STATUS: ReadonlyMap<Status, string> = new Map([
  [Status.INVALID_ARGUMENT, 'invalid-argument'],
  [Status.NOT_FOUND, 'not-found'],
  [Status.FAILED_PRECONDITION, 'failed-precondition'],
  [Status.OUT_OF_RANGE, 'out-of-range'],
  [Status.RESOURCE_EXHAUSTED, 'limit-exceeded'],
  [Status.UNAUTHENTICATED, 'unauthenticated'],
  [Status.PERMISSION_DENIED, 'permission-denied'],
  [Status.UNIMPLEMENTED, 'unimplemented'],
  [Status.CANCELLED, 'cancelled'],
  [Status.DEADLINE_EXCEEDED, 'deadline-exceeded'],
  [Status.UNAVAILABLE, 'unavailable'],
  [Status.ABORTED, 'aborted'],
]);

/** CANCELLED, where the caller did not: a server that was killed, or shut down past its grace. */
const RETRYABLE: ReadonlySet<Status> = new Set([Status.UNAVAILABLE, Status.ABORTED, Status.CANCELLED]);

export interface CallStatus {
  readonly code: Status;
  readonly details: string;
  readonly metadata: Metadata;
}

/**
 * The status a failed call ends with. The message of a TickwellError goes out as it is; anything else is a bug whose text stays
 * in the server's log, so that a client never reads stack traces or connection strings.
 */
export function statusOf(error: unknown): CallStatus {
  const metadata = new Metadata();
  if (!(error instanceof TickwellError)) {
    metadata.set(CODE_TRAILER, 'internal');
    return { code: Status.INTERNAL, details: 'internal error: the server log has the details', metadata };
  }
  metadata.set(CODE_TRAILER, error.code);
  metadata.set(RETRYABLE_TRAILER, error.retryable ? '1' : '0');
  const code = STATUS_OF_CODE.get(error.code) ?? (error.retryable ? Status.UNAVAILABLE : Status.INTERNAL);
  return { code, details: plainText(errorMessage(error).slice(0, MAX_DETAILS_CHARS)), metadata };
}

/** What moves a terminal's cursor, turns the direction of writing round or ends a line. */
const NOT_PLAIN = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * A client's own text, quoted back, is shown on somebody's terminal: what would not show there is written as its number. Lone surrogates would make the
 * encoding of the trailer throw.
 */
function plainText(text: string): string {
  const escaped = text.replace(
    NOT_PLAIN,
    (one) => `\\u${(one.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
  return escaped.toWellFormed();
}

/** What a client throws for a failed call: the server's code where it sent one, else one derived from the status. */
export function errorFromStatus(error: ServiceError, method: string): TickwellError {
  const sent = error.metadata.get(CODE_TRAILER)[0];
  const flag = error.metadata.get(RETRYABLE_TRAILER)[0];
  const code = typeof sent === 'string' ? sent : (CODE_OF_STATUS.get(error.code) ?? 'internal');
  const retryable = flag === undefined ? RETRYABLE.has(error.code) || isBrokenStream(error) : flag === '1';
  return new TickwellError(code, `${method}: ${error.details}`, { cause: error, retryable });
}

/** A connection that broke under a call reads as INTERNAL with the code of the reset. */
function isBrokenStream(error: ServiceError): boolean {
  return error.code === Status.INTERNAL && error.details.includes('RST_STREAM');
}

/** Name of a status, for metrics and logs. */
export function statusName(code: Status): string {
  return Status[code];
}
