import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

/** Path of a Python that has the given packages, in `.tickwell/venv-<name>`; made on first use. */
export async function pythonWith(name: string, packages: readonly string[]): Promise<string> {
  const folder = join(ROOT, '.tickwell', `venv-${name}`);
  const python = join(folder, 'bin/python');
  const stamp = join(folder, 'ready');
  if (!existsSync(stamp)) {
    mkdirSync(join(ROOT, '.tickwell'), { recursive: true });
    await run('python3', ['-m', 'venv', folder]);
    await run(python, ['-m', 'pip', 'install', '--quiet', ...packages], { maxBuffer: 1 << 26 });
    mkdirSync(stamp);
  }
  return python;
}

/** Runs a Python script and returns what it printed as JSON on its last line. */
export async function runPython(python: string, script: string, args: readonly string[]): Promise<unknown> {
  const { stdout } = await run(python, [script, ...args], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? 'null');
}
