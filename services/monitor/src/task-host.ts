import { metrics } from '@opentelemetry/api';
import { TOPICS } from '@tickwell/contracts';
import { TickwellError, errorMessage } from '@tickwell/domain';
import type {
  AssignedPartition,
  Clock,
  EventLog,
  GroupConsumer,
  Logger,
  PartitionSession,
} from '@tickwell/ports';
import type { Lease, MonitorTask } from './task.ts';

export interface TaskHostOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the copies with one group, one runs the tasks. */
  readonly groupId: string;
  readonly tasks: readonly MonitorTask[];
  /** A task that has not ended so long after its signal ends the process; 10,000 unless given. */
  readonly endDeadlineMs?: number;
}

const END_DEADLINE_MS = 10_000;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 30_000;
/** A task that ran this long was well. */
const STABLE_MS = 60_000;
/** Query may start after this service: fewer failures in a row are nobody's business. */
const TOLD_FAILURES = 5;

/**
 * Runs tasks while this process owns the one partition of `alerts` in its consumer group. The partition is only the baton: its records are
 * not read here.
 */
export class TaskHost {
  readonly #options: TaskHostOptions;
  readonly #consumer: GroupConsumer;
  /** Why tasks fail again and again, by name. */
  readonly #problems = new Map<string, string>();
  readonly #failures = metrics
    .getMeter('tickwell.monitor')
    .createCounter('tickwell_monitor_task_failures', { description: 'Runs of a task that failed' });
  #owner = false;

  constructor(options: TaskHostOptions) {
    this.#options = options;
    this.#consumer = options.log.createConsumer({ groupId: options.groupId, topics: [TOPICS.alerts.name] });
    metrics
      .getMeter('tickwell.monitor')
      .createObservableGauge('tickwell_monitor_owner', { description: '1 where this copy runs the tasks' })
      .addCallback((result) => {
        result.observe(this.#owner ? 1 : 0);
      });
  }

  /** Works until {@link stop} (resolves) or a failure that only a restart can mend (rejects). */
  run(): Promise<void> {
    return this.#consumer.run((assigned) => Promise.resolve(this.#open(assigned)));
  }

  stop(): Promise<void> {
    return this.#consumer.stop();
  }

  /** Undefined: every task is well, or runs elsewhere. */
  problem(): string | undefined {
    const [first] = this.#problems;
    return first === undefined ? undefined : `task ${first[0]} fails: ${first[1]}`;
  }

  #open(assigned: AssignedPartition): PartitionSession {
    const { tasks, logger, clock, endDeadlineMs = END_DEADLINE_MS } = this.#options;
    const closing = new AbortController();
    const signal = AbortSignal.any([assigned.signal, closing.signal]);
    const position = { offset: assigned.endOffset, metadata: '' };
    const lease: Lease = {
      isHeld: async () => !signal.aborted && (await assigned.commit(position)),
    };
    const names = tasks.map(({ name }) => name).join(', ');
    logger.info({ tasks: names }, `this copy runs the tasks: ${names === '' ? 'none' : names}`);
    this.#owner = true;
    const running = Promise.all(tasks.map((task) => this.#keepRunning(task, signal, lease)));
    return {
      startOffset: assigned.endOffset,
      handle: () => Promise.resolve(),
      close: async () => {
        closing.abort();
        this.#owner = false;
        this.#problems.clear();
        const late = new AbortController();
        const deadline = clock.sleep(endDeadlineMs, late.signal).then(
          () => {
            const message = `a task of ${names} did not end within ${endDeadlineMs} ms after its signal: the process ends, so that the next owner is alone`;
            throw new TickwellError('task-stuck', message);
          },
          () => undefined,
        );
        await Promise.race([running, deadline]);
        late.abort();
      },
    };
  }

  async #keepRunning(task: MonitorTask, signal: AbortSignal, lease: Lease): Promise<void> {
    const { clock } = this.#options;
    let failures = 0;
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      const startedMs = clock.monotonicMs();
      const failure = await outcome(task, signal, lease);
      if (isOver()) return;
      if (clock.monotonicMs() - startedMs > STABLE_MS) failures = 0;
      failures += 1;
      this.#report(task, failure, failures);
      await clock
        .sleep(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)), signal)
        .catch(() => undefined);
    }
  }

  #report({ name }: MonitorTask, failure: unknown, failures: number): void {
    const reason = errorMessage(failure);
    this.#failures.add(1, { task: name });
    const level = failures < TOLD_FAILURES ? 'warn' : 'error';
    this.#options.logger[level]({ task: name, failures, err: failure }, `task ${name} failed: ${reason}`);
    if (failures >= TOLD_FAILURES) this.#problems.set(name, reason);
  }
}

/** Never rejects: why the task does not run any more. */
async function outcome(task: MonitorTask, signal: AbortSignal, lease: Lease): Promise<unknown> {
  try {
    await task.run(signal, lease);
    return new Error('it ended by itself');
  } catch (error) {
    return error;
  }
}
