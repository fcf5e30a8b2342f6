/** Everything of a server that has a bound. */
export interface ServerLimits {
  /** Largest request, bytes. */
  readonly maxRequestBytes: number;
  /** Largest response message, bytes. */
  readonly maxResponseBytes: number;
  /** Calls open at once on one connection. */
  readonly maxConcurrentStreams: number;
  /** Memory of one HTTP/2 session, megabytes. */
  readonly maxSessionMemoryMb: number;
  /** HTTP/2 window: what may be on its way to a reader who has not consumed it yet, bytes. */
  readonly flowControlWindowBytes: number;
  /** Bytes handed to the transport and not taken by it; beyond, the stream's source waits. */
  readonly streamBufferBytes: number;
  /** A stream whose reader takes nothing for so long while it waits is cut. */
  readonly stallMs: number;
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  maxRequestBytes: 4 * 1024 * 1024,
  maxResponseBytes: 4 * 1024 * 1024,
  maxConcurrentStreams: 256,
  maxSessionMemoryMb: 64,
  flowControlWindowBytes: 1024 * 1024,
  streamBufferBytes: 1024 * 1024,
  stallMs: 30_000,
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
};
