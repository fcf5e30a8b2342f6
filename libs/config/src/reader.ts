import { TOPICS } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import type { EventLog, LogRecord, LogTail, Logger } from '@tickwell/ports';
import { changeOf } from './record.ts';
import { ConfigState, entryOf, type ChangeOutcome, type ConfigEntry, type ConfigVersion } from './state.ts';

export interface ConfigReaderOptions {
  readonly log: EventLog;
  readonly logger: Logger;
  /** For tests; `config` unless given. */
  readonly topic?: string;
}

/** Reads the configuration from its first record on and follows it. */
export class ConfigReader {
  readonly state = new ConfigState();
  readonly #options: ConfigReaderOptions;
  readonly #topic: string;
  readonly #tail: LogTail;
  readonly #listeners = new Set<(entry: ConfigEntry) => void>();
  readonly #endListeners = new Set<() => void>();
  readonly #writes = new Map<string, (outcome: ChangeOutcome) => void>();
  readonly #waiting = new Set<{ readonly offset: bigint; readonly reached: () => void }>();
  #nextOffset = 0n;
  #lastPosition: bigint | undefined;
  #hasEnded = false;

  constructor(options: ConfigReaderOptions) {
    this.#options = options;
    this.#topic = options.topic ?? TOPICS.config.name;
    this.#tail = options.log.createTail({
      topics: [this.#topic],
      from: 'earliest',
      onRecords: (records) => {
        this.#take(records);
      },
    });
    const end = (): void => {
      this.#hasEnded = true;
      for (const listener of this.#endListeners) listener();
    };
    this.#tail.done.then(end, end);
  }

  /** Of the last change that is applied. */
  get lastPosition(): bigint | undefined {
    return this.#lastPosition;
  }

  /** Resolves once everything that was there when it was called is applied. */
  async start(): Promise<void> {
    await this.#tail.start();
    const [start] = this.#tail.startPositions();
    this.#advance(start?.nextOffset ?? 0n);
    await this.catchUp();
  }

  /** Resolves once everything that is in the log now is applied; rejects where the log fails or the reader is stopped. */
  async catchUp(): Promise<void> {
    const { partitions } = await this.#options.log.describeTopic(this.#topic);
    const offset = partitions[0]?.endOffset ?? 0n;
    if (this.#nextOffset >= offset) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const waiting = {
      offset,
      reached: () => {
        resolve(undefined);
      },
    };
    this.#waiting.add(waiting);
    try {
      await this.orEnded(promise);
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  /** As {@link LogTail.done}. */
  get done(): Promise<void> {
    return this.#tail.done;
  }

  async stop(): Promise<void> {
    await this.#tail.stop();
  }

  /** Calls with every change that is applied, until the returned function is called. */
  onChange(listener: (entry: ConfigEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** What becomes of a record that is about to be written. */
  expectWrite(writeId: string): { readonly outcome: Promise<ChangeOutcome>; readonly forget: () => void } {
    const { promise, resolve } = Promise.withResolvers<ChangeOutcome>();
    this.#writes.set(writeId, resolve);
    return {
      outcome: promise,
      forget: () => {
        this.#writes.delete(writeId);
      },
    };
  }

  /** Settles as the promise does, or rejects with `unavailable` as soon as this reader has failed or was stopped. */
  async orEnded<T>(promise: Promise<T>): Promise<T> {
    const ended = Promise.withResolvers<never>();
    const stopListening = this.onEnd(() => {
      ended.reject(readerEnded());
    });
    try {
      return await Promise.race([promise, ended.promise]);
    } finally {
      stopListening();
    }
  }

  /** Calls when this reader has failed or was stopped, until the returned function is called. */
  onEnd(listener: () => void): () => void {
    if (this.#hasEnded) listener();
    this.#endListeners.add(listener);
    return () => {
      this.#endListeners.delete(listener);
    };
  }

  /** One version of a document, read from the log. */
  async read({ version, position }: ConfigVersion): Promise<ConfigEntry> {
    const range = { topic: this.#topic, partition: 0, fromOffset: position, toOffset: position + 1n };
    for await (const records of this.#options.log.readRange(range)) {
      for (const record of records) {
        const change = changeOf(record);
        if (change.ok) return entryOf(change.value, version, position);
      }
    }
    throw new Error(`${this.#topic} has lost the record at ${position}, which it had before`);
  }

  #take(records: readonly LogRecord[]): void {
    for (const record of records) {
      if (record.offset < this.#nextOffset) continue;
      this.#apply(record);
      this.#advance(record.offset + 1n);
    }
  }

  #apply(record: LogRecord): void {
    const change = changeOf(record);
    if (!change.ok) {
      this.#options.logger.warn(
        { topic: this.#topic, offset: record.offset.toString() },
        `ignored: ${change.error}`,
      );
      return;
    }
    const outcome = this.state.apply(change.value, record.offset);
    if (outcome.applied) {
      this.#lastPosition = record.offset;
      for (const listener of this.#listeners) listener(outcome.entry);
    }
    const { writeId } = change.value;
    this.#writes.get(writeId)?.(outcome);
    this.#writes.delete(writeId);
  }

  #advance(nextOffset: bigint): void {
    if (nextOffset <= this.#nextOffset) return;
    this.#nextOffset = nextOffset;
    for (const { offset, reached } of this.#waiting) if (nextOffset >= offset) reached();
  }
}

/** What whoever waits for a reader is told when it ends. */
export function readerEnded(): TickwellError {
  const message = 'the configuration is not followed any more: this process is stopping';
  return new TickwellError('unavailable', message, { retryable: true });
}
