import { execFile } from 'node:child_process';
import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ClassArchive } from './class-archive.ts';
import { LocalStackError, systemErrorCode } from './errors.ts';
import { probeKafka, probeQuestdb } from './health.ts';
import type { StackJars } from './jars.ts';
import type { JavaProcessSpec } from './java-process.ts';
import { KAFKA_CLUSTER_ID, kafkaLog4j, kafkaProperties } from './kafka-config.ts';
import { tellingLines } from './log-tail.ts';
import type { StackLayout } from './paths.ts';
import { LOOPBACK } from './ports.ts';
import { questdbLogConf, questdbServerConf } from './questdb-config.ts';
import type { StackState } from './state.ts';
import type { ProcessName } from './types.ts';

const run = promisify(execFile);
const FORMAT_TIMEOUT_MS = 60_000;
const READY_DEADLINE_MS = 90_000;
const KAFKA_STOP_DEADLINE_MS = 20_000;
const QUESTDB_STOP_DEADLINE_MS = 15_000;

export interface SpecContext {
  readonly java: string;
  readonly jars: StackJars;
  readonly archives: Readonly<Record<ProcessName, ClassArchive>>;
  readonly layout: StackLayout;
  readonly ports: StackState['ports'];
  readonly onPid: JavaProcessSpec['onPid'];
}

/** Flags of both: die rather than limp on when memory runs out, and leave crash reports beside the logs. */
function jvmFlags(heapMb: number, logDir: string, name: string): string[] {
  return [
    `-Xms${Math.min(heapMb, 256)}m`,
    `-Xmx${heapMb}m`,
    '-XX:+ExitOnOutOfMemoryError',
    `-XX:ErrorFile=${join(logDir, `${name}-crash-%p.log`)}`,
  ];
}

export function kafkaSpec(context: SpecContext): JavaProcessSpec {
  const { java, jars, layout, ports, archives } = context;
  const logFile = join(layout.logDir, 'kafka.log');
  return {
    name: 'kafka',
    label: 'Kafka',
    command: java,
    args: [
      ...jvmFlags(768, layout.logDir, 'kafka'),
      ...archives.kafka.flags,
      '-XX:+UseG1GC',
      '-XX:MaxGCPauseMillis=20',
      '-XX:InitiatingHeapOccupancyPercent=35',
      '-Djava.awt.headless=true',
      `-Dlog4j2.configurationFile=${layout.kafkaLog4j}`,
      '-cp',
      jars.kafkaClassPath,
      'kafka.Kafka',
      layout.kafkaProperties,
    ],
    cwd: layout.kafkaDir,
    outFile: join(layout.logDir, 'kafka.out'),
    logFile: () => Promise.resolve(logFile),
    probe: () => probeKafka(ports.kafka),
    readyDeadlineMs: READY_DEADLINE_MS,
    stopDeadlineMs: KAFKA_STOP_DEADLINE_MS,
    onPid: context.onPid,
  };
}

export function questdbSpec(context: SpecContext): JavaProcessSpec {
  const { java, jars, layout, ports, archives } = context;
  const outFile = join(layout.logDir, 'questdb.out');
  return {
    name: 'questdb',
    label: 'QuestDB',
    command: java,
    args: [
      ...jvmFlags(512, layout.logDir, 'questdb'),
      ...archives.questdb.flags,
      '-XX:+UseParallelGC',
      '-p',
      jars.questdb,
      '-m',
      'io.questdb/io.questdb.ServerMain',
      '-d',
      layout.questdbDir,
      // Do not end with the terminal.
      '-n',
    ],
    cwd: layout.questdbDir,
    outFile,
    logFile: () => newestQuestdbLog(layout.logDir, outFile),
    probe: () => probeQuestdb(questdbUrl(ports.questdbHttp)),
    readyDeadlineMs: READY_DEADLINE_MS,
    stopDeadlineMs: QUESTDB_STOP_DEADLINE_MS,
    onPid: context.onPid,
  };
}

export function questdbUrl(httpPort: number): string {
  return `http://${LOOPBACK}:${httpPort}`;
}

/** Writes Kafka's configuration and, the first time, formats its directory. */
export async function prepareKafka(context: SpecContext): Promise<void> {
  const { layout, ports } = context;
  await mkdir(layout.kafkaDir, { recursive: true });
  await mkdir(layout.logDir, { recursive: true });
  await writeFile(
    layout.kafkaProperties,
    kafkaProperties({ dataDir: layout.kafkaData, port: ports.kafka, controllerPort: ports.kafkaController }),
  );
  await writeFile(layout.kafkaLog4j, kafkaLog4j(join(layout.logDir, 'kafka.log')));
  if (!(await isFormatted(layout))) await format(context);
}

/** Writes QuestDB's configuration. The passwords are in it, so only its owner may read it. */
export async function prepareQuestdb(context: SpecContext, secrets: StackState['secrets']): Promise<void> {
  const { layout, ports } = context;
  const confDir = join(layout.questdbDir, 'conf');
  await mkdir(confDir, { recursive: true });
  await mkdir(layout.logDir, { recursive: true });
  const conf = questdbServerConf({ httpPort: ports.questdbHttp, pgPort: ports.questdbPg, secrets });
  await writeFile(join(confDir, 'server.conf'), conf, { mode: 0o600 });
  await writeFile(join(confDir, 'log.conf'), questdbLogConf(layout.logDir));
}

async function isFormatted(layout: StackLayout): Promise<boolean> {
  try {
    await access(join(layout.kafkaData, 'meta.properties'));
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function format({ java, jars, layout, archives }: SpecContext): Promise<void> {
  // A short run: compiling hot code would take longer than running it.
  const flags = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', ...archives.kafka.useFlags];
  const log4j = `-Dlog4j2.configurationFile=${layout.kafkaLog4j}`;
  const tool = ['kafka.tools.StorageTool', 'format', '--ignore-formatted', '-t', KAFKA_CLUSTER_ID];
  try {
    await run(java, [...flags, log4j, '-cp', jars.kafkaClassPath, ...tool, '-c', layout.kafkaProperties], {
      timeout: FORMAT_TIMEOUT_MS,
    });
  } catch (cause) {
    const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : String(cause);
    throw new LocalStackError(
      'stack.child_died',
      `Kafka could not format ${layout.kafkaData}: ${tellingLines(stderr)}`,
      { cause },
    );
  }
}

/** QuestDB names its log after the day. */
async function newestQuestdbLog(logDir: string, otherwise: string): Promise<string> {
  try {
    const logs = (await readdir(logDir)).filter((name) => name.startsWith('questdb.log')).sort();
    const newest = logs.at(-1);
    return newest === undefined ? otherwise : join(logDir, newest);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return otherwise;
    throw error;
  }
}
