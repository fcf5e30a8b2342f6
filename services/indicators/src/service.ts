import { ConfigSettings } from '@tickwell/config';
import { TOPICS, type TopicSpec } from '@tickwell/contracts';
import { ConfiguredFlowService } from '@tickwell/flow';
import type { Clock, EventLog, Gather, Logger } from '@tickwell/ports';
import { BarBuilder } from './bar-builder.ts';
import type { IndicatorsConfig } from './config.ts';
import { IndicatorEngine } from './indicator-engine.ts';
import { SETTINGS_KINDS, settingsView, type ServiceSettings } from './settings.ts';
import { logUnreadable } from './unreadable.ts';

/** Every topic the service reads or writes. */
export const INDICATORS_TOPICS: readonly TopicSpec[] = [
  TOPICS.ticks,
  TOPICS.bars,
  TOPICS.indicators,
  TOPICS.quality,
  TOPICS.stateIndicators,
  TOPICS.config,
];

export type IndicatorsSettings = Pick<
  IndicatorsConfig,
  'groupId' | 'barIntervals' | 'indicators' | 'correctableBars' | 'formingBars' | 'checkpointIntervalMs'
>;

interface IndicatorsParts {
  /** Closed at the end. */
  readonly log: EventLog;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Bars close seconds apart at the least: a few milliseconds more cost nobody anything, and gathered records cost far less CPU. */
const GATHER: Gather = { minBytes: 64 * 1024, maxWaitMs: 5 };

/** Trades to bars, and bars of every source to indicators, as one member of a group, by what is configured at each moment. */
export class IndicatorsService extends ConfiguredFlowService<ServiceSettings> {
  constructor(config: IndicatorsSettings, { log, logger, clock }: IndicatorsParts) {
    const { barIntervals, correctableBars, formingBars } = config;
    const limits = { retainedBars: correctableBars, formingBars };
    const onUnreadable = logUnreadable(logger);
    const view = settingsView(config, logger);
    super({
      log,
      logger,
      processors: [
        new BarBuilder({ intervals: barIntervals, limits, onUnreadable }),
        // One more, so that every bar the builder can still correct finds its place before the newest one.
        new IndicatorEngine({ keptBars: correctableBars + 1, onUnreadable }),
      ],
      settings: new ConfigSettings({ log, logger, clock, kinds: SETTINGS_KINDS, view }),
      groupId: config.groupId,
      stateTopic: TOPICS.stateIndicators.name,
      checkpointIntervalMs: config.checkpointIntervalMs,
      gather: GATHER,
    });
  }
}
