import { errorMessage } from '@tickwell/domain';
import type { Logger } from '@tickwell/ports';
import type { PreparationCounters } from './counters.ts';
import type { InputPlace, Preparation } from './preparation.ts';
import { PreparationQueue } from './preparation-queue.ts';

/** Keys that are prepared side by side, and installed together. */
const KEYS_AT_ONCE = 32;
/** Longest time that records wait for what is left to be read; who needs longer reads on beside them and comes again. */
const STANDSTILL_MS = 2_000;

/** What a {@link Preparer} needs of the partition whose states it prepares. */
interface PreparedPartition {
  /** Settings in force and nothing in the way; undefined: the partition is another member's. */
  ready(): Promise<{ readonly preparationOf: (key: string) => Preparation<unknown> | undefined } | undefined>;
  stateOf(key: string): unknown;
  place(): InputPlace;
  /** Records wait from its call on until what it returns is settled. */
  standStill<T>(work: () => Promise<T>): Promise<T>;
  /** Installs, makes it durable, writes what the states want written. False: the partition is another member's. */
  install(keys: ReadonlyMap<string, Preparation<unknown>>): Promise<boolean>;
  readonly onFailure: (error: unknown) => void;
}

export interface PreparerOptions {
  readonly partition: PreparedPartition;
  readonly processor: string;
  readonly logger: Logger;
  readonly counters: PreparationCounters;
}

/** Prepares the states of one partition that lack something, some keys at a time, while records go on; failures are tried again, later and later. */
export class Preparer {
  readonly #options: PreparerOptions;
  readonly #queue = new PreparationQueue();
  readonly #stopping = new AbortController();
  /** When preparations of a key began that are not finished. */
  readonly #sinceMs = new Map<string, number>();
  #running: Promise<void> | undefined;

  constructor(options: PreparerOptions) {
    this.#options = options;
  }

  /** Looks at the state of a key, as soon as {@link work} is called. */
  add(key: string): void {
    this.#queue.add(key);
  }

  /** Begins, unless it is at work or nothing is due. */
  work(): void {
    if (this.#running !== undefined || this.#stopping.signal.aborted) return;
    if (this.#queue.due(1, performance.now()).length === 0) return;
    this.#running = this.#work()
      .catch((error: unknown) => {
        if (!this.#stopping.signal.aborted) this.#options.partition.onFailure(error);
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Ends what is at work; what was not installed is left. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the partition is closed'));
    await this.#running;
  }

  async #work(): Promise<void> {
    const { partition } = this.#options;
    for (;;) {
      const keys = this.#queue.due(KEYS_AT_ONCE, performance.now());
      if (keys.length === 0 || this.#stopping.signal.aborted) return;
      const ready = await partition.ready();
      if (ready === undefined) return;
      const lacking = new Map<string, Preparation<unknown>>();
      for (const key of keys) {
        const preparation = ready.preparationOf(key);
        if (preparation === undefined) this.#finished(key);
        else lacking.set(key, preparation);
      }
      const read = await this.#catchUp(lacking);
      if (read.size > 0 && !(await partition.standStill(() => this.#install(read)))) return;
      // There may be thousands of keys that lack nothing: others have their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** What is left to be read is little now, and the states do not move. */
  async #install(read: ReadonlyMap<string, Preparation<unknown>>): Promise<boolean> {
    const caughtUp = await this.#catchUp(read, AbortSignal.timeout(STANDSTILL_MS));
    const complete = new Map([...caughtUp].filter(([, { isOfUse }]) => isOfUse !== false));
    for (const key of caughtUp.keys()) {
      if (complete.has(key)) continue;
      // It rests, and lets others have their turn: records that change what it lacks may come for hours.
      this.#finished(key);
      this.#queue.add(key);
    }
    if (complete.size === 0) return true;
    this.#options.counters.installed(this.#options.processor, complete.size);
    return this.#options.partition.install(complete);
  }

  /** Those that could be read. */
  async #catchUp(
    preparations: ReadonlyMap<string, Preparation<unknown>>,
    limit?: AbortSignal,
  ): Promise<ReadonlyMap<string, Preparation<unknown>>> {
    const { partition } = this.#options;
    const stopping = this.#stopping.signal;
    const signal = limit === undefined ? stopping : AbortSignal.any([stopping, limit]);
    const place = (): InputPlace => partition.place();
    const read = new Map<string, Preparation<unknown>>();
    const reading = [...preparations].map(async ([key, preparation]) => {
      if (!this.#sinceMs.has(key)) this.#sinceMs.set(key, performance.now());
      try {
        await preparation.catchUp(partition.stateOf(key), place, signal);
        read.set(key, preparation);
        this.#queue.succeeded(key);
      } catch (error) {
        if (!stopping.aborted) this.#failed(key, error);
      }
    });
    await Promise.all(reading);
    // In the order of the keys, whichever was read first.
    return new Map([...preparations].filter(([key]) => read.has(key)));
  }

  #finished(key: string): void {
    const nowMs = performance.now();
    const sinceMs = this.#sinceMs.get(key);
    this.#sinceMs.delete(key);
    this.#queue.done(key, nowMs, sinceMs === undefined ? 0 : nowMs - sinceMs);
  }

  #failed(key: string, error: unknown): void {
    const { logger, processor, counters } = this.#options;
    const pauseMs = this.#queue.failed(key, performance.now());
    counters.failed(processor);
    logger.warn(
      { processor, key, pauseMs, error: errorMessage(error) },
      `${processor}: the state of ${key} cannot be prepared, tried again in ${pauseMs} ms: ${errorMessage(error)}`,
    );
  }
}
