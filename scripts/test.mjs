import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { handOver, install, ROOT } from './bootstrap.mjs';

const args = process.argv.slice(2);
const APT_TIMEOUT_MS = 180_000;

/** Servers and readers that are not ours, by package, and what is skipped without them. */
const BROUGHT = [
  { command: 'kcat', version: '-V', package: 'kcat', skipped: 'the tests that read topics with it' },
  {
    command: 'redis-server',
    version: '--version',
    package: 'redis-server',
    skipped: 'the tests of the cache that processes share',
  },
];

/** Brings what tests need besides where this may install it; those tests are skipped elsewhere, and say so. */
function bringTools() {
  const missing = BROUGHT.filter(({ command, version }) => spawnSync(command, [version]).error !== undefined);
  if (missing.length === 0) return;
  const apt = (...command) =>
    spawnSync('apt-get', [...command, '-qq'], {
      stdio: 'ignore',
      timeout: APT_TIMEOUT_MS,
      // Debian starts a server once it is installed; the tests start their own.
      env: { ...process.env, RUNLEVEL: '1', DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  const mayInstall = process.platform === 'linux' && process.getuid?.() === 0 && apt('update');
  for (const { command, package: name, skipped } of missing) {
    if (mayInstall && apt('install', '-y', '--no-install-recommends', name)) continue;
    process.stderr.write(`${command} is not installed: ${skipped} are skipped\n`);
  }
}

install();
if (!args.includes('unit')) bringTools();
handOver([join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...args]);
