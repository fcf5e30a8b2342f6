/** npm run bench [-- name ...]: runs the benchmarks (all without a name) one after the other on the pinned Node. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { install, pinnedEnvironment, ROOT } from '../scripts/bootstrap.mjs';

const all = readdirSync(import.meta.dirname ?? join(ROOT, 'bench'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -'.ts'.length));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no benchmark ${unknown.join(', ')}; there are ${all.join(', ')}\n`);
  process.exit(2);
}
install();
for (const name of wanted.length > 0 ? wanted : all) {
  process.stdout.write(`\n== ${name}\n`);
  const { status } = spawnSync('node', [join(ROOT, 'bench', `${name}.ts`)], {
    cwd: ROOT,
    env: pinnedEnvironment(),
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
