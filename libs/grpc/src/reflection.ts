import { create, toBinary, type DescFile, type DescService, type MessageInitShape } from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { status as Status } from '@grpc/grpc-js';
import { grpcReflectionV1 as v1, grpcReflectionV1Alpha as v1alpha } from '@tickwell/contracts';
import { bindDuplex, type BoundMethod } from './bind.ts';

/**
 * Server reflection from the descriptors that the generated code carries: what a client reads is what is served. v1 and v1alpha
 * have the same messages on the wire, so both are answered by one handler.
 */
export function reflectionMethods(services: readonly DescService[]): readonly BoundMethod[] {
  const method = v1.ServerReflection.method.serverReflectionInfo;
  const old = v1alpha.ServerReflection.method.serverReflectionInfo;
  const index = new DescriptorIndex([...services, v1.ServerReflection, v1alpha.ServerReflection]);
  async function* handle(
    requests: AsyncIterable<v1.ServerReflectionRequest>,
  ): AsyncGenerator<v1.ServerReflectionResponse> {
    for await (const request of requests) yield index.answer(request);
  }
  return [
    bindDuplex(method, handle),
    bindDuplex(
      {
        methodKind: 'bidi_streaming',
        name: old.name,
        parent: old.parent,
        input: method.input,
        output: method.output,
      },
      handle,
    ),
  ];
}

type Answer = NonNullable<MessageInitShape<typeof v1.ServerReflectionResponseSchema>['messageResponse']>;

class DescriptorIndex {
  readonly #services: readonly string[];
  readonly #files = new Map<string, DescFile>();
  readonly #symbols = new Map<string, DescFile>();

  constructor(services: readonly DescService[]) {
    this.#services = services.map((service) => service.typeName).sort();
    for (const service of services) this.#add(service.file);
  }

  answer(request: v1.ServerReflectionRequest): v1.ServerReflectionResponse {
    return create(v1.ServerReflectionResponseSchema, {
      validHost: request.host,
      originalRequest: request,
      messageResponse: this.#response(request.messageRequest),
    });
  }

  #response(request: v1.ServerReflectionRequest['messageRequest']): Answer {
    switch (request.case) {
      case 'listServices':
        return { case: 'listServicesResponse', value: { service: this.#services.map((name) => ({ name })) } };
      case 'fileByFilename':
        return fileAnswer(this.#files.get(request.value), `file "${request.value.slice(0, 200)}"`);
      case 'fileContainingSymbol':
        return fileAnswer(this.#symbols.get(request.value), `symbol "${request.value.slice(0, 200)}"`);
      case 'fileContainingExtension':
        return refusal(Status.NOT_FOUND, 'the schemas have no extensions');
      case 'allExtensionNumbersOfType':
        return this.#symbols.has(request.value)
          ? { case: 'allExtensionNumbersResponse', value: { baseTypeName: request.value } }
          : refusal(Status.NOT_FOUND, `type "${request.value.slice(0, 200)}" is not known`);
      case undefined:
        return refusal(Status.INVALID_ARGUMENT, 'the request asks for nothing');
    }
  }

  #add(file: DescFile): void {
    const name = file.proto.name;
    if (this.#files.has(name)) return;
    this.#files.set(name, file);
    for (const type of nestedTypes(file)) {
      this.#symbols.set(type.typeName, file);
      if (type.kind !== 'service') continue;
      for (const method of type.methods) this.#symbols.set(`${type.typeName}.${method.name}`, file);
    }
    for (const dependency of file.dependencies) this.#add(dependency);
  }
}

/** The file and everything it imports: a client then needs no second question. */
function fileAnswer(file: DescFile | undefined, wanted: string): Answer {
  if (file === undefined) return refusal(Status.NOT_FOUND, `${wanted} is not known`);
  const files = new Map<string, DescFile>();
  const visit = (one: DescFile): void => {
    if (files.has(one.proto.name)) return;
    files.set(one.proto.name, one);
    one.dependencies.forEach(visit);
  };
  visit(file);
  const fileDescriptorProto = [...files.values()].map((one) =>
    toBinary(FileDescriptorProtoSchema, one.proto),
  );
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
}

function refusal(code: Status, message: string): Answer {
  return { case: 'errorResponse', value: { errorCode: code, errorMessage: message } };
}
