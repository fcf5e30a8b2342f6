import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
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
  type PlatformState,
  type ReadyPlatform,
} from './platform-state.ts';

/** The first start fetches Kafka and QuestDB. */
const UP_DEADLINE_MS = 15 * 60_000;
const DOWN_DEADLINE_MS = 90_000;
const KILL_DEADLINE_MS = 10_000;
const POLL_MS = 100;

export interface UpResult {
  readonly outcome: 'started' | 'already';
  readonly platform: ReadyPlatform;
}

/** Starts a process that runs the platform and outlives this one; resolves once everything is ready. */
export async function startInBackground(
  context: CliContext,
  instance: string,
  runOptions: readonly string[],
  onProgress: (line: string) => void,
): Promise<UpResult> {
  const paths = instancePaths(context.dataDir(instance));
  const running = await livePlatform(paths.stateFile);
  if (isReady(running)) return { outcome: 'already', platform: running };
  if (running?.state === 'stopping') {
    throw new TickwellError(
      'platform-stopping',
      `platform "${instance}" is stopping (process ${running.owner.pid}): wait for it`,
    );
  }
  let exit: number | null | undefined;
  const logFile = join(paths.logDir, 'platform.log');
  if (running?.state !== 'starting') {
    mkdirSync(paths.logDir, { recursive: true });
    const log = openSync(logFile, 'a');
    const main = join(context.root, 'tools/cli/src/main.ts');
    const child = spawn(process.execPath, [main, 'run', '--instance', instance, ...runOptions], {
      cwd: context.root,
      env: { ...context.env },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    child.once('exit', (code) => (exit = code));
    child.unref();
  }
  const platform = await waitUntilReady(paths.stateFile, onProgress, () => exit !== undefined);
  if (platform !== undefined) return { outcome: 'started', platform };
  throw new TickwellError('platform-not-started', failureOf(paths.stateFile, logFile));
}

async function waitUntilReady(
  stateFile: string,
  onProgress: (line: string) => void,
  hasExited: () => boolean,
): Promise<ReadyPlatform | undefined> {
  let told = '';
  const answer = await waitFor(
    async (): Promise<ReadyPlatform | 'failed' | undefined> => {
      const exited = hasExited();
      const state = await livePlatform(stateFile);
      if (isReady(state)) return state;
      if (exited) return 'failed';
      if (state?.state === 'starting' && state.message !== told) {
        told = state.message;
        onProgress(told);
      }
      return undefined;
    },
    { deadlineMs: UP_DEADLINE_MS, everyMs: POLL_MS },
  );
  return answer === 'failed' ? undefined : answer;
}

function failureOf(stateFile: string, logFile: string): string {
  const state = readPlatformState(stateFile);
  if (state?.state === 'failed') return `${state.message} (${logFile})`;
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
  return `the platform did not start: ${(lines.at(-1) ?? '').slice(0, 500)} (${logFile})`;
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

async function gone(state: PlatformState, deadlineMs: number): Promise<boolean> {
  const ask = async (): Promise<true | undefined> => ((await isRunning(state.owner)) ? undefined : true);
  return (await waitFor(ask, { deadlineMs, everyMs: POLL_MS })) === true;
}
