import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomUUID } from 'node:crypto';
import { LocalStackError, systemErrorCode } from './errors.ts';
import { identify, isRunning } from './process-identity.ts';
import { waitFor } from './wait.ts';

export interface LockOptions {
  /** How long another live holder is waited for. */
  readonly deadlineMs: number;
  /** Called once when somebody else holds it. */
  readonly onWait?: ((holderPid: number) => void) | undefined;
}

/**
 * Runs `work` while holding a lock file. A holder that died (its pid and start time no longer run) is pushed aside.
 *
 * @throws LocalStackError `stack.locked` when a live process keeps it past the deadline.
 */
export async function withFileLock<T>(
  path: string,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const mine = await acquire(path, options);
  try {
    return await work();
  } finally {
    await release(path, mine);
  }
}

async function acquire(path: string, options: LockOptions): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const self = await identify(process.pid);
  const mine = `${process.pid} ${self?.startToken ?? ''} ${randomUUID()}`.replaceAll('\n', ' ');
  let told = false;
  let holderPid = 0;
  const taken = await waitFor(
    async () => {
      if (await tryCreate(path, mine)) return true;
      const holder = await readHolder(path);
      if (holder === undefined) return undefined;
      if (!(await isRunning(holder))) await pushAside(path, holder.text);
      else if (!told) {
        told = true;
        options.onWait?.(holder.pid);
      }
      holderPid = holder.pid;
      return undefined;
    },
    { deadlineMs: options.deadlineMs, everyMs: 100 },
  );
  if (taken) return mine;
  throw new LocalStackError(
    'stack.locked',
    `${path} is held by process ${holderPid}, which still runs: wait for it, or stop it`,
  );
}

/** By link, because the file must never be seen without its content: a reader would take it for a dead holder's. */
async function tryCreate(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${process.pid}.${randomUUID()}`;
  await writeFile(draft, text);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function readHolder(
  path: string,
): Promise<{ pid: number; startToken: string; text: string } | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  // What does not parse was not written by us whole: pid 0 never runs, so it is pushed aside.
  const match = /^(\d+) (.*) \S+$/.exec(text);
  return { pid: Number(match?.[1] ?? 0), startToken: match?.[2] ?? '', text };
}

/**
 * Takes a dead holder's file away. The rename decides between two that try at once; who finds that it took a newer,
 * live lock puts that one back.
 */
async function pushAside(path: string, expected: string): Promise<void> {
  const aside = `${path}.${process.pid}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  const taken = await readFile(aside, 'utf8');
  if (taken === expected) await rm(aside, { force: true });
  else await rename(aside, path);
}

async function release(path: string, mine: string): Promise<void> {
  const holder = await readHolder(path);
  if (holder?.text === mine) await rm(path, { force: true });
}
