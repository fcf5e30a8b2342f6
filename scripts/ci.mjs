/** What .ci/run does: the checks, then the tests of the README. Every step runs, so that one run shows all that is wrong. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { install, pinnedEnvironment, ROOT } from './bootstrap.mjs';

const CHECKS = [
  ['format', 'npm', ['run', '--silent', 'format:check']],
  ['schemas', 'npm', ['run', '--silent', 'proto:check']],
  ['boundaries', 'npm', ['run', '--silent', 'boundaries']],
  ['dead code', 'npm', ['run', '--silent', 'deadcode']],
  ['types', 'npm', ['run', '--silent', 'typecheck']],
  ['lint', 'npm', ['run', '--silent', 'lint']],
];
const CLOSING = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/m;

function run(name, command, args) {
  process.stdout.write(`\n=== ${name}\n`);
  const started = process.hrtime.bigint();
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: pinnedEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        process.stdout.write(text);
      });
    }
    child.on('close', (code) => {
      const seconds = Number((process.hrtime.bigint() - started) / 1_000_000_000n);
      process.stdout.write(
        `=== ${name}: ${code === 0 ? 'ok' : `FAILED (exit ${code})`} after ${seconds} s\n`,
      );
      resolve({ ok: code === 0, output });
    });
  });
}

install();
const counts = { passed: 0, failed: 0, skipped: 0 };
const broken = [];
for (const [name, command, args] of CHECKS) {
  const { ok } = await run(name, command, args);
  counts[ok ? 'passed' : 'failed'] += 1;
  if (!ok) broken.push(name);
}
const tests = await run('tests', 'node', [join(ROOT, 'scripts/test.mjs')]);
const closing = CLOSING.exec(tests.output);
counts.passed += Number(closing?.[1] ?? 0);
counts.skipped += Number(closing?.[3] ?? 0);
counts.failed += Math.max(Number(closing?.[2] ?? 0), tests.ok ? 0 : 1);
if (!tests.ok) broken.push('tests');
if (closing === null || Number(closing[1]) === 0) {
  broken.push('tests (none ran)');
  counts.failed += 1;
}
if (broken.length > 0) process.stdout.write(`\nfailed: ${broken.join(', ')}\n`);
process.stdout.write(
  `\n${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}\n`,
);
process.exit(broken.length === 0 ? 0 : 1);
