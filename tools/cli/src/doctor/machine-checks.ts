import { constants } from 'node:fs';
import { access, mkdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import {
  attachStack,
  DEFAULT_PORTS,
  isPortFree,
  jarsAreFetched,
  judgeFreeSpace,
  parseStackEnvironment,
  requireJava,
  requireMaven,
  tickwellHome,
} from '@tickwell/local-stack';
import type { CliContext } from '../context.ts';
import { formatBytes } from '../format/numbers.ts';
import { DEFAULT_GRPC_PORT } from '../platform/platform.ts';
import { instancePaths, readPlatformState } from '../platform/platform-state.ts';
import { examine, fail, ok, warn, type Finding } from './check.ts';

const NODE_MAJOR = 24;
const OTHERS = 0o077;

/** What the machine must have, whether or not a platform runs. */
export async function machineChecks(context: CliContext, instance: string): Promise<readonly Finding[]> {
  const env = { ...context.env };
  const paths = instancePaths(context.dataDir(instance));
  return [
    await examine('node', () => Promise.resolve(judgeNode(process.versions.node))),
    await examine('environment', () => {
      const { endpoints, docker } = parseStackEnvironment(env);
      const where =
        endpoints !== undefined ? 'servers named by TICKWELL_*' : docker ? 'Docker' : 'JARs on Java';
      return Promise.resolve(ok(`Kafka and QuestDB from ${where}`));
    }),
    ...(needsJava(env) ? await javaChecks(env) : []),
    await examine('folder', () => folderCheck(tickwellHome(env))),
    await examine('secrets', () => secretsCheck([paths.stateFile, join(paths.stackDir, 'stack.json')])),
    await examine('disk', async () => {
      const { bavail, bsize } = await statfs(tickwellHome(env));
      const verdict = judgeFreeSpace(tickwellHome(env), bavail * bsize);
      if (verdict.kind === 'ok') return ok(`${formatBytes(bavail * bsize)} free`);
      return verdict.kind === 'warn' ? warn(verdict.message) : fail(verdict.message);
    }),
  ];
}

function judgeNode(version: string): ReturnType<typeof ok | typeof fail> {
  return Number(version.split('.')[0]) >= NODE_MAJOR
    ? ok(version)
    : fail(`Node ${version} runs this: use "npx tickwell" or "npm start", which bring Node ${NODE_MAJOR}`);
}

function needsJava(env: NodeJS.ProcessEnv): boolean {
  try {
    const { endpoints, docker } = parseStackEnvironment(env);
    return endpoints === undefined && !docker;
  } catch {
    // The check of the environment says what is wrong.
    return true;
  }
}

async function javaChecks(env: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  const java = await examine('java', async () => {
    const { command, version } = await requireJava(env);
    return ok(`${/version "([^"]+)"/.exec(version)?.[1] ?? 'found'} (${command})`);
  });
  const jars = await examine('jars', async () => {
    if (await jarsAreFetched(env)) return ok('Kafka, QuestDB and the sample data are fetched');
    const command = await requireMaven(env);
    return ok(`not fetched yet: the first start does it with ${command}`);
  });
  return [java, jars];
}

async function folderCheck(home: string): Promise<ReturnType<typeof ok>> {
  await mkdir(home, { recursive: true });
  await access(home, constants.R_OK | constants.W_OK | constants.X_OK);
  return ok(`${home} can be written`);
}

/** Files that hold passwords must not be readable by others. */
async function secretsCheck(files: readonly string[]): Promise<ReturnType<typeof ok | typeof fail>> {
  const open: string[] = [];
  for (const file of files) {
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined && (found.mode & OTHERS) !== 0) open.push(file);
  }
  return open.length === 0
    ? ok('files with passwords are readable by you alone')
    : fail(`others can read ${open.join(', ')}: chmod 600 ${open.join(' ')}`);
}

/** What would be in the way of a start; asked while no platform runs. */
export async function startChecks(context: CliContext, instance: string): Promise<readonly Finding[]> {
  const paths = instancePaths(context.dataDir(instance));
  const leftovers = await examine('leftovers', async () => {
    const stack = await attachStack({ dataDir: paths.stackDir });
    if (stack !== undefined)
      return warn(`Kafka and QuestDB of an earlier platform still run: "tickwell down" ends them`);
    const state = readPlatformState(paths.stateFile);
    const isStale = state?.state === 'ready' || state?.state === 'starting';
    return isStale
      ? warn(
          `${paths.stateFile} is of process ${state.owner.pid}, which is gone (it was killed): the next start replaces it`,
        )
      : ok('nothing is left of earlier platforms');
  });
  // Other instances take free ports.
  if (instance !== 'default') return [leftovers];
  const ports = [
    ['Kafka', DEFAULT_PORTS.kafka, '--kafka-port'],
    ['QuestDB (HTTP)', DEFAULT_PORTS.questdbHttp, '--questdb-http-port'],
    ['QuestDB (PostgreSQL)', DEFAULT_PORTS.questdbPg, '--questdb-pg-port'],
    ['gRPC', DEFAULT_GRPC_PORT, '--grpc-port'],
  ] as const;
  const checks = ports.map(([label, port, option]) =>
    examine(`port ${port}`, async () =>
      (await isPortFree(port))
        ? ok(`free for ${label}`)
        : fail(`another program uses it: stop that, or start with ${option} 0`),
    ),
  );
  return [leftovers, ...(await Promise.all(checks))];
}
