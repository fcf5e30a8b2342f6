import './quiet.ts';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import {
  ChannelCredentials,
  Client,
  Metadata,
  status as Status,
  type CallOptions,
  type ServiceError,
} from '@grpc/grpc-js';
import { deferred, TickwellError } from '@tickwell/domain';
import { deserializer, methodPath, serializer, type MethodDesc } from './method.ts';
import { isLoopback } from './security.ts';
import { errorFromStatus } from './status.ts';

export interface ChannelConfig {
  /** "host:port" */
  readonly address: string;
  /** Set: TLS. `caPem` replaces the system's certificate authorities. */
  readonly tls?: { readonly caPem?: string };
  /** Sent as a bearer token; refused over plain text to anything but loopback. */
  readonly token?: string;
  /** Largest response message, bytes; 4 MiB unless told. */
  readonly maxMessageBytes?: number;
}

export interface CallConfig {
  readonly signal?: AbortSignal;
  /** The call fails with `deadline-exceeded` after so long. */
  readonly timeoutMs?: number;
}

const KEEPALIVE_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;
const WINDOW_BYTES = 1024 * 1024;
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** A connection to a server: made when first used, and again after it broke. Errors are TickwellErrors. */
export class Channel {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  /** Throws `invalid-argument` for an address that is none, or a token that would travel in plain text. */
  constructor(config: ChannelConfig) {
    const host = hostOf(config.address);
    if (config.token !== undefined) {
      if (config.tls === undefined && !isLoopback(host)) {
        const message = `an access token would travel in plain text to ${config.address}: use TLS`;
        throw new TickwellError('invalid-argument', message);
      }
      this.#metadata.set('authorization', `Bearer ${config.token}`);
    }
    this.#client = new Client(config.address, credentialsOf(config.tls), {
      'grpc.max_receive_message_length': config.maxMessageBytes ?? MAX_MESSAGE_BYTES,
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
      'grpc-node.flow_control_window': WINDOW_BYTES,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 5_000,
      // Repeating a call is the caller's decision, who knows whether it is safe.
      'grpc.enable_retries': 0,
      // Market data stays on the network it is on: no HTTP proxy from the environment.
      'grpc.enable_http_proxy': 0,
    });
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: MethodDesc<'unary', I, O>,
    request: MessageShape<I>,
    config: CallConfig = {},
  ): Promise<MessageShape<O>> {
    const { promise, resolve, reject } = deferred<MessageShape<O>>();
    throwIfAborted(config.signal);
    const call = this.#client.makeUnaryRequest<MessageShape<I>, MessageShape<O>>(
      methodPath(method),
      serializer(method.input),
      deserializer(method.output),
      request,
      this.#metadata.clone(),
      callOptions(config),
      (error, response) => {
        if (error !== null) reject(failure(error, method.name, config.signal));
        else if (response !== undefined) resolve(response);
        else reject(new TickwellError('internal', `${method.name}: neither an answer nor an error`));
      },
    );
    const release = cancelOn(config.signal, call);
    try {
      return await promise;
    } finally {
      release();
    }
  }

  /**
   * Messages as they are read: at most a handful wait here, beyond that the server is slowed. Ending the loop early cancels the call.
   */
  stream<I extends DescMessage, O extends DescMessage>(
    method: MethodDesc<'server_streaming', I, O>,
    request: MessageShape<I>,
    config: CallConfig = {},
  ): AsyncGenerator<MessageShape<O>> {
    return this.streamOf(method, request, deserializer(method.output), config);
  }

  /** As {@link stream}; `decode` makes of each message's bytes what is read. */
  async *streamOf<I extends DescMessage, T>(
    method: MethodDesc<'server_streaming', I, DescMessage>,
    request: MessageShape<I>,
    decode: (bytes: Buffer) => T,
    config: CallConfig = {},
  ): AsyncGenerator<T> {
    throwIfAborted(config.signal);
    const call = this.#client.makeServerStreamRequest<MessageShape<I>, T>(
      methodPath(method),
      serializer(method.input),
      decode,
      request,
      this.#metadata.clone(),
      callOptions(config),
    );
    const release = cancelOn(config.signal, call);
    const messages: AsyncIterable<T> = call;
    try {
      yield* messages;
    } catch (error) {
      throw isServiceError(error) ? failure(error, method.name, config.signal) : error;
    } finally {
      release();
      // An error may still arrive for the cancelled call: nobody is left to hear it.
      call.on('error', () => undefined);
      call.cancel();
    }
  }

  /** Sends every request, then reads the answers to the end; for short exchanges such as reflection. */
  async exchange<I extends DescMessage, O extends DescMessage>(
    method: MethodDesc<'bidi_streaming', I, O>,
    requests: readonly MessageShape<I>[],
    config: CallConfig = {},
  ): Promise<readonly MessageShape<O>[]> {
    throwIfAborted(config.signal);
    const call = this.#client.makeBidiStreamRequest<MessageShape<I>, MessageShape<O>>(
      methodPath(method),
      serializer(method.input),
      deserializer(method.output),
      this.#metadata.clone(),
      callOptions(config),
    );
    const release = cancelOn(config.signal, call);
    const answers: AsyncIterable<MessageShape<O>> = call;
    try {
      for (const request of requests) call.write(request);
      call.end();
      const received: MessageShape<O>[] = [];
      for await (const answer of answers) received.push(answer);
      return received;
    } catch (error) {
      throw isServiceError(error) ? failure(error, method.name, config.signal) : error;
    } finally {
      release();
      call.on('error', () => undefined);
      call.cancel();
    }
  }

  close(): void {
    this.#client.close();
  }
}

function hostOf(address: string): string {
  const match = /^(.+):(\d{1,5})$/.exec(address);
  if (match?.[1] === undefined) {
    throw new TickwellError(
      'invalid-argument',
      `"${address}" is not an address: write host:port, for example 127.0.0.1:50051`,
    );
  }
  return match[1];
}

function credentialsOf(tls: ChannelConfig['tls']): ChannelCredentials {
  if (tls === undefined) return ChannelCredentials.createInsecure();
  return ChannelCredentials.createSsl(tls.caPem === undefined ? null : Buffer.from(tls.caPem));
}

function callOptions(config: CallConfig): CallOptions {
  return config.timeoutMs === undefined ? {} : { deadline: Date.now() + config.timeoutMs };
}

function cancelOn(signal: AbortSignal | undefined, call: { cancel(): void }): () => void {
  const cancel = (): void => {
    call.cancel();
  };
  signal?.addEventListener('abort', cancel, { once: true });
  return () => signal?.removeEventListener('abort', cancel);
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelled(signal);
}

function cancelled(signal: AbortSignal): TickwellError {
  return new TickwellError('cancelled', 'cancelled by the caller', { cause: signal.reason });
}

function failure(error: ServiceError, method: string, signal: AbortSignal | undefined): TickwellError {
  if (signal?.aborted === true && error.code === Status.CANCELLED) return cancelled(signal);
  return errorFromStatus(error, method);
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error && 'metadata' in error;
}
