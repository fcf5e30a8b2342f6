import {
  fromBinary,
  toBinary,
  type DescMessage,
  type DescService,
  type MessageShape,
} from '@bufbuild/protobuf';
import { errorMessage, TickwellError } from '@tickwell/domain';

/** The part of a generated method descriptor that the bridge needs; `MarketDataService.method.getBars` is one. */
export interface MethodDesc<Kind extends string, I extends DescMessage, O extends DescMessage> {
  readonly methodKind: Kind;
  readonly name: string;
  readonly parent: DescService;
  readonly input: I;
  readonly output: O;
}

/** "/tickwell.query.v1.MarketDataService/GetBars" */
export function methodPath(method: { readonly name: string; readonly parent: DescService }): string {
  return `/${method.parent.typeName}/${method.name}`;
}

export function serializer<D extends DescMessage>(schema: D): (message: MessageShape<D>) => Buffer {
  return (message) => asBuffer(toBinary(schema, message));
}

export function deserializer<D extends DescMessage>(schema: D): (bytes: Buffer) => MessageShape<D> {
  return (bytes) => fromBinary(schema, bytes);
}

/** What a client sent; throws `invalid-argument` where that is no such message, such as a text that is not UTF-8. */
export function readRequest<D extends DescMessage>(schema: D, bytes: Uint8Array): MessageShape<D> {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    const message = `the request is no ${schema.typeName}: ${errorMessage(cause)}`;
    throw new TickwellError('invalid-argument', message, { cause });
  }
}

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
