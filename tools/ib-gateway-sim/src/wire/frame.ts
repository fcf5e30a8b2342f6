/** Framing of the text protocol: u32 big-endian payload length, then fields, each ended by one NUL. */
import { err, ok, type Result } from '@tickwell/domain';

export type Field = string | number | boolean;
/** One message in wire order; the first field is the message id. */
export type Message = readonly Field[];

/** What clients accept: one byte less than 16 MiB (reference §1). */
export const MAX_FRAME_BYTES = 0xff_ff_ff;
/** No request of a client comes near it; more is a client that speaks something else. */
const MAX_REQUEST_BYTES = 256 * 1024;
const PREFIX_BYTES = 4;

/** Decimal text without an exponent, as the clients' parsers of all ages take it. NaN and infinities are "unset": empty. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return '';
  const text = String(value);
  if (!text.includes('e')) return text;
  if (Math.abs(value) >= 1) return String(BigInt(value));
  return value.toFixed(20).replace(/\.?0+$/, '');
}

/** ASCII without backslashes: clients decode \uXXXX escapes (reference §4.2). NUL would end the field. */
export function asciiText(text: string): string {
  return text.replaceAll(/[^\x20-\x5b\x5d-\x7e\r\n\t]/g, (char) =>
    char === '\0' ? ' ' : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const NEEDS_ESCAPE = /[^\x20-\x5b\x5d-\x7e\r\n\t]/;

function fieldText(field: Field): string {
  if (typeof field === 'string') return NEEDS_ESCAPE.test(field) ? asciiText(field) : field;
  if (typeof field === 'number') return numberText(field);
  return field ? '1' : '0';
}

/** The bytes of one message, with its length prefix. */
export function encodeFrame(message: Message): Buffer {
  let text = '';
  for (const field of message) text += `${fieldText(field)}\0`;
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + text.length);
  if (text.length > MAX_FRAME_BYTES)
    throw new RangeError(`message ${fieldText(message[0] ?? '')} is ${text.length} bytes: split the answer`);
  frame.writeUInt32BE(text.length, 0);
  frame.write(text, PREFIX_BYTES, 'latin1');
  return frame;
}

/** The fields of a payload. Not ended by NUL is not a message. */
function decodeFields(payload: Buffer): Result<string[], string> {
  if (payload.length === 0) return err('an empty frame');
  if (payload[payload.length - 1] !== 0) return err('a frame that does not end with NUL');
  return ok(payload.toString('utf8', 0, payload.length - 1).split('\0'));
}

/**
 * Puts frames together from chunks cut anywhere. Holds at most one frame of `maxBytes` and what came with it; a longer
 * announced length is an error, after which it answers nothing more.
 */
export class FrameReader {
  readonly #maxBytes: number;
  #pending: Buffer = Buffer.alloc(0);
  #failed = false;

  constructor(maxBytes = MAX_REQUEST_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of an unfinished frame. */
  get pendingBytes(): number {
    return this.#pending.length;
  }

  *push(chunk: Buffer): Generator<Result<string[], string>, void, undefined> {
    if (this.#failed) return;
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= PREFIX_BYTES) {
      const length = this.#pending.readUInt32BE(0);
      if (length > this.#maxBytes) {
        this.#failed = true;
        this.#pending = Buffer.alloc(0);
        yield err(`a frame of ${length} bytes, more than the ${this.#maxBytes} that are read`);
        return;
      }
      if (this.#pending.length < PREFIX_BYTES + length) return;
      const payload = this.#pending.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
      this.#pending = this.#pending.subarray(PREFIX_BYTES + length);
      const fields = decodeFields(payload);
      if (!fields.ok) this.#failed = true;
      yield fields;
      if (!fields.ok) return;
    }
  }
}
