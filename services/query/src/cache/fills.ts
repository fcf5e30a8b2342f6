import { TickwellError } from '@tickwell/domain';
import type { Entry } from './entry.ts';

/** What became of filling a key. `changed`: what was read may be of several moments. */
export type Outcome =
  { readonly kind: 'filled'; readonly entry: Entry } | { readonly kind: 'too-large' | 'changed' };

/** Reads for several keys, in order; calls `settle` for each as soon as it is known. What is left when it ends has changed. */
export type Work = (settle: (key: string, outcome: Outcome) => void, signal: AbortSignal) => Promise<void>;

/** Reads for the cache that are under way at a time; the store has few connections. */
const MAX_RUNS = 8;

interface Run {
  readonly results: ReadonlyMap<string, PromiseWithResolvers<Outcome>>;
  readonly stop: AbortController;
  waiting: number;
}

/** Reads that fill the cache, one at a time for a key: who wants a key that is being read waits for it. A read goes on as long as somebody waits for it. */
export class Fills {
  readonly #runs = new Map<string, Run>();
  readonly #queue: (() => void)[] = [];
  #active = 0;

  isRunning(key: string): boolean {
    return this.#runs.has(key);
  }

  /** Of keys none of which is being read. {@link outcome} has to be asked for in the same turn. */
  start(keys: readonly string[], work: Work): void {
    const results = new Map(keys.map((key) => [key, Promise.withResolvers<Outcome>()]));
    // Nobody may be left who waits for one that fails.
    for (const { promise } of results.values()) promise.catch(() => undefined);
    const run = { results, stop: new AbortController(), waiting: 0 };
    for (const key of keys) this.#runs.set(key, run);
    void this.#execute(run, work);
  }

  /** Rejects as the read does, or with the signal's reason. */
  async outcome(key: string, signal: AbortSignal): Promise<Outcome> {
    const run = this.#runs.get(key);
    const result = run?.results.get(key);
    if (run === undefined || result === undefined) throw new Error(`${key} is not being read`);
    const gone = Promise.withResolvers<never>();
    const leave = (): void => {
      gone.reject(signal.reason);
    };
    signal.addEventListener('abort', leave);
    run.waiting += 1;
    try {
      signal.throwIfAborted();
      return await Promise.race([result.promise, gone.promise]);
    } finally {
      signal.removeEventListener('abort', leave);
      run.waiting -= 1;
      // In the next turn: who has one part of it goes on to wait for the next.
      setImmediate(() => {
        if (run.waiting === 0) run.stop.abort(new TickwellError('cancelled', 'nobody waits for it any more'));
      });
    }
  }

  async #execute(run: Run, work: Work): Promise<void> {
    const settle = (key: string, outcome: Outcome): void => {
      run.results.get(key)?.resolve(outcome);
      if (this.#runs.get(key) === run) this.#runs.delete(key);
    };
    try {
      await this.#slot();
      try {
        run.stop.signal.throwIfAborted();
        await work(settle, run.stop.signal);
      } finally {
        this.#active -= 1;
        this.#queue.shift()?.();
      }
      for (const key of run.results.keys()) settle(key, { kind: 'changed' });
    } catch (error) {
      for (const [key, { reject }] of run.results) {
        reject(error);
        if (this.#runs.get(key) === run) this.#runs.delete(key);
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
