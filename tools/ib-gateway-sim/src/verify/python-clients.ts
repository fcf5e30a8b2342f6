import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { installPython, pythonFailure, referencePython } from '@tickwell/local-stack';
import type { Answers, Plan } from './plan.ts';

const SCRIPTS = join(import.meta.dirname, 'python');
/** A client that hangs is ended; all its waits together are shorter. */
const CLIENT_MS = 240_000;

/** A Python that has a client, and where its packages are. */
export interface PythonClient {
  readonly python: string;
  readonly script: string;
  /** In front of the packages of the environment; "": nothing. */
  readonly path: string;
}

export interface PythonClients {
  readonly ibapi: PythonClient;
  readonly ibAsync: PythonClient;
  /** IB's own client of 2026; undefined: it could not be installed. */
  readonly ibapi10: PythonClient | undefined;
}

/**
 * Brings the pinned clients into `.tickwell/venv`; what is there is used. The second "ibapi" gets a folder of its own in it.
 *
 * @returns why there are none, where there is no Python or no package index.
 */
export async function pythonClients(): Promise<PythonClients | string> {
  let python: string;
  try {
    python = await referencePython();
    await installPython(python, join(SCRIPTS, 'requirements.txt'));
  } catch (error) {
    return `Python clients could not be installed: ${pythonFailure(error)}`;
  }
  const ownFolder = join(dirname(dirname(python)), 'ibapi10');
  const ibapi10 = await installPython(python, join(SCRIPTS, 'requirements-ibapi10.txt'), ownFolder).then(
    () => ({ python, script: join(SCRIPTS, 'ibapi_client.py'), path: ownFolder }),
    () => undefined,
  );
  return {
    ibapi: { python, script: join(SCRIPTS, 'ibapi_client.py'), path: '' },
    ibAsync: { python, script: join(SCRIPTS, 'ib_async_client.py'), path: '' },
    ibapi10,
  };
}

/** What the script printed, by kind; what it wrote to stderr is `complaints`. */
export async function askWithPython(
  client: PythonClient,
  plan: Plan,
): Promise<{ readonly answers: Answers; readonly complaints: string }> {
  const child = spawn(client.python, ['-u', client.script, JSON.stringify(plan)], {
    env: { ...process.env, PYTHONPATH: client.path },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: CLIENT_MS,
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaints.length < 20_000) complaints += text;
  });
  const answers = new Map<string, unknown>();
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line) as { kind?: string; value?: unknown; failure?: string };
    if (message.failure !== undefined) complaints += `${message.failure}\n`;
    if (message.kind !== undefined) answers.set(message.kind, message.value ?? undefined);
  }
  return { answers, complaints };
}
