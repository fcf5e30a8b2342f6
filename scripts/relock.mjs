/**
 * Brings package-lock.json up to date in a folder without node_modules: with them beside it npm 11 drops the optional packages of
 * other platforms from the lock, and `npm ci` then refuses on a fresh clone. It starts from the lock there is, so that nothing but
 * what a package.json asks for changes its version. Run it after changing a dependency, then `npm ci`.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from './bootstrap.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'tickwell-lock-'));
try {
  for (const file of [
    'package.json',
    '.npmrc',
    'package-lock.json',
    ...globSync('{libs,services,tools,examples}/*/package.json', { cwd: ROOT }),
  ]) {
    mkdirSync(dirname(join(scratch, file)), { recursive: true });
    cpSync(join(ROOT, file), join(scratch, file));
  }
  const npm = spawnSync('npm', ['install', '--package-lock-only', '--ignore-scripts', '--loglevel=error'], {
    cwd: scratch,
    stdio: 'inherit',
  });
  if (npm.status !== 0) process.exit(1);
  copyFileSync(join(scratch, 'package-lock.json'), join(ROOT, 'package-lock.json'));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
