import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { requireDiskSpace } from './disk.ts';
import { LocalStackError } from './errors.ts';
import { withFileLock } from './file-lock.ts';
import { probeKafka, probeQuestdb } from './health.ts';
import { kafkaSpec, prepareKafka, prepareQuestdb, questdbSpec, questdbUrl } from './jar-specs.ts';
import type { SpecContext } from './jar-specs.ts';
import { classArchive } from './class-archive.ts';
import { ensureJars } from './jars.ts';
import { requireJava } from './java.ts';
import { JavaProcess } from './java-process.ts';
import { stackLayout } from './paths.ts';
import type { StackLayout } from './paths.ts';
import { choosePorts } from './choose-ports.ts';
import { LOOPBACK, isPortFree } from './ports.ts';
import { identify, isRunning, signalIfAlive } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { PG_DATABASE, PG_READONLY_USER, PG_USER } from './questdb-config.ts';
import { newSecrets, readState, writeState } from './state.ts';
import type { StackPorts, StackState } from './state.ts';
import { supervise } from './supervise.ts';
import type { ProcessName, Stack, StackEndpoints, StartStackOptions } from './types.ts';
import { waitFor } from './wait.ts';
import { startWatchdog } from './watchdog.ts';
import type { Watchdog } from './watchdog.ts';

const LOCK_DEADLINE_MS = 120_000;
const LEFTOVER_DEADLINE_MS = 20_000;
/** A free port may be taken by somebody else before our child binds it. */
const START_ATTEMPTS = 3;

/**
 * Starts Kafka and QuestDB on Java from the pinned JARs and resolves once both answer.
 *
 * @throws LocalStackError with one clear line; nothing is left running then.
 */
export async function startStack(options: StartStackOptions): Promise<Stack> {
  const layout = stackLayout(resolve(options.dataDir));
  await requireDiskSpace(layout.dataDir, options.onLog);
  const tools = await stackTools(options, options.detached !== true);
  return withFileLock(layout.lockFile, lockOptions(layout, options), async () => {
    const before = await readState(layout.stateFile);
    if (before !== undefined) await clearLeftovers(layout, before, options);
    for (let attempt = 1; ; attempt += 1) {
      const ports = await choosePorts(options);
      try {
        return await startOnce(layout, options, tools, ports, before?.secrets ?? newSecrets());
      } catch (error) {
        if (attempt >= START_ATTEMPTS || !(await lostPortRace(options, ports, error))) throw error;
        options.onLog?.('a free port was taken by another program; trying others');
      }
    }
  });
}

/** The stack that runs in this data directory, if it runs and answers. */
export async function attachStack(
  options: Pick<StartStackOptions, 'dataDir' | 'supervise' | 'onLog'>,
): Promise<Stack | undefined> {
  const layout = stackLayout(resolve(options.dataDir));
  const state = await readState(layout.stateFile);
  const { kafka, questdb } = state?.processes ?? {};
  if (state === undefined || kafka === undefined || questdb === undefined) return undefined;
  if (!(await isRunning(kafka)) || !(await isRunning(questdb))) return undefined;
  const sick =
    (await probeKafka(state.ports.kafka)) ?? (await probeQuestdb(questdbUrl(state.ports.questdbHttp)));
  if (sick !== undefined) return undefined;
  const tools = await stackTools(options, false);
  // Detached: whoever started it decides how long it lives, not whoever looks at it.
  const stack = new JarStack(layout, state, tools, { ...options, detached: true });
  stack.adopt(kafka, questdb);
  return stack;
}

/** Ends what runs in this data directory; false when nothing did. */
export async function stopStack(dataDir: string): Promise<boolean> {
  const layout = stackLayout(resolve(dataDir));
  const state = await readState(layout.stateFile);
  if (state === undefined) return false;
  const ended = await endProcesses(Object.values(state.processes));
  await writeState(layout.stateFile, { ...state, processes: {} });
  return ended > 0;
}

/** What both processes are run with. */
type StackTools = Pick<SpecContext, 'java' | 'jars' | 'archives'>;

async function stackTools(options: Pick<StartStackOptions, 'onLog'>, record: boolean): Promise<StackTools> {
  const { command, version } = await requireJava();
  const jars = await ensureJars({ onLog: options.onLog });
  const archive = { jarsDir: jars.dir, javaVersion: version, record };
  const kafka = await classArchive({ ...archive, name: 'kafka' });
  const questdb = await classArchive({ ...archive, name: 'questdb' });
  return { java: command, jars, archives: { kafka, questdb } };
}

async function startOnce(
  layout: StackLayout,
  options: StartStackOptions,
  tools: StackTools,
  ports: StackPorts,
  secrets: StackState['secrets'],
): Promise<Stack> {
  const owner = (await identify(process.pid)) ?? { pid: process.pid, startToken: '' };
  const mode = options.detached === true ? 'detached' : 'foreground';
  const state: StackState = { version: 1, mode, owner, ports, secrets, processes: {} };
  await writeState(layout.stateFile, state);
  const stack = new JarStack(layout, state, tools, options);
  await stack.start();
  return stack;
}

function lockOptions(layout: StackLayout, options: StartStackOptions): Parameters<typeof withFileLock>[1] {
  return {
    deadlineMs: LOCK_DEADLINE_MS,
    onWait: (pid) =>
      options.onLog?.(`waiting for process ${pid}, which is starting a stack in ${layout.dataDir}`),
  };
}

/** What an earlier owner left behind is ended; a stack that is somebody's is not touched. */
async function clearLeftovers(
  layout: StackLayout,
  state: StackState,
  options: StartStackOptions,
): Promise<void> {
  const alive: ProcessIdentity[] = [];
  for (const identity of Object.values(state.processes)) if (await isRunning(identity)) alive.push(identity);
  if (alive.length === 0) return;
  const whole = alive.length === 2 && (await probeQuestdb(questdbUrl(state.ports.questdbHttp))) === undefined;
  const owned = state.mode === 'foreground' ? await isRunning(state.owner) : whole;
  if (owned) {
    throw new LocalStackError(
      'stack.already_running',
      `a stack runs in ${layout.dataDir} (Kafka on port ${state.ports.kafka}, started by process ${state.owner.pid}): ` +
        'attach to it, or stop it first',
    );
  }
  options.onLog?.(
    `ending what an earlier stack left running (pid ${alive.map(({ pid }) => pid).join(', ')})`,
  );
  await endProcesses(alive);
}

async function endProcesses(identities: readonly ProcessIdentity[]): Promise<number> {
  let ended = 0;
  await Promise.all(
    identities.map(async (identity) => {
      if (!(await isRunning(identity))) return;
      ended += 1;
      signalIfAlive(identity.pid, 'SIGTERM');
      signalIfAlive(identity.pid, 'SIGCONT');
      const gone = async (): Promise<true | undefined> => ((await isRunning(identity)) ? undefined : true);
      if (await waitFor(gone, { deadlineMs: LEFTOVER_DEADLINE_MS, everyMs: 100 })) return;
      signalIfAlive(identity.pid, 'SIGKILL');
      await waitFor(gone, { deadlineMs: LEFTOVER_DEADLINE_MS, everyMs: 100 });
    }),
  );
  return ended;
}

/** Whether the start failed because a port that we chose is busy now. */
async function lostPortRace(options: StartStackOptions, ports: StackPorts, error: unknown): Promise<boolean> {
  if (!(error instanceof LocalStackError) || error.code !== 'stack.child_died') return false;
  if (/address already in use|could not bind/i.test(error.message)) return true;
  const fixed = new Set([options.kafkaPort, options.questdbHttpPort, options.questdbPgPort]);
  for (const port of [ports.kafka, ports.kafkaController, ports.questdbHttp, ports.questdbPg]) {
    if (!fixed.has(port) && !(await isPortFree(port))) return true;
  }
  return false;
}

class JarStack implements Stack {
  readonly origin = 'jars';
  readonly dataDir: string;
  readonly kafkaBrokers: readonly string[];
  readonly questdbHttpUrl: string;
  readonly questdbPg: StackEndpoints['questdbPg'];
  readonly questdbPgReadonly: StackEndpoints['questdbPgReadonly'];
  readonly kafka: JavaProcess;
  readonly questdb: JavaProcess;
  readonly #layout: StackLayout;
  readonly #options: StartStackOptions;
  readonly #tools: StackTools;
  readonly #watchdog: Watchdog | undefined;
  #state: StackState;
  #writing: Promise<void> = Promise.resolve();
  #unsupervise: (() => void)[] = [];
  #stopped: Promise<void> | undefined;

  constructor(layout: StackLayout, state: StackState, tools: StackTools, options: StartStackOptions) {
    this.#layout = layout;
    this.#state = state;
    this.#options = options;
    this.#tools = tools;
    this.dataDir = layout.dataDir;
    const { ports, secrets } = state;
    const pg = { host: LOOPBACK, port: ports.questdbPg, database: PG_DATABASE };
    this.kafkaBrokers = [`${LOOPBACK}:${ports.kafka}`];
    this.questdbHttpUrl = questdbUrl(ports.questdbHttp);
    this.questdbPg = { ...pg, user: PG_USER, password: secrets.pgPassword };
    this.questdbPgReadonly = { ...pg, user: PG_READONLY_USER, password: secrets.pgReadonlyPassword };
    this.kafka = new JavaProcess(kafkaSpec(this.#context('kafka')));
    this.questdb = new JavaProcess(questdbSpec(this.#context('questdb')));
    this.#watchdog =
      options.detached === true
        ? undefined
        : startWatchdog(options.ephemeral === true ? layout.dataDir : undefined);
  }

  async start(): Promise<void> {
    const prepared = [
      prepareKafka(this.#context('kafka')).then(() => this.#startProcess(this.kafka)),
      prepareQuestdb(this.#context('questdb'), this.#state.secrets).then(() =>
        this.#startProcess(this.questdb),
      ),
    ];
    try {
      await Promise.all(prepared);
    } catch (error) {
      await Promise.all([this.kafka.stop(), this.questdb.stop()]);
      await Promise.allSettled(prepared);
      // The directory stays, even if ephemeral: the error names a log in it, and another attempt may follow.
      this.#stopped = this.#stopProcesses();
      await this.#stopped;
      throw error;
    }
    this.#superviseIfAsked();
  }

  async #startProcess(child: JavaProcess): Promise<void> {
    await child.start();
    this.#options.onReady?.(child.name);
  }

  adopt(kafka: ProcessIdentity, questdb: ProcessIdentity): void {
    this.kafka.adopt(kafka);
    this.questdb.adopt(questdb);
    this.#superviseIfAsked();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    await this.#stopProcesses();
    if (this.#options.ephemeral === true)
      await rm(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }

  async #stopProcesses(): Promise<void> {
    for (const end of this.#unsupervise) end();
    await Promise.all(
      [this.kafka, this.questdb].map(async (child) => {
        await this.#tools.archives[child.name].finish(await child.stop());
      }),
    );
    await this.#writing;
    this.#watchdog?.dismiss();
  }

  #superviseIfAsked(): void {
    if (this.#options.supervise !== true) return;
    this.#unsupervise = [this.kafka, this.questdb].map((child) => supervise(child, this.#options.onLog));
  }

  #context(name: ProcessName): SpecContext {
    return {
      ...this.#tools,
      layout: this.#layout,
      ports: this.#state.ports,
      onPid: (identity) => this.#record(name, identity),
    };
  }

  /** Into the watchdog at once and into `stack.json` in turn. */
  #record(name: ProcessName, identity: ProcessIdentity | undefined): Promise<void> {
    const others = Object.entries(this.#state.processes).filter(([other]) => other !== name);
    this.#state = {
      ...this.#state,
      processes: { ...Object.fromEntries(others), ...(identity && { [name]: identity }) },
    };
    this.#watchdog?.watch(Object.values(this.#state.processes).map(({ pid }) => pid));
    const { stateFile } = this.#layout;
    this.#writing = this.#writing.then(() => writeState(stateFile, this.#state));
    return this.#writing;
  }
}
