/**
 * Runs on whatever Node a machine has (20 or newer): installs the dependencies when the lock file changed, and hands over to the
 * Node the project pins. Plain JavaScript, built-ins only.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STAMP = join(ROOT, 'node_modules', '.tickwell-install');
const PINNED_NODE = join(ROOT, 'node_modules', 'node', 'bin', 'node');
const OLDEST_NODE = 20;
const PARENT_CHECK_MS = 250;

/** Installs what package-lock.json names, once per lock file. */
export function install() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_NODE)
    fail(`Node ${process.versions.node} is too old to start: install Node ${OLDEST_NODE} or newer`);
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  const stamp = existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : '';
  if (stamp === lock && existsSync(PINNED_NODE)) return;
  process.stderr.write('Installing dependencies (once per version, about a minute) ...\n');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0)
    fail('npm ci failed (its output is above): check the network and the npm registry, then try again');
  if (!existsSync(PINNED_NODE))
    fail(`the pinned Node is missing at ${PINNED_NODE}: run npm ci with install scripts allowed`);
  writeFileSync(STAMP, lock);
}

/** Environment in which `node` and every installed tool are the project's own. */
export function pinnedEnvironment() {
  const bin = join(ROOT, 'node_modules', '.bin');
  return { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}`, TICKWELL_ROOT: ROOT };
}

/** Runs a script on the pinned Node; signals go to it, its exit code becomes ours. */
export function handOver(args, cwd = ROOT) {
  const child = spawn(PINNED_NODE, args, { cwd, stdio: 'inherit', env: pinnedEnvironment() });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // Ctrl-C reaches the whole terminal group by itself; anything else only this process.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  whenOrphaned(() => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

/**
 * npm hands a signal to the shell it runs us in, and a shell may die of it without passing it on: nobody would be left to end what we
 * started. Only below npm, for elsewhere a parent may leave on purpose (nohup).
 */
function whenOrphaned(stop) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, PARENT_CHECK_MS);
  timer.unref();
}

function fail(message) {
  process.stderr.write(`tickwell: ${message}\n`);
  process.exit(1);
}
