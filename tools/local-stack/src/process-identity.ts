import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { systemErrorCode } from './errors.ts';

/** A pid alone names a different process after it is reused; with its start time it does not. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startToken: string;
}

const run = promisify(execFile);
const HAS_PROC = existsSync('/proc/self/stat');

/** The identity of a live process; undefined when it is gone or a zombie. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const startToken = HAS_PROC ? await fromProc(pid) : await fromPs(pid);
  return startToken === undefined ? undefined : { pid, startToken };
}

/** Whether that very process, and not a later one with its number, still runs. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  const now = await identify(identity.pid);
  return now?.startToken === identity.startToken;
}

/** `/proc/<pid>/stat`: the name in parentheses may hold spaces, so fields are counted from the last `)`. */
export function parseProcStat(stat: string): string | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const startTicks = fields[19];
  return state === undefined || state === 'Z' || state === 'X' ? undefined : startTicks;
}

/** `ps -o stat=,lstart=`: a state such as `Ss`, then the start time; the portable way (macOS has no /proc). */
export function parsePsLine(line: string): string | undefined {
  const match = /^\s*(\S+)\s+(\S.*?)\s*$/.exec(line);
  const state = match?.[1];
  return state === undefined || state.startsWith('Z') ? undefined : match?.[2];
}

async function fromProc(pid: number): Promise<string | undefined> {
  try {
    return parseProcStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

async function fromPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      env: { ...process.env, LC_ALL: 'C' },
    });
    return parsePsLine(stdout);
  } catch {
    // ps exits 1 when there is no such process.
    return undefined;
  }
}

/** Signals a process that may be gone already. */
export function signalIfAlive(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return false;
    throw error;
  }
}
