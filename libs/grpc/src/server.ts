import './quiet.ts';
import type { DescService } from '@bufbuild/protobuf';
import { Server, type ServerOptions } from '@grpc/grpc-js';
import { grpcHealthV1 } from '@tickwell/contracts';
import { TickwellError, errorMessage } from '@tickwell/domain';
import { SILENT, type Logger } from '@tickwell/ports';
import type { BoundMethod } from './bind.ts';
import type { CallRuntime } from './context.ts';
import { Health } from './health.ts';
import { DEFAULT_LIMITS, type ServerLimits } from './limits.ts';
import { callMetrics } from './observe.ts';
import { reflectionMethods } from './reflection.ts';
import { StreamResets } from './reset.ts';
import { authenticator, checkExposure, serverCredentials, type Exposure } from './security.ts';

export interface GrpcServerOptions extends Exposure {
  /** 0: any free port. */
  readonly port: number;
  readonly methods: readonly BoundMethod[];
  readonly limits?: Partial<ServerLimits>;
  readonly logger?: Logger;
}

/**
 * A gRPC server with health (grpc.health.v1) and reflection (v1, v1alpha). It starts NOT_SERVING: say {@link setServing} once
 * its services are ready.
 */
export class GrpcServer {
  readonly #options: GrpcServerOptions;
  readonly #server: Server;
  readonly #health: Health;
  readonly #logger: Logger;
  readonly #streams = new Set<AbortController>();
  #port = 0;

  /** Throws TickwellError `exposed-without-protection`, or a plain error where a service lacks a method (a bug). */
  constructor(options: GrpcServerOptions) {
    const exposure = checkExposure(options);
    if (!exposure.ok) throw new TickwellError('exposed-without-protection', exposure.error);
    this.#options = options;
    this.#logger = options.logger ?? SILENT;
    const limits: ServerLimits = { ...DEFAULT_LIMITS, ...options.limits };
    const resets = new StreamResets();
    this.#server = new Server({ ...channelOptions(limits), interceptors: [resets.interceptor] });
    const services = completeServices(options.methods);
    this.#health = new Health(services.map((service) => service.typeName));
    const runtime: CallRuntime = {
      limits,
      logger: this.#logger,
      metrics: callMetrics(),
      authenticate: authenticator(options.auth),
      reset: (metadata) => {
        resets.reset(metadata);
      },
      streams: this.#streams,
    };
    const own = [...this.#health.methods(), ...reflectionMethods([...services, grpcHealthV1.Health])];
    for (const method of [...options.methods, ...own]) method.register(this.#server, runtime);
  }

  /** The port bound; 0 before {@link start}. */
  get port(): number {
    return this.#port;
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  /** Rejects with `address-unavailable` where the port cannot be bound. */
  async start(): Promise<void> {
    const { host, port, tls } = this.#options;
    const address = `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#server.bindAsync(address, serverCredentials(tls), (error, bound) => {
      if (error === null) resolve(bound);
      else {
        const message = `cannot listen on ${address}: ${errorMessage(error)}; is another process using the port?`;
        reject(new TickwellError('address-unavailable', message, { cause: error }));
      }
    });
    this.#port = await promise;
    this.#logger.info(
      { host, port: this.#port },
      `gRPC on ${host}:${this.#port}${tls === undefined ? ' without TLS' : ''}`,
    );
  }

  setServing(serving: boolean): void {
    this.#health.setServing(serving);
  }

  /**
   * NOT_SERVING, open streams end with UNAVAILABLE, calls in flight may finish; what is left after `graceMs` is cut. Idempotent.
   */
  async stop(graceMs: number): Promise<void> {
    this.#health.setServing(false);
    const reason = new TickwellError('stopping', 'the server is stopping: connect again', {
      retryable: true,
    });
    for (const stream of this.#streams) stream.abort(reason);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => {
      this.#server.forceShutdown();
      resolve(undefined);
    }, graceMs);
    this.#server.tryShutdown(() => {
      resolve(undefined);
    });
    await promise;
    clearTimeout(timer);
  }
}

function channelOptions(limits: ServerLimits): ServerOptions {
  return {
    'grpc.max_receive_message_length': limits.maxRequestBytes,
    'grpc.max_send_message_length': limits.maxResponseBytes,
    'grpc.max_concurrent_streams': limits.maxConcurrentStreams,
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    'grpc-node.max_session_memory': limits.maxSessionMemoryMb,
    'grpc-node.flow_control_window': limits.flowControlWindowBytes,
  };
}

/** The services of the methods; every method of each must be there exactly once. */
function completeServices(methods: readonly BoundMethod[]): readonly DescService[] {
  const services = [...new Map(methods.map(({ service }) => [service.typeName, service])).values()];
  const bound = methods.map((method) => method.path);
  const wanted = services.flatMap((service) =>
    service.methods.map((method) => `/${service.typeName}/${method.name}`),
  );
  const missing = wanted.filter((path) => !bound.includes(path));
  if (missing.length > 0) throw new Error(`methods without a handler: ${missing.join(', ')}`);
  if (bound.length !== new Set(bound).size) throw new Error(`a method has two handlers: ${bound.join(', ')}`);
  return services;
}
