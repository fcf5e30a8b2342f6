import { Flow, type FlowOptions } from './flow.ts';

/** A service that is one flow; owns its log and closes it. */
export class FlowService<C = void> {
  readonly #log: FlowOptions['log'];
  readonly #flow: Flow<C>;

  constructor(options: FlowOptions<C>) {
    this.#log = options.log;
    this.#flow = new Flow(options);
  }

  /** Works until {@link stop} (resolves) or a failure that only a restart can mend (rejects). */
  async run(): Promise<void> {
    try {
      await this.#flow.run();
    } finally {
      await this.#log.close();
    }
  }

  stop(): Promise<void> {
    return this.#flow.stop();
  }

  lag(): ReturnType<Flow<C>['lag']> {
    return this.#flow.lag();
  }
}
