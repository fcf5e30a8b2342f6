/*
 * FlightData (flight.proto) by hand, so that a body is copied once, from the columns' own memory into the message, and not into a body first.
 * Tests hold it to protobuf-es' bytes.
 */

const DATA_HEADER = 0x12;
const APP_METADATA = 0x1a;
/** Field 1000, length-delimited, as a varint. */
const DATA_BODY = [0xc2, 0x3e];

/** A message of Arrow's IPC format, as Flight carries it. */
export interface FlightMessage {
  readonly header: Uint8Array;
  /** What follows each other in the body. */
  readonly body: readonly Uint8Array[];
  readonly appMetadata?: Uint8Array;
}

/** The same bytes as protobuf-es'. */
export function encodeFlightData({ header, body, appMetadata }: FlightMessage): Uint8Array<ArrayBuffer> {
  const bodyBytes = body.reduce((sum, part) => sum + part.byteLength, 0);
  const metadata = appMetadata ?? new Uint8Array();
  const size =
    fieldSize(1, header.length) +
    fieldSize(1, metadata.length) +
    (bodyBytes === 0 ? 0 : fieldSize(DATA_BODY.length, bodyBytes));
  const bytes = new Uint8Array(size);
  let at = 0;
  const field = (tag: readonly number[], length: number, parts: readonly Uint8Array[]): void => {
    if (length === 0) return;
    for (const byte of tag) bytes[at++] = byte;
    at = writeVarint(bytes, at, length);
    for (const part of parts) {
      bytes.set(part, at);
      at += part.byteLength;
    }
  };
  field([DATA_HEADER], header.length, [header]);
  field([APP_METADATA], metadata.length, [metadata]);
  field(DATA_BODY, bodyBytes, body);
  return bytes;
}

function fieldSize(tagBytes: number, length: number): number {
  if (length === 0) return 0;
  let varint = 1;
  for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 0x80)) varint += 1;
  return tagBytes + varint + length;
}

function writeVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) | 0x80;
  bytes[at++] = rest;
  return at;
}
