import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage, TickwellError } from '@tickwell/domain';
import { identify, isPortFree, withFileLock, type ProcessIdentity } from '@tickwell/local-stack';
import { instanceOption } from '../context.ts';
import { startPlatform, type Platform, type PlatformOptions } from './platform.ts';
import { stepTeller, type OnStep, type StartStep } from './steps.ts';
import {
  instancePaths,
  livePlatform,
  writePlatformState,
  type InstancePaths,
  type PlatformState,
} from './platform-state.ts';

const LOCK_DEADLINE_MS = 10_000;
const PUBLISH_EVERY_MS = 1_000;
/** Services that die again and again tell of it for as long as the platform runs. */
const KEPT_STEPS = 100;

/** Another process runs this instance. */
export const PLATFORM_RUNNING = 'platform-running';

/** What `run`, `up` and `demo` may choose. */
export interface HostOptions extends Pick<
  PlatformOptions,
  | 'root'
  | 'dataDir'
  | 'env'
  | 'grpcPort'
  | 'kafkaPort'
  | 'questdbHttpPort'
  | 'questdbPgPort'
  | 'copies'
  | 'signal'
> {
  readonly instance: string;
  /** What has been done, and progress and failures of parts (`log`), also after the start. */
  readonly onStep: OnStep;
}

/** A platform that this process runs, and whose state others read from `platform.json`. */
export class PlatformHost {
  readonly platform: Platform;
  readonly #publisher: Publisher;

  private constructor(platform: Platform, publisher: Publisher) {
    this.platform = platform;
    this.#publisher = publisher;
  }

  /**
   * Starts it all, or says why not: `platform-running` where another process runs this instance, `port-busy`, or what the failing
   * part says.
   */
  static async start(options: HostOptions): Promise<PlatformHost> {
    const paths = instancePaths(options.dataDir);
    mkdirSync(paths.logDir, { recursive: true });
    const publisher = await claim(paths, options);
    const onStep: OnStep = (step) => {
      publisher.step(step);
      options.onStep(step);
    };
    const tell = stepTeller(onStep);
    try {
      if (options.grpcPort !== 0) await requireGrpcPort(options.grpcPort);
      const platform = await startPlatform({
        ...options,
        ephemeral: false,
        supervise: true,
        onStep,
        onLog: (line) => {
          tell('log', line);
        },
      });
      publisher.ready(platform);
      return new PlatformHost(platform, publisher);
    } catch (error) {
      publisher.failed(errorMessage(error));
      throw error;
    }
  }

  /** Services drain, then Kafka and QuestDB end. The file then says so. */
  async stop(): Promise<void> {
    this.#publisher.stopping();
    await this.platform.stop();
    this.#publisher.stopped();
  }
}

/** One process per instance: the state file, written under a lock, says whose it is. */
async function claim(paths: InstancePaths, { instance }: HostOptions): Promise<Publisher> {
  const owner = await identify(process.pid);
  if (owner === undefined) throw new Error(`process ${process.pid} cannot find itself`);
  return withFileLock(paths.lockFile, { deadlineMs: LOCK_DEADLINE_MS }, async () => {
    const running = await livePlatform(paths.stateFile);
    if (running !== undefined && running.state !== 'failed') {
      throw new TickwellError(
        PLATFORM_RUNNING,
        `platform "${instance}" is run by process ${running.owner.pid} already (${running.state}): ` +
          `use it, end it with "tickwell down${instanceOption(instance)}", or choose another --instance`,
      );
    }
    return new Publisher(paths, owner);
  });
}

async function requireGrpcPort(port: number): Promise<void> {
  if (await isPortFree(port)) return;
  throw new TickwellError(
    'port-busy',
    `port ${port} for gRPC is in use by another program: stop it, or choose another with --grpc-port`,
  );
}

/** Keeps `platform.json` true while the platform lives. */
class Publisher {
  readonly #paths: InstancePaths;
  #state: PlatformState;
  #platform: Platform | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(paths: InstancePaths, owner: ProcessIdentity) {
    this.#paths = paths;
    this.#state = {
      version: 1,
      state: 'starting',
      owner,
      message: 'starting Kafka and QuestDB',
      startedAtMs: Date.now(),
      logFile: join(paths.logDir, 'platform.log'),
      services: [],
    };
    this.#write();
  }

  step(step: StartStep): void {
    const steps = [...(this.#state.steps ?? []), step].slice(-KEPT_STEPS);
    this.#state = { ...this.#state, message: step.text, steps };
    this.#write();
  }

  ready(platform: Platform): void {
    this.#platform = platform;
    const { endpoints, grpcAddress, stack } = platform;
    this.#state = {
      ...this.#state,
      state: 'ready',
      message: '',
      // Only the named fields: a stack that this process controls carries much more.
      endpoints: {
        kafkaBrokers: endpoints.kafkaBrokers,
        questdbHttpUrl: endpoints.questdbHttpUrl,
        questdbPg: endpoints.questdbPg,
        questdbPgReadonly: endpoints.questdbPgReadonly,
      },
      stackOrigin: stack.origin,
      grpcAddress,
    };
    this.#write();
    // Pids and restarts change under supervision.
    this.#timer = setInterval(() => {
      this.#write();
    }, PUBLISH_EVERY_MS);
    this.#timer.unref();
  }

  failed(message: string): void {
    clearInterval(this.#timer);
    this.#state = { ...this.#state, state: 'failed', message };
    this.#write();
  }

  stopping(): void {
    clearInterval(this.#timer);
    this.#state = { ...this.#state, state: 'stopping', message: 'draining' };
    this.#write();
  }

  stopped(): void {
    this.#state = { ...this.#state, state: 'stopping', message: 'stopped' };
    this.#write();
  }

  #write(): void {
    const services = (this.#platform?.services ?? []).map((service) => ({
      name: service.spec.name,
      copy: service.spec.copy,
      pid: service.pid,
      metricsPort: service.spec.metricsPort,
      restarts: service.restarts,
      startedAtMs: service.startedAtMs,
      logFile: service.spec.logFile,
    }));
    const next = { ...this.#state, services };
    if (JSON.stringify(next) === this.#written) return;
    this.#written = JSON.stringify(next);
    writePlatformState(this.#paths.stateFile, next);
  }

  #written = '';
}
