import { Message, MessageHeader } from 'apache-arrow';
import type { ArrowMessage } from '@tickwell/ports';

/** Before every message of a stream, since Arrow 0.15. */
const CONTINUATION = 0xffffffff;
const PREFIX_BYTES = 8;
const ALIGNMENT = 8;

/** What kind of message it is. */
type MessageKind = 'schema' | 'dictionary' | 'batch';

export interface KindOfMessage extends ArrowMessage {
  readonly kind: MessageKind;
}

/** The messages of a whole IPC stream, sharing its memory. Throws a RangeError where the bytes are none. */
export function* messagesOf(stream: Uint8Array): Generator<KindOfMessage> {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  for (let at = 0; at + PREFIX_BYTES <= stream.length;) {
    if (view.getUint32(at, true) !== CONTINUATION)
      throw new RangeError(`no Arrow message begins at byte ${at}`);
    const headerBytes = view.getUint32(at + 4, true);
    if (headerBytes === 0) return;
    const bodyAt = at + PREFIX_BYTES + headerBytes;
    const header = stream.subarray(at + PREFIX_BYTES, bodyAt);
    const { headerType, bodyLength } = Message.decode(header);
    const end = bodyAt + bodyLength;
    if (end > stream.length) throw new RangeError(`the Arrow message at byte ${at} ends beyond the stream`);
    yield { kind: kindOf(headerType), header, body: bodyLength === 0 ? [] : [stream.subarray(bodyAt, end)] };
    at = end;
  }
}

/** The kind of a message by its header. Throws what the flatbuffer reader throws of other bytes. */
function kindOf(headerType: MessageHeader): MessageKind {
  switch (headerType) {
    case MessageHeader.Schema:
      return 'schema';
    case MessageHeader.DictionaryBatch:
      return 'dictionary';
    case MessageHeader.RecordBatch:
      return 'batch';
    default:
      throw new RangeError(
        `Arrow messages of type ${headerType} are not taken: send a schema, dictionaries and record batches`,
      );
  }
}

/** A message with its length before it; several one after the other are a stream. */
export function encapsulated({ header, body }: ArrowMessage): Uint8Array<ArrayBuffer> {
  const headerBytes = Math.ceil(header.length / ALIGNMENT) * ALIGNMENT;
  const bodyBytes = body.reduce((sum, part) => sum + part.byteLength, 0);
  const bytes = new Uint8Array(PREFIX_BYTES + headerBytes + bodyBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, CONTINUATION, true);
  view.setUint32(4, headerBytes, true);
  bytes.set(header, PREFIX_BYTES);
  let at = PREFIX_BYTES + headerBytes;
  for (const part of body) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
