import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TickwellError } from '@tickwell/domain';

const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 25_000;
const PROBE_EVERY_MS = 50;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 8_000;
const MAX_RESTARTS = 20;
/** A process that ran this long was well: the count begins anew. */
const STABLE_MS = 60_000;

export type ServiceName = 'validator' | 'indicators' | 'storage' | 'query' | 'monitor';

export interface ServiceSpec {
  readonly name: ServiceName;
  /** Copies of one service are numbered from 1. */
  readonly copy: number;
  readonly metricsPort: number;
  readonly logFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Repository root. */
  readonly root: string;
  /** Progress and failures, one line each. */
  readonly onLog: (line: string) => void;
  /** Starts it again when it dies unasked. */
  readonly supervise: boolean;
}

/** One service as a child process: started, watched, restarted when it dies, drained at the end. */
export class ServiceProcess {
  readonly spec: ServiceSpec;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #stopping = false;
  /** In a row: they decide the pause before the next one, and when to give up. */
  #attempts = 0;
  #restarts = 0;
  #startedMs = 0;
  #startedAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #exitCode: number | null | undefined;

  constructor(spec: ServiceSpec) {
    this.spec = spec;
  }

  get label(): string {
    return `${this.spec.name}-${this.spec.copy}`;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** How it ended last: its exit code, null after a signal; undefined while it has not ended yet. */
  get exitCode(): number | null | undefined {
    return this.#exitCode;
  }

  /** Unasked exits that were followed by a start. */
  get restarts(): number {
    return this.#restarts;
  }

  /** When the process that runs now was started, ms since the epoch. */
  get startedAtMs(): number {
    return this.#startedAtMs;
  }

  start(): void {
    this.#stopping = false;
    this.#startedMs = performance.now();
    this.#startedAtMs = Date.now();
    const { root, name, env, metricsPort, logFile } = this.spec;
    const log = openSync(logFile, 'a');
    // The service ends when its standard input closes, which the kernel does when this process dies, however it dies.
    const child = spawn(process.execPath, [join(root, 'services', name, 'src/main.ts')], {
      cwd: root,
      stdio: ['pipe', log, log],
      // In a group of its own, so that Ctrl-C reaches only this process, which then lets the services drain in order.
      detached: true,
      env: {
        ...process.env,
        ...env,
        TICKWELL_METRICS_PORT: String(metricsPort),
        TICKWELL_EXIT_WITH_PARENT: 'true',
      },
    });
    closeSync(log);
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#child = undefined;
        this.#exitCode = code;
        resolve();
        this.#onExit(code, signal);
      });
    });
  }

  /** Resolves once /readyz answers 200; rejects with the signal's reason as soon as it fires. */
  async ready(
    options: { readonly deadlineMs?: number; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const deadline = performance.now() + (options.deadlineMs ?? READY_DEADLINE_MS);
    let reason = 'it does not answer';
    while (performance.now() < deadline) {
      options.signal?.throwIfAborted();
      const answer = await this.readiness();
      if (answer === undefined) return;
      reason = answer;
      if (this.#child === undefined && !this.spec.supervise) throw this.#startError('it died');
      await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS));
    }
    throw this.#startError(reason);
  }

  /** Undefined: ready. Otherwise why not. */
  async readiness(): Promise<string | undefined> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.spec.metricsPort}/readyz`, {
        signal: AbortSignal.timeout(2_000),
      });
      const text = await response.text();
      return response.ok ? undefined : text.trim();
    } catch {
      return 'it does not answer';
    }
  }

  /** SIGTERM, then SIGKILL after a deadline. Resolves once it is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => {
      this.spec.onLog(
        `${this.label} did not stop within ${STOP_DEADLINE_MS / 1000} s and was killed; see ${this.spec.logFile}`,
      );
      child.kill('SIGKILL');
    }, STOP_DEADLINE_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Ends it without warning, as a crash would; resolves once it is gone. Supervision starts it again. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const exited = this.#exited;
    this.#child?.kill(signal);
    await exited;
  }

  /** SIGSTOP and SIGCONT, for tests of zombies. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#stopping) return;
    const how = signal === null ? `exited with ${code}` : `was ended by ${signal}`;
    const why = `${this.label} ${how}: ${lastError(this.spec.logFile)} (${this.spec.logFile})`;
    if (performance.now() - this.#startedMs > STABLE_MS) this.#attempts = 0;
    if (!this.spec.supervise || this.#attempts >= MAX_RESTARTS) {
      this.spec.onLog(
        this.spec.supervise ? `${why}; it is not started again after ${MAX_RESTARTS} attempts` : why,
      );
      return;
    }
    this.#attempts += 1;
    this.#restarts += 1;
    this.spec.onLog(`${why}; starting it again`);
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (this.#attempts - 1), MAX_DELAY_MS);
    this.#timer = setTimeout(() => {
      this.start();
    }, delayMs);
  }

  #startError(reason: string): TickwellError {
    return new TickwellError(
      'service-not-ready',
      `${this.label} is not ready: ${reason}; ${lastError(this.spec.logFile)} (${this.spec.logFile})`,
    );
  }
}

/** The message of the last error in a log of JSON lines, for one line that says what happened. */
function lastError(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-200).reverse();
  for (const line of lines) {
    const match = /"level":(?:50|60),.*"msg":"((?:[^"\\]|\\.)*)"/.exec(line);
    if (match?.[1] !== undefined) return match[1].slice(0, 500);
  }
  return `last line: ${(lines[0] ?? '').slice(0, 300)}`;
}
