import { TOPICS, type TopicSpec } from '@tickwell/contracts';
import { Flow } from '@tickwell/flow';
import type { EventLog, Logger, PartitionLag } from '@tickwell/ports';
import type { ValidatorConfig } from './config.ts';
import { createProcessors } from './processors.ts';

/** Every topic the service reads or writes. */
export const VALIDATOR_TOPICS: readonly TopicSpec[] = [
  TOPICS.rawTicks,
  TOPICS.rawBars,
  TOPICS.rawFundamentals,
  TOPICS.rawActions,
  TOPICS.rawRefused,
  TOPICS.rawPortfolio,
  TOPICS.rawDatasets,
  TOPICS.ticks,
  TOPICS.bars,
  TOPICS.fundamentals,
  TOPICS.actions,
  TOPICS.portfolio,
  TOPICS.datasets,
  TOPICS.quality,
  TOPICS.deadLetters,
  TOPICS.stateValidator,
];

export type ValidatorSettings = Pick<ValidatorConfig, 'groupId' | 'checkpointIntervalMs'>;

/** Raw topics to validated ones, as one member of a group. */
export class ValidatorService {
  readonly #log: EventLog;
  readonly #flow: Flow;

  constructor(config: ValidatorSettings, options: { readonly log: EventLog; readonly logger: Logger }) {
    this.#log = options.log;
    this.#flow = new Flow({
      ...options,
      processors: createProcessors(),
      groupId: config.groupId,
      stateTopic: TOPICS.stateValidator.name,
      checkpointIntervalMs: config.checkpointIntervalMs,
    });
  }

  /** Works until {@link stop} (resolves) or a failure that only a restart can mend (rejects). */
  async run(): Promise<void> {
    try {
      await this.#flow.run();
    } finally {
      await this.#log.close();
    }
  }

  stop(): Promise<void> {
    return this.#flow.stop();
  }

  lag(): readonly PartitionLag[] {
    return this.#flow.lag();
  }
}
