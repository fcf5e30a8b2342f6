import { RecordBatchStreamWriter, type Schema } from 'apache-arrow';
import { encapsulated, messagesOf } from '../ipc-messages.ts';

/** A schema as an encapsulated message. */
export function schemaBytes(schema: Schema): Uint8Array<ArrayBuffer> {
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  writer.finish();
  const [message] = messagesOf(writer.toUint8Array(true));
  if (message === undefined) throw new Error('Arrow wrote no schema');
  return encapsulated(message);
}
