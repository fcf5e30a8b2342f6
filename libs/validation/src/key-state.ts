import { readState, StateWriter, type Result, type StateReader } from '@tickwell/domain';
import { BoundedMap } from './bounded-map.ts';
import { createCounts, type Counts } from './counts.ts';
import { ClockState } from './market/clock-state.ts';
import { PriceState } from './market/price-state.ts';
import { createStream, type StreamState } from './stream-state.ts';
import type { VersionWindow } from './version-window.ts';
import { VersionWindows } from './version-windows.ts';

/**
 * Most streams (series of one origin) remembered per key. A writer that resumes a stream after so many others of the same symbol
 * came in between is not recognised, and its repeats go through (the store keeps each identity once all the same).
 */
export const MAX_STREAMS = 64;
/** Most (source, kind) pairs counted per key; counts of a forgotten pair start again. */
export const MAX_COUNTS = 64;

/** What the validator keeps of one key of one topic; bounded, however many streams and sources write to it. */
export class KeyState {
  readonly #streams = new BoundedMap<StreamState>(MAX_STREAMS);
  readonly #counts = new BoundedMap<Counts>(MAX_COUNTS);
  #versions = new VersionWindows();

  /** State of one series ("trades", "5m/trade") of one stream. */
  stream(series: string, origin: string): StreamState {
    return this.#streams.use(streamKey(series, origin), createStream);
  }

  /** Newest versions of one series of a source, over all its streams. */
  versions(series: string, source: string): VersionWindow {
    return this.#versions.use(`${series}#${source}`);
  }

  /** Time of the last event accepted of a stream, over all its series; 0n: none. */
  lastAcceptedNs(origin: string): bigint {
    let lastNs = 0n;
    for (const [key, stream] of this.#streams.entries()) {
      if (afterMark(key) === origin && stream.timeNs > lastNs) lastNs = stream.timeNs;
    }
    return lastNs;
  }

  /** The series of a stream, each with its state. */
  streamsOf(origin: string): readonly { readonly series: string; readonly stream: StreamState }[] {
    return [...this.#streams.entries()]
      .filter(([key]) => afterMark(key) === origin)
      .map(([key, stream]) => ({ series: key.slice(0, key.indexOf('#')), stream }));
  }

  counts(source: string, kind: string): Counts {
    return this.#counts.use(countsKey(source, kind), createCounts);
  }

  /** Kinds of a source that were counted, each with its counts. */
  countsOf(source: string): readonly { readonly kind: string; readonly counts: Counts }[] {
    return [...this.#counts.entries()]
      .filter(([key]) => afterMark(key) === source)
      .map(([key, counts]) => ({ kind: key.slice(0, key.indexOf('#')), counts }));
  }

  static readonly version = 3;

  /** Equal states have equal bytes. */
  encode(): Uint8Array {
    const writer = new StateWriter();
    writer.uint(this.#streams.size);
    for (const [key, stream] of this.#streams.entries()) writeStream(writer.text(key), stream);
    writer.uint(this.#counts.size);
    for (const [key, counts] of this.#counts.entries()) writeCounts(writer.text(key), counts);
    this.#versions.write(writer);
    return writer.finish();
  }

  static decode(version: number, bytes: Uint8Array): Result<KeyState, string> {
    return readState(bytes, (reader) => {
      if (version < WITHOUT_VERSIONS || version > KeyState.version) {
        reader.fail(
          `version ${version} is not known, this build reads up to ${KeyState.version}: run the newer build`,
        );
      }
      const state = new KeyState();
      for (let left = reader.count(MIN_STREAM_BYTES); left > 0; left--) {
        const key = reader.text();
        const stream = readStream(reader, version);
        state.#streams.use(key, () => stream);
      }
      for (let left = reader.count(MIN_COUNTS_BYTES); left > 0; left--) {
        const key = reader.text();
        const counts = readCounts(reader);
        state.#counts.use(key, () => counts);
      }
      if (version > WITHOUT_VERSIONS) state.#versions = VersionWindows.read(reader);
      return state;
    });
  }
}

/** Layout of states that knew no versions of bars yet. */
const WITHOUT_VERSIONS = 1;
/** Layout of streams that knew nothing of what is usual of their prices and clocks. */
const WITHOUT_MARKET = 2;
const MIN_STREAM_BYTES = 7;
const MIN_COUNTS_BYTES = 6;

/** Series and kinds come from this code and hold no '#', so the first one ends them. */
function streamKey(series: string, origin: string): string {
  return `${series}#${origin}`;
}

function countsKey(source: string, kind: string): string {
  return `${kind}#${source}`;
}

function afterMark(key: string): string {
  return key.slice(key.indexOf('#') + 1);
}

function writeStream(writer: StateWriter, stream: StreamState): void {
  writer.int64(stream.position).flag(stream.hasLast).int64(stream.timeNs).int64(stream.seq);
  writer.uint(stream.numbers.length);
  for (const value of stream.numbers) writer.double(value);
  writer.uint(stream.texts.length);
  for (const text of stream.texts) writer.text(text);
  writer.flag(stream.prices !== undefined);
  stream.prices?.write(writer);
  writer.flag(stream.clock !== undefined);
  stream.clock?.write(writer);
}

function readStream(reader: StateReader, version: number): StreamState {
  const stream = createStream();
  stream.position = reader.int64();
  stream.hasLast = reader.flag();
  stream.timeNs = reader.int64();
  stream.seq = reader.int64();
  for (let left = reader.count(8); left > 0; left--) stream.numbers.push(reader.double());
  for (let left = reader.count(1); left > 0; left--) stream.texts.push(reader.text());
  if (version <= WITHOUT_MARKET) return stream;
  if (reader.flag()) stream.prices = PriceState.read(reader);
  if (reader.flag()) stream.clock = ClockState.read(reader);
  return stream;
}

function writeCounts(writer: StateWriter, counts: Counts): void {
  writer.uint(counts.received).uint(counts.accepted).uint(counts.deadLettered).uint(counts.duplicates);
  writer.uint(counts.unreported);
}

function readCounts(reader: StateReader): Counts {
  return {
    received: reader.uint(),
    accepted: reader.uint(),
    deadLettered: reader.uint(),
    duplicates: reader.uint(),
    unreported: reader.uint(),
  };
}
