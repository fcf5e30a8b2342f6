import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ALL_TABLES, ALL_TOPICS } from '@tickwell/contracts';
import { createKafkaLog } from '@tickwell/kafka';
import {
  endpointVariables,
  findFreePort,
  resolveStack,
  type ResolvedStack,
  type StackEndpoints,
} from '@tickwell/local-stack';
import { SILENT } from '@tickwell/ports';
import { ensureSchema } from '@tickwell/questdb';
import { stepTeller, type OnStep } from './steps.ts';
import { ServiceProcess, type ServiceName } from './service-process.ts';

export const SERVICE_NAMES: readonly ServiceName[] = [
  'storage',
  'validator',
  'indicators',
  'query',
  'monitor',
];
const CLIENTS_OF_QUERY: readonly ServiceName[] = ['indicators', 'monitor'];
export const DEFAULT_GRPC_PORT = 50_051;
const SERVER_LABELS = { kafka: 'Kafka', questdb: 'QuestDB' } as const;

export interface PlatformOptions {
  /** Repository root. */
  readonly root: string;
  /** Data, logs and state of this instance. */
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** 0: any free port. */
  readonly grpcPort: number;
  /** 0 is any free port, undefined the default one. */
  readonly kafkaPort?: number | undefined;
  readonly questdbHttpPort?: number | undefined;
  readonly questdbPgPort?: number | undefined;
  /** How many processes of each service; 1 where not named. */
  readonly copies?: Partial<Readonly<Record<ServiceName, number>>> | undefined;
  /** Settings of single services, beside those of the environment. */
  readonly serviceEnv?: Partial<Readonly<Record<ServiceName, Readonly<Record<string, string>>>>>;
  /** Free ports, and data that is removed at the end. */
  readonly ephemeral: boolean;
  /** Starts again what dies unasked. */
  readonly supervise: boolean;
  /** Progress and failures, one line each. */
  readonly onLog: (line: string) => void;
  /** Told as each part becomes ready. */
  readonly onStep?: OnStep | undefined;
  /** Gives a start up as soon as that leaves nothing behind: what was started is stopped, and the start rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Kafka, QuestDB and the services, started by one process and ended with it. */
export interface Platform {
  readonly endpoints: StackEndpoints;
  readonly stack: ResolvedStack;
  readonly services: readonly ServiceProcess[];
  readonly grpcAddress: string;
  /** Of every copy of query, {@link grpcAddress} first. */
  readonly grpcAddresses: readonly string[];
  readonly logDir: string;
  /** Services drain before Kafka and QuestDB go. */
  stop(): Promise<void>;
}

/** Resolves once every part is ready; otherwise what was started is stopped and the error names the part. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const tell = stepTeller(options.onStep);
  const stack = await resolveStack({
    env: options.env,
    dataDir: join(options.dataDir, 'stack'),
    ephemeral: options.ephemeral,
    supervise: options.supervise,
    kafkaPort: options.kafkaPort,
    questdbHttpPort: options.questdbHttpPort,
    questdbPgPort: options.questdbPgPort,
    onLog: options.onLog,
    onReady: (name) => {
      tell(name, `${SERVER_LABELS[name]} is ready`);
    },
  });
  if (stack.origin === 'environment' || stack.origin === 'attached')
    tell('stack', 'Kafka and QuestDB run already');
  const { signal } = options;
  let services: ServiceProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(services.map((service) => service.stop()));
    await stack.stop();
  };
  try {
    signal?.throwIfAborted();
    await prepare(stack.endpoints);
    signal?.throwIfAborted();
    tell('schema', 'topics and tables are there');
    const grpcPort = options.grpcPort === 0 ? await findFreePort() : options.grpcPort;
    const logDir = join(options.dataDir, 'logs');
    mkdirSync(logDir, { recursive: true });
    // Further copies of query would want the same port: they take any free one.
    const grpcPorts = [grpcPort];
    for (let copy = 2; copy <= (options.copies?.query ?? 1); copy += 1) grpcPorts.push(await findFreePort());
    services = await createServices(options, stack.endpoints, { grpcPorts, logDir });
    for (const service of services) service.start();
    await Promise.all(
      services.map(async (service) => {
        await service.ready({ signal });
        tell(service.label, `${service.label} is ready`);
      }),
    );
    return {
      endpoints: stack.endpoints,
      stack,
      services,
      grpcAddress: `127.0.0.1:${grpcPort}`,
      grpcAddresses: grpcPorts.map((port) => `127.0.0.1:${port}`),
      logDir,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Creates and checks topics and tables; a mismatch names what is different. */
async function prepare(endpoints: StackEndpoints): Promise<void> {
  const log = createKafkaLog({
    brokers: endpoints.kafkaBrokers,
    clientId: 'tickwell-prepare',
    logger: SILENT,
  });
  try {
    await Promise.all([
      log.ensureTopics(ALL_TOPICS),
      ensureSchema({ pg: endpoints.questdbPg, tables: ALL_TABLES }),
    ]);
  } finally {
    await log.close();
  }
}

/** How services reach query: by the same certificate and tokens as query has, unless its own variables say otherwise. */
function queryVariables(env: PlatformOptions['env'], grpcPort: number): Record<string, string> {
  const certificate = env['TICKWELL_QUERY_CA_FILE'] ?? env['TICKWELL_GRPC_TLS_CERT_FILE'];
  const tokens = env['TICKWELL_QUERY_TOKEN_FILE'] ?? env['TICKWELL_GRPC_TOKENS_FILE'];
  return {
    TICKWELL_QUERY_ADDRESS: env['TICKWELL_QUERY_ADDRESS'] ?? `127.0.0.1:${grpcPort}`,
    ...(certificate === undefined ? {} : { TICKWELL_QUERY_CA_FILE: certificate }),
    ...(tokens === undefined ? {} : { TICKWELL_QUERY_TOKEN_FILE: tokens }),
  };
}

async function createServices(
  options: PlatformOptions,
  endpoints: StackEndpoints,
  { grpcPorts, logDir }: { readonly grpcPorts: readonly number[]; readonly logDir: string },
): Promise<ServiceProcess[]> {
  const services: ServiceProcess[] = [];
  const [grpcPort = DEFAULT_GRPC_PORT] = grpcPorts;
  for (const name of SERVICE_NAMES) {
    const copies = options.copies?.[name] ?? 1;
    for (let copy = 1; copy <= copies; copy += 1) {
      const servicePort = grpcPorts[copy - 1] ?? grpcPort;
      services.push(
        new ServiceProcess({
          name,
          copy,
          metricsPort: await findFreePort(),
          logFile: join(logDir, `${name}-${copy}.log`),
          root: options.root,
          env: {
            ...options.env,
            ...endpointVariables(endpoints),
            ...(name === 'query' ? { TICKWELL_GRPC_PORT: String(servicePort) } : {}),
            ...(CLIENTS_OF_QUERY.includes(name) ? queryVariables(options.env, grpcPort) : {}),
            ...options.serviceEnv?.[name],
          },
          onLog: options.onLog,
          supervise: options.supervise,
        }),
      );
    }
  }
  return services;
}
