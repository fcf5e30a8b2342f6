import { ConfigSettings } from '@tickwell/config';
import { TOPICS, type TopicSpec } from '@tickwell/contracts';
import { ConfiguredFlowService } from '@tickwell/flow';
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
  TOPICS.ticks,
  TOPICS.bars,
  TOPICS.fundamentals,
  TOPICS.actions,
  TOPICS.portfolio,
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
export class ValidatorService extends ConfiguredFlowService<ValidationSettings> {
  constructor(options: ValidatorOptions, { log, logger, clock }: ValidatorParts) {
    super({
      log,
      logger,
      processors: createProcessors(),
      settings: new ConfigSettings({ log, logger, clock, kinds: SETTINGS_KINDS, view: settingsView() }),
      groupId: options.groupId,
      stateTopic: TOPICS.stateValidator.name,
      checkpointIntervalMs: options.checkpointIntervalMs,
    });
  }
}
