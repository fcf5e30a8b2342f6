import type { QuietSpan } from './seen-log.ts';

/** A serialized message of an answer, with the times of its rows, oldest first. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly firstNs: bigint;
  /** Of the last row. */
  readonly lastNs: bigint;
  readonly rows: number;
}

/** What is cached: messages that are ready to be sent, and the positions of the log that they are the answer of, one span per scope. */
export interface Entry {
  readonly spans: readonly QuietSpan[];
  readonly pieces: readonly Piece[];
}

/** Changes with the layout below and with what answers are. */
const VERSION = 1;
const HEAD_BYTES = 8;
const SPAN_BYTES = 16;
const PIECE_BYTES = 24;

export function encodeEntry({ spans, pieces }: Entry): Uint8Array {
  const index = HEAD_BYTES + spans.length * SPAN_BYTES + pieces.length * PIECE_BYTES;
  const size = pieces.reduce((sum, { bytes }) => sum + bytes.byteLength, index);
  const encoded = new Uint8Array(size);
  const view = new DataView(encoded.buffer);
  view.setUint16(0, VERSION);
  view.setUint16(2, spans.length);
  view.setUint32(4, pieces.length);
  let at = HEAD_BYTES;
  for (const { fromOffset, toOffset } of spans) {
    view.setBigInt64(at, fromOffset);
    view.setBigInt64(at + 8, toOffset);
    at += SPAN_BYTES;
  }
  let start = index;
  for (const { bytes, firstNs, lastNs, rows } of pieces) {
    view.setBigInt64(at, firstNs);
    view.setBigInt64(at + 8, lastNs);
    view.setUint32(at + 16, rows);
    view.setUint32(at + 20, bytes.byteLength);
    encoded.set(bytes, start);
    at += PIECE_BYTES;
    start += bytes.byteLength;
  }
  return encoded;
}

/** Undefined: these bytes are no entry, or one of another version. The pieces are parts of the bytes, not copies. */
export function decodeEntry(encoded: Uint8Array): Entry | undefined {
  if (encoded.byteLength < HEAD_BYTES) return undefined;
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  if (view.getUint16(0) !== VERSION) return undefined;
  const [spanCount, pieceCount] = [view.getUint16(2), view.getUint32(4)];
  let start = HEAD_BYTES + spanCount * SPAN_BYTES + pieceCount * PIECE_BYTES;
  if (start > encoded.byteLength) return undefined;
  let at = HEAD_BYTES;
  const spans: QuietSpan[] = [];
  for (; spans.length < spanCount; at += SPAN_BYTES)
    spans.push({ fromOffset: view.getBigInt64(at), toOffset: view.getBigInt64(at + 8) });
  const pieces: Piece[] = [];
  for (; pieces.length < pieceCount; at += PIECE_BYTES) {
    const end = start + view.getUint32(at + 20);
    if (end > encoded.byteLength) return undefined;
    pieces.push({
      bytes: encoded.subarray(start, end),
      firstNs: view.getBigInt64(at),
      lastNs: view.getBigInt64(at + 8),
      rows: view.getUint32(at + 16),
    });
    start = end;
  }
  return start === encoded.byteLength ? { spans, pieces } : undefined;
}

/**
 * Whether what was read holds now: for each scope there is a position of the log of which both are the answer. `now`: between which positions nothing
 * touched it, as far as this process has seen the log.
 */
export function holds(entry: Entry, now: readonly (QuietSpan | undefined)[]): boolean {
  return (
    entry.spans.length === now.length &&
    entry.spans.every((span, at) => {
      const quiet = now[at];
      return quiet !== undefined && span.toOffset >= quiet.fromOffset && span.fromOffset <= quiet.toOffset;
    })
  );
}
