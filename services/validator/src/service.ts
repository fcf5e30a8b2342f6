import { TOPICS, type TopicSpec } from '@tickwell/contracts';
import { FlowService, NO_SETTINGS } from '@tickwell/flow';
import type { EventLog, Logger } from '@tickwell/ports';
import type { ValidatorConfig } from './config.ts';
import { createProcessors } from './processors.ts';

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
];

export type ValidatorSettings = Pick<ValidatorConfig, 'groupId' | 'checkpointIntervalMs'>;

/** Raw topics to validated ones, as one member of a group. */
export class ValidatorService extends FlowService {
  constructor(config: ValidatorSettings, options: { readonly log: EventLog; readonly logger: Logger }) {
    super({
      ...options,
      processors: createProcessors(),
      settings: NO_SETTINGS,
      groupId: config.groupId,
      stateTopic: TOPICS.stateValidator.name,
      checkpointIntervalMs: config.checkpointIntervalMs,
    });
  }
}
