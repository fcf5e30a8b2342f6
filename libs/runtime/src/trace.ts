import { randomBytes } from 'node:crypto';

/** A new W3C `traceparent` (version 00, sampled) that starts a trace: `00-<32 hex>-<16 hex>-01`. */
export function newTraceparent(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}

/** The trace id of a `traceparent`, for log lines; undefined where it is absent or malformed. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(traceparent ?? '')?.[1];
}
