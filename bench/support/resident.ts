import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const KIB = 1024;
const SAMPLE_MS = 500;

/** A process under observation; the pid changes when it is restarted, and is undefined while it does not run. */
export interface Watched {
  readonly name: string;
  readonly pid: () => number | undefined;
}

/** Resident bytes of one process over one stretch of work. */
export interface Stretch {
  readonly highest: number;
  /** The last sample. */
  readonly last: number;
}

/** Samples the resident memory of processes, as the system counts it, while they work. */
export class ResidentSampler {
  readonly #watched: readonly Watched[];
  readonly #samples = new Map<string, number[]>();
  readonly #timer: NodeJS.Timeout;
  #sampling: Promise<void> = Promise.resolve();

  constructor(watched: readonly Watched[]) {
    this.#watched = watched;
    this.#timer = setInterval(() => {
      // A process may end between the look at its pid and the answer; the next sample is not far.
      this.#sampling = this.#sample().catch(() => undefined);
    }, SAMPLE_MS);
  }

  /** What was seen since the last call, after one more look. */
  async take(): Promise<ReadonlyMap<string, Stretch>> {
    await this.#sampling;
    await this.#sample();
    const stretches = [...this.#samples].map(([name, bytes]): [string, Stretch] => [
      name,
      { highest: Math.max(...bytes), last: bytes.at(-1) ?? Number.NaN },
    ]);
    this.#samples.clear();
    return new Map(stretches);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #sample(): Promise<void> {
    const nameOf = new Map<number, string>();
    for (const { name, pid } of this.#watched) {
      const now = pid();
      if (now !== undefined) nameOf.set(now, name);
    }
    const { stdout } = await run('ps', ['-o', 'pid=,rss=', '-p', [...nameOf.keys()].join(',')]);
    for (const line of stdout.trim().split('\n')) {
      const [pid, kib] = line.trim().split(/\s+/).map(Number);
      const name = nameOf.get(pid ?? 0);
      // A process that is ending has no memory left.
      if (name === undefined || kib === undefined || kib === 0) continue;
      const samples = this.#samples.get(name);
      if (samples === undefined) this.#samples.set(name, [kib * KIB]);
      else samples.push(kib * KIB);
    }
  }
}
