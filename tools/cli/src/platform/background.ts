import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TickwellError } from '@tickwell/domain';
import { isRunning, signalIfAlive, stopStack } from '@tickwell/local-stack';
import type { CliContext } from '../context.ts';
import { waitFor } from '../wait.ts';
import {
  instancePaths,
  isReady,
  livePlatform,
  readPlatformState,
  type InstancePaths,
  type PlatformState,
  type ReadyPlatform,
} from './platform-state.ts';
import type { OnStep } from './steps.ts';

/** The first start fetches Kafka and QuestDB. */
const UP_DEADLINE_MS = 15 * 60_000;
const DOWN_DEADLINE_MS = 90_000;
const KILL_DEADLINE_MS = 10_000;
const POLL_MS = 100;

export interface UpResult {
  /** `already`: another process runs it, or was starting it and was waited for. */
  readonly outcome: 'started' | 'already';
  readonly platform: ReadyPlatform;
}

/**
 * Starts a process that runs the platform and outlives this one; resolves once everything is ready. Where another process starts it
 * at the same time, that one is waited for; where one stops it, its end.
 */
export async function startInBackground(
  context: CliContext,
  instance: string,
  runOptions: readonly string[],
  onStep: OnStep,
): Promise<UpResult> {
  const paths = instancePaths(context.dataDir(instance));
  const running = await joinPlatform(paths, onStep);
  if (running !== undefined) return { outcome: 'already', platform: running };
  const logFile = join(paths.logDir, 'platform.log');
  const child = spawnRun(context, paths, logFile, ['--instance', instance, ...runOptions]);
  // A child that ends because another process came first has nothing more to say: that one is joined.
  const platform = await untilStarted(paths, onStep, child.hasEnded);
  if (platform === undefined)
    throw new TickwellError('platform-not-started', failureOf(paths, { pid: child.pid, logFile }));
  return { outcome: platform.owner.pid === child.pid ? 'started' : 'already', platform };
}

/**
 * The platform that another process runs, once it is ready: one that starts is waited for. Undefined where there is none; one that
 * stops has ended by then. Rejects with `platform-not-started` where the other's start failed, or did not end in time.
 */
export async function joinPlatform(
  paths: InstancePaths,
  onStep: OnStep,
  signal?: AbortSignal,
): Promise<ReadyPlatform | undefined> {
  const found = await livePlatform(paths.stateFile);
  if (found === undefined || found.state === 'failed') return undefined;
  if (isReady(found)) return found;
  const { pid } = found.owner;
  if (found.state === 'stopping') {
    onStep({ part: 'log', text: `waiting for process ${pid}, which is stopping the platform`, afterMs: 0 });
    if (await gone(found, DOWN_DEADLINE_MS, signal)) return undefined;
    throw new TickwellError(
      'platform-stopping',
      `the platform is still stopping (process ${pid}): see ${found.logFile}`,
    );
  }
  onStep({ part: 'log', text: `waiting for process ${pid}, which is starting the platform`, afterMs: 0 });
  const platform = await untilStarted(paths, onStep, () => true, signal);
  if (platform !== undefined || signal?.aborted === true) return platform;
  throw new TickwellError('platform-not-started', failureOf(paths, { pid, logFile: found.logFile }));
}

function spawnRun(
  context: CliContext,
  paths: InstancePaths,
  logFile: string,
  options: readonly string[],
): { readonly pid: number | undefined; readonly hasEnded: () => boolean } {
  mkdirSync(paths.logDir, { recursive: true });
  const log = openSync(logFile, 'a');
  const main = join(context.root, 'tools/cli/src/main.ts');
  const child = spawn(process.execPath, [main, 'run', ...options], {
    cwd: context.root,
    env: { ...context.env },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  let ended = false;
  child.once('exit', () => (ended = true));
  child.unref();
  return { pid: child.pid, hasEnded: () => ended };
}

/**
 * Follows the start of whoever owns the instance. Undefined once nobody starts it any more and `hasEnded`: our own process, if there
 * is one, may not have written yet that it does.
 */
async function untilStarted(
  { stateFile }: InstancePaths,
  onStep: OnStep,
  hasEnded: () => boolean,
  signal?: AbortSignal,
): Promise<ReadyPlatform | undefined> {
  let told = 0;
  const answer = await waitFor(
    async (): Promise<ReadyPlatform | 'failed' | undefined> => {
      // Asked first: a process that ended has written its last by then.
      const ended = hasEnded();
      const state = await livePlatform(stateFile);
      const isUnderWay = state !== undefined && state.state !== 'failed';
      if (isUnderWay) {
        const steps = state.steps ?? [];
        for (const step of steps.slice(told)) onStep(step);
        told = steps.length;
        if (isReady(state)) return state;
      }
      return ended && !isUnderWay ? 'failed' : undefined;
    },
    { deadlineMs: UP_DEADLINE_MS, everyMs: POLL_MS, signal },
  );
  return answer === 'failed' ? undefined : answer;
}

/** What the process that was to run it said last: in the state file, else in its log. */
function failureOf(
  { stateFile }: InstancePaths,
  { pid, logFile }: { readonly pid: number | undefined; readonly logFile: string },
): string {
  const state = readPlatformState(stateFile);
  if (state?.state === 'failed' && state.owner.pid === pid) return `${state.message} (${logFile})`;
  const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').trimEnd().split('\n') : [];
  const last = (lines.at(-1) ?? 'it says nothing').replace(/^tickwell: /, '').slice(0, 500);
  return `the platform did not start: ${last} (${logFile})`;
}

export type DownResult = 'stopped' | 'not-running' | 'leftovers';

/**
 * Ends the platform of an instance: SIGTERM, then it is waited for; `force` kills what does not end. Also ends what a platform that
 * was killed left running.
 */
export async function stopInBackground(
  context: CliContext,
  instance: string,
  force: boolean,
  onProgress: (line: string) => void,
): Promise<DownResult> {
  const paths = instancePaths(context.dataDir(instance));
  const running = await livePlatform(paths.stateFile);
  if (running === undefined) return (await stopStack(paths.stackDir)) ? 'leftovers' : 'not-running';
  signalIfAlive(running.owner.pid, 'SIGTERM');
  onProgress(`draining (process ${running.owner.pid})`);
  if (await gone(running, DOWN_DEADLINE_MS)) return 'stopped';
  if (!force) {
    throw new TickwellError(
      'platform-does-not-stop',
      `process ${running.owner.pid} has not ended within ${DOWN_DEADLINE_MS / 1000} s: see ${running.logFile}, or use --force`,
    );
  }
  signalIfAlive(running.owner.pid, 'SIGKILL');
  await gone(running, KILL_DEADLINE_MS);
  await stopStack(paths.stackDir);
  return 'stopped';
}

async function gone(state: PlatformState, deadlineMs: number, signal?: AbortSignal): Promise<boolean> {
  const ask = async (): Promise<true | undefined> => ((await isRunning(state.owner)) ? undefined : true);
  return (await waitFor(ask, { deadlineMs, everyMs: POLL_MS, signal })) === true;
}
