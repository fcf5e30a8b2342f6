import { metrics } from '@opentelemetry/api';

/** Counts of the calls of one server, for whatever exporter the process has (none: these cost next to nothing). */
export interface CallMetrics {
  streamOpened(method: string): void;
  streamClosed(method: string): void;
  sent(method: string, bytes: number): void;
  ended(method: string, status: string, durationMs: number): void;
}

export function callMetrics(): CallMetrics {
  const meter = metrics.getMeter('tickwell.grpc');
  const duration = meter.createHistogram('tickwell.grpc.call.duration', {
    unit: 'ms',
    description: 'Duration of calls by method and status',
  });
  const open = meter.createUpDownCounter('tickwell.grpc.streams.open', {
    description: 'Streams being served',
  });
  const messages = meter.createCounter('tickwell.grpc.sent.messages', {
    description: 'Messages written to streams',
  });
  const bytes = meter.createCounter('tickwell.grpc.sent.bytes', {
    unit: 'By',
    description: 'Bytes of messages written to streams',
  });
  return {
    streamOpened: (method) => {
      open.add(1, { method });
    },
    streamClosed: (method) => {
      open.add(-1, { method });
    },
    sent: (method, size) => {
      messages.add(1, { method });
      bytes.add(size, { method });
    },
    ended: (method, status, durationMs) => {
      duration.record(durationMs, { method, status });
    },
  };
}
