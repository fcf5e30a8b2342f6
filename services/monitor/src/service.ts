import type { ConfigReader } from '@tickwell/config';
import type { Clock, EventLog, Logger } from '@tickwell/ports';
import type { MonitorTask } from './task.ts';
import { TaskHost } from './task-host.ts';

/** Something that runs beside the tasks, in every copy: a FlowService, whose partitions the copies share. It closes its own log. */
interface Hosted {
  run(): Promise<void>;
  stop(): Promise<void>;
}

export interface MonitorParts {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly groupId: string;
  /** What the tasks follow; started before the first of them, not yet when it is given. */
  readonly config: ConfigReader;
  /** The connection to query that the tasks share. */
  readonly query: { close(): void };
  readonly tasks: readonly MonitorTask[];
  readonly hosted: readonly Hosted[];
}

/** Watches over the platform as an ordinary client of query and reader of topics: tasks in one copy at a time, flows in all. */
export class MonitorService {
  readonly #parts: MonitorParts;
  readonly #host: TaskHost;
  #ready = false;
  #stopping: Promise<void> | undefined;

  constructor(parts: MonitorParts) {
    this.#parts = parts;
    this.#host = new TaskHost(parts);
  }

  /** Works until {@link stop} (resolves) or a failure that only a restart can mend (rejects). */
  async run(): Promise<void> {
    const { config, hosted } = this.#parts;
    try {
      await config.start();
      if (this.#stopping !== undefined) return;
      this.#ready = true;
      await Promise.all([this.#host.run(), config.done, ...hosted.map((each) => each.run())]);
    } finally {
      await this.stop();
    }
  }

  /** Ends the tasks, drains the flows, closes. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Undefined: it works. Otherwise why not. */
  notReady(): string | undefined {
    return this.#ready ? this.#host.problem() : 'the configuration is not read yet';
  }

  async #stop(): Promise<void> {
    this.#ready = false;
    const { config, hosted, query, log } = this.#parts;
    const results = await Promise.allSettled([this.#host.stop(), ...hosted.map((each) => each.stop())]);
    await config.stop();
    query.close();
    await log.close();
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
}
