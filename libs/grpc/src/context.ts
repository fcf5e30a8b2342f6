import { randomBytes } from 'node:crypto';
import type { Metadata } from '@grpc/grpc-js';
import type { Logger } from '@tickwell/ports';
import type { ServerLimits } from './limits.ts';
import type { CallMetrics } from './observe.ts';

/** What a handler knows of its call beside the request. */
export interface CallContext {
  /** "/package.Service/Method" */
  readonly method: string;
  readonly peer: string;
  /** 32 hex digits: that of the caller's `traceparent`, else a new one. */
  readonly traceId: string;
  /** Fires when the client cancelled, vanished or timed out, and (streams) when the server stops. A handler that waits must heed it. */
  readonly signal: AbortSignal;
}

/** What the server lends to the methods bound to it. */
export interface CallRuntime {
  readonly limits: ServerLimits;
  readonly logger: Logger;
  readonly metrics: CallMetrics;
  /** Throws `unauthenticated`. */
  authenticate(metadata: Metadata): void;
  /** Ends the HTTP/2 stream of a call at once, whatever waits in it. */
  reset(metadata: Metadata): void;
  /** Open streams, to be ended when the server stops. */
  readonly streams: Set<AbortController>;
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

export function traceIdOf(metadata: Metadata): string {
  const header = metadata.get('traceparent')[0];
  const found = typeof header === 'string' ? TRACEPARENT.exec(header)?.[1] : undefined;
  return found ?? randomBytes(16).toString('hex');
}
