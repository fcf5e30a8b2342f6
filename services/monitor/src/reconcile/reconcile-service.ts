import { ConfigSettings } from '@tickwell/config';
import { TOPICS } from '@tickwell/contracts';
import { FlowService } from '@tickwell/flow';
import type { Clock, EventLog, Gather, Logger } from '@tickwell/ports';
import { Reconciler } from './reconciler.ts';
import { RECONCILE_KINDS, ReconcileSettings } from './settings.ts';

export interface ReconcileParts {
  /** Its own; closed with it. */
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Copies with the same group share the partitions. */
  readonly groupId: string;
  readonly checkpointIntervalMs: number;
}

/** Bars come in batches; some milliseconds more cost nobody anything. */
const GATHER: Gather = { minBytes: 64 * 1024, maxWaitMs: 5 };

/** The flow that reconciles bars, by the policies as they are at each position of the configuration. */
export class ReconcileService {
  readonly #settings: ConfigSettings<ReconcileSettings>;
  readonly #flow: FlowService<ReconcileSettings>;
  readonly #log: EventLog;
  #hasBegun = false;
  #isStopping = false;

  constructor(parts: ReconcileParts) {
    const { log, clock, logger, groupId, checkpointIntervalMs } = parts;
    this.#log = log;
    this.#settings = new ConfigSettings({
      log,
      clock,
      logger,
      kinds: RECONCILE_KINDS,
      view: (documents) => new ReconcileSettings(documents),
    });
    const reconciler = new Reconciler(({ topic, partition, offset }, { rule, reason }) => {
      logger.warn(
        { topic, partition, offset: String(offset), rule },
        `${topic}/${partition} offset ${offset} is left out of reconciliation: ${reason} (${rule})`,
      );
    });
    this.#flow = new FlowService({
      log,
      logger,
      groupId,
      checkpointIntervalMs,
      processors: [reconciler],
      settings: this.#settings,
      stateTopic: TOPICS.stateReconcile.name,
      gather: GATHER,
    });
  }

  /** Works until {@link stop} (resolves) or a failure that only a restart can mend (rejects). */
  async run(): Promise<void> {
    try {
      await this.#settings.start();
    } catch (error) {
      if (this.#isStopping) return;
      throw error;
    }
    if (this.#isStopping) return;
    this.#hasBegun = true;
    // What follows the configuration ends by itself only with a failure.
    await Promise.race([this.#flow.run(), this.#settings.done.then(() => this.#flow.stop())]);
  }

  /** Drains, and closes the log. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#settings.stop();
    if (this.#hasBegun) await this.#flow.stop();
    else await this.#log.close();
  }
}
