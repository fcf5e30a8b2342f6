import { TickwellError } from '@tickwell/domain';
import type { Entry } from './entry.ts';

/**
 * What became of filling a key. `changed`: what was read may be of several moments; `divided`: it is more than one block, whose parts are filled now;
 * `left`: the read ended before, it is to be asked for again.
 */
export type Outcome =
  | { readonly kind: 'filled'; readonly entry: Entry }
  | { readonly kind: 'too-large' | 'changed' | 'divided' | 'left' };

export interface WorkCalls {
  readonly settle: (key: string, outcome: Outcome) => void;
  /** Further keys that this read fills; those that another one fills are left to it. */
  readonly join: (keys: readonly string[]) => void;
  readonly signal: AbortSignal;
}

/** Reads for several keys, in order, and settles each as soon as it is known. What is not when it ends has changed. */
export type Work = (calls: WorkCalls) => Promise<void>;

/** Reads for the cache that are under way at a time; the store has few connections. */
const MAX_RUNS = 8;

interface Run {
  readonly results: Map<string, PromiseWithResolvers<Outcome>>;
  readonly stop: AbortController;
  readonly readers: Set<FillReader>;
}

/** Reads that fill the cache, one at a time for a key: who wants a key that is being read waits for it. A read goes on as long as somebody is there for it. */
export class Fills {
  readonly #runs = new Map<string, Run>();
  readonly #queue: (() => void)[] = [];
  #active = 0;

  /** Keys that are being read. */
  isRunning(key: string): boolean {
    return this.#runs.has(key);
  }

  reader(): FillReader {
    return new FillReader({
      runOf: (key) => this.#runs.get(key),
      begin: (keys, work) => this.#begin(keys, work),
      abandon: (run) => {
        // At once: who comes now must not wait for what is not read any more.
        for (const key of run.results.keys()) this.#forget(key, run);
        run.stop.abort(new TickwellError('cancelled', 'nobody waits for it any more'));
      },
    });
  }

  #begin(keys: readonly string[], work: Work): Run {
    const run: Run = { results: new Map(), stop: new AbortController(), readers: new Set() };
    this.#join(run, keys);
    void this.#execute(run, work);
    return run;
  }

  #join(run: Run, keys: readonly string[]): void {
    for (const key of keys) {
      if (this.#runs.has(key) || run.stop.signal.aborted) continue;
      const result = Promise.withResolvers<Outcome>();
      // Nobody may be left who waits for one that fails.
      result.promise.catch(() => undefined);
      run.results.set(key, result);
      this.#runs.set(key, run);
    }
  }

  #forget(key: string, run: Run): void {
    if (this.#runs.get(key) === run) this.#runs.delete(key);
  }

  async #execute(run: Run, work: Work): Promise<void> {
    const settle = (key: string, outcome: Outcome): void => {
      run.results.get(key)?.resolve(outcome);
      this.#forget(key, run);
    };
    const join = (keys: readonly string[]): void => {
      this.#join(run, keys);
    };
    try {
      await this.#slot();
      try {
        run.stop.signal.throwIfAborted();
        await work({ settle, join, signal: run.stop.signal });
      } finally {
        this.#active -= 1;
        this.#queue.shift()?.();
      }
      for (const key of run.results.keys()) settle(key, { kind: 'changed' });
    } catch (error) {
      for (const [key, { reject }] of run.results) {
        reject(error);
        this.#forget(key, run);
      }
    }
  }

  async #slot(): Promise<void> {
    while (this.#active >= MAX_RUNS) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      this.#queue.push(() => {
        resolve(undefined);
      });
      await promise;
    }
    this.#active += 1;
  }
}

interface FillReaderParts {
  readonly runOf: (key: string) => Run | undefined;
  readonly begin: (keys: readonly string[], work: Work) => Run;
  readonly abandon: (run: Run) => void;
}

/** One call that reads what is being filled: it is there for one read at a time, from when it asks for a part of it until it asks another one or ends. */
export class FillReader {
  readonly #parts: FillReaderParts;
  #run: Run | undefined;

  constructor(parts: FillReaderParts) {
    this.#parts = parts;
  }

  /** A key that is being read, or one of {@link isOwn}. */
  has(key: string): boolean {
    return this.#runOf(key) !== undefined;
  }

  /** A key that is being read, or was, by the read that this one is there for. */
  isOwn(key: string): boolean {
    return this.#run?.results.has(key) === true;
  }

  /** Of keys none of which is being read. */
  start(keys: readonly string[], work: Work): void {
    this.#enter(this.#parts.begin(keys, work));
  }

  /** Rejects as the read does, or with the signal's reason. In the same turn as {@link has}. */
  async outcome(key: string, signal: AbortSignal): Promise<Outcome> {
    const run = this.#runOf(key);
    const result = run?.results.get(key);
    if (run === undefined || result === undefined) throw new Error(`${key} is not being read`);
    this.#enter(run);
    signal.throwIfAborted();
    const gone = Promise.withResolvers<never>();
    const leave = (): void => {
      gone.reject(signal.reason);
    };
    signal.addEventListener('abort', leave);
    try {
      return await Promise.race([result.promise, gone.promise]);
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  end(): void {
    const run = this.#run;
    this.#run = undefined;
    run?.readers.delete(this);
    if (run?.readers.size === 0) this.#parts.abandon(run);
  }

  #runOf(key: string): Run | undefined {
    return this.isOwn(key) ? this.#run : this.#parts.runOf(key);
  }

  #enter(run: Run): void {
    if (this.#run === run) return;
    this.end();
    this.#run = run;
    run.readers.add(this);
  }
}
