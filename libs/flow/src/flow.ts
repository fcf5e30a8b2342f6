import { errorMessage, TickwellError } from '@tickwell/domain';
import type {
  AssignedPartition,
  EventLog,
  EventSink,
  Gather,
  GroupConsumer,
  Logger,
  PartitionLag,
} from '@tickwell/ports';
import { restoreCheckpoint, type Restored } from './checkpoint.ts';
import { FlowCounters } from './counters.ts';
import { PartitionFlow } from './partition-flow.ts';
import type { Processor } from './processor.ts';
import type { Settings, SettingsSource } from './settings.ts';

const DEFAULT_CHECKPOINT_INTERVAL_MS = 2_000;

export interface FlowOptions<C = void> {
  readonly log: EventLog;
  /** One per input topic. */
  readonly processors: readonly Processor<unknown, C>[];
  readonly settings: SettingsSource<C>;
  /** Copies with the same group share the partitions. */
  readonly groupId: string;
  /** Compacted topic of the checkpoints; as many partitions as the inputs. */
  readonly stateTopic: string;
  readonly logger: Logger;
  readonly checkpointIntervalMs?: number;
  readonly gather?: Gather;
}

/**
 * Consume, process, produce, exactly: runs processors over their topics as one member of a group. `run` resolves after
 * {@link stop} and rejects on a failure that only a restart can mend (outputs cannot be written, a checkpoint cannot be read, a
 * processor threw); a restart continues from the last checkpoint and repeats nothing a reader would count twice.
 */
export class Flow<C = void> {
  readonly #options: FlowOptions<C>;
  readonly #processors: ReadonlyMap<string, Processor<unknown, C>>;
  readonly #consumer: GroupConsumer;
  readonly #counters: FlowCounters;
  readonly #sessions = new Set<PartitionFlow<C>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(options: FlowOptions<C>) {
    this.#options = options;
    this.#processors = byTopic(options.processors);
    this.#consumer = options.log.createConsumer({
      groupId: options.groupId,
      topics: [...this.#processors.keys()],
      ...(options.gather === undefined ? {} : { gather: options.gather }),
    });
    this.#counters = new FlowCounters(options.groupId, () => this.#consumer.lag());
  }

  async run(): Promise<void> {
    const sink = await this.#options.log.createSink({ name: this.#options.groupId });
    const timer = setInterval(() => {
      this.#checkpointAll();
    }, this.#options.checkpointIntervalMs ?? DEFAULT_CHECKPOINT_INTERVAL_MS);
    try {
      await this.#consumer.run((assigned) => this.#open(assigned, sink));
    } finally {
      clearInterval(timer);
      await sink.close().catch((error: unknown) => {
        this.#fail(error);
      });
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Ends intake, makes everything processed durable with its checkpoint, leaves the group. */
  stop(): Promise<void> {
    return this.#consumer.stop();
  }

  lag(): readonly PartitionLag[] {
    return this.#consumer.lag();
  }

  async #open(assigned: AssignedPartition, sink: EventSink): Promise<PartitionFlow<C>> {
    const processor = this.#processors.get(assigned.topic);
    if (processor === undefined) {
      throw new TickwellError(
        'no-processor',
        `no processor of ${this.#options.groupId} reads ${assigned.topic}`,
      );
    }
    const { stateTopic, log, logger, settings: source } = this.#options;
    const { topic, partition, epoch } = assigned;
    const scope = { stateTopic, processor: processor.name, topic, partition, epoch };
    const restored = await restoreCheckpoint(log, scope);
    const settings = await restoredSettings(source, restored);
    const session: PartitionFlow<C> = new PartitionFlow({
      processor,
      settings,
      latestSettings: () => source.latest(),
      assigned,
      scope,
      restored,
      sink,
      logger,
      counters: this.#counters,
      onFailure: (error) => {
        this.#fail(error);
      },
      onClosing: () => {
        this.#sessions.delete(session);
      },
    });
    this.#sessions.add(session);
    session.begin();
    logger.info(
      { topic, partition, startOffset: String(session.startOffset), keys: restored.keys.size },
      `${processor.name} reads ${topic}/${partition} from offset ${session.startOffset}`,
    );
    return session;
  }

  #checkpointAll(): void {
    for (const session of this.#sessions) {
      session.checkpoint().catch((error: unknown) => {
        this.#fail(error);
      });
    }
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#options.logger.error(
      { error: errorMessage(error) },
      `flow ${this.#options.groupId} stops: ${errorMessage(error)}`,
    );
    void this.#consumer.stop();
  }
}

/** By which the partition was processed last; undefined where it never was. */
async function restoredSettings<C>(
  source: SettingsSource<C>,
  { nextOffset, settingsEnd }: Restored,
): Promise<Settings<C> | undefined> {
  return nextOffset === undefined ? undefined : { end: settingsEnd, value: await source.at(settingsEnd) };
}

function byTopic<C>(
  processors: readonly Processor<unknown, C>[],
): ReadonlyMap<string, Processor<unknown, C>> {
  const map = new Map<string, Processor<unknown, C>>();
  for (const processor of processors) {
    const other = map.get(processor.inputTopic);
    if (other !== undefined) {
      throw new TickwellError(
        'processor-conflict',
        `processors ${other.name} and ${processor.name} both read ${processor.inputTopic}: give each a flow of its own`,
      );
    }
    map.set(processor.inputTopic, processor);
  }
  return map;
}
