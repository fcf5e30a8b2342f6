import { TOPICS, causeFromProto, events, headerFromProto, parseMessage } from '@tickwell/contracts';
import { TickwellError, err, ok, type Cause, type CauseMarks, type Result } from '@tickwell/domain';
import type {
  EventLog,
  FindingSeverity,
  LogRecord,
  LogTail,
  Logger,
  StoredFinding,
  StoredSourceState,
  StoredStatus,
} from '@tickwell/ports';
import type { CommitTracker } from '../commit-tracker.ts';
import { seedMarks } from '../dedup.ts';
import { partitionKey } from '../live-hub.ts';
import type { Position } from '../response.ts';

const QUALITY = TOPICS.quality.name;
/** What Watch follows. */
export const WATCHED_TOPICS: readonly string[] = [QUALITY, TOPICS.sourceStatus.name];

const STATES: Readonly<Record<events.SourceState, StoredSourceState>> = {
  [events.SourceState.UNSPECIFIED]: 'down',
  [events.SourceState.UP]: 'up',
  [events.SourceState.DEGRADED]: 'degraded',
  [events.SourceState.DOWN]: 'down',
  [events.SourceState.PACED]: 'paced',
  [events.SourceState.FINISHED]: 'finished',
  [events.SourceState.STOPPED]: 'stopped',
};

/** A record of the watched topics; counts are none. */
export type WatchedEvent = { readonly position: Position } & (
  | { readonly kind: 'finding'; readonly finding: StoredFinding }
  | { readonly kind: 'status'; readonly status: StoredStatus }
);

interface PartitionState extends Position {
  nextOffset: bigint;
  readonly marks: CauseMarks;
}

/** The process's one tail of md.quality and source.status; who listens is called and never waited for. */
export class QualityHub {
  readonly #log: EventLog;
  readonly #commits: CommitTracker;
  readonly #logger: Logger;
  readonly #tail: LogTail;
  readonly #partitions = new Map<string, PartitionState>();
  readonly #seeded = Promise.withResolvers<undefined>();
  readonly #stopping = new AbortController();
  readonly #listeners = new Set<(event: WatchedEvent) => void>();
  #ready = false;

  constructor(parts: { readonly log: EventLog; readonly commits: CommitTracker; readonly logger: Logger }) {
    this.#log = parts.log;
    this.#commits = parts.commits;
    this.#logger = parts.logger;
    this.#tail = parts.log.createTail({
      topics: WATCHED_TOPICS,
      from: 'latest',
      onRecords: async (records) => {
        if (!this.#ready) await this.#seeded.promise;
        for (const record of records) this.#take(record);
      },
    });
  }

  /** Resolves once the tail is positioned and knows what came before it. */
  async start(): Promise<void> {
    await this.#tail.start();
    const starts = new Map(this.#tail.startPositions().map((one) => [partitionKey(one), one.nextOffset]));
    for (const topic of WATCHED_TOPICS) {
      const { epoch, partitions } = await this.#log.describeTopic(topic);
      for (const { partition, beginOffset, endOffset } of partitions) {
        const offset = starts.get(partitionKey({ topic, partition })) ?? endOffset;
        const place = { topic, partition, epoch, beginOffset, offset };
        const marks = await seedMarks(this.#log, this.#commits, place, this.#stopping.signal);
        this.#partitions.set(partitionKey(place), { topic, partition, epoch, nextOffset: offset, marks });
      }
    }
    this.#ready = true;
    this.#seeded.resolve(undefined);
  }

  /** As {@link LogTail.done}. */
  get done(): Promise<void> {
    return this.#tail.done;
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new TickwellError('stopping', 'the service is stopping'));
    await this.#tail.stop();
  }

  /** Where every partition stands: everything below has been handed to who listens. */
  positions(): Position[] {
    return [...this.#partitions.values()].map(({ topic, partition, epoch, nextOffset }) => ({
      topic,
      partition,
      epoch,
      nextOffset,
    }));
  }

  /** From the next record on; the returned function ends it. */
  listen(listener: (event: WatchedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #take(record: LogRecord): void {
    const { topic, partition, offset } = record;
    const state = this.#partitions.get(partitionKey(record));
    if (state === undefined)
      throw new TickwellError('topic-changed', `${topic}/${partition} is new: partitions were added`);
    state.nextOffset = offset + 1n;
    const parsed = parseWatched(record, state.epoch);
    if (!parsed.ok)
      this.#logger.warn({ topic, partition, offset: `${offset}` }, `not watched: ${parsed.error}`);
    else if (parsed.value !== undefined && isNew(state.marks, parsed.value.cause))
      for (const listener of this.#listeners) listener(parsed.value.event);
  }
}

function isNew(marks: CauseMarks, cause: Cause | undefined): boolean {
  return cause === undefined || marks.advance(cause);
}

/** Undefined: nothing that is watched. */
export function parseWatched(
  record: LogRecord,
  epoch: string,
): Result<{ readonly event: WatchedEvent; readonly cause: Cause | undefined } | undefined, string> {
  const { topic, partition, offset, value } = record;
  if (value === null) return err('a record without value');
  const position = { topic, partition, epoch, nextOffset: offset + 1n };
  if (topic !== QUALITY) {
    const parsed = parseMessage(events.SourceStatusSchema, value);
    if (!parsed.ok) return err(parsed.error.reason);
    const { cause } = parsed.value;
    const event = { kind: 'status' as const, position, status: statusOf(parsed.value) };
    return ok({ event, cause: cause === undefined ? undefined : causeFromProto(cause) });
  }
  const parsed = parseMessage(events.QualityEventSchema, value);
  if (!parsed.ok) return err(parsed.error.reason);
  const header = headerFromProto(parsed.value.header);
  if (header === undefined) return err('a QualityEvent without header or cause');
  const { kind, event } = parsed.value;
  if (event.case !== 'finding') return ok(undefined);
  const { rule, severity, message, startNs, endNs } = event.value;
  const { symbol, source, knownAtNs, cause } = header;
  const finding = {
    symbol,
    source,
    kind,
    rule,
    severity: severityOf(severity),
    message,
    knownAtNs,
    startNs,
    endNs,
  };
  const name = `${symbol}/${epoch}/${offset}`;
  return ok({ event: { kind: 'finding', position, finding: { ...finding, name } }, cause });
}

function statusOf(status: events.SourceStatus): StoredStatus {
  const { source, stream, state, reason, timeNs, events: sent, refused } = status;
  return { source, stream, state: STATES[state], reason, timeNs, events: sent, refused };
}

function severityOf(severity: events.Severity): FindingSeverity {
  if (severity === events.Severity.ERROR) return 'error';
  return severity === events.Severity.WARNING ? 'warning' : 'info';
}
