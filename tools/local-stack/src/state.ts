import { randomBytes, randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { LocalStackError, systemErrorCode } from './errors.ts';
import type { ProcessIdentity } from './process-identity.ts';
import type { ProcessName } from './types.ts';

export interface StackSecrets {
  readonly pgPassword: string;
  readonly pgReadonlyPassword: string;
}

export interface StackPorts {
  readonly kafka: number;
  readonly kafkaController: number;
  readonly questdbHttp: number;
  readonly questdbPg: number;
}

/** `stack.json`: how another process finds the stack, or what is left of it. Passwords inside, so mode 600. */
export interface StackState {
  readonly version: 1;
  readonly mode: 'foreground' | 'detached';
  /** The process that started it; in the foreground it also ends with that process. */
  readonly owner: ProcessIdentity;
  readonly ports: StackPorts;
  readonly secrets: StackSecrets;
  /** Empty once stopped; the ports and passwords are kept for the next start. */
  readonly processes: Readonly<Partial<Record<ProcessName, ProcessIdentity>>>;
}

export function newSecrets(): StackSecrets {
  return {
    pgPassword: randomBytes(18).toString('base64url'),
    pgReadonlyPassword: randomBytes(18).toString('base64url'),
  };
}

/** @throws LocalStackError `stack.bad_state` when the file is there and is not ours. */
export async function readState(path: string): Promise<StackState | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
  const state = parseState(text);
  if (state !== undefined) return state;
  throw new LocalStackError(
    'stack.bad_state',
    `${path} is not a stack file of this version: stop what it started, then remove it`,
  );
}

/** By rename, so that a reader never sees half of it. */
export async function writeState(path: string, state: StackState): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Undefined for anything that is not a complete state of version 1. */
export function parseState(text: string): StackState | undefined {
  const value = record(parseJson(text));
  const owner = identity(value?.['owner']);
  const ports = portsOf(value?.['ports']);
  const secrets = secretsOf(value?.['secrets']);
  const processes = record(value?.['processes']);
  const mode = value?.['mode'];
  if (value?.['version'] !== 1 || (mode !== 'foreground' && mode !== 'detached')) return undefined;
  if (owner === undefined || ports === undefined || secrets === undefined || processes === undefined)
    return undefined;
  const kafka = identity(processes['kafka']);
  const questdb = identity(processes['questdb']);
  return {
    version: 1,
    mode,
    owner,
    ports,
    secrets,
    processes: { ...(kafka && { kafka }), ...(questdb && { questdb }) },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}

function identity(value: unknown): ProcessIdentity | undefined {
  const fields = record(value);
  const pid = fields?.['pid'];
  const startToken = fields?.['startToken'];
  return typeof pid === 'number' && typeof startToken === 'string' ? { pid, startToken } : undefined;
}

function portsOf(value: unknown): StackPorts | undefined {
  const fields = record(value);
  const kafka = fields?.['kafka'];
  const kafkaController = fields?.['kafkaController'];
  const questdbHttp = fields?.['questdbHttp'];
  const questdbPg = fields?.['questdbPg'];
  return isPort(kafka) && isPort(kafkaController) && isPort(questdbHttp) && isPort(questdbPg)
    ? { kafka, kafkaController, questdbHttp, questdbPg }
    : undefined;
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}

function secretsOf(value: unknown): StackSecrets | undefined {
  const fields = record(value);
  const pgPassword = fields?.['pgPassword'];
  const pgReadonlyPassword = fields?.['pgReadonlyPassword'];
  return typeof pgPassword === 'string' && typeof pgReadonlyPassword === 'string'
    ? { pgPassword, pgReadonlyPassword }
    : undefined;
}
