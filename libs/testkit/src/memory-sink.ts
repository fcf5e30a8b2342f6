import { TickwellError, errorMessage } from '@tickwell/domain';
import type { EventSink, NewRecord } from '@tickwell/ports';
import type { MemoryTopics } from './memory-topics.ts';

/** As the Kafka adapter's limit: what a topic takes. */
const MAX_RECORD_BYTES = 4 * 1024 * 1024 - 4 * 1024;

/** What a test makes the next sends do; shared by all sinks of a log. */
export class SendFaults {
  #failure: Error | undefined;
  #repeats = false;
  #held: Promise<void> = Promise.resolve();

  /** The next send writes nothing and breaks its sink with this cause. */
  failNext(cause: Error): void {
    this.#failure = cause;
  }

  /** The next send writes its records twice, as after a lost acknowledgement. */
  repeatNext(): void {
    this.#repeats = true;
  }

  /** Sends wait until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#held = promise.then(() => undefined);
    return () => {
      resolve(undefined);
    };
  }

  async next(): Promise<{ readonly times: 1 | 2 }> {
    await this.#held;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    const times = this.#repeats ? 2 : 1;
    this.#repeats = false;
    return { times };
  }
}

export class MemorySink implements EventSink {
  readonly #name: string;
  readonly #topics: MemoryTopics;
  readonly #faults: SendFaults;
  #last: Promise<void> = Promise.resolve();
  #broken: TickwellError | undefined;
  #closed = false;

  constructor(name: string, topics: MemoryTopics, faults: SendFaults) {
    this.#name = name;
    this.#topics = topics;
    this.#faults = faults;
  }

  async send(records: readonly NewRecord[]): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#closed)
      throw new TickwellError('sink-closed', `Sink ${this.#name} is closed; send before close`);
    for (const { topic, key, value } of records) {
      if ((value?.length ?? 0) <= MAX_RECORD_BYTES) continue;
      throw new TickwellError(
        'record-too-large',
        `Record of ${value?.length} bytes for ${topic} (key ${key}); split it`,
      );
    }
    // Handed over before this turn ends, so that calls are written in call order.
    const sent = this.#last.then(() => this.#write(records));
    this.#last = sent.catch(() => undefined);
    await sent;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
  }

  async #write(records: readonly NewRecord[]): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    try {
      const { times } = await this.#faults.next();
      for (let time = 0; time < times; time++) for (const record of records) this.#topics.append(record);
    } catch (cause) {
      this.#broken = new TickwellError('sink-broken', `Sink ${this.#name} gave up: ${errorMessage(cause)}`, {
        cause,
      });
      throw this.#broken;
    }
  }
}
