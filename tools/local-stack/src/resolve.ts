import { join } from 'node:path';
import { startDockerStack } from './docker-stack.ts';
import { parseStackEnvironment } from './endpoints.ts';
import { attachStack, startStack } from './jar-stack.ts';
import { tickwellHome } from './paths.ts';
import type { Stack, StackEndpoints, StartStackOptions } from './types.ts';

export interface ResolvedStack {
  readonly endpoints: StackEndpoints;
  /** `attached`: it ran already, started by somebody else. */
  readonly origin: 'environment' | 'docker' | 'attached' | 'jars';
  /** Undefined when the endpoints come from the environment: those servers are not ours to control. */
  readonly stack: Stack | undefined;
  /** Stops what this call started; leaves alone what it found. */
  stop(): Promise<void>;
}

export interface ResolveStackOptions extends Omit<StartStackOptions, 'dataDir'> {
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Default: `demo` below `.tickwell`. */
  readonly dataDir?: string | undefined;
}

/**
 * Kafka and QuestDB from, in this order: the endpoints in the environment; Docker where `TICKWELL_STACK=docker`; the
 * stack that runs in the data directory; the pinned JARs.
 *
 * @throws LocalStackError with one clear line.
 */
export async function resolveStack(options: ResolveStackOptions = {}): Promise<ResolvedStack> {
  const env = options.env ?? process.env;
  const wanted = parseStackEnvironment(env);
  if (wanted.endpoints !== undefined) {
    return {
      endpoints: wanted.endpoints,
      origin: 'environment',
      stack: undefined,
      stop: () => Promise.resolve(),
    };
  }
  const start: StartStackOptions = {
    ...options,
    dataDir: options.dataDir ?? join(tickwellHome(env), 'demo'),
    kafkaPort: options.kafkaPort ?? wanted.kafkaPort,
    questdbHttpPort: options.questdbHttpPort ?? wanted.questdbHttpPort,
    questdbPgPort: options.questdbPgPort ?? wanted.questdbPgPort,
  };
  if (wanted.docker) return owned(await startDockerStack(start));
  const running = options.ephemeral === true ? undefined : await attachStack(start);
  if (running !== undefined) {
    return { endpoints: running, origin: 'attached', stack: running, stop: () => Promise.resolve() };
  }
  return owned(await startStack(start));
}

function owned(stack: Stack): ResolvedStack {
  return { endpoints: stack, origin: stack.origin, stack, stop: () => stack.stop() };
}
