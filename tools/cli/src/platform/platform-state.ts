import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TickwellError } from '@tickwell/domain';
import { isRunning, type ProcessIdentity, type StackEndpoints } from '@tickwell/local-stack';
import type { ServiceName } from './service-process.ts';
import type { StartStep } from './steps.ts';

const VERSION = 1;

/** One service process of a running platform. */
export interface ServiceState {
  readonly name: ServiceName;
  readonly copy: number;
  /** Undefined while it is being started again. */
  readonly pid?: number | undefined;
  readonly metricsPort: number;
  /** Unasked exits since the platform started. */
  readonly restarts: number;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly logFile: string;
}

/** What runs of one instance: `platform.json` in its folder. Passwords inside, so mode 600. */
export interface PlatformState {
  readonly version: typeof VERSION;
  /** `failed`: it did not start, `message` says why. */
  readonly state: 'starting' | 'ready' | 'stopping' | 'failed';
  /** The process that runs it all. */
  readonly owner: ProcessIdentity;
  /** What it is doing, or why it failed; one line. */
  readonly message: string;
  /** What has been done since the start, oldest first; the newest where there are too many. */
  readonly steps?: readonly StartStep[];
  readonly startedAtMs: number;
  readonly logFile: string;
  /** Known once Kafka and QuestDB run. */
  readonly endpoints?: StackEndpoints;
  readonly stackOrigin?: 'environment' | 'docker' | 'attached' | 'jars';
  readonly grpcAddress?: string;
  readonly services: readonly ServiceState[];
}

export type ReadyPlatform = PlatformState & {
  readonly state: 'ready';
  readonly endpoints: StackEndpoints;
  readonly grpcAddress: string;
};

/** Where everything of one instance lies. */
export interface InstancePaths {
  readonly dataDir: string;
  readonly stateFile: string;
  readonly lockFile: string;
  readonly stackDir: string;
  readonly logDir: string;
}

export function instancePaths(dataDir: string): InstancePaths {
  return {
    dataDir,
    stateFile: join(dataDir, 'platform.json'),
    lockFile: join(dataDir, 'platform.lock'),
    stackDir: join(dataDir, 'stack'),
    logDir: join(dataDir, 'logs'),
  };
}

/** By rename, so that a reader never sees half of it. */
export function writePlatformState(path: string, state: PlatformState): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The file as it was written last, whoever wrote it; undefined where there is none. */
export function readPlatformState(path: string): PlatformState | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const state = parseState(text);
  if (state !== undefined) return state;
  throw new TickwellError(
    'platform-state',
    `${path} was not written by this version: end what it names, then remove it`,
  );
}

/** The state of a platform whose process lives; a file that a dead one left behind counts as nothing. */
export async function livePlatform(path: string): Promise<PlatformState | undefined> {
  const state = readPlatformState(path);
  return state !== undefined && (await isRunning(state.owner)) ? state : undefined;
}

export function isReady(state: PlatformState | undefined): state is ReadyPlatform {
  return state?.state === 'ready' && state.endpoints !== undefined && state.grpcAddress !== undefined;
}

/** Our own file, written whole: the version decides whether the rest is as this build knows it. */
function parseState(text: string): PlatformState | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isState(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isState(value: unknown): value is PlatformState {
  if (typeof value !== 'object' || value === null) return false;
  if (!('version' in value && value.version === VERSION && 'owner' in value && 'services' in value))
    return false;
  const { owner, services } = value;
  return Array.isArray(services) && typeof owner === 'object' && owner !== null && 'pid' in owner;
}
