import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '@tickwell/ports';
import { ProviderError, type Rows } from '@tickwell/provider';
import type { Activity } from './activity.ts';

export interface PullOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly activity: Activity;
  /** Longest silence; undefined: silence is nothing special. */
  readonly silenceMs: number | undefined;
}

/** How long a provider may take to end when it is not wanted any more. */
const END_MS = 1000;
/** A provider that never waits must not keep the process from everything else, such as being stopped. */
const ROWS_A_TURN = 500;

/** "history" or "live" answered something that gives no rows. */
export class NotRows extends Error {}

/**
 * The rows of one call, one at a time, until its end or the signal. Throws what the provider throws, `unavailable` when it is silent for
 * too long, {@link NotRows}. Ends the provider's iteration however it is left itself.
 */
export async function* pullRows(answer: () => Rows, options: PullOptions): AsyncGenerator {
  const wait = new Waiting(options);
  let iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  try {
    options.activity.touch();
    const rows = await wait.for(() => answer());
    if (rows === undefined && options.signal.aborted) return;
    iterator = iteratorOf(rows);
    for (let rows = 1; ; rows++) {
      if (rows % ROWS_A_TURN === 0) await nextTurn();
      const of = iterator;
      const step = await wait.for(() => of.next());
      if (step === undefined && options.signal.aborted) return;
      if (!isStep(step)) throw new NotRows('its iterator answers no { value, done }');
      if (step.done === true) {
        iterator = undefined;
        return;
      }
      options.activity.touch();
      yield step.value;
    }
  } finally {
    wait.end();
    if (iterator !== undefined) await endOf(iterator, options.clock);
  }
}

function isStep(value: unknown): value is IteratorResult<unknown> {
  return typeof value === 'object' && value !== null;
}

function iteratorOf(rows: unknown): AsyncIterator<unknown> | Iterator<unknown> {
  if (typeof rows === 'object' && rows !== null) {
    if (Symbol.asyncIterator in rows && typeof rows[Symbol.asyncIterator] === 'function')
      return (rows as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (Symbol.iterator in rows && typeof rows[Symbol.iterator] === 'function')
      return (rows as Iterable<unknown>)[Symbol.iterator]();
  }
  const what = rows === null ? 'null' : rows === undefined ? 'nothing' : `a ${typeof rows}`;
  throw new NotRows(
    `it answered ${what}, not rows: write "async *" before its name and "yield" each row, or return a list`,
  );
}

/** Asks it to end; one that never answers is left behind. */
async function endOf(iterator: AsyncIterator<unknown> | Iterator<unknown>, clock: Clock): Promise<void> {
  const over = new AbortController();
  try {
    const ended = Promise.resolve(iterator.return?.()).catch(() => undefined);
    await Promise.race([ended, clock.sleep(END_MS, over.signal).catch(() => undefined)]);
  } catch {
    // What it throws at its end concerns nobody any more.
  } finally {
    over.abort();
  }
}

/** One wait at a time for something that may never come, with one watch over all of them: a live feed waits millions of times. */
class Waiting {
  readonly #options: PullOptions;
  readonly #over = new AbortController();
  #reject: ((error: unknown) => void) | undefined;
  #resolve: ((value: undefined) => void) | undefined;

  constructor(options: PullOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
    if (options.silenceMs !== undefined) void this.#watch(options.silenceMs);
  }

  /** What it comes to, or undefined with the signal. Rejects as it does, or when it is silent for too long. */
  async for<T>(start: () => T | Promise<T>): Promise<T | undefined> {
    if (this.#options.signal.aborted) return undefined;
    this.#options.activity.touch();
    try {
      return await new Promise<T | undefined>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
        Promise.resolve(start()).then(resolve, reject);
      });
    } finally {
      this.#resolve = this.#reject = undefined;
    }
  }

  end(): void {
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#over.abort();
  }

  readonly #onAbort = (): void => {
    this.#resolve?.(undefined);
  };

  async #watch(silenceMs: number): Promise<void> {
    const { clock, activity } = this.#options;
    const { signal } = this.#over;
    try {
      for (;;) {
        // While the reader is busy nobody waits for the provider.
        const leftMs = this.#reject === undefined ? silenceMs : silenceMs - activity.silentMs();
        if (leftMs <= 0) break;
        await clock.sleep(leftMs, signal);
      }
    } catch {
      return;
    }
    this.#reject?.(
      new ProviderError(
        'unavailable',
        `it answered nothing for ${silenceMs / 1000} s (limits.timeoutSeconds)`,
      ),
    );
  }
}
