import { create, toBinary } from '@bufbuild/protobuf';
import {
  causeFromProto,
  causeToProto,
  contentType,
  HEADER_CONTENT_TYPE,
  parseMessage,
  stateV1,
} from '@tickwell/contracts';
import { CauseMarks, TickwellError, type Cause } from '@tickwell/domain';
import type { EventLog, LogRecord, NewRecord, TopicPartition } from '@tickwell/ports';

/**
 * Layout of the records themselves; the payload of a key has the version of its processor.
 * A reader meets a newer layout only after a downgrade, and refuses it by name.
 */
const LAYOUT = 1;
const MARK_KEY = '';

/** Names the input partition a checkpoint belongs to. */
export interface CheckpointScope extends TopicPartition {
  readonly stateTopic: string;
  readonly processor: string;
  /** Epoch of the input topic: states of a deleted topic of the same name are not ours. */
  readonly epoch: string;
}

interface RestoredKey {
  /** Every record of the key below this offset has been applied, and its outputs are durable. */
  readonly nextOffset: bigint;
  readonly stateVersion: number;
  readonly payload: Uint8Array;
  /** Of what the state wants written; undefined: it wants nothing. */
  readonly release: Release | undefined;
}

/** n and k of the first of the records that a state wants written. */
export interface Release {
  readonly n: bigint;
  readonly k: number;
}

export interface Restored {
  readonly keys: ReadonlyMap<string, RestoredKey>;
  /** Undefined: no checkpoint yet. */
  readonly nextOffset: bigint | undefined;
  /** Of the settings by which records from there on are processed. */
  readonly settingsEnd: bigint;
  /** Nothing from there on has been processed; else some of it may have been. */
  readonly isClosed: boolean;
  /** Above every k with n = nextOffset of what states wanted written; 0: there was none. */
  readonly releaseK: number;
  readonly marks: CauseMarks;
}

export function keyStateRecord(scope: CheckpointScope, key: string, state: RestoredKey): NewRecord {
  const { release, ...fields } = state;
  const content = {
    case: 'keyState' as const,
    value: create(stateV1.KeyStateSchema, {
      ...fields,
      releaseN: release?.n ?? 0n,
      releaseK: release?.k ?? 0,
    }),
  };
  return checkpointRecord(scope, key, content);
}

export function partitionMarkRecord(
  scope: CheckpointScope,
  mark: {
    readonly nextOffset: bigint;
    readonly settingsEnd: bigint;
    readonly closed: boolean;
    readonly releaseK: number;
    readonly marks: readonly Cause[];
  },
): NewRecord {
  const content = {
    case: 'partitionMark' as const,
    value: create(stateV1.PartitionMarkSchema, { ...mark, marks: mark.marks.map(causeToProto) }),
  };
  return checkpointRecord(scope, MARK_KEY, content);
}

function checkpointRecord(
  scope: CheckpointScope,
  key: string,
  content: stateV1.Checkpoint['content'],
): NewRecord {
  const { processor, epoch } = scope;
  const message = create(stateV1.CheckpointSchema, { version: LAYOUT, processor, epoch, content });
  return {
    topic: scope.stateTopic,
    partition: scope.partition,
    key: recordKey(scope, key),
    value: toBinary(stateV1.CheckpointSchema, message),
    headers: { [HEADER_CONTENT_TYPE]: contentType(stateV1.CheckpointSchema.typeName) },
  };
}

function recordKey(scope: CheckpointScope, key: string): string {
  return `${scope.processor}|${scope.topic}|${scope.partition}|${key}`;
}

/**
 * Reads the newest checkpoint of one input partition. Of several records of a key the one with the greatest offset wins, not
 * the last one written: a writer that lost the partition may still have written an older state after its successor.
 */
export async function restoreCheckpoint(log: EventLog, scope: CheckpointScope): Promise<Restored> {
  const description = await log.describeTopic(scope.stateTopic);
  const bounds = description.partitions.find((entry) => entry.partition === scope.partition);
  if (bounds === undefined) {
    throw new TickwellError(
      'state-topic-partitions',
      `topic ${scope.stateTopic} has no partition ${scope.partition}: it needs as many as ${scope.topic}`,
    );
  }
  const restore = new Restore(scope);
  const range = {
    topic: scope.stateTopic,
    partition: scope.partition,
    fromOffset: bounds.beginOffset,
    toOffset: bounds.endOffset,
  };
  for await (const records of log.readRange(range)) {
    for (const record of records) restore.add(record);
  }
  return restore;
}

class Restore implements Restored {
  readonly keys = new Map<string, RestoredKey>();
  nextOffset: bigint | undefined;
  settingsEnd = 0n;
  isClosed = false;
  releaseK = 0;
  marks = new CauseMarks();
  readonly #scope: CheckpointScope;
  readonly #prefix: string;

  constructor(scope: CheckpointScope) {
    this.#scope = scope;
    this.#prefix = recordKey(scope, '');
  }

  add(record: LogRecord): void {
    if (record.key === null || !record.key.startsWith(this.#prefix) || record.value === null) return;
    const checkpoint = this.#parse(record, record.value);
    if (checkpoint.epoch !== this.#scope.epoch) return;
    const { content } = checkpoint;
    if (content.case === 'keyState') this.#addKey(record.key.slice(this.#prefix.length), content.value);
    if (content.case === 'partitionMark') this.#addMark(content.value);
  }

  #parse(record: LogRecord, value: Uint8Array): stateV1.Checkpoint {
    const place = `${record.topic}/${record.partition} offset ${record.offset}`;
    const parsed = parseMessage(stateV1.CheckpointSchema, value);
    if (!parsed.ok) {
      throw new TickwellError(
        'checkpoint-unreadable',
        `checkpoint at ${place} cannot be read: ${parsed.error.reason}`,
      );
    }
    if (parsed.value.version > LAYOUT) {
      throw new TickwellError(
        'checkpoint-too-new',
        `checkpoint at ${place} has layout ${parsed.value.version}, this build reads up to ${LAYOUT}: run the newer build`,
      );
    }
    return parsed.value;
  }

  #addKey(key: string, state: stateV1.KeyState): void {
    const known = this.keys.get(key);
    if (known !== undefined && known.nextOffset > state.nextOffset) return;
    const { nextOffset, stateVersion, payload, releaseN, releaseK } = state;
    const release = releaseN === 0n ? undefined : { n: releaseN, k: releaseK };
    this.keys.set(key, { nextOffset, stateVersion, payload, release });
  }

  #addMark(mark: stateV1.PartitionMark): void {
    if (this.nextOffset !== undefined && this.nextOffset > mark.nextOffset) return;
    // Settings change between two marks of one offset, and states have records written.
    if (
      this.nextOffset === mark.nextOffset &&
      (this.settingsEnd > mark.settingsEnd || this.releaseK > mark.releaseK)
    )
      return;
    this.nextOffset = mark.nextOffset;
    this.settingsEnd = mark.settingsEnd;
    this.isClosed = mark.closed;
    this.releaseK = mark.releaseK;
    this.marks = new CauseMarks(mark.marks.map(causeFromProto));
  }
}
