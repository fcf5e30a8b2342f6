import type { FlowOptions } from './flow.ts';
import { FlowService } from './flow-service.ts';
import type { SettingsSource } from './settings.ts';

/** Settings that follow a log; `ConfigSettings` of @tickwell/config are some. */
export interface FollowedSettings<C> extends SettingsSource<C> {
  /** Resolves once what is in the log is known. */
  start(): Promise<void>;
  /** Rejects when the log cannot be followed any more. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/** A service that is one flow by settings that change while it runs; owns both and its log. */
export class ConfiguredFlowService<C> {
  readonly #settings: FollowedSettings<C>;
  readonly #flow: FlowService<C>;
  #stopping: Promise<void> | undefined;

  constructor(options: FlowOptions<C> & { readonly settings: FollowedSettings<C> }) {
    this.#settings = options.settings;
    this.#flow = new FlowService(options);
  }

  /** Works until {@link stop} (resolves) or a failure that only a restart can mend (rejects). */
  async run(): Promise<void> {
    try {
      await this.#settings.start().catch((error: unknown) => {
        // Stopped before it began.
        if (this.#stopping === undefined) throw error;
      });
      await Promise.all([this.#work(), this.#settings.done]);
    } finally {
      await this.stop();
    }
  }

  /** Ends intake, makes everything processed durable, closes. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  lag(): ReturnType<FlowService['lag']> {
    return this.#flow.lag();
  }

  async #work(): Promise<void> {
    await this.#flow.run();
    await this.#settings.stop();
  }

  async #stop(): Promise<void> {
    await this.#flow.stop();
    await this.#settings.stop();
  }
}
