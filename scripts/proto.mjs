/**
 * Schemas: `generate` writes the generated code, the descriptor set and docs/topics.md; `check` fails when any of them is not
 * current, when buf's linter objects, or when a schema is not compatible with the last tag (else with main).
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { install, pinnedEnvironment, ROOT } from './bootstrap.mjs';

const OUTPUTS = ['libs/contracts/src/gen', 'docs/topics.md', 'docs/tables.md', 'docs/tickwell.binpb'];

function run(command, args, options = {}) {
  const done = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: pinnedEnvironment(),
    ...options,
  });
  if (done.status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed:\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

function generate(root) {
  rmSync(join(root, OUTPUTS[0]), { recursive: true, force: true });
  run('buf', ['generate', '--output', root]);
  mkdirSync(join(root, 'docs'), { recursive: true });
  run('buf', ['build', '--output', join(root, OUTPUTS[3])]);
  for (const [what, path] of [
    ['topics', OUTPUTS[1]],
    ['tables', OUTPUTS[2]],
  ]) {
    writeFileSync(join(root, path), run('node', ['scripts/catalogue-docs.ts', what]));
  }
}

function filesBelow(path) {
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { withFileTypes: true, recursive: true });
  return entries.length === 0
    ? []
    : entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function listOutputs(root) {
  return OUTPUTS.flatMap((output) => {
    const path = join(root, output);
    const files = output.endsWith('gen') ? filesBelow(path) : existsSync(path) ? [path] : [];
    return files.map((file) => relative(root, file));
  }).sort();
}

function checkCurrent() {
  const fresh = mkdtempSync(join(tmpdir(), 'tickwell-proto-'));
  try {
    generate(fresh);
    const [have, want] = [listOutputs(ROOT), listOutputs(fresh)];
    const stale = want.filter(
      (file) =>
        !have.includes(file) || !readFileSync(join(ROOT, file)).equals(readFileSync(join(fresh, file))),
    );
    const extra = have.filter((file) => !want.includes(file));
    if (stale.length + extra.length > 0)
      throw new Error(`not current: ${[...stale, ...extra].join(', ')}; run npm run proto`);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function checkCompatible() {
  const base = compatibilityBase();
  if (base === undefined) return 'no earlier schemas';
  const old = mkdtempSync(join(tmpdir(), 'tickwell-proto-base-'));
  try {
    const archive = spawnSync('git', ['archive', base, 'proto', 'buf.yaml'], {
      cwd: ROOT,
      maxBuffer: 1 << 26,
    });
    if (archive.status !== 0) return `no schemas at ${base}`;
    run('tar', ['-x', '-C', old], { input: archive.stdout });
    cpSync(join(ROOT, 'buf.yaml'), join(old, 'buf.yaml'));
    run('buf', ['breaking', '--against', old]);
    return `compatible with ${base}`;
  } finally {
    rmSync(old, { recursive: true, force: true });
  }
}

/** The last release, else main as it landed, else the commit before this one. */
function compatibilityBase() {
  const git = (...args) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  const tag = git('describe', '--tags', '--abbrev=0');
  if (tag.status === 0) return tag.stdout.trim();
  for (const name of ['origin/main', 'HEAD~1'])
    if (git('rev-parse', '--verify', '--quiet', name).status === 0) return name;
  return undefined;
}

install();
try {
  if (process.argv[2] === 'generate') {
    generate(ROOT);
  } else {
    run('buf', ['lint']);
    checkCurrent();
    process.stdout.write(`schemas: lint clean, generated files current, ${checkCompatible()}\n`);
  }
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
