import { TickwellError, type CauseMarks } from '@tickwell/domain';
import type { EventLog, LogRecord, TopicPartition } from '@tickwell/ports';
import { MarketRecord } from './market-record.ts';
import type { Match } from './match.ts';
import type { Position } from './response.ts';
import type { StreamTally } from './stream-tally.ts';

/** How far a subscriber has been read for in one partition. */
export interface Cursor extends TopicPartition {
  readonly epoch: string;
  nextOffset: bigint;
  readonly marks: CauseMarks;
}

/** What one subscriber gets of the log. */
export interface Wanted {
  /** Undefined: every symbol. */
  readonly symbols: ReadonlySet<string> | undefined;
  /** What of a record; undefined: nothing. */
  readonly match: (record: MarketRecord) => Match | undefined;
}

/** Brings the cursors up to the targets and yields what is wanted, at the pace it is asked for. */
export async function* catchUp(
  log: EventLog,
  cursors: readonly Cursor[],
  targets: readonly Position[],
  wanted: Wanted,
  tally: StreamTally,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const cursor of cursors) {
    const { topic, partition } = cursor;
    const toOffset = targets.find((one) => one.topic === topic && one.partition === partition)?.nextOffset;
    if (toOffset === undefined || toOffset <= cursor.nextOffset) continue;
    await checkKept(log, cursor);
    const range = { topic, partition, fromOffset: cursor.nextOffset, toOffset, signal };
    for await (const records of log.readRange(range)) {
      for (const record of records) {
        cursor.nextOffset = record.offset + 1n;
        const match = newMatch(record, cursor, wanted);
        if (match === undefined) continue;
        tally.add(match);
        yield match.bytes;
      }
    }
    if (signal.aborted) return;
    cursor.nextOffset = toOffset;
  }
}

/** A reader slower than the log's retention must hear of it: the log would just begin later. */
async function checkKept(log: EventLog, cursor: Cursor): Promise<void> {
  const { partitions } = await log.describeTopic(cursor.topic);
  const begin = partitions.find((one) => one.partition === cursor.partition)?.beginOffset ?? 0n;
  if (cursor.nextOffset >= begin) return;
  throw new TickwellError(
    'position-expired',
    `reader too slow: ${cursor.topic}/${cursor.partition} is kept from offset ${begin} on, ${cursor.nextOffset} is gone: subscribe again with since_ns`,
  );
}

function newMatch(record: LogRecord, cursor: Cursor, wanted: Wanted): Match | undefined {
  if (record.value === null) return undefined;
  if (wanted.symbols !== undefined && record.key !== null && !wanted.symbols.has(record.key)) {
    // Not even its cause matters: a repetition of a wanted record follows that record itself.
    return undefined;
  }
  const parsed = MarketRecord.parse(record, cursor.epoch);
  if (!parsed.ok || !cursor.marks.advance(parsed.value.header.cause)) return undefined;
  return wanted.match(parsed.value);
}
