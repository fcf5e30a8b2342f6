import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { tickwellHome } from './paths.ts';

const run = promisify(execFile);
const INSTALL_MS = 300_000;

/** The Python of the environment that independent references share; made at the first use. */
export async function referencePython(): Promise<string> {
  const folder = join(tickwellHome(), 'venv');
  const python = join(folder, 'bin/python');
  await mkdir(tickwellHome(), { recursive: true });
  if (!existsSync(python)) await run('python3', ['-m', 'venv', folder], { timeout: INSTALL_MS });
  return python;
}

/** Installs pinned packages, once per content of the requirements: a stamp bears their hash. `target`: into a folder of their own. */
export async function installPython(python: string, requirements: string, target?: string): Promise<void> {
  const hash = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  const folder = dirname(dirname(python));
  const stamp = join(folder, `installed-${basename(requirements)}-${hash}`);
  if (existsSync(stamp)) return;
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--upgrade'];
  const into = target === undefined ? [] : ['--target', target];
  await run(python, [...pip, ...into, '-r', requirements], { timeout: INSTALL_MS });
  await writeFile(stamp, '');
}

/** Why there is no Python or package, on one line, for the test that is skipped without it. */
export function pythonFailure(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  return text.split('\n').find((line) => line.includes('ERROR')) ?? text.split('\n')[0] ?? '';
}
