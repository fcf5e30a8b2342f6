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

/** Cursors of the compacted topic: the last record of a key counts. */
export function logCursors(log: EventLog): CursorStore {
  return { load: (streamId) => lastCursor(log, streamId) };
}

async function lastCursor(log: EventLog, streamId: string): Promise<IngestCursor | undefined> {
  const topic = TOPICS.stateIngest.name;
  let last: Uint8Array | null = null;
  for (const { partition, beginOffset, endOffset } of (await log.describeTopic(topic)).partitions) {
    const range = { topic, partition, fromOffset: beginOffset, toOffset: endOffset };
    for await (const records of log.readRange(range)) {
      for (const record of records) if (record.key === streamId) last = record.value;
    }
  }
  return last === null ? undefined : decodeCursor(last, streamId);
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
