import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { tickwellHome } from '@tickwell/local-stack';
import type { Answers, Plan } from './plan.ts';

const run = promisify(execFile);
const SCRIPTS = join(import.meta.dirname, 'python');
const INSTALL_MS = 300_000;
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
  const folder = join(tickwellHome(), 'venv');
  const python = join(folder, 'bin/python');
  try {
    await mkdir(tickwellHome(), { recursive: true });
    if (!existsSync(python)) await run('python3', ['-m', 'venv', folder], { timeout: INSTALL_MS });
    await install(folder, 'requirements.txt', []);
  } catch (error) {
    return `Python clients could not be installed: ${reasonOf(error)}`;
  }
  const ownFolder = join(folder, 'ibapi10');
  const ibapi10 = await install(folder, 'requirements-ibapi10.txt', ['--target', ownFolder]).then(
    () => ({ python, script: join(SCRIPTS, 'ibapi_client.py'), path: ownFolder }),
    () => undefined,
  );
  return {
    ibapi: { python, script: join(SCRIPTS, 'ibapi_client.py'), path: '' },
    ibAsync: { python, script: join(SCRIPTS, 'ib_async_client.py'), path: '' },
    ibapi10,
  };
}

/** Once per content of the requirements: the stamp bears their hash. */
async function install(folder: string, requirements: string, extra: readonly string[]): Promise<void> {
  const file = join(SCRIPTS, requirements);
  const hash = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
    .slice(0, 12);
  const stamp = join(folder, `ib-gateway-sim-${requirements}-${hash}`);
  if (existsSync(stamp)) return;
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--upgrade'];
  await run(join(folder, 'bin/python'), [...pip, ...extra, '-r', file], { timeout: INSTALL_MS });
  await writeFile(stamp, '');
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  return text.split('\n').find((line) => line.includes('ERROR')) ?? text.split('\n')[0] ?? '';
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
