import { parseMessage, stateV1, TOPICS } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import type { EventLog } from '@tickwell/ports';

/** How far a stream got; see `proto/tickwell/state/v1/checkpoint.proto`. */
export interface IngestCursor {
  readonly version: number;
  readonly streamId: string;
  readonly source: string;
  readonly position: bigint;
  readonly finished: boolean;
  readonly knownAtNs: bigint;
  readonly events: bigint;
  readonly refused: bigint;
  readonly description: string;
}

export const CURSOR_VERSION = 1;

/** Where cursors are read; they are written through the same sink as the data, after it. */
export interface CursorStore {
  load(streamId: string): Promise<IngestCursor | undefined>;
}

/** Streams whose cursors are kept in memory, some 400 bytes each; a job of more reads the topic again for those that were let go. */
const MAX_KEPT = 100_000;

/**
 * Cursors of the compacted topic: the last record of a key counts. What was read is kept and later looks read on from there, as a job may
 * have thousands of streams.
 */
export function logCursors(log: EventLog): CursorStore {
  const reader = new CursorReader(log);
  return { load: (streamId) => reader.load(streamId) };
}

class CursorReader {
  readonly #log: EventLog;
  readonly #kept = new Map<string, Uint8Array | null>();
  #nextOffset = new Map<number, bigint>();
  #hasLetGo = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(log: EventLog) {
    this.#log = log;
  }

  async load(streamId: string): Promise<IngestCursor | undefined> {
    let value = await this.#look(streamId);
    if (value === undefined && this.#hasLetGo) {
      this.#nextOffset = new Map();
      value = await this.#look(streamId);
    }
    return value === undefined || value === null ? undefined : decodeCursor(value, streamId);
  }

  /** One at a time: looks share what was read. */
  #look(streamId: string): Promise<Uint8Array | null | undefined> {
    const look = this.#turn.then(() => this.#readOn(streamId));
    this.#turn = look.then(
      () => undefined,
      () => undefined,
    );
    return look;
  }

  async #readOn(streamId: string): Promise<Uint8Array | null | undefined> {
    let wanted = this.#kept.get(streamId);
    const topic = TOPICS.stateIngest.name;
    for (const { partition, beginOffset, endOffset } of (await this.#log.describeTopic(topic)).partitions) {
      const fromOffset = this.#nextOffset.get(partition) ?? beginOffset;
      for await (const records of this.#log.readRange({
        topic,
        partition,
        fromOffset,
        toOffset: endOffset,
      })) {
        for (const { key, value } of records) {
          if (key === null) continue;
          if (key === streamId) wanted = value;
          this.#keep(key, value);
        }
      }
      this.#nextOffset.set(partition, endOffset);
    }
    return wanted;
  }

  #keep(key: string, value: Uint8Array | null): void {
    this.#kept.delete(key);
    // A copy: the record's bytes are a view of all that was fetched with it.
    this.#kept.set(key, value === null ? null : value.slice());
    if (this.#kept.size <= MAX_KEPT) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      this.#hasLetGo = true;
      return;
    }
  }
}

function decodeCursor(bytes: Uint8Array, streamId: string): IngestCursor {
  const parsed = parseMessage(stateV1.IngestCursorSchema, bytes);
  if (!parsed.ok) {
    throw new TickwellError(
      'cursor-unreadable',
      `the cursor of ${streamId} in ${TOPICS.stateIngest.name} is broken: ${parsed.error.reason}`,
    );
  }
  if (parsed.value.version !== CURSOR_VERSION) {
    throw new TickwellError(
      'cursor-version',
      `the cursor of ${streamId} has version ${parsed.value.version}, this build knows ${CURSOR_VERSION}: use the newer build`,
    );
  }
  const { version, source, position, finished, knownAtNs, events, refused, description } = parsed.value;
  return { version, streamId, source, position, finished, knownAtNs, events, refused, description };
}
