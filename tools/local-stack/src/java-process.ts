import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LocalStackError } from './errors.ts';
import { fileSize, logTail } from './log-tail.ts';
import { identify, isRunning, signalIfAlive } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';
import type { Health } from './health.ts';
import type { ManagedProcess, ProcessExit, ProcessName } from './types.ts';
import { waitFor } from './wait.ts';

const ATTACHED_POLL_MS = 250;
const KILL_DEADLINE_MS = 15_000;
const PROBE_EVERY_MS = 50;

export interface JavaProcessSpec {
  readonly name: ProcessName;
  /** For people. */
  readonly label: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Its output, emptied at each start. */
  readonly outFile: string;
  /** Where it logs what went wrong; names the file in messages. */
  readonly logFile: () => Promise<string>;
  readonly probe: () => Promise<Health>;
  readonly readyDeadlineMs: number;
  readonly stopDeadlineMs: number;
  /** Told before the process is waited for, so that nobody loses track of it. */
  readonly onPid: (identity: ProcessIdentity | undefined) => Promise<void>;
}

type State =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting'; readonly ready: Promise<void> }
  | { readonly kind: 'running'; readonly life: Life };

/** One run of the process, from start to exit. */
interface Life {
  readonly identity: ProcessIdentity;
  /** Whoever asks it to go says so first. */
  expected: boolean;
  readonly exited: Promise<ProcessExit>;
}

/** A Java child, or one that an earlier process started and left running. */
export class JavaProcess implements ManagedProcess {
  readonly name: ProcessName;
  readonly #spec: JavaProcessSpec;
  readonly #listeners = new Set<(exit: ProcessExit) => void>();
  #state: State = { kind: 'stopped' };
  #life: Life | undefined;
  #spawning: Promise<Life> | undefined;
  /** How long the log was when this run began: what is before tells of earlier ones. */
  #logStart = 0;

  constructor(spec: JavaProcessSpec) {
    this.name = spec.name;
    this.#spec = spec;
  }

  get pid(): number | undefined {
    return this.#life?.identity.pid;
  }

  /** Starts it and resolves once it answers; while a start is under way, joins it. */
  start(): Promise<void> {
    if (this.#state.kind === 'running') return Promise.resolve();
    if (this.#state.kind === 'starting') return this.#state.ready;
    const ready = this.#start();
    this.#state = { kind: 'starting', ready };
    return ready;
  }

  /** Takes charge of a process that already runs. */
  adopt(identity: ProcessIdentity): void {
    const life: Life = { identity, expected: false, exited: this.#whenAttachedExits(identity) };
    this.#begin(life);
    this.#state = { kind: 'running', life };
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<ProcessExit> {
    const life = this.#life;
    if (life === undefined) throw new Error(`${this.#spec.label} does not run: there is nothing to kill`);
    signalIfAlive(life.identity.pid, signal);
    return this.#goneWithin(life, signal === 'SIGKILL' ? KILL_DEADLINE_MS : this.#spec.stopDeadlineMs);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** SIGTERM, then SIGKILL after the deadline; resolves once it is gone, with undefined when it did not run. */
  async stop(): Promise<ProcessExit | undefined> {
    // A child being spawned this moment must not be left behind.
    const life = this.#life ?? (await this.#spawning?.catch(() => undefined));
    if (life === undefined) return undefined;
    life.expected = true;
    signalIfAlive(life.identity.pid, 'SIGTERM');
    // A paused process would keep the signal until it is resumed.
    signalIfAlive(life.identity.pid, 'SIGCONT');
    return this.#goneWithin(life, this.#spec.stopDeadlineMs);
  }

  pause(): void {
    if (this.pid !== undefined) signalIfAlive(this.pid, 'SIGSTOP');
  }

  resume(): void {
    if (this.pid !== undefined) signalIfAlive(this.pid, 'SIGCONT');
  }

  onExit(listener: (exit: ProcessExit) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async #start(): Promise<void> {
    this.#spawning = this.#spawn();
    const life = await this.#spawning;
    let gone: ProcessExit | undefined;
    void life.exited.then((exit) => (gone = exit));
    let reason: Health = 'it was not asked yet';
    const settled = await waitFor(
      async () => {
        if (gone !== undefined) return true;
        reason = await this.#spec.probe();
        return reason === undefined ? true : undefined;
      },
      { deadlineMs: this.#spec.readyDeadlineMs, everyMs: PROBE_EVERY_MS },
    );
    // The probe may have been answered by a stranger on the port while ours was dying of the busy port.
    if (gone === undefined && settled && (await isRunning(life.identity))) {
      this.#state = { kind: 'running', life };
      return;
    }
    if (settled) {
      const exit = await life.exited;
      throw new LocalStackError('stack.child_died', exit.message.replace(' died', ' died while starting'));
    }
    const logFile = await this.#spec.logFile();
    await this.stop();
    throw new LocalStackError(
      'stack.not_ready',
      `${this.#spec.label} did not answer within ${this.#spec.readyDeadlineMs / 1000} s (${reason}); log: ${logFile}`,
    );
  }

  async #spawn(): Promise<Life> {
    const { command, args, cwd, outFile } = this.#spec;
    await mkdir(dirname(outFile), { recursive: true });
    this.#logStart = await fileSize(await this.#spec.logFile());
    const out = await open(outFile, 'w');
    try {
      // Its own process group: Ctrl-C at the terminal is for us, who then stop things in order.
      const child = spawn(command, args, { cwd, stdio: ['ignore', out.fd, out.fd], detached: true });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', reject);
      });
      child.unref();
      return await this.#ownLife(child);
    } catch (error) {
      this.#state = { kind: 'stopped' };
      throw error;
    } finally {
      await out.close();
    }
  }

  async #ownLife(child: ChildProcess): Promise<Life> {
    const pid = child.pid ?? 0;
    const left = new Promise<{ code: number | undefined; signal: NodeJS.Signals | undefined }>((resolve) => {
      child.once('exit', (code, signal) => {
        resolve({ code: code ?? undefined, signal: signal ?? undefined });
      });
    });
    const identity = (await identify(pid)) ?? { pid, startToken: 'gone' };
    const life: Life = {
      identity,
      expected: false,
      exited: left.then(({ code, signal }) => this.#describeExit(identity, code, signal)),
    };
    this.#begin(life);
    await this.#spec.onPid(identity);
    return life;
  }

  /** The system tells only a parent, so an attached process is looked at now and then. */
  #whenAttachedExits(identity: ProcessIdentity): Promise<ProcessExit> {
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        void isRunning(identity).then((runs) => {
          if (runs) return;
          clearInterval(timer);
          resolve(this.#describeExit(identity, undefined, undefined));
        });
      }, ATTACHED_POLL_MS);
      timer.unref();
    });
  }

  #begin(life: Life): void {
    this.#life = life;
    void life.exited.then(async (exit) => {
      if (this.#life === life) {
        this.#life = undefined;
        this.#state = { kind: 'stopped' };
      }
      await this.#spec.onPid(undefined);
      for (const listener of this.#listeners) listener({ ...exit, expected: life.expected });
    });
  }

  async #describeExit(
    { pid }: ProcessIdentity,
    code: number | undefined,
    signal: NodeJS.Signals | undefined,
  ): Promise<ProcessExit> {
    const logFile = await this.#spec.logFile();
    const words = (await logTail(this.#spec.outFile)) || (await logTail(logFile, this.#logStart));
    const how = signal ?? (code === undefined ? 'unknown exit code' : `exit code ${code}`);
    const message = `${this.#spec.label} died (${how}, pid ${pid})${words === '' ? '' : `: ${words}`}; log: ${logFile}`;
    return { name: this.#spec.name, pid, code, signal, expected: false, message };
  }

  async #goneWithin(life: Life, deadlineMs: number): Promise<ProcessExit> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, deadlineMs, undefined);
    });
    // What tells of the exit does not keep this process alive; waiting for it does.
    const keepAlive = setInterval(() => undefined, deadlineMs);
    try {
      const exit = await Promise.race([life.exited, late]);
      if (exit === undefined) signalIfAlive(life.identity.pid, 'SIGKILL');
      return { ...(exit ?? (await life.exited)), expected: life.expected };
    } finally {
      clearTimeout(timer);
      clearInterval(keepAlive);
    }
  }
}
