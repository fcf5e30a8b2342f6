import {
  fromBinary,
  toBinary,
  type DescMessage,
  type DescService,
  type MessageShape,
} from '@bufbuild/protobuf';

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

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
