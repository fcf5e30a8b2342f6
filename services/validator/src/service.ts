import { ConfigSettings } from '@tickwell/config';
import { TOPICS, type TopicSpec } from '@tickwell/contracts';
import { FlowService } from '@tickwell/flow';
import type { Clock, EventLog, Logger } from '@tickwell/ports';
import type { ValidatorConfig } from './config.ts';
import type { ValidationSettings } from '@tickwell/validation';
import { createProcessors } from './processors.ts';
import { SETTINGS_KINDS, settingsView } from './settings.ts';

/** Every topic the service reads or writes. */
export const VALIDATOR_TOPICS: readonly TopicSpec[] = [
  TOPICS.rawTicks,
  TOPICS.rawBars,
  TOPICS.rawFundamentals,
  TOPICS.rawActions,
  TOPICS.rawRefused,
  TOPICS.rawHoles,
  TOPICS.rawPortfolio,
  TOPICS.rawDatasets,
  TOPICS.ticks,
  TOPICS.bars,
  TOPICS.fundamentals,
  TOPICS.actions,
  TOPICS.portfolio,
  TOPICS.datasets,
  TOPICS.quality,
  TOPICS.coverage,
  TOPICS.deadLetters,
  TOPICS.stateValidator,
  TOPICS.config,
];

export type ValidatorOptions = Pick<ValidatorConfig, 'groupId' | 'checkpointIntervalMs'>;

interface ValidatorParts {
  /** Closed at the end. */
  readonly log: EventLog;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Raw topics to validated ones, as one member of a group. */
export class ValidatorService {
  readonly #settings: ConfigSettings<ValidationSettings>;
  readonly #flow: FlowService<ValidationSettings>;
  #stopping: Promise<void> | undefined;

  constructor(options: ValidatorOptions, { log, logger, clock }: ValidatorParts) {
    this.#settings = new ConfigSettings({ log, logger, clock, kinds: SETTINGS_KINDS, view: settingsView() });
    this.#flow = new FlowService({
      log,
      logger,
      processors: createProcessors(),
      settings: this.#settings,
      groupId: options.groupId,
      stateTopic: TOPICS.stateValidator.name,
      checkpointIntervalMs: options.checkpointIntervalMs,
    });
  }

  /** Works until {@link stop} (resolves) or a failure that only a restart can mend (rejects). */
  async run(): Promise<void> {
    try {
      await this.#settings.start().catch((error: unknown) => {
        // Stopped before it began.
        if (this.#stopping === undefined) throw error;
      });
      await Promise.all([this.#work(), this.#settings.done]);
    } finally {
      await this.stop();
    }
  }

  /** Ends intake, makes everything processed durable, closes. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  lag(): ReturnType<FlowService['lag']> {
    return this.#flow.lag();
  }

  async #work(): Promise<void> {
    await this.#flow.run();
    await this.#settings.stop();
  }

  async #stop(): Promise<void> {
    await this.#flow.stop();
    await this.#settings.stop();
  }
}
