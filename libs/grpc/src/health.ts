import { create } from '@bufbuild/protobuf';
import { grpcHealthV1 as health } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import { bindStream, bindUnary, type BoundMethod } from './bind.ts';

const ServingStatus = health.HealthCheckResponse_ServingStatus;

/** grpc.health.v1 over one flag: the services of a process serve together or not at all. "" asks for the whole server. */
export class Health {
  readonly #services: ReadonlySet<string>;
  #serving = false;
  #changed = Promise.withResolvers<undefined>();

  constructor(services: readonly string[]) {
    this.#services = new Set(['', ...services]);
  }

  setServing(serving: boolean): void {
    if (serving === this.#serving) return;
    this.#serving = serving;
    const changed = this.#changed;
    this.#changed = Promise.withResolvers<undefined>();
    changed.resolve(undefined);
  }

  get serving(): boolean {
    return this.#serving;
  }

  methods(): readonly BoundMethod[] {
    return [
      bindUnary(health.Health.method.check, (request) => {
        const status = this.#statusOf(request.service);
        if (status === ServingStatus.SERVICE_UNKNOWN) {
          throw new TickwellError(
            'not-found',
            `service "${request.service.slice(0, 200)}" is not served here`,
          );
        }
        return Promise.resolve(create(health.HealthCheckResponseSchema, { status }));
      }),
      bindStream(health.Health.method.watch, (request, { signal }) => this.#watch(request.service, signal)),
    ];
  }

  #statusOf(service: string): health.HealthCheckResponse_ServingStatus {
    if (!this.#services.has(service)) return ServingStatus.SERVICE_UNKNOWN;
    return this.#serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }

  async *#watch(service: string, signal: AbortSignal): AsyncGenerator<health.HealthCheckResponse> {
    const aborted = Promise.withResolvers<undefined>();
    signal.addEventListener('abort', () => {
      aborted.resolve(undefined);
    });
    let last: health.HealthCheckResponse_ServingStatus | undefined;
    while (!signal.aborted) {
      const changed = this.#changed.promise;
      const status = this.#statusOf(service);
      if (status !== last) yield create(health.HealthCheckResponseSchema, { status });
      last = status;
      await Promise.race([changed, aborted.promise]);
    }
  }
}
