import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JsonFields } from '@tickwell/domain';
import type { Clock } from '@tickwell/ports';
import type { PacingLimits } from './pacing-limits.ts';
import type { PacedRequest } from './pacing-schedule.ts';

/** A request as other processes have to know it. Times in ms since the epoch. */
interface Entry {
  readonly window: 'small' | 'large';
  readonly weight: number;
  readonly identity: string;
  readonly group: string;
  /** Its start; once it is over its end, as nobody knows when it reached IB. */
  atMs: number;
  isOpen: boolean;
}

export interface LedgerOptions {
  /** One per Gateway; made where it is not there. */
  readonly dir: string;
  readonly clock: Clock;
  readonly limits: PacingLimits;
  readonly pid: number;
  readonly isAlive: (pid: number) => boolean;
  /** A request has to wait for what other processes asked. */
  readonly onWait: (waitMs: number, pids: readonly number[]) => void;
  /** The others cannot be told any more (a full disk): from here on it is everyone for themselves. */
  readonly onBroken: (error: unknown) => void;
}

/** Two processes may look at the same moment and both find room, each for a request of at most this weight. */
const RACE_WEIGHT = 2;
/** Looked at again so often while there is no room: what the others do is not told. */
const STEP_MS = 1000;
const TOLD_FROM_MS = 2000;
const MAX_ENTRIES = 10_000;

/**
 * What the processes of this machine asked of one Gateway, so that together they stay within IB's limits on history, and so does a
 * process that was started again. Each writes a file of its own and reads those of the others. A schedule keeps the limits within a
 * process; this one adds the rest.
 */
export class PacingLedger {
  readonly #options: LedgerOptions;
  readonly #file: string;
  #entries: Entry[] = [];
  #isBroken = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#file = join(options.dir, `${options.pid}.json`);
    this.#write();
  }

  /** Resolves when the others leave room for the request, in the order of the calls, with what ends it. @throws the signal's reason. */
  take(request: PacedRequest, signal?: AbortSignal): Promise<() => void> {
    const taken = this.#last.then(() => this.#take(request, signal));
    this.#last = taken.catch(() => undefined);
    return taken;
  }

  async #take(request: PacedRequest, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    const { history, weight, identity, group } = request;
    if (history === 'none') return () => undefined;
    let isTold = false;
    for (;;) {
      const others = this.#others();
      const waitMs = this.#waitMs(request, others);
      if (waitMs <= 0) break;
      if (waitMs >= TOLD_FROM_MS && !isTold) {
        isTold = true;
        this.#options.onWait(waitMs, [...others.keys()]);
      }
      await this.#options.clock.sleep(Math.min(waitMs, STEP_MS), signal);
    }
    const entry: Entry = { window: history, weight, identity, group, atMs: this.#nowMs(), isOpen: true };
    this.#entries.push(entry);
    this.#write();
    return () => {
      if (!entry.isOpen) return;
      entry.isOpen = false;
      entry.atMs = this.#nowMs();
      this.#write();
    };
  }

  /** How long the others' requests and ours leave no room; Infinity: until one of them ends. */
  #waitMs(request: PacedRequest, others: ReadonlyMap<number, readonly Entry[]>): number {
    const { limits } = this.#options;
    if (others.size === 0) return 0;
    const theirs = [...others.values()].flat();
    const all = [...theirs, ...this.#entries];
    const { history: window, weight, identity, group } = request;
    const small = limits.history;
    const of = window === 'small' || limits.largeBars === 'shared' ? small : limits.largeBars;
    const counted = limits.largeBars === 'shared' ? all : all.filter((entry) => entry.window === window);
    const race = RACE_WEIGHT * others.size;
    return Math.max(
      this.#freeInMs(counted, of.weight - race - weight, of.windowMs),
      this.#freeInMs(
        all.filter((entry) => entry.group === group && group !== ''),
        Math.max(limits.sameContract.weight - race, weight) - weight,
        limits.sameContract.windowMs,
      ),
      this.#freeInMs(
        theirs.filter((entry) => entry.identity === identity && identity !== ''),
        0,
        limits.identicalMs,
      ),
    );
  }

  /** When no more than so much weight is left of the entries within a window. */
  #freeInMs(entries: readonly Entry[], most: number, windowMs: number): number {
    const lengthMs = windowMs + this.#options.limits.marginMs;
    const ends = entries
      .map(({ atMs, isOpen, weight }) => ({
        weight,
        leftMs: isOpen ? Number.POSITIVE_INFINITY : atMs + lengthMs - this.#nowMs(),
      }))
      .filter(({ leftMs }) => leftMs > 0)
      .toSorted((a, b) => a.leftMs - b.leftMs);
    let excess = ends.reduce((sum, { weight }) => sum + weight, 0) - most;
    for (const { leftMs, weight } of ends) {
      if (excess <= 0) return 0;
      excess -= weight;
      if (excess <= 0) return leftMs;
    }
    return 0;
  }

  /** Of each other process what still counts; files of processes that are gone are removed once nothing of them does. */
  #others(): ReadonlyMap<number, readonly Entry[]> {
    const { dir, pid: own, isAlive } = this.#options;
    const others = new Map<number, readonly Entry[]>();
    for (const name of filesIn(dir)) {
      const pid = Number(/^(\d+)\.json$/.exec(name)?.[1]);
      if (!Number.isInteger(pid) || pid === own) continue;
      const isRunning = isAlive(pid);
      const entries = this.#read(join(dir, name))
        // Whoever is gone has no requests under way.
        .map((entry) => (isRunning ? entry : { ...entry, isOpen: false }))
        .filter((entry) => this.#counts(entry));
      if (isRunning || entries.length > 0) others.set(pid, entries);
      else rmSync(join(dir, name), { force: true });
    }
    return others;
  }

  #counts({ atMs, isOpen }: Entry): boolean {
    const { history, largeBars, marginMs } = this.#options.limits;
    const longestMs = Math.max(history.windowMs, largeBars === 'shared' ? 0 : largeBars.windowMs) + marginMs;
    return isOpen || atMs + longestMs > this.#nowMs();
  }

  /** Nothing where it is gone meanwhile, or is no such file. */
  #read(path: string): Entry[] {
    try {
      const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
      return Array.isArray(parsed) ? parsed.slice(0, MAX_ENTRIES).flatMap(readEntry) : [];
    } catch {
      return [];
    }
  }

  #write(): void {
    this.#entries = this.#entries.filter((entry) => this.#counts(entry)).slice(-MAX_ENTRIES);
    try {
      // Whatever tidies up temporary files may have taken it.
      mkdirSync(this.#options.dir, { recursive: true, mode: 0o700 });
      // Whole or not at all: others read it at any time.
      writeFileSync(`${this.#file}.new`, JSON.stringify(this.#entries), { mode: 0o600 });
      renameSync(`${this.#file}.new`, this.#file);
    } catch (error) {
      if (!this.#isBroken) this.#options.onBroken(error);
      this.#isBroken = true;
    }
  }

  #nowMs(): number {
    return Number(this.#options.clock.nowNs() / 1_000_000n);
  }
}

function filesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function readEntry(value: unknown): Entry[] {
  const fields = new JsonFields(value, '');
  const window = fields.choice('window', ['small', 'large']);
  const [weight, atMs] = [fields.number('weight'), fields.number('atMs')];
  if (window === undefined || weight === undefined || atMs === undefined) return [];
  const [identity, group] = [fields.text('identity') ?? '', fields.text('group') ?? ''];
  return [{ window, weight, identity, group, atMs, isOpen: fields.flag('isOpen') ?? false }];
}
