import { metrics } from '@opentelemetry/api';
import { AlertBook, type AlertChannel } from '@tickwell/alerts';
import type { ConfigReader } from '@tickwell/config';
import { errorMessage } from '@tickwell/domain';
import type { Clock, EventLog, Logger, Notifier } from '@tickwell/ports';
import type { Lease, MonitorTask } from '../task.ts';
import { AlertLog, takenOver } from './alert-log.ts';
import { Deliverer } from './deliverer.ts';
import { Evaluator, type AlertSources } from './evaluator.ts';

export interface AlertTaskOptions {
  readonly log: EventLog;
  /** Not started yet, so that nothing it reads is missed. */
  readonly config: Pick<ConfigReader, 'onChange'>;
  readonly sources: AlertSources;
  readonly notifierOf: (channel: AlertChannel) => Notifier;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Between two rounds of looking at every rule. */
  readonly intervalMs: number;
}

/** Evaluates the rules of kind `alert` and tells people; everything it has to remember is in the topic `alerts`. */
export class AlertTask implements MonitorTask {
  readonly name = 'alerts';
  readonly #options: AlertTaskOptions;
  readonly #book = new AlertBook();
  readonly #evaluations;
  readonly #deliveries;

  constructor(options: AlertTaskOptions) {
    this.#options = options;
    const meter = metrics.getMeter('tickwell.alerts');
    this.#evaluations = meter.createCounter('tickwell_alerts_evaluations', {
      description: 'Rounds in which every rule was looked at',
    });
    this.#deliveries = meter.createCounter('tickwell_alerts_deliveries', {
      description: 'Attempts to bring a message to a channel, by outcome',
    });
    options.config.onChange(({ kind, id, version, deleted, payloadJson }) => {
      if (kind === 'alert') this.#set(id, version, deleted ? undefined : payloadJson);
    });
  }

  async run(signal: AbortSignal, lease: Lease): Promise<void> {
    const { log, clock, logger, notifierOf } = this.#options;
    // A copy that was paused must not take over from the one that has replaced it.
    if (!(await lease.isHeld())) throw takenOver();
    const alerts = await AlertLog.takeOver(log, logger, clock.nowNs());
    const stop = new AbortController();
    const over = AbortSignal.any([signal, stop.signal]);
    const deliverer = new Deliverer({
      ...{ log: alerts, book: this.#book, lease, clock, logger, notifierOf },
      onAttempt: (channel, outcome) => {
        this.#deliveries.add(1, { channel, outcome });
      },
    });
    const works = [this.#evaluate(alerts, lease, over), deliverer.run(over)];
    try {
      await Promise.race([Promise.all(works), alerts.ended]);
    } finally {
      stop.abort();
      await Promise.allSettled(works);
      await alerts.close();
    }
  }

  async #evaluate(alerts: AlertLog, lease: Lease, signal: AbortSignal): Promise<void> {
    const { sources, clock, logger, intervalMs } = this.#options;
    const evaluator = new Evaluator(this.#book, logger);
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      const nowNs = clock.nowNs();
      const events = await evaluator.look(alerts, sources.round(nowNs, signal), nowNs);
      if (isOver()) return;
      if (events.length > 0 && (await lease.isHeld())) await alerts.append(events);
      this.#evaluations.add(1);
      await clock.sleep(intervalMs, signal).catch(() => undefined);
    }
  }

  #set(id: string, version: bigint, payloadJson: string | undefined): void {
    const { logger } = this.#options;
    let document: unknown;
    try {
      document = payloadJson === undefined ? undefined : JSON.parse(payloadJson);
    } catch (error) {
      this.#book.set(id, version, undefined);
      logger.warn({ id }, `alert ${id} is ignored: ${errorMessage(error)}`);
      return;
    }
    const problems = this.#book.set(id, version, document);
    // Written before the rules about documents were as they are.
    if (problems.length > 0) logger.warn({ id, problems }, `alert ${id} is ignored: ${problems.join('; ')}`);
  }
}
