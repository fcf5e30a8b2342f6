import type { ContainerRuntimeClient, GenericContainer } from 'testcontainers';
import type * as Testcontainers from 'testcontainers';
import { resolve } from 'node:path';
import { DockerProcess } from './docker-process.ts';
import { LocalStackError, messageOf } from './errors.ts';
import { probeKafka, probeQuestdb } from './health.ts';
import { KAFKA_CLUSTER_ID, KAFKA_NODE_ID, KAFKA_SETTINGS } from './kafka-config.ts';
import { choosePorts } from './choose-ports.ts';
import { DEFAULT_PORTS, LOOPBACK } from './ports.ts';
import { identify, isRunning } from './process-identity.ts';
import { PG_DATABASE, PG_READONLY_USER, PG_USER, questdbSettings } from './questdb-config.ts';
import { questdbUrl } from './jar-specs.ts';
import { newSecrets } from './state.ts';
import type { StackPorts, StackSecrets } from './state.ts';
import type { Stack, StartStackOptions } from './types.ts';

const KAFKA_IMAGE = 'apache/kafka:4.1.1';
const QUESTDB_IMAGE = 'questdb/questdb:9.3.4';
const OWNER_LABEL = 'dev.tickwell.local-stack.owner';

/**
 * The same stack in containers, through testcontainers. Its data lives in the containers: it survives `restart()` and
 * ends with `stop()`. Docker publishes the ports on every address of the machine, which testcontainers cannot narrow.
 *
 * @throws LocalStackError `stack.docker_unavailable` when no engine answers.
 */
export async function startDockerStack(options: StartStackOptions): Promise<Stack> {
  // Its helper container would have to be pulled; we label our containers and remove a dead owner's ourselves.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
  const testcontainers = await import('testcontainers');
  const client = await requireDocker(testcontainers);
  await removeAbandoned(client, options.onLog);
  const ports = await choosePorts(options);
  const secrets = newSecrets();
  const self = await identify(process.pid);
  const labels = { [OWNER_LABEL]: `${process.pid} ${self?.startToken ?? ''}` };
  const build = (image: string, env: Record<string, string>, wait: RegExp): GenericContainer =>
    new testcontainers.GenericContainer(image)
      .withEnvironment(env)
      .withLabels(labels)
      // Whether it answers is asked by our own probes; this only has to return once it runs.
      .withWaitStrategy(testcontainers.Wait.forLogMessage(wait))
      .withAutoRemove(false);
  const started: DockerProcess[] = [];
  try {
    const kafkaContainer = await build(KAFKA_IMAGE, kafkaEnvironment(ports.kafka), /./)
      .withExposedPorts({ container: 9094, host: ports.kafka })
      .start();
    const kafka = new DockerProcess({
      name: 'kafka',
      label: 'Kafka',
      container: client.container.getById(kafkaContainer.getId()),
      probe: () => probeKafka(ports.kafka),
    });
    started.push(kafka);
    const questdbContainer = await build(QUESTDB_IMAGE, questdbEnvironment(secrets), /./)
      .withExposedPorts(
        { container: DEFAULT_PORTS.questdbHttp, host: ports.questdbHttp },
        { container: DEFAULT_PORTS.questdbPg, host: ports.questdbPg },
      )
      .start();
    const questdb = new DockerProcess({
      name: 'questdb',
      label: 'QuestDB',
      container: client.container.getById(questdbContainer.getId()),
      probe: () => probeQuestdb(questdbUrl(ports.questdbHttp)),
    });
    started.push(questdb);
    await Promise.all(
      [kafka, questdb].map(async (child) => {
        await child.ready();
        options.onReady?.(child.name);
      }),
    );
    return dockerStack(resolve(options.dataDir), ports, secrets, kafka, questdb);
  } catch (error) {
    await Promise.allSettled(started.map((child) => child.remove()));
    throw error;
  }
}

/** Whether a Docker engine answers, and has or can fetch images: why not, or undefined. */
export async function whyNoDocker(): Promise<string | undefined> {
  try {
    await requireDocker(await import('testcontainers'));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** `a.b-c` in the way of the Apache image: `KAFKA_A_B___C`. */
export function kafkaEnvironment(hostPort: number): Record<string, string> {
  const settings: Readonly<Record<string, string | number | boolean>> = {
    ...KAFKA_SETTINGS,
    'controller.quorum.voters': `${KAFKA_NODE_ID}@localhost:9093`,
    listeners: 'INTERNAL://:9092,EXTERNAL://:9094,CONTROLLER://:9093',
    'advertised.listeners': `INTERNAL://localhost:9092,EXTERNAL://${LOOPBACK}:${hostPort}`,
    'listener.security.protocol.map': 'INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'INTERNAL',
    'log.dirs': '/var/lib/kafka/data',
  };
  const entries = Object.entries(settings).map(([key, value]): [string, string] => [
    `KAFKA_${key.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_').toUpperCase()}`,
    String(value),
  ]);
  return { ...Object.fromEntries(entries), CLUSTER_ID: KAFKA_CLUSTER_ID };
}

/** `a.b` in the way of QuestDB: `QDB_A_B`. */
export function questdbEnvironment(secrets: StackSecrets): Record<string, string> {
  const entries = Object.entries(questdbSettings(secrets)).map(([key, value]): [string, string] => [
    `QDB_${key.replaceAll('.', '_').toUpperCase()}`,
    String(value),
  ]);
  return Object.fromEntries(entries);
}

function dockerStack(
  dataDir: string,
  ports: StackPorts,
  secrets: StackSecrets,
  kafka: DockerProcess,
  questdb: DockerProcess,
): Stack {
  const pg = { host: LOOPBACK, port: ports.questdbPg, database: PG_DATABASE };
  let stopped: Promise<void> | undefined;
  return {
    origin: 'docker',
    dataDir,
    kafkaBrokers: [`${LOOPBACK}:${ports.kafka}`],
    questdbHttpUrl: questdbUrl(ports.questdbHttp),
    questdbPg: { ...pg, user: PG_USER, password: secrets.pgPassword },
    questdbPgReadonly: { ...pg, user: PG_READONLY_USER, password: secrets.pgReadonlyPassword },
    kafka,
    questdb,
    stop: () => (stopped ??= Promise.all([kafka.remove(), questdb.remove()]).then(() => undefined)),
  };
}

async function requireDocker(testcontainers: typeof Testcontainers): Promise<ContainerRuntimeClient> {
  try {
    return await testcontainers.getContainerRuntimeClient();
  } catch (cause) {
    throw new LocalStackError(
      'stack.docker_unavailable',
      `TICKWELL_STACK=docker, and no Docker engine answers (${messageOf(cause).split('\n')[0]}): start one, ` +
        'or unset TICKWELL_STACK to run Kafka and QuestDB on Java',
      { cause },
    );
  }
}

/** A run that was killed could not remove its containers; nobody else's carry our label. */
async function removeAbandoned(
  client: ContainerRuntimeClient,
  onLog: ((line: string) => void) | undefined,
): Promise<void> {
  for (const info of await client.container.list()) {
    const [pid, ...token] = (info.Labels[OWNER_LABEL] ?? '').split(' ');
    if (pid === undefined || pid === '') continue;
    if (await isRunning({ pid: Number(pid), startToken: token.join(' ') })) continue;
    onLog?.(`removing container ${info.Id.slice(0, 12)}, left by process ${pid}`);
    await client.container.getById(info.Id).remove({ v: true, force: true });
  }
}
