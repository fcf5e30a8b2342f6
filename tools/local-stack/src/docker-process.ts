import type { ContainerRuntimeClient } from 'testcontainers';
import type { Health } from './health.ts';
import { LocalStackError } from './errors.ts';
import type { ManagedProcess, ProcessExit, ProcessName } from './types.ts';
import { waitFor } from './wait.ts';

const READY_DEADLINE_MS = 120_000;
const PROBE_EVERY_MS = 100;
const STOP_DEADLINE_S = 20;
const LOG_LINES = 3;

type EngineContainer = ReturnType<ContainerRuntimeClient['container']['getById']>;

export interface DockerProcessSpec {
  readonly name: ProcessName;
  readonly label: string;
  readonly container: EngineContainer;
  readonly probe: () => Promise<Health>;
}

/** Kafka or QuestDB in a container; stopped and started as the same container, so its data stays. */
export class DockerProcess implements ManagedProcess {
  readonly name: ProcessName;
  readonly #spec: DockerProcessSpec;
  readonly #listeners = new Set<(exit: ProcessExit) => void>();
  #pid: number | undefined;
  #expected = false;
  #exited: Promise<ProcessExit> | undefined;

  constructor(spec: DockerProcessSpec) {
    this.name = spec.name;
    this.#spec = spec;
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  /** Follows the running container and resolves once it answers. */
  async ready(): Promise<void> {
    const { State: state } = await this.#spec.container.inspect();
    const pid = state.Pid;
    this.#pid = pid;
    this.#expected = false;
    const exited = this.#follow(pid);
    this.#exited = exited;
    const last: { exit: Health; probe: Health } = { exit: undefined, probe: 'it was not asked yet' };
    void exited.then((exit) => (last.exit = exit.message));
    const settled = await waitFor(
      async () => {
        last.probe = await this.#spec.probe();
        return last.probe === undefined || last.exit !== undefined ? true : undefined;
      },
      { deadlineMs: READY_DEADLINE_MS, everyMs: PROBE_EVERY_MS },
    );
    const reason = last.exit ?? last.probe;
    if (settled && reason === undefined) return;
    throw new LocalStackError(
      'stack.not_ready',
      `${this.#spec.label} did not start in its container: ${reason}`,
    );
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<ProcessExit> {
    const exited = this.#exited;
    if (exited === undefined) throw new Error(`${this.#spec.label} does not run: there is nothing to kill`);
    await this.#spec.container.kill({ signal });
    return exited;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.#spec.container.start();
    await this.ready();
  }

  async stop(): Promise<void> {
    if (this.#exited === undefined) return;
    this.#expected = true;
    const { State: state } = await this.#spec.container.inspect();
    if (state.Paused) await this.#spec.container.unpause();
    if (state.Running) await this.#spec.container.stop({ t: STOP_DEADLINE_S });
    await this.#exited;
  }

  async remove(): Promise<void> {
    await this.stop();
    await this.#spec.container.remove({ v: true, force: true });
  }

  pause(): void {
    void this.#spec.container.pause();
  }

  resume(): void {
    void this.#spec.container.unpause();
  }

  onExit(listener: (exit: ProcessExit) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async #follow(pid: number): Promise<ProcessExit> {
    await this.#spec.container.wait();
    const { State: state } = await this.#spec.container.inspect();
    const tail = await this.#spec.container.logs({ stdout: true, stderr: true, tail: LOG_LINES });
    this.#exited = undefined;
    this.#pid = undefined;
    const words = printable(tail.toString('utf8'));
    const exit: ProcessExit = {
      name: this.#spec.name,
      pid,
      code: state.ExitCode,
      signal: undefined,
      expected: this.#expected,
      message:
        `${this.#spec.label} died (exit code ${state.ExitCode}, container ${this.#spec.container.id.slice(0, 12)})` +
        `${words === '' ? '' : `: ${words}`}; log: docker logs ${this.#spec.container.id.slice(0, 12)}`,
    };
    for (const listener of this.#listeners) listener(exit);
    return exit;
  }
}

/** Docker puts a binary header before each chunk of a log. */
function printable(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replaceAll(/[^\x20-\x7e]+/g, '').trim())
    .filter((line) => line !== '')
    .join(' | ');
}
