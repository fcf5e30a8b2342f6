/**
 * Makes package-lock.json anew, in an empty folder: with node_modules beside it npm 11 drops the optional packages of other
 * platforms from the lock, and `npm ci` then refuses on a fresh clone. Run it after changing a dependency, then `npm ci`.
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
