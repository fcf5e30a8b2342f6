import { randomUUID } from 'node:crypto';
import { AlertLedger, NO_EVENT, type AlertEvent } from '@tickwell/alerts';
import {
  HEADER_CONTENT_TYPE,
  HEADER_SOURCE,
  TOPICS,
  contentType,
  decodeAlertEvent,
  encodeAlertEvent,
} from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import type { EventLog, EventSink, LogRecord, LogTail, Logger, NewRecord } from '@tickwell/ports';

/** Of a writer: the log says itself whose turn it is. */
type Draft = Omit<AlertEvent, 'owner'>;

/**
 * The topic `alerts` as its owner has it: read from its first record on, followed, and written to. What is written counts once it has been read back,
 * at its place; where another copy has taken over, `append` rejects with `alerts-taken-over` and nothing of it counts.
 */
export class AlertLog {
  readonly ledger = new AlertLedger();
  readonly #log: EventLog;
  readonly #logger: Logger;
  readonly #tail: LogTail;
  readonly #owner = randomUUID();
  readonly #ended = Promise.withResolvers<never>();
  readonly #expected = new Map<string, (counts: boolean) => void>();
  readonly #listeners = new Set<() => void>();
  #sink: EventSink | undefined;
  #nextOffset = 0n;
  #isOwner = false;
  #caughtUp: { readonly offset: bigint; readonly reached: () => void } | undefined;

  private constructor(log: EventLog, logger: Logger) {
    this.#log = log;
    this.#logger = logger;
    this.#tail = log.createTail({
      topics: [TOPICS.alerts.name],
      from: 'earliest',
      onRecords: (records) => {
        this.#take(records);
      },
    });
    this.#ended.promise.catch(() => undefined);
    const end = (cause: unknown): void => {
      const message = 'the topic alerts is not followed any more';
      this.#ended.reject(new TickwellError('alerts-ended', message, { cause, retryable: true }));
    };
    this.#tail.done.then(end, end);
  }

  /** Resolves once everything in the topic is applied and this copy is its newest owner. */
  static async takeOver(log: EventLog, logger: Logger, nowNs: bigint): Promise<AlertLog> {
    const alerts = new AlertLog(log, logger);
    try {
      await alerts.#start();
      await alerts.append([{ ...NO_EVENT, eventId: alerts.#owner, kind: 'owned', timeNs: nowNs }]);
      return alerts;
    } catch (error) {
      await alerts.close();
      throw error;
    }
  }

  /** Resolves once all of it counts. */
  async append(drafts: readonly Draft[]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    let missing = drafts.length;
    let allCount = true;
    for (const draft of drafts) {
      this.#expected.set(keyOf(draft), (counts) => {
        allCount &&= counts;
        if (--missing === 0) resolve(allCount);
      });
    }
    try {
      this.#sink ??= await this.#log.createSink({ name: 'alerts' });
      await this.#sink.send(drafts.map((draft) => recordOf({ ...draft, owner: this.#owner })));
      if (drafts.length > 0 && !(await Promise.race([promise, this.#ended.promise]))) throw takenOver();
    } finally {
      for (const draft of drafts) this.#expected.delete(keyOf(draft));
    }
  }

  /** Rejects when the topic cannot be followed any more, or another copy has taken over. */
  get ended(): Promise<never> {
    return this.#ended.promise;
  }

  /** Calls after every change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    await this.#tail.stop();
    // One that broke has said so to whoever wrote.
    await this.#sink?.close().catch(() => undefined);
  }

  async #start(): Promise<void> {
    await this.#tail.start();
    const { partitions } = await this.#log.describeTopic(TOPICS.alerts.name);
    const offset = partitions[0]?.endOffset ?? 0n;
    const begin = this.#tail.startPositions()[0]?.nextOffset ?? 0n;
    // Records may have come already.
    if (begin > this.#nextOffset) this.#nextOffset = begin;
    if (this.#nextOffset >= offset) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const reached = (): void => {
      resolve(undefined);
    };
    this.#caughtUp = { offset, reached };
    await Promise.race([promise, this.#ended.promise]);
  }

  #take(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.#apply(record);
      this.#nextOffset = record.offset + 1n;
    }
    if (this.#caughtUp !== undefined && this.#nextOffset >= this.#caughtUp.offset) this.#caughtUp.reached();
    for (const listener of this.#listeners) listener();
  }

  #apply({ value, offset }: LogRecord): void {
    const decoded = value === null ? undefined : decodeAlertEvent(value);
    if (decoded?.ok !== true) {
      const reason = decoded === undefined ? 'it has no value' : decoded.error.reason;
      this.#logger.warn({ offset: offset.toString(), reason }, `alerts at ${offset} is ignored: ${reason}`);
      return;
    }
    const event = decoded.value;
    const counts = this.ledger.apply(event);
    const isOwn = event.owner === this.#owner;
    // Another copy began later: nothing that this one writes counts any more.
    if (event.kind === 'owned' && !isOwn && this.#isOwner) this.#ended.reject(takenOver());
    if (!isOwn) return;
    this.#isOwner ||= event.kind === 'owned';
    const key = keyOf(event);
    this.#expected.get(key)?.(counts);
    this.#expected.delete(key);
  }
}

function keyOf({ eventId, kind, ofEventId, channel, attempt }: Draft): string {
  return [kind, eventId, ofEventId, channel, attempt].join('\n');
}

function recordOf(event: AlertEvent): NewRecord {
  return {
    topic: TOPICS.alerts.name,
    partition: 0,
    key: event.rule,
    value: encodeAlertEvent(event),
    headers: { [HEADER_CONTENT_TYPE]: contentType(TOPICS.alerts.type), [HEADER_SOURCE]: 'monitor' },
  };
}

export function takenOver(): TickwellError {
  return new TickwellError('alerts-taken-over', 'another copy of the monitor has taken over the alerts', {
    retryable: true,
  });
}
