import { TOPICS } from '@tickwell/contracts';
import type { Clock, EventLog, Logger } from '@tickwell/ports';
import { ConfigReader } from './reader.ts';
import { changeOf } from './record.ts';
import { ConfigState, type ConfigEntry } from './state.ts';

/** Values of old positions that are kept: partitions come over several at a time, most with one position. */
const KEPT_VALUES = 4;
/** While documents change one after another (an import of thousands), a new value is made so often. */
const RENEWAL_MS = 500;

export interface ConfigSettingsOptions<C> {
  readonly log: EventLog;
  readonly logger: Logger;
  readonly clock: Clock;
  /** The kinds of documents that matter. */
  readonly kinds: readonly string[];
  /** A pure function of the current documents of these kinds, sorted by kind as listed, then id. It must not throw, whatever is in a document. */
  readonly view: (documents: readonly ConfigEntry[]) => C;
  /** For tests; `config` unless given. */
  readonly topic?: string;
}

interface Positioned<C> {
  /** Every record of the configuration below it is in the value. */
  readonly end: bigint;
  readonly value: C;
}

/**
 * What some kinds of documents amount to, now and at any earlier offset of the configuration: the settings of a flow
 * (`SettingsSource` of @tickwell/flow).
 */
export class ConfigSettings<C> {
  readonly #options: ConfigSettingsOptions<C>;
  readonly #topic: string;
  readonly #reader: ConfigReader;
  readonly #kept = new Map<bigint, Promise<C>>();
  #latest: Positioned<C>;
  /** End of the last change of one of the kinds. */
  #changedEnd = 0n;
  #renewedMs: number | undefined;

  constructor(options: ConfigSettingsOptions<C>) {
    this.#options = options;
    const topic = options.topic === undefined ? {} : { topic: options.topic };
    this.#topic = options.topic ?? TOPICS.config.name;
    this.#reader = new ConfigReader({ log: options.log, logger: options.logger, ...topic });
    this.#latest = { end: 0n, value: options.view([]) };
    this.#reader.onChange(({ kind, position }) => {
      if (options.kinds.includes(kind)) this.#changedEnd = position + 1n;
    });
  }

  /** Resolves once what is in the log is known; goes on following until {@link stop} or the log is closed. */
  async start(): Promise<void> {
    await this.#reader.start();
  }

  /** Rejects when the configuration cannot be followed any more. */
  get done(): Promise<void> {
    return this.#reader.done;
  }

  stop(): Promise<void> {
    return this.#reader.stop();
  }

  latest(): Positioned<C> {
    if (this.#latest.end === this.#changedEnd) return this.#latest;
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#renewedMs !== undefined && nowMs - this.#renewedMs < RENEWAL_MS) return this.#latest;
    this.#renewedMs = nowMs;
    this.#latest = { end: this.#changedEnd, value: this.#viewOf(this.#reader.state) };
    return this.#latest;
  }

  at(end: bigint): Promise<C> {
    if (end === this.#latest.end) return Promise.resolve(this.#latest.value);
    const kept = this.#kept.get(end);
    if (kept !== undefined) return kept;
    const value = this.#read(end);
    this.#kept.set(end, value);
    value.catch(() => this.#kept.delete(end));
    for (const oldest of this.#kept.keys()) if (this.#kept.size > KEPT_VALUES) this.#kept.delete(oldest);
    return value;
  }

  async #read(end: bigint): Promise<C> {
    const state = new ConfigState();
    const range = { topic: this.#topic, partition: 0, fromOffset: 0n, toOffset: end };
    for await (const records of this.#options.log.readRange(range)) {
      for (const record of records) {
        const change = changeOf(record);
        if (change.ok) state.apply(change.value, record.offset);
      }
    }
    return this.#viewOf(state);
  }

  #viewOf(state: ConfigState): C {
    return this.#options.view(this.#options.kinds.flatMap((kind) => state.entries(kind)));
  }
}
