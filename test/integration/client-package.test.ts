import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { untilDrained } from '../support/drained.ts';
import { ROOT, runIngest } from '../support/ingest.ts';
import { startTestPlatform } from '../support/platform.ts';

const START_MS = Date.UTC(2024, 0, 2, 15);
const OFFLINE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|network/i;
const BARS = `time,symbol,open,high,low,close
2024-01-02,AAA,10,11,9,10
2024-01-03,AAA,10,11,9,10.5
2024-01-02,BBB,20,21,19,20
2024-01-03,BBB,20,21,19,20.5
`;

/** A strict project of somebody who has only what the package brings, and the types of Node. */
const TSCONFIG = {
  compilerOptions: {
    ...{ strict: true, skipLibCheck: false, module: 'nodenext', target: 'es2023', types: ['node'] },
    ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, outDir: 'out' },
  },
  include: ['*.ts'],
};

/** Trades of AAA, from one number up to another, five seconds apart; the number is in the price. */
const trades = (from: number, to: number): string => {
  const rows = Array.from({ length: to - from }, (_, at) =>
    [new Date(START_MS + (from + at) * 5_000).toISOString(), 'AAA', 100 + (from + at) / 1_000, 1].join(','),
  );
  return ['time,symbol,price,size', ...rows, ''].join('\n');
};
const pricesOf = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => 100 + (from + at) / 1_000);

describe('the client as npm installs it', () => {
  let folder: string;
  let platform: Platform;
  /** Why nothing could be installed. */
  let offline: string | undefined;

  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'tickwell-npm-')));
    const packed = run(process.execPath, [
      '--input-type=module',
      '--eval',
      `import { packClient } from ${JSON.stringify(join(ROOT, 'scripts/client-package.mjs'))};
       process.stderr.write('\\n' + await packClient(${JSON.stringify(folder)}))`,
    ]);
    const tarball = packed.stderr.trim().split('\n').at(-1) ?? '';
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'stranger', private: true, type: 'module' }),
    );
    const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    const tools = ['typescript', '@types/node'].map((name) => `${name}@${devDependencies[name] ?? ''}`);
    const installed = spawnSync('npm', ['install', '--no-audit', '--no-fund', tarball, ...tools], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (installed.status !== 0) {
      if (!OFFLINE.test(installed.stderr)) throw new Error(`npm install: ${installed.stderr}`);
      offline = `no package can be installed here: ${installed.stderr.split('\n')[0] ?? ''}`;
      return;
    }
    cpSync(join(ROOT, 'test/support/npm-consumer/consumer.ts'), join(folder, 'consumer.ts'));
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    platform = await startTestPlatform();
    await ingest('bars', BARS, { kind: 'bars', interval: '1d' });
    await ingest('first', trades(0, 50), { kind: 'trades' });
  }, 400_000);
  afterAll(async () => {
    // Absent where it could not start, or was not needed.
    await (platform as Platform | undefined)?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function ingest(dataset: string, csv: string, of: Readonly<Record<string, string>>): Promise<void> {
    const path = join(folder, `${dataset}.csv`);
    writeFileSync(path, csv);
    const { code, output } = await runIngest(platform.endpoints, {
      type: 'files',
      files: [{ path, dataset, ...of }],
    }).ended;
    expect(code, output.slice(-2_000)).toBe(0);
    await untilDrained(platform.endpoints);
  }

  function skipOffline({ skip }: TestContext): void {
    if (offline !== undefined) skip(offline);
  }

  function run(command: string, args: readonly string[], cwd = folder): { stdout: string; stderr: string } {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
    return { stdout, stderr };
  }

  function consumer(node: string, ...args: string[]): unknown {
    return JSON.parse(run(node, [join(folder, 'out/consumer.js'), platform.grpcAddress, ...args]).stdout);
  }

  /** This one, and others of this machine that the package is for. */
  function nodes(): readonly string[] {
    const found = new Map([[process.version, process.execPath]]);
    for (const place of (process.env['PATH'] ?? '').split(delimiter)) {
      const node = join(place, 'node');
      const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout as string | null;
      const [major = 0, minor = 0] = (version ?? '').slice(1).split('.').map(Number);
      if (version !== null && (major > 20 || (major === 20 && minor >= 19)) && !found.has(version.trim()))
        found.set(version.trim(), node);
    }
    return [...found.values()];
  }

  it('has nothing of the workspace left in it', (context) => {
    skipOffline(context);
    const place = join(folder, 'node_modules/@tickwell');
    for (const file of ['client/index.js', 'client/index.d.ts', 'client/package.json'])
      expect(readFileSync(join(place, file), 'utf8'), file).not.toMatch(
        /from\s+["']@tickwell\/|import\(["']@tickwell|"@tickwell\/(?!client")/,
      );
    const { version } = JSON.parse(readFileSync(join(place, 'client/package.json'), 'utf8')) as {
      version: string;
    };
    const [newest = ''] = /^## .*$/m.exec(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8')) ?? [];
    expect(version).toMatch(newest === '## Unreleased' ? /^\d+\.\d+\.\d+-unreleased$/ : /^\d+\.\d+\.\d+$/);
    const names = run('npm', ['ls', '--omit=dev', '--parseable', '--depth=1']).stdout;
    expect(names).toContain('@grpc/grpc-js');
    expect(names.match(/@tickwell\/[a-z-]+/g)).toEqual(['@tickwell/client']);
  });

  it("is type-checked with a stranger's strict program and every program of its README, the types of its dependencies too", (context) => {
    skipOffline(context);
    const readme = readFileSync(join(folder, 'node_modules/@tickwell/client/README.md'), 'utf8');
    const programs = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, program = '']) => program);
    expect(programs.length).toBeGreaterThan(4);
    for (const [at, program] of programs.entries()) writeFileSync(join(folder, `readme-${at}.ts`), program);
    run(process.execPath, [join(folder, 'node_modules/typescript/bin/tsc'), '-p', folder]);
  });

  it('reads, follows, goes on and fails as it says, on every Node of this machine', async (context) => {
    skipOffline(context);
    for (const [turn, node] of nodes().entries()) {
      const [before, after] = [50 + turn * 30, 80 + turn * 30];
      expect(consumer(node, 'history'), node).toEqual({
        symbols: ['AAA', 'BBB'],
        closes: ['2024-01-02T00:00:00Z 10', '2024-01-03T00:00:00Z 10.5'],
        table: [
          [10, 20],
          [10.5, 20.5],
        ],
        many: ['AAA 10', 'AAA 10.5', 'BBB 20', 'BBB 20.5'],
      });
      const first = consumer(node, 'since', '0') as { position: string };
      expect(first).toMatchObject({ prices: pricesOf(0, before), events: before });
      await ingest(`more${turn}`, trades(before, after), { kind: 'trades' });
      expect(consumer(node, 'after', first.position)).toMatchObject({ prices: pricesOf(before, after) });
      expect(consumer(node, 'errors')).toEqual({
        interval: [
          'invalid-argument',
          false,
          expect.stringContaining('GetBars: interval: "x" is not an interval'),
        ],
        signal: ['cancelled', false, 'cancelled by the caller'],
        document: [
          'invalid-argument',
          false,
          expect.stringContaining('/symbls is not known (did you mean symbols?)'),
        ],
        nobody: ['unavailable', true, expect.any(String)],
      });
    }
  }, 300_000);

  it('can be required by CommonJS', (context) => {
    skipOffline(context);
    const program = `process.stdout.write(typeof require('@tickwell/client').connect)`;
    for (const node of nodes())
      expect(run(node, ['--input-type=commonjs', '-e', program]).stdout).toBe('function');
  });
});
