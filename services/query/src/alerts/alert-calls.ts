import { create } from '@bufbuild/protobuf';
import { AlertLedger, type AlertEvent, type OpenAlert } from '@tickwell/alerts';
import {
  TOPICS,
  alertEventToProto,
  alertSeverityToProto,
  decodeAlertEvent,
  queryV1,
} from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import type { EventLog, LogRecord, LogTail, Logger } from '@tickwell/ports';

/** What is remembered of what happened; the table `alerts` has all of it. */
const MAX_EVENTS = 10_000;
const MAX_HISTORY = 1_000;

const PHASES: Readonly<Record<OpenAlert['phase'], queryV1.AlertPhase>> = {
  pending: queryV1.AlertPhase.PENDING,
  firing: queryV1.AlertPhase.FIRING,
  recovered: queryV1.AlertPhase.RECOVERED,
};

/** Follows the topic `alerts` from its first record on and says what is open. */
export class AlertCalls {
  readonly #logger: Logger;
  readonly #tail: LogTail;
  readonly #ledger = new AlertLedger();
  /** Those that count, oldest first. */
  #events: AlertEvent[] = [];

  constructor(log: EventLog, logger: Logger) {
    this.#logger = logger;
    this.#tail = log.createTail({
      topics: [TOPICS.alerts.name],
      from: 'earliest',
      onRecords: (records) => {
        for (const record of records) this.#take(record);
      },
    });
  }

  start(): Promise<void> {
    return this.#tail.start();
  }

  /** As {@link LogTail.done}. */
  get done(): Promise<void> {
    return this.#tail.done;
  }

  stop(): Promise<void> {
    return this.#tail.stop();
  }

  listAlerts({ rule, history }: queryV1.ListAlertsRequest): Promise<queryV1.ListAlertsResponse> {
    if (history > MAX_HISTORY) {
      const message = `history ${history} is more than ${MAX_HISTORY}: ask for fewer`;
      return Promise.reject(new TickwellError('invalid-argument', message));
    }
    const isWanted = (of: { readonly rule: string }): boolean => rule === '' || of.rule === rule;
    const open = [...this.#ledger.open].filter(isWanted).map((alert) => this.#openAlert(alert));
    const events = history === 0 ? [] : this.#events.filter(isWanted).slice(-history).toReversed();
    return Promise.resolve(
      create(queryV1.ListAlertsResponseSchema, { open, history: events.map(alertEventToProto) }),
    );
  }

  #openAlert(alert: OpenAlert): queryV1.OpenAlert {
    const { rule, group, phase, sinceNs, firedNs = 0n, toldNs = 0n, held, last } = alert;
    const undelivered = [...this.#ledger.owed]
      .filter(({ event }) => event.rule === rule && event.group === group)
      .map(({ channel, attempts, failure, event }) => ({ channel, attempts, failure, timeNs: event.timeNs }));
    return create(queryV1.OpenAlertSchema, {
      ...{ rule, group, phase: PHASES[phase], sinceNs, firedNs, toldNs, held, undelivered },
      severity: alertSeverityToProto(last.severity),
      summary: last.summary,
    });
  }

  #take({ value, offset }: LogRecord): void {
    const decoded = value === null ? undefined : decodeAlertEvent(value);
    if (decoded?.ok !== true) {
      this.#logger.warn(
        { offset: offset.toString() },
        `the record of alerts at ${offset} is ignored: it is none`,
      );
      return;
    }
    if (!this.#ledger.apply(decoded.value) || decoded.value.kind === 'owned') return;
    this.#events.push(decoded.value);
    if (this.#events.length > 2 * MAX_EVENTS) this.#events = this.#events.slice(-MAX_EVENTS);
  }
}
