import { connect, type TickwellClient } from '@tickwell/client';
import { TickwellError } from '@tickwell/domain';
import { createKafkaLog, type KafkaLog } from '@tickwell/kafka';
import { parseStackEnvironment, type StackEndpoints } from '@tickwell/local-stack';
import { SILENT } from '@tickwell/ports';
import { instanceOption, type CliContext } from './context.ts';
import { instancePaths, isReady, livePlatform } from './platform/platform-state.ts';
import { DEFAULT_GRPC_PORT } from './platform/platform.ts';

/** Kafka and QuestDB as the environment names them, else those of the running platform. */
export async function findEndpoints(context: CliContext, instance: string): Promise<StackEndpoints> {
  const named = parseStackEnvironment({ ...context.env }).endpoints;
  if (named !== undefined) return named;
  const state = await livePlatform(instancePaths(context.dataDir(instance)).stateFile);
  if (state?.endpoints !== undefined) return state.endpoints;
  throw notRunning(instance, 'TICKWELL_KAFKA_BROKERS and TICKWELL_QUESTDB_HTTP_URL');
}

/** Where query answers: as told, else as the environment names it, else that of the running platform. */
export async function findGrpcAddress(
  context: CliContext,
  flags: { readonly instance: string; readonly address?: string },
): Promise<string> {
  const named = flags.address ?? context.env['TICKWELL_GRPC_ADDRESS'];
  if (named !== undefined && named !== '') return named;
  const state = await livePlatform(instancePaths(context.dataDir(flags.instance)).stateFile);
  if (isReady(state)) return state.grpcAddress;
  throw notRunning(flags.instance, `--address 127.0.0.1:${DEFAULT_GRPC_PORT}`);
}

/** A client for one command: a person who waits would rather know soon that nobody answers. */
export function openClient(address: string): TickwellClient {
  return connect({ address, retry: { maxAttempts: 3 } });
}

/** A reader of the log that says nothing by itself: what fails reaches the command as an error. */
export function openLog(endpoints: StackEndpoints): KafkaLog {
  return createKafkaLog({
    brokers: endpoints.kafkaBrokers,
    clientId: 'tickwell-cli',
    logger: SILENT,
    unreachableTimeoutMs: 10_000,
  });
}

function notRunning(instance: string, otherwise: string): TickwellError {
  return new TickwellError(
    'platform-not-running',
    `no platform "${instance}" is running: start it with "tickwell up${instanceOption(instance)}", or name one with ${otherwise}`,
  );
}
