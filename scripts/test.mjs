import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { handOver, install, ROOT } from './bootstrap.mjs';

const args = process.argv.slice(2);
const APT_TIMEOUT_MS = 180_000;

/** Brings kcat, an independent reader of topics, where this may install it; its tests are skipped elsewhere, and say so. */
function bringKcat() {
  if (spawnSync('kcat', ['-V']).error === undefined) return;
  const apt = (...command) =>
    spawnSync('apt-get', [...command, '-qq'], { stdio: 'ignore', timeout: APT_TIMEOUT_MS }).status === 0;
  const mayInstall = process.platform === 'linux' && process.getuid?.() === 0;
  if (mayInstall && apt('update') && apt('install', '-y', '--no-install-recommends', 'kcat')) return;
  process.stderr.write('kcat is not installed: the tests that read topics with it are skipped\n');
}

install();
if (!args.includes('unit')) bringKcat();
handOver([join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...args]);
