export { ConfigError, field, readConfig, type Env, type Field } from './config.ts';
export { startHealthServer, type HealthServer, type HealthSource } from './health-server.ts';
export { Lifecycle, type LifecycleState } from './lifecycle.ts';
export { createLogger, LOG_LEVELS, type LogLevel } from './logger.ts';
export { QUERY_FIELDS, queryConnection, type QueryConfig } from './query-connection.ts';
export {
  readRuntimeConfig,
  runService,
  RUNTIME_FIELDS,
  type RunServiceOptions,
  type RuntimeConfig,
  type Service,
} from './service.ts';
export { systemClock } from './system-clock.ts';
export { startTelemetry, type MetricsHandler } from './telemetry.ts';
export { newTraceparent, traceIdOf } from './trace.ts';
