import { ConfigSettings } from '@tickwell/config';
import { TOPICS, type TopicSpec } from '@tickwell/contracts';
import { ConfiguredFlowService } from '@tickwell/flow';
import type { Clock, EventLog, Gather, Logger } from '@tickwell/ports';
import { BarBuilder } from './bar-builder.ts';
import type { IndicatorsConfig } from './config.ts';
import { IndicatorEngine } from './indicator-engine.ts';
import { QueryHistory, type HistoryClient } from './query-history.ts';
import { SETTINGS_KINDS, settingsView, type ServiceSettings } from './settings.ts';
import { StoreProgress } from './store-progress.ts';
import { logUnreadable } from './unreadable.ts';

/** Every topic the service reads or writes. */
export const INDICATORS_TOPICS: readonly TopicSpec[] = [
  TOPICS.ticks,
  TOPICS.bars,
  TOPICS.barsForming,
  TOPICS.indicators,
  TOPICS.quality,
  TOPICS.stateIndicators,
  TOPICS.config,
  TOPICS.storeCommits,
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
  /** Where history is read; closed at the end. */
  readonly query: HistoryClient & { close(): void };
}

/** How long a warm-up waits for the store before it is tried again later. */
const STORE_WAIT_MS = 30_000;
/** Bars close seconds apart at the least: a few milliseconds more cost nobody anything, and gathered records cost far less CPU. */
const GATHER: Gather = { minBytes: 64 * 1024, maxWaitMs: 5 };

/** Trades to bars, and bars of every source to indicators, as one member of a group, by what is configured at each moment. */
export class IndicatorsService {
  readonly #flow: ConfiguredFlowService<ServiceSettings>;
  readonly #progress: StoreProgress;
  readonly #query: IndicatorsParts['query'];
  #stopping: Promise<void> | undefined;

  constructor(config: IndicatorsSettings, { log, logger, clock, query }: IndicatorsParts) {
    const { correctableBars, formingBars } = config;
    const limits = { retainedBars: correctableBars, formingBars };
    const onUnreadable = logUnreadable(logger);
    const view = settingsView(config, logger);
    this.#query = query;
    this.#progress = new StoreProgress(log, STORE_WAIT_MS);
    const history = new QueryHistory(query, log, this.#progress);
    this.#flow = new ConfiguredFlowService({
      log,
      logger,
      processors: [
        new BarBuilder({ limits, onUnreadable }),
        // One more, so that every bar the builder can still correct finds its place before the newest one.
        new IndicatorEngine({ keptBars: correctableBars + 1, history, onUnreadable }),
      ],
      settings: new ConfigSettings({ log, logger, clock, kinds: SETTINGS_KINDS, view }),
      groupId: config.groupId,
      stateTopic: TOPICS.stateIndicators.name,
      checkpointIntervalMs: config.checkpointIntervalMs,
      gather: GATHER,
    });
  }

  /** Works until {@link stop} (resolves) or a failure that only a restart can mend (rejects). */
  async run(): Promise<void> {
    try {
      await Promise.all([this.#flow.run(), this.#follow()]);
    } finally {
      await this.stop();
    }
  }

  /** Ends intake, makes everything processed durable, closes. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  lag(): ReturnType<ConfiguredFlowService<ServiceSettings>['lag']> {
    return this.#flow.lag();
  }

  async #follow(): Promise<void> {
    await this.#progress.start().catch((error: unknown) => {
      // Stopped before it began.
      if (this.#stopping === undefined) throw error;
    });
    await this.#progress.done;
  }

  async #stop(): Promise<void> {
    await this.#flow.stop();
    await this.#progress.stop();
    this.#query.close();
  }
}
