import {
  HEADER_CONTENT_TYPE,
  HEADER_SOURCE,
  HEADER_STREAM_NAME,
  MAX_BATCH_BYTES,
  MAX_BATCH_EVENTS,
  RAW_EVENT_TYPES,
  TOPICS,
  contentType,
  rawEventTypeOf,
  type RawEvent,
} from '@tickwell/contracts';
import { err, ok, type Header, type Result } from '@tickwell/domain';
import { letterName, type NewRecord, type StoredLetter } from '@tickwell/ports';
import type { Fix } from './fix.ts';

/** What is sent for one letter. */
export interface Replay {
  readonly letter: StoredLetter;
  readonly event: RawEvent;
  readonly header: Pick<Header, 'source' | 'symbol' | 'priceBasis'>;
  readonly key: string;
}

/** Topics whose key is the header's symbol; the others' keys name an account or a data set. */
const KEYED_BY_SYMBOL: ReadonlySet<string> = new Set([
  TOPICS.rawTicks.name,
  TOPICS.rawBars.name,
  TOPICS.rawFundamentals.name,
  TOPICS.rawActions.name,
]);

/** The original as an event; the error says why it is none. */
export function eventOf(letter: StoredLetter, original: Uint8Array): Result<RawEvent, string> {
  const { contentType: type, originalSize } = letter;
  if (letter.state === 'purged') return err('it was purged: its bytes are gone');
  if (letter.truncated) {
    return err(
      `of its ${originalSize} bytes only the first ${original.length} are kept: send the input again from its source`,
    );
  }
  const known = rawEventTypeOf(type);
  if (known === undefined) {
    const what =
      type === '' ? 'it is no message but text or bytes of a file' : `type ${type} is no raw event`;
    return err(`${what}: give a fix with type (one of ${RAW_EVENT_TYPES.join(', ')}), symbol and event`);
  }
  const read = known.fromBytes(original);
  return read.ok ? read : err(`${read.error.reason}: give a fix with event`);
}

/** What to send for a letter, mended by the fix. */
export function replayOf(letter: StoredLetter, original: Uint8Array, fix: Fix): Result<Replay, string> {
  const event = fix.event === undefined ? eventOf(letter, original) : fixedEvent(letter, fix, fix.event);
  if (!event.ok) return err(`${letterName(letter)}: ${event.error}`);
  const { events, topic, header } = event.value;
  if (events === 0) return err(`${letterName(letter)}: there is no event in it`);
  if (events > MAX_BATCH_EVENTS)
    return err(`${letterName(letter)}: ${events} events, at most ${MAX_BATCH_EVENTS} go into one record`);
  const own = KEYED_BY_SYMBOL.has(topic.name) ? header?.symbol : undefined;
  const symbol = fix.symbol ?? own ?? letter.symbol;
  if (symbol === '') return err(`${letterName(letter)}: it names no instrument: give a fix with symbol`);
  return ok({
    letter,
    event: event.value,
    key: symbol,
    header: {
      source: fix.source ?? header?.source ?? letter.source,
      symbol: KEYED_BY_SYMBOL.has(topic.name) ? symbol : (header?.symbol ?? ''),
      priceBasis: fix.priceBasis ?? header?.priceBasis ?? 'unspecified',
    },
  });
}

function fixedEvent(letter: StoredLetter, fix: Fix, json: string): Result<RawEvent, string> {
  const typeName = fix.type ?? letter.contentType;
  const type = rawEventTypeOf(typeName);
  if (type === undefined)
    return err(
      `fix.type ${typeName === '' ? 'is missing' : typeName}: use one of ${RAW_EVENT_TYPES.join(', ')}`,
    );
  const read = type.fromJson(json);
  return read.ok ? read : err(`fix.event is no ${type.topic.type}: ${read.error}`);
}

/**
 * Records that send letters through the flow again, one for each, in event order. All of one symbol are one stream of the request,
 * so that the validator judges them apart from the streams they came from; values became known now.
 */
export function replayRecords(
  replays: readonly Replay[],
  { origin, knownAtNs }: { readonly origin: string; readonly knownAtNs: bigint },
): Result<readonly NewRecord[], string> {
  const last = new Map<string, bigint>();
  const records: NewRecord[] = [];
  for (const replay of [...replays].sort(byTime)) {
    const stream = `${origin}#${replay.key}`;
    const first = (last.get(stream) ?? 0n) + 1n;
    const n = first + BigInt(replay.event.events) - 1n;
    last.set(stream, n);
    const value = replay.event.encode(
      {
        ...replay.header,
        cause: { origin: stream, n, k: 0 },
        knownAtNs,
        watermarkNs: 0n,
        replayOf: letterName(replay.letter),
      },
      first,
    );
    if (value.length > MAX_BATCH_BYTES)
      return err(
        `${letterName(replay.letter)}: ${value.length} bytes, at most ${MAX_BATCH_BYTES} go into one record`,
      );
    records.push(newRecord(replay, value));
  }
  return ok(records);
}

function newRecord({ event, key, header, letter }: Replay, value: Uint8Array): NewRecord {
  return {
    topic: event.topic.name,
    key,
    value,
    headers: {
      [HEADER_CONTENT_TYPE]: contentType(event.topic.type),
      [HEADER_SOURCE]: header.source,
      [HEADER_STREAM_NAME]: `replay of ${letterName(letter)}`,
    },
  };
}

function byTime(a: Replay, b: Replay): number {
  const order = a.event.firstTimeNs - b.event.firstTimeNs;
  return order < 0n ? -1 : order > 0n ? 1 : 0;
}
