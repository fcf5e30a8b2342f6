import type { TickwellError } from '@tickwell/domain';
import { storeSuspended, storeUnavailable } from './errors.ts';

/** One row of `wal_tables()`. */
export interface WalState {
  readonly table: string;
  readonly suspended: boolean;
  readonly writerTxn: bigint;
  readonly sequencerTxn: bigint;
  readonly errorMessage: string;
}

/** What the watcher needs of the store and of time. */
export interface WalStore {
  readStates(): Promise<readonly WalState[]>;
  /** ALTER TABLE … RESUME WAL: keeps all rows. */
  resume(table: string): Promise<void>;
}

export interface WatcherTime {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

export interface WatcherOptions {
  /** How long rows may take to become visible after they were taken. */
  readonly deadlineMs: number;
  readonly minPollMs: number;
  readonly maxPollMs: number;
}

/** How often a suspended table is resumed for one write before the writer gives up and says so. */
const MAX_RESUMES = 3;

interface Waiter {
  readonly table: string;
  /** Polls that began before this one do not know of the write. */
  readonly sincePoll: number;
  readonly deadlineMs: number;
  target: bigint | undefined;
  resumes: number;
  resolve(): void;
  reject(error: TickwellError): void;
}

/**
 * Tells when rows that QuestDB took (204) can be read: the first look after the answer fixes the sequencer's transaction, and the
 * rows are visible once the writer has reached it. One look serves all tables; it looks often at first and less often while
 * nothing happens, because looking costs the machine that applies the rows.
 */
export class WalWatcher {
  readonly #store: WalStore;
  readonly #time: WatcherTime;
  readonly #options: WatcherOptions;
  #waiters: Waiter[] = [];
  #polls = 0;
  #polling = false;
  #closed = false;
  #pollMs: number;

  constructor(store: WalStore, time: WatcherTime, options: WatcherOptions) {
    this.#store = store;
    this.#time = time;
    this.#options = options;
    this.#pollMs = options.minPollMs;
  }

  /** Resolves once everything written to the table so far is visible. */
  visible(table: string): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => {
      this.#waiters.push({
        table,
        sincePoll: this.#polls + 1,
        deadlineMs: this.#time.nowMs() + this.#options.deadlineMs,
        target: undefined,
        resumes: 0,
        resolve,
        reject,
      });
    });
    this.#pollMs = this.#options.minPollMs;
    if (this.#closed) this.#failAll();
    else if (!this.#polling) {
      this.#polling = true;
      void this.#poll();
    }
    return promise;
  }

  /** Fails whoever waits, now and from now on. */
  close(): void {
    this.#closed = true;
    this.#failAll();
  }

  async #poll(): Promise<void> {
    while (this.#waiters.length > 0) {
      this.#polls += 1;
      const poll = this.#polls;
      try {
        const states = new Map((await this.#store.readStates()).map((state) => [state.table, state]));
        await this.#judge(poll, states);
      } catch (error) {
        this.#expire((waiter) =>
          storeUnavailable(`cannot see whether rows of table ${waiter.table} are visible`, error),
        );
      }
      if (this.#waiters.length === 0) break;
      await this.#time.sleep(this.#pollMs);
      this.#pollMs = Math.min(this.#pollMs * 2, this.#options.maxPollMs);
    }
    this.#polling = false;
  }

  async #judge(poll: number, states: ReadonlyMap<string, WalState>): Promise<void> {
    const suspended = new Map<string, WalState>();
    this.#waiters = this.#waiters.filter((waiter) => {
      if (waiter.sincePoll > poll) return true;
      const state = states.get(waiter.table);
      if (state === undefined) {
        waiter.reject(storeUnavailable(`table ${waiter.table} is gone`));
        return false;
      }
      waiter.target ??= state.sequencerTxn;
      if (state.writerTxn >= waiter.target) {
        waiter.resolve();
        return false;
      }
      if (!state.suspended) return true;
      if (waiter.resumes >= MAX_RESUMES) {
        waiter.reject(storeSuspended(waiter.table, state.errorMessage));
        return false;
      }
      waiter.resumes += 1;
      suspended.set(waiter.table, state);
      return true;
    });
    this.#expire((waiter) => {
      const { deadlineMs } = this.#options;
      return storeUnavailable(
        `rows of table ${waiter.table} were taken but not visible after ${deadlineMs} ms`,
      );
    });
    for (const table of suspended.keys()) {
      // Each attempt gets the time to fail on its own before the next look.
      this.#pollMs = this.#options.maxPollMs;
      await this.#store.resume(table);
    }
  }

  #failAll(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      waiter.reject(
        storeUnavailable(`the writer was closed before rows of table ${waiter.table} were visible`),
      );
    }
  }

  #expire(error: (waiter: Waiter) => TickwellError): void {
    const now = this.#time.nowMs();
    this.#waiters = this.#waiters.filter((waiter) => {
      if (now < waiter.deadlineMs) return true;
      waiter.reject(error(waiter));
      return false;
    });
  }
}
