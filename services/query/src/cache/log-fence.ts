import type { TopicPartition } from '@tickwell/ports';
import type { SeenLog } from './seen-log.ts';

export interface LogFenceParts {
  /** Where the partitions of a topic end: asked now, not from a cache. */
  readonly ends: (topic: string) => Promise<Ends>;
  readonly seen: Pick<SeenLog, 'nextOffset'>;
  readonly timeoutMs: number;
  /** After a failure nobody is asked for so long. */
  readonly pauseMs: number;
  readonly nowMs: () => number;
}

type Ends = ReadonlyMap<number, bigint>;

/** Where topics ended when a call that reads more than once began: good for all that it reads. */
export type CallEnds = Map<string, Promise<Ends>>;

interface Question {
  running: Promise<Ends> | undefined;
  next: Promise<Ends> | undefined;
}

interface Waiter extends TopicPartition {
  readonly offset: bigint;
  readonly reached: () => void;
}

/** One who asks, until the answer or the time is there. */
interface Asker {
  isGone: boolean;
  readonly waiters: Waiter[];
}

/**
 * Tells whether this process has seen everything of a partition that was in the log when it was asked. Nothing is in the store that was not in the log
 * before, so what is cached here then misses nothing that was stored by that time, whichever process stored it and whoever has read it.
 */
export class LogFence {
  readonly #parts: LogFenceParts;
  readonly #questions = new Map<string, Question>();
  readonly #waiters = new Set<Waiter>();
  #pausedUntilMs = -Infinity;

  constructor(parts: LogFenceParts) {
    this.#parts = parts;
  }

  /** False: it could not be told, or was not so, in time. */
  async passed(places: readonly TopicPartition[], callEnds: CallEnds = new Map()): Promise<boolean> {
    const { nowMs, pauseMs, timeoutMs } = this.#parts;
    if (nowMs() < this.#pausedUntilMs) return false;
    const asker: Asker = { isGone: false, waiters: [] };
    const timeout = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => {
      timeout.resolve(false);
    }, timeoutMs);
    try {
      const all = Promise.all(places.map((place) => this.#reached(place, callEnds, asker)));
      const hasPassed = await Promise.race([all.then((each) => !each.includes(false)), timeout.promise]);
      if (!hasPassed) this.#pausedUntilMs = nowMs() + pauseMs;
      return hasPassed;
    } catch {
      this.#pausedUntilMs = nowMs() + pauseMs;
      return false;
    } finally {
      clearTimeout(timer);
      asker.isGone = true;
      for (const waiter of asker.waiters) this.#waiters.delete(waiter);
    }
  }

  /** More of the log was seen. */
  advanced(): void {
    for (const waiter of this.#waiters)
      if ((this.#parts.seen.nextOffset(waiter) ?? -1n) >= waiter.offset) waiter.reached();
  }

  async #reached(place: TopicPartition, callEnds: CallEnds, asker: Asker): Promise<boolean> {
    const { seen } = this.#parts;
    const known = callEnds.get(place.topic);
    const before = seen.nextOffset(place);
    const asked = known ?? this.#end(place.topic);
    callEnds.set(place.topic, asked);
    const offset = (await asked).get(place.partition);
    if (before === undefined || offset === undefined) return false;
    // A log that ends where this process has been before is another one: the tail ends the process as soon as it notices.
    if (known === undefined && offset < before) return false;
    if ((seen.nextOffset(place) ?? -1n) >= offset) return true;
    if (asker.isGone) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiter = {
      ...place,
      offset,
      reached: () => {
        resolve(true);
      },
    };
    this.#waiters.add(waiter);
    asker.waiters.push(waiter);
    return promise;
  }

  /** The end of the log by a question that is asked after this call: of those who call while one is under way all share the next. */
  #end(topic: string): Promise<Ends> {
    const question = this.#questions.get(topic) ?? { running: undefined, next: undefined };
    this.#questions.set(topic, question);
    if (question.running === undefined) return this.#ask(topic, question);
    question.next ??= question.running.then(
      () => this.#ask(topic, question),
      () => this.#ask(topic, question),
    );
    return question.next;
  }

  #ask(topic: string, question: Question): Promise<Ends> {
    question.next = undefined;
    const asked = this.#parts.ends(topic);
    question.running = asked;
    const end = (): void => {
      if (question.running === asked) question.running = undefined;
    };
    asked.then(end, end);
    return asked;
  }
}
