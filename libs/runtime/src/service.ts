import type { Logger } from 'pino';
import { ConfigError, field, readConfig, type Env, type Field } from './config.ts';
import { startHealthServer, type HealthServer } from './health-server.ts';
import { Lifecycle } from './lifecycle.ts';
import { createLogger, LOG_LEVELS, type LogLevel } from './logger.ts';
import { startTelemetry } from './telemetry.ts';

/** A pipeline over ports. */
export interface Service {
  /** Works until {@link stop} (resolves) or a failure that only a restart can mend (rejects). */
  run(): Promise<void>;
  /** Ends intake, drains, flushes, commits, closes; `run` then resolves. Idempotent. */
  stop(): Promise<void>;
  /** Undefined: ready. Otherwise why not, on one line. */
  notReady?(): string | undefined;
}

/** Settings every service has. */
export interface RuntimeConfig extends Record<string, unknown> {
  readonly logLevel: LogLevel;
  readonly metricsHost: string;
  /** 0: any free port, named in the log. */
  readonly metricsPort: number;
  readonly stopDeadlineMs: number;
  /** Drain and exit when standard input closes: whoever started it holds the other end. */
  readonly exitWithParent: boolean;
}

export const RUNTIME_FIELDS: { readonly [K in keyof RuntimeConfig]: Field<RuntimeConfig[K]> } = {
  logLevel: field.choice('TICKWELL_LOG_LEVEL', LOG_LEVELS, 'info'),
  metricsHost: field.text('TICKWELL_METRICS_HOST', '127.0.0.1'),
  metricsPort: field.port('TICKWELL_METRICS_PORT', 0),
  stopDeadlineMs: field.integer('TICKWELL_STOP_DEADLINE_MS', { min: 100, max: 600_000, fallback: 20_000 }),
  exitWithParent: field.flag('TICKWELL_EXIT_WITH_PARENT', false),
};

export interface RunServiceOptions<C extends RuntimeConfig> {
  readonly name: string;
  readonly env: Env;
  readonly readConfig: (env: Env) => C;
  readonly build: (config: C, logger: Logger) => Promise<Service>;
}

/**
 * Runs a service as a process: configuration (exit 2 with every problem), logs, metrics, /livez and /readyz, SIGTERM and SIGINT
 * (drain within one deadline, exit 0; exit 1 past it; a second signal ends it at once), failure (one line, exit 1).
 */
export async function runService<C extends RuntimeConfig>(options: RunServiceOptions<C>): Promise<never> {
  const config = configOrExit(options);
  const logger = createLogger({ service: options.name, level: config.logLevel });
  const lifecycle = new Lifecycle();
  const metrics = startTelemetry();
  let service: Service | undefined;
  let health: HealthServer | undefined;
  try {
    health = await startHealthServer({
      host: config.metricsHost,
      port: config.metricsPort,
      health: {
        notAlive: () => (lifecycle.state === 'failed' ? 'failed' : undefined),
        notReady: () => (lifecycle.state === 'running' ? service?.notReady?.() : lifecycle.state),
      },
      metrics,
    });
    logger.info({ port: health.port }, `health and metrics on ${config.metricsHost}:${health.port}`);
    const stopping = onSignals(logger, config, async () => {
      if (!lifecycle.isFinal && lifecycle.state !== 'stopping') lifecycle.to('stopping');
      await service?.stop();
    });
    service = await options.build(config, logger);
    // A signal may have come while it was being built.
    if (stopping.requested) {
      await service.stop();
    } else {
      lifecycle.to('running');
      await service.run();
    }
    lifecycle.to('stopped');
    logger.info({}, 'stopped');
    await health.close();
    process.exit(0);
  } catch (error) {
    if (!lifecycle.isFinal) lifecycle.to('failed');
    logger.fatal({ err: error }, oneLine(error));
    process.exit(1);
  }
}

function configOrExit<C extends RuntimeConfig>(options: RunServiceOptions<C>): C {
  try {
    return options.readConfig(options.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) process.stderr.write(`${options.name}: ${problem}\n`);
    process.exit(2);
  }
}

function onSignals(
  logger: Logger,
  { stopDeadlineMs: deadlineMs, exitWithParent }: RuntimeConfig,
  stop: () => Promise<void>,
): { requested: boolean } {
  const state = { requested: false };
  const handle = (signal: NodeJS.Signals): void => {
    if (state.requested) process.exit(130);
    state.requested = true;
    logger.info({ signal }, `${signal}: draining for at most ${deadlineMs} ms`);
    setTimeout(() => {
      logger.fatal({}, `did not stop within ${deadlineMs} ms (TICKWELL_STOP_DEADLINE_MS)`);
      process.exit(1);
    }, deadlineMs).unref();
    stop().catch((error: unknown) => {
      logger.fatal({ err: error }, `stop failed: ${oneLine(error)}`);
      process.exit(1);
    });
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
  if (exitWithParent) {
    process.stdin.once('close', () => {
      if (!state.requested) handle('SIGTERM');
    });
    process.stdin.resume();
  }
  return state;
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
}

/** The settings every service has, for services that need no others. */
export function readRuntimeConfig(env: Env): RuntimeConfig {
  return readConfig(env, RUNTIME_FIELDS);
}
