import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleJarPath, tickwellHome } from '@tickwell/local-stack';
import { ROOT } from './ingest.ts';

export interface CliResult {
  /** null after a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliRun {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  stdout(): string;
  readonly ended: Promise<CliResult>;
}

/** A folder of a test's own for everything that the command line keeps; only the fetched JARs are shared. */
export class CliHome {
  readonly dir: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(dir: string, env: Readonly<Record<string, string>>) {
    this.dir = dir;
    this.#env = env;
  }

  /** @param env where the platform is, for commands about one that the command line did not start. */
  static async create(env: Readonly<Record<string, string>> = {}): Promise<CliHome> {
    await sampleJarPath();
    const dir = mkdtempSync(join(tmpdir(), 'tickwell-cli-'));
    symlinkSync(join(tickwellHome(), 'jars'), join(dir, 'jars'));
    return new CliHome(dir, env);
  }

  start(...args: string[]): CliRun {
    const child = spawn(process.execPath, [join(ROOT, 'tools/cli/src/main.ts'), ...args], {
      cwd: this.dir,
      // Endpoints of the surrounding test stack would be taken for the platform's own.
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TICKWELL_HOME: this.dir, ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    return {
      child,
      stdout: () => stdout,
      ended: new Promise((resolve) => {
        child.once('close', (code) => {
          resolve({ code, stdout, stderr });
        });
      }),
    };
  }

  run(...args: string[]): Promise<CliResult> {
    return this.start(...args).ended;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
