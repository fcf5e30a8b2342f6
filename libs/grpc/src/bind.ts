import { toBinary, type DescMessage, type DescService, type MessageShape } from '@bufbuild/protobuf';
import type {
  Metadata,
  Server,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
} from '@grpc/grpc-js';
import { TickwellError } from '@tickwell/domain';
import { traceIdOf, type CallContext, type CallRuntime } from './context.ts';
import { asBuffer, methodPath, readRequest, serializer, type MethodDesc } from './method.ts';
import { statusName, statusOf, type CallStatus } from './status.ts';
import { StreamWriter, abortError } from './stream-writer.ts';

/** A method with its handler, ready to be served. */
export interface BoundMethod {
  readonly path: string;
  readonly service: DescService;
  readonly name: string;
  register(server: Server, runtime: CallRuntime): void;
}

export type UnaryHandler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  context: CallContext,
) => Promise<MessageShape<O>>;

/**
 * Yields messages, or bytes of messages serialized already (an event that a thousand subscribers receive is encoded once); is
 * asked for the next only when the reader keeps up.
 */
export type StreamHandler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  context: CallContext,
) => AsyncIterable<MessageShape<O> | Uint8Array>;

export type DuplexHandler<I extends DescMessage, O extends DescMessage> = (
  requests: AsyncIterable<MessageShape<I>>,
  context: CallContext,
) => AsyncIterable<MessageShape<O> | Uint8Array>;

export function bindUnary<I extends DescMessage, O extends DescMessage>(
  method: MethodDesc<'unary', I, O>,
  handler: UnaryHandler<I, O>,
): BoundMethod {
  const path = methodPath(method);
  return {
    path,
    service: method.parent,
    name: method.name,
    register(server, runtime) {
      server.register<Uint8Array, MessageShape<O>>(
        path,
        (call: ServerUnaryCall<Uint8Array, MessageShape<O>>, respond: Respond<MessageShape<O>>) => {
          const ask = (context: CallContext): Promise<MessageShape<O>> =>
            handler(readRequest(method.input, call.request), context);
          void answer(path, call, ask, runtime, respond);
        },
        serializer(method.output),
        asBuffer,
        'unary',
      );
    },
  };
}

export function bindStream<I extends DescMessage, O extends DescMessage>(
  method: MethodDesc<'server_streaming', I, O>,
  handler: StreamHandler<I, O>,
): BoundMethod {
  const path = methodPath(method);
  return {
    path,
    service: method.parent,
    name: method.name,
    register(server, runtime) {
      server.register<Uint8Array, Uint8Array>(
        path,
        (call: ServerWritableStream<Uint8Array, Uint8Array>) => {
          const produce = (context: CallContext): AsyncIterable<MessageShape<O> | Uint8Array> =>
            handler(readRequest(method.input, call.request), context);
          void serve(path, call, method.output, produce, runtime);
        },
        asBuffer,
        asBuffer,
        'serverStream',
      );
    },
  };
}

export function bindDuplex<I extends DescMessage, O extends DescMessage>(
  method: MethodDesc<'bidi_streaming', I, O>,
  handler: DuplexHandler<I, O>,
): BoundMethod {
  const path = methodPath(method);
  return {
    path,
    service: method.parent,
    name: method.name,
    register(server, runtime) {
      server.register<Uint8Array, Uint8Array>(
        path,
        (call: ServerDuplexStream<Uint8Array, Uint8Array>) => {
          const requests = readRequests(method.input, call);
          void serve(path, call, method.output, (context) => handler(requests, context), runtime);
        },
        asBuffer,
        asBuffer,
        'bidi',
      );
    },
  };
}

type Respond<T> = (error: CallStatus | null, value?: T) => void;
type OpenCall = ServerWritableStream<unknown, Uint8Array> | ServerDuplexStream<unknown, Uint8Array>;

interface SurfaceCall {
  readonly metadata: Metadata;
  getPeer(): string;
  on(event: 'cancelled', listener: () => void): unknown;
}

function openContext(path: string, call: SurfaceCall): { context: CallContext; controller: AbortController } {
  const controller = new AbortController();
  call.on('cancelled', () => {
    controller.abort(new TickwellError('cancelled', 'the client cancelled the call or went away'));
  });
  const traceId = traceIdOf(call.metadata);
  return { controller, context: { method: path, peer: call.getPeer(), traceId, signal: controller.signal } };
}

/** One after the other, as the handler takes them. */
async function* readRequests<I extends DescMessage>(
  schema: I,
  requests: AsyncIterable<Uint8Array>,
): AsyncGenerator<MessageShape<I>> {
  for await (const bytes of requests) yield readRequest(schema, bytes);
}

async function answer<O extends DescMessage>(
  path: string,
  call: ServerUnaryCall<Uint8Array, MessageShape<O>>,
  ask: (context: CallContext) => Promise<MessageShape<O>>,
  runtime: CallRuntime,
  respond: Respond<MessageShape<O>>,
): Promise<void> {
  const startMs = performance.now();
  const { context } = openContext(path, call);
  try {
    runtime.authenticate(call.metadata);
    respond(null, await ask(context));
    runtime.metrics.ended(path, 'OK', performance.now() - startMs);
  } catch (error) {
    respond(failure(error, context, runtime, startMs));
  }
}

async function serve<O extends DescMessage>(
  path: string,
  call: OpenCall,
  output: O,
  produce: (context: CallContext) => AsyncIterable<MessageShape<O> | Uint8Array>,
  runtime: CallRuntime,
): Promise<void> {
  const startMs = performance.now();
  const { context, controller } = openContext(path, call);
  const writer = new StreamWriter(call, runtime.limits, context.signal);
  runtime.streams.add(controller);
  runtime.metrics.streamOpened(path);
  try {
    runtime.authenticate(call.metadata);
    for await (const response of produce(context)) {
      if (context.signal.aborted) throw abortError(context.signal);
      const message = response instanceof Uint8Array ? response : toBinary(output, response);
      runtime.metrics.sent(path, message.byteLength);
      await writer.write(message);
    }
    // A handler may end by returning when its signal fires.
    if (context.signal.aborted) throw abortError(context.signal);
    call.end();
    runtime.metrics.ended(path, 'OK', performance.now() - startMs);
  } catch (error) {
    call.emit('error', failure(error, context, runtime, startMs));
  } finally {
    runtime.streams.delete(controller);
    runtime.metrics.streamClosed(path);
    releaseWhenFlushed(call, writer, runtime);
  }
}

/**
 * The status travels behind what was written before it. A reader who never takes that would keep it in memory for ever, so the
 * stream is reset after the stall deadline, or at once when a stall is why it ends; the client sees RESOURCE_EXHAUSTED either way.
 */
function releaseWhenFlushed(call: OpenCall, writer: StreamWriter, runtime: CallRuntime): void {
  if (call.closed) return;
  if (writer.stalled) {
    runtime.reset(call.metadata);
    return;
  }
  const timer = setTimeout(() => {
    runtime.reset(call.metadata);
  }, runtime.limits.stallMs);
  call.once('close', () => {
    clearTimeout(timer);
  });
}

function failure(error: unknown, context: CallContext, runtime: CallRuntime, startMs: number): CallStatus {
  const status = statusOf(error);
  const name = statusName(status.code);
  runtime.metrics.ended(context.method, name, performance.now() - startMs);
  const fields = { method: context.method, peer: context.peer, traceId: context.traceId, status: name };
  if (name === 'INTERNAL') runtime.logger.error({ ...fields, err: error }, `call failed: ${status.details}`);
  else runtime.logger.debug(fields, `call ended: ${status.details}`);
  return status;
}
