import { TOPICS, type TopicSpec } from '@tickwell/contracts';
import { FlowService, NO_SETTINGS } from '@tickwell/flow';
import type { EventLog, Gather, Logger } from '@tickwell/ports';
import { BarBuilder } from './bar-builder.ts';
import type { IndicatorsConfig } from './config.ts';
import { IndicatorEngine } from './indicator-engine.ts';
import { logUnreadable } from './unreadable.ts';

/** Every topic the service reads or writes. */
export const INDICATORS_TOPICS: readonly TopicSpec[] = [
  TOPICS.ticks,
  TOPICS.bars,
  TOPICS.indicators,
  TOPICS.quality,
  TOPICS.stateIndicators,
];

export type IndicatorsSettings = Pick<
  IndicatorsConfig,
  'groupId' | 'barIntervals' | 'indicators' | 'correctableBars' | 'formingBars' | 'checkpointIntervalMs'
>;

/** Bars close seconds apart at the least: a few milliseconds more cost nobody anything, and gathered records cost far less CPU. */
const GATHER: Gather = { minBytes: 64 * 1024, maxWaitMs: 5 };

/** Trades to bars, and bars of every source to indicators, as one member of a group. */
export class IndicatorsService extends FlowService {
  constructor(config: IndicatorsSettings, options: { readonly log: EventLog; readonly logger: Logger }) {
    const { barIntervals, indicators, correctableBars, formingBars } = config;
    const limits = { retainedBars: correctableBars, formingBars };
    const onUnreadable = logUnreadable(options.logger);
    super({
      ...options,
      processors: [
        new BarBuilder({ intervals: barIntervals, limits, onUnreadable }),
        // One more, so that every bar the builder can still correct finds its place before the newest one.
        new IndicatorEngine({ specs: indicators, keptBars: correctableBars + 1, onUnreadable }),
      ],
      settings: NO_SETTINGS,
      groupId: config.groupId,
      stateTopic: TOPICS.stateIndicators.name,
      checkpointIntervalMs: config.checkpointIntervalMs,
      gather: GATHER,
    });
  }
}
